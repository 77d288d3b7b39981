"""A run, from spec to model folder: `python -m workers.training.run spec.json`."""

import math
import time
from collections.abc import Callable, Collection
from pathlib import Path

import torch

from workers.contracts.events import SAVING, TRAINING
from workers.contracts.job_kinds.run import RunResult, RunSpec
from workers.contracts.model_folder import PARITY_NAME, ModelManifest
from workers.contracts.recipes import Batching, Recipe, Tuning
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
from workers.training.encoding import encode
from workers.training.failures import memory_explained
from workers.training.loop import Ending, Loop, TrainingData, peak_memory
from workers.training.objectives import create_objective, objective_for
from workers.training.progress import Phases
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
    if spec.threads:
        torch.set_num_threads(spec.threads)
    device = choose_device()
    torch.manual_seed(spec.recipe.seed)

    with Phases(reporter, PHASES) as phases:
        phases.begin(Text("training.phase_loading_data"))
        data_folder, work = Path(spec.inputs["data"]), Path(spec.work)
        train_rows = Rows(data_folder, "train")
        watched = evenly_spaced(Rows(data_folder, "validation"), spec.recipe.validation_rows)
        if not train_rows:
            raise JobError("no_rows", Text("training.no_training_rows"))

        phases.begin(Text("training.phase_loading_model"))
        loaded = open_base(spec, train_rows, device)
        precision = resolve_precision(spec.recipe.precision, device, loaded.manifest.parameters)
        reporter.started(device=str(device), precision=precision, threads=torch.get_num_threads())
        # A run that goes on has something to keep: told to stop, it first gets as far as saving that.
        tick = phases.at if "checkpoint" in spec.inputs else phases.check
        tick(1, 1)

        phases.begin(Text("training.phase_encoding"))
        recipe, data, longest = _encode(spec, loaded, train_rows, watched, tick, reporter.log)

        with memory_explained(recipe, longest):
            loaded.precision = precision
            loop = _loop(spec, loaded, recipe, data, reporter, phases)
            begun -= loop.state.seconds - loop.state.begun_seconds  # of the attempts before this one
            ending = loop.run()
            reporter.log(Text("training.log_ended", step=loop.state.step, steps=loop.steps, why=_WHY[ending]))

            phases.begin(SAVING)
            manifest, verdict = _leave_model(spec, loop, ending, work / "out", phases)
    return _result(loop, ending, manifest, verdict, work / "out", time.monotonic() - begun)


def _loop(
    spec: RunSpec,
    loaded: LoadedModel,
    recipe: Recipe,
    data: TrainingData,
    reporter: Reporter,
    phases: Phases,
) -> Loop:
    """Make the model ready to learn, in its precision, and take up the checkpoint where there is one."""
    prepare_model(loaded, recipe)
    objective = create_objective(loaded, recipe)
    if recipe.tuning is Tuning.LORA:
        add_adapters(loaded, recipe)
    cast_parameters(loaded.model, DTYPES[loaded.precision])
    checkpoints = Checkpoints(Path(spec.work) / "checkpoints", keeps_best=recipe.keep_best)
    loop = Loop(loaded, objective, data, recipe, reporter, phases, checkpoints)
    if "checkpoint" in spec.inputs:
        loop.state = checkpoints.load(Path(spec.inputs["checkpoint"]), loop.optimizer)
        if spec.continues:
            loop.begin_again(spec.continues)
        reporter.log(Text("training.log_going_on", step=loop.state.step, steps=loop.steps))
    _log_plan(reporter, loop)
    return loop


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
    validation = encode(watched, loaded, recipe, work / "validation.arrow")
    if train.unlearnable:
        log(Text("training.log_rows_left_out", count=train.unlearnable, rows=train.rows))
    if not train.examples:
        raise JobError(
            "nothing_to_learn",
            Text("training.no_learnable_row"),
            field="max_length",
        )
    return recipe, TrainingData(train.examples, validation.examples, watched), train.longest


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
    spec: RunSpec, loop: Loop, ending: Ending, out: Path, phases: Phases
) -> tuple[ModelManifest, Verdict]:
    """Merge, cast, write the folder, record what the trainer itself answers, and judge what was learned."""
    loaded = loop.loaded
    from_scratch = not loaded.manifest.trained
    merge_adapters(loaded)
    cast_parameters(loaded.model, DTYPES[loaded.precision])
    loaded.manifest = loaded.manifest.model_copy(
        update={
            "max_target_length": loop.recipe.max_target_length,
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
    manifest = write_folder(loaded, out, notes=_notes(loop, ending, from_scratch))
    body = ",\n".join(record.model_dump_json() for record in records)
    (out / PARITY_NAME).write_text(f"[{body}]\n")
    phases.at(2, 2)
    return manifest, verdict


def _notes(loop: Loop, ending: Ending, from_scratch: bool) -> list[Text]:
    state, recipe = loop.state, loop.recipe
    notes = []
    if from_scratch:
        notes.append(Text("training.note_random_weights"))
    how = Text("training.how_lora") if recipe.tuning is Tuning.LORA else Text("training.how_whole")
    notes.append(
        Text(
            "training.note_trained",
            rows=len(loop.data.train),
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
        peak_memory_bytes=peak_memory(loop.loaded.device),
        parameters=manifest.parameters,
        bytes=sum(path.stat().st_size for path in out.iterdir()),
        recipe=loop.recipe,
    )


if __name__ == "__main__":
    run_child(RunSpec, run)
