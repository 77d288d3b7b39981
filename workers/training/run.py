"""A run, from spec to model folder: `python -m workers.training.run spec.json`."""

import math
import time
import uuid
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import torch

from workers.contracts.events import SAVING, TRAINING
from workers.contracts.job_kinds.run import RunResult, RunSpec
from workers.contracts.model_folder import PARITY_NAME, ModelManifest
from workers.contracts.recipes import Batching, Recipe
from workers.contracts.simple_model import SimpleModelComparison
from workers.contracts.texts import Text
from workers.contracts.verdicts import Verdict
from workers.models.devices import DTYPES, cast_parameters, choose_device, resolve_precision
from workers.models.folder import write_folder
from workers.models.loading import LoadedModel
from workers.runtime.reporter import JobError, Reporter, run_child
from workers.training.adapters import add_adapters, merge_adapters
from workers.training.attention import unpacked
from workers.training.automatic import Lengths, count_tokens, fill_recipe, needs_lengths
from workers.training.bases import open_base, prepare_model
from workers.training.checkpoints import Checkpoints
from workers.training.data import Row, Rows, evenly_spaced
from workers.training.encoding import encode, encode_watched
from workers.training.event_log import EventLog
from workers.training.failures import memory_explained
from workers.training.hardware import peak_memory
from workers.training.loop import Ending, Loop, TrainingData
from workers.training.objectives import (
    Objective,
    chosen_objective,
    create_objective,
    objective_for,
    with_objective,
)
from workers.training.progress import Phases
from workers.training.ranks import Ranks, join_ranks, leave_ranks
from workers.training.simple_model import compare_with_simple_model
from workers.training.trackers import TrackedRun, tracking
from workers.training.validation import PARITY_ROWS, parity_records
from workers.training.verdict import judge, kept_validation

PHASES = {
    Text("training.phase_loading_data"): 0.01,
    Text("training.phase_loading_model"): 0.03,
    Text("training.phase_encoding"): 0.05,
    TRAINING: 0.97,
    SAVING: 1.0,
}

_WHY: dict[Ending, Text] = {
    "finished": Text("training.why_planned"),
    "early_stopping": Text("training.why_early"),
    "time": Text("training.why_time"),
    "user": Text("training.why_asked"),
}


def run(spec: RunSpec, reporter: Reporter) -> RunResult:
    """Train what the spec says. Raises JobError for what the user can fix, StopRequested when stopped before step 1."""
    begun = time.monotonic()
    ranks = join_ranks()
    if not ranks.leads:
        reporter.silence()
    if spec.threads:
        torch.set_num_threads(spec.threads)
    device = choose_device()
    torch.manual_seed(spec.recipe.seed)

    with Phases(reporter, PHASES) as phases:
        phases.begin(Text("training.phase_loading_data"))
        data_folder, work = Path(spec.inputs["data"]), Path(spec.work)
        train_rows = Rows(data_folder, "train")
        if not train_rows:
            raise JobError("no_rows", Text("training.no_training_rows"))

        phases.begin(Text("training.phase_loading_model"))
        loaded = open_base(spec, train_rows, device)
        recipe = with_objective(spec.recipe, loaded, train_rows.roles)
        spec = spec.model_copy(update={"recipe": recipe})
        train_rows, watched = _learned_rows(data_folder, loaded, recipe)
        precision = resolve_precision(spec.recipe.precision, device, loaded.manifest.parameters)
        reporter.started(device=str(device), precision=precision, threads=torch.get_num_threads())
        # A run that goes on has something to keep: told to stop, it first gets as far as saving that. And only rank 0 ends
        # what all ranks have begun.
        tick = phases.at if "checkpoint" in spec.inputs or not ranks.leads else phases.check
        ranks.from_lead(lambda: tick(1, 1))

        phases.begin(Text("training.phase_encoding"))
        recipe, data, longest = ranks.from_lead(
            lambda: _encode(spec, loaded, train_rows, watched, tick, reporter.log)
        )

        with memory_explained(recipe, longest), tracking(_tracked(spec, recipe), ranks, reporter) as trackers:
            loaded.precision = precision
            loop = _loop(spec, loaded, recipe, data, reporter, phases, ranks, tick)
            loop.sinks.append(trackers)
            begun -= loop.state.seconds - loop.state.begun_seconds  # of the attempts before this one
            ending = loop.run()
            reporter.log(Text("training.log_ended", step=loop.state.step, steps=loop.steps, why=_WHY[ending]))

            phases.begin(SAVING)
            simple = ranks.from_lead(lambda: compare_with_simple_model(loaded, recipe, train_rows, watched))
            manifest, verdict = ranks.from_lead(
                lambda: _leave_model(spec, loop, ending, simple, work / "out", phases)
            )
    leave_ranks(ranks)
    result = _result(loop, ending, manifest, verdict, work / "out", time.monotonic() - begun)
    return result.model_copy(update={"simple_model": simple})


def _learned_rows(folder: Path, loaded: LoadedModel, recipe: Recipe) -> tuple[Rows, list[Row]]:
    """The rows that the objective learns from, and those that validation looks at."""
    roles = chosen_objective(loaded, recipe).roles
    train, validation = (Rows(folder, split).learned_by(roles) for split in ("train", "validation"))
    return train, evenly_spaced(validation, recipe.validation_rows)


def _tracked(spec: RunSpec, recipe: Recipe) -> TrackedRun:
    """What experiment trackers are told of the run."""
    settings = {**spec.lineage, "task": spec.task_type, **recipe.model_dump(mode="json")}
    key = spec.key or uuid.uuid4().hex
    return TrackedRun(key=key, name=spec.name or key[:8], settings=settings, work=Path(spec.work))


def _loop(
    spec: RunSpec,
    loaded: LoadedModel,
    recipe: Recipe,
    data: TrainingData,
    reporter: Reporter,
    phases: Phases,
    ranks: Ranks,
    tick: Callable[[int, int], None],
) -> Loop:
    """Make the model ready to learn, in its precision, and take up the checkpoint where there is one."""
    prepare_model(loaded, recipe)
    objective = create_objective(loaded, recipe)
    if recipe.adapters:
        add_adapters(loaded, recipe)
    cast_parameters(loaded.model, DTYPES[loaded.precision])
    # Before a checkpoint is taken up: what the base says of the rows is part of some losses.
    data = ranks.from_lead(lambda: _prepared(objective, data, Path(spec.work), tick))
    checkpoints = Checkpoints(Path(spec.work) / "checkpoints", keeps_best=recipe.keep_best, ranks=ranks)
    loop = Loop(loaded, objective, data, recipe, reporter, phases, checkpoints, ranks)
    if not ranks.leads:
        # All began with equal weights; what dropout leaves out is each rank's own.
        torch.manual_seed(ranks.seed(recipe.seed))
    if "checkpoint" in spec.inputs:
        loop.state = checkpoints.load(Path(spec.inputs["checkpoint"]), loop.optimizer)
        if spec.continues:
            loop.begin_again(spec.continues)
        reporter.log(Text("training.log_going_on", step=loop.state.step, steps=loop.steps))
    first_step = loop.state.step + 1 if loop.state.step else 0
    loop.sinks.append(EventLog(Path(spec.work) / "tensorboard", first_step=first_step))
    if not objective.learns_at_once:
        _log_plan(reporter, loop)
    if not ranks.alone:
        reporter.log(Text("training.log_ranks", ranks=ranks.size))
    return loop


def _prepared(
    objective: Objective[Any], data: TrainingData, work: Path, tick: Callable[[int, int], None]
) -> TrainingData:
    """The rows with what the objective needs to know of them from the untrained model."""
    train = objective.prepare(data.train, work / "train.prepared.arrow", tick)
    validation = objective.prepare(data.validation, work / "validation.prepared.arrow", tick)
    return TrainingData(train, validation, data.watched)


def _encode(
    spec: RunSpec,
    loaded: LoadedModel,
    train_rows: Collection[Row],
    watched: list[Row],
    tick: Callable[[int, int], None],
    log: Callable[[Text], None],
) -> tuple[Recipe, TrainingData, int]:
    """Fill the recipe, and encode within its lengths; also return the tokens of the longest row. Rows that teach nothing are
    left out. Raises JobError (nothing_to_learn).
    """
    recipe = spec.recipe
    objective = objective_for(loaded, recipe)
    if needs_lengths(recipe, objective):
        whole = objective.encode(
            train_rows, loaded, max_length=None, max_target_length=None, on_progress=lambda *_: tick(0, 1)
        )
        recipe = fill_recipe(recipe, loaded, count_tokens(whole, objective).lengths())
    else:
        recipe = fill_recipe(recipe, loaded, Lengths(len(train_rows), 0, 0, 0, 0))
    work = Path(spec.work)
    train = encode(train_rows, loaded, recipe, work / "train.arrow", tick)
    validation = encode_watched(watched, loaded, recipe, work / "validation.arrow")
    if train.unlearnable:
        log(Text("training.log_rows_left_out", count=train.unlearnable, rows=train.rows))
    if not train.examples:
        raise JobError(
            "nothing_to_learn",
            Text("training.no_learnable_row"),
            field="max_length",
        )
    # A bad answer is nothing to expect of a model.
    shown = [objective.shown(row) for row in watched if row.is_good]
    return recipe, TrainingData(train.examples, validation, shown), train.longest


def _log_plan(reporter: Reporter, loop: Loop) -> None:
    how = {
        Batching.PACKING: Text("training.order_packed"),
        Batching.LENGTH_GROUPING: Text("training.order_by_length"),
        Batching.PADDING: Text("training.order_padded"),
    }[loop.objective.batching]
    reporter.log(
        Text(
            "training.log_plan",
            steps=loop.steps,
            batch_rows=loop.recipe.batch_rows,
            weights=loop.optimizer.parameters,
            how=how,
            precision=loop.loaded.precision,
            device=loop.loaded.device,
        )
    )


def _leave_model(
    spec: RunSpec,
    loop: Loop,
    ending: Ending,
    simple: SimpleModelComparison | None,
    out: Path,
    phases: Phases,
) -> tuple[ModelManifest, Verdict]:
    """Merge, cast, write the folder, record what the trainer itself answers, and judge what was learned."""
    loaded = loop.loaded
    from_scratch = not loaded.manifest.trained
    merge_adapters(loaded)
    loop.objective.finish()
    cast_parameters(loaded.model, DTYPES[loaded.precision])
    loaded.manifest = loaded.manifest.model_copy(
        update={
            "max_target_length": loop.recipe.max_target_length,
            "learned_length": _learned_length(loaded.manifest, loop.recipe),
            "lineage": {**loaded.manifest.lineage, **spec.lineage},
        }
    )
    with unpacked(loaded.model):
        rows = loop.data.watched[:PARITY_ROWS]
        records = parity_records(loaded, rows, lambda: phases.at(0, 1))
    phases.at(1, 2)
    verdict = judge(loop, records, ending)
    # Not before the verdict: the learning rates that suit a starter are those of weights that were never trained.
    loaded.manifest = loaded.manifest.model_copy(update={"trained": True})
    manifest = write_folder(loaded, out, notes=_notes(loop, ending, simple, from_scratch))
    body = ",\n".join(record.model_dump_json() for record in records)
    (out / PARITY_NAME).write_text(f"[{body}]\n")
    phases.at(2, 2)
    return manifest, verdict


def _learned_length(before: ModelManifest, recipe: Recipe) -> int | None:
    """The longest row so far, in tokens; None where the base comes from elsewhere, and nothing says what it learned from."""
    if before.trained and before.learned_length is None:
        return None
    return max(before.learned_length or 0, recipe.max_length or 0) or None


def _notes(
    loop: Loop, ending: Ending, simple: SimpleModelComparison | None, from_scratch: bool
) -> list[Text]:
    state, recipe, train = loop.state, loop.recipe, loop.data.train
    if loop.objective.learns_at_once:
        return [Text("training.note_solved", rows=loop.objective.used(train), all_rows=len(train))]
    notes = []
    if from_scratch:
        notes.append(Text("training.note_random_weights"))
    how = Text("training.how_whole")
    if recipe.adapters:
        how = Text("training.how_adapters", adapters=recipe.adapters)
    notes.append(
        Text(
            "training.note_trained",
            rows=len(train),
            epoch=loop.epoch,
            steps=state.step,
            how=how,
            why=_WHY[ending],
        )
    )
    if state.begun_step:
        notes.append(Text("training.note_continued", step=state.begun_step))
    if recipe.keep_best and state.best is not None:
        how_good = Text("training.best_by_loss", loss=state.best.loss)
        if state.best.accuracy is not None:
            how_good = Text("training.best_by_accuracy", accuracy=state.best.accuracy)
        notes.append(Text("training.note_weights_of_step", step=state.best_step, how_good=how_good))
    if simple is not None:
        notes.append(
            Text(
                "training.note_simple_model",
                rows=simple.rows,
                accuracy=simple.accuracy,
                simple=simple.simple_accuracy,
            )
        )
    return notes


def _result(
    loop: Loop, ending: Ending, manifest: ModelManifest, verdict: Verdict, out: Path, seconds: float
) -> RunResult:
    state = loop.state
    kept_best = loop.recipe.keep_best and state.best is not None
    shown = kept_validation(state, loop.recipe)
    return RunResult(
        steps=state.step,
        planned_steps=loop.steps,
        epochs=loop.epoch,
        best_step=state.best_step if kept_best else state.step,
        stopped=ending,
        train_loss=state.train_loss if math.isfinite(state.train_loss) else 0.0,
        validation_loss=shown.loss if shown else None,
        validation_accuracy=shown.accuracy if shown else None,
        base_loss=state.base.loss if state.base and math.isfinite(state.base.loss) else None,
        verdict=verdict,
        rows_seen=state.rows_seen,
        tokens_seen=state.tokens_seen,
        seconds=seconds,
        tokens_per_second=state.tokens_seen / max(state.seconds, 1e-9),
        peak_memory_bytes=peak_memory(loop.device),
        parameters=manifest.parameters,
        bytes=sum(path.stat().st_size for path in out.iterdir()),
        recipe=loop.recipe,
    )


if __name__ == "__main__":
    run_child(RunSpec, run)
