"""Pre-flight: what a run would do, before it does: `python -m workers.training.preflight spec.json`."""

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from workers.contracts.job_kinds.preflight import Finding, PreflightResult, PreflightSpec, TokenStats
from workers.contracts.recipes import Precision, Recipe, Tuning, VersionBase
from workers.contracts.roles import Role
from workers.contracts.specs import Split
from workers.contracts.texts import Text
from workers.models.devices import choose_device, resolve_precision
from workers.models.folder import write_folder
from workers.models.hub import OnBytes
from workers.models.loading import LoadedModel
from workers.runtime.reporter import JobError, Reporter, run_child
from workers.training.automatic import count_tokens, fill_recipe, percentile
from workers.training.bases import open_base
from workers.training.data import Rows, evenly_spaced
from workers.training.encoding import encode, encode_watched
from workers.training.estimates import (
    Speed,
    disk_bytes,
    free_disk,
    free_memory,
    least_memory,
    measure_speed,
    offered_minutes,
    run_seconds,
    solving_seconds,
)
from workers.training.failures import memory_explained
from workers.training.findings import Counted, recipe_findings, row_findings
from workers.training.loop import total_steps
from workers.training.objectives import Objective, chosen_objective, objective_for, with_objective
from workers.training.progress import Phases

PHASES = {
    Text("training.phase_reading"): 0.1,
    Text("training.phase_downloading"): 0.25,
    Text("training.phase_opening"): 0.3,
    Text("training.phase_counting"): 0.6,
    Text("training.phase_timing"): 1.0,
}
_SHOWN_CHARACTERS = 4000


def preflight(spec: PreflightSpec, reporter: Reporter) -> PreflightResult:
    """Look before the leap. Raises JobError when the base cannot be opened or there are no rows at all."""
    device = choose_device()
    with Phases(reporter, PHASES) as phases:
        phases.begin(Text("training.phase_reading"))
        folder = Path(spec.inputs["data"])
        splits: dict[Split, Rows] = {name: Rows(folder, name) for name in ("train", "validation", "test")}
        if not splits["train"]:
            raise JobError("no_rows", Text("training.no_training_rows"))
        phases.begin(Text("training.phase_opening"))
        loaded = open_base(spec, splits["train"], device, _following_download(phases))
        spec = spec.model_copy(update={"recipe": with_objective(spec.recipe, loaded, splits["train"].roles)})
        roles = chosen_objective(loaded, spec.recipe).roles
        splits = {name: rows.learned_by(roles) for name, rows in splits.items()}
        precision = resolve_precision(spec.recipe.precision, device, loaded.manifest.parameters)
        reporter.started(device=str(device), precision=precision, threads=torch.get_num_threads())
        if spec.output is not None or not isinstance(spec.base, VersionBase):
            _leave_initial_model(spec, loaded)
        phases.begin(Text("training.phase_counting"))
        recipe, counted = _count(spec, loaded, splits, phases)
        phases.begin(Text("training.phase_timing"))
        needed = least_memory(loaded, recipe, precision)
        findings = row_findings(loaded, recipe, counted, splits) + recipe_findings(
            spec.recipe, recipe, loaded, counted
        )
        too_large = _memory_findings(needed, recipe, device)
        speed = Speed(0.0, 0.0, needed, loaded.manifest.parameters)
        usable = counted.train.examples
        if usable and not too_large:
            with memory_explained(recipe, counted.train.longest):
                speed = measure_speed(loaded, recipe, precision, usable, counted.watched, phases)
            too_large = _memory_findings(speed.memory_bytes, recipe, device)
        findings += too_large
        return _result(spec, loaded, recipe, counted, splits, speed, findings, precision)


def _following_download(phases: Phases) -> OnBytes:
    """Shows the bytes of a download as a phase of its own, and ends it when the job is told to stop."""
    begun = False

    def on_bytes(done: int, total: int) -> None:
        nonlocal begun
        if not begun:
            begun = True
            phases.begin(Text("training.phase_downloading"))
        if done < total:
            phases.check(done, total)
        else:
            phases.begin(Text("training.phase_opening"))

    return on_bytes


def _leave_initial_model(spec: PreflightSpec, loaded: LoadedModel) -> None:
    """Write the folder that the run, the evaluation of the base and the parity check share."""
    stored = loaded.model.config.dtype
    loaded.precision = Precision.BF16 if stored == torch.bfloat16 else Precision.FP32
    names = (getattr(spec.base, name, None) for name in ("repo_id", "path", "package"))
    if name := next(filter(None, names), None):
        loaded.manifest.lineage["base"] = name
    loaded.manifest = write_folder(loaded, Path(spec.work) / "out")
    loaded.model.float()


def _count(
    spec: PreflightSpec, loaded: LoadedModel, splits: dict[Split, Rows], phases: Phases
) -> tuple[Recipe, Counted]:
    rows = splits["train"]
    objective = objective_for(loaded, spec.recipe)
    whole = objective.encode(rows, loaded, max_length=None, max_target_length=None, on_progress=phases.check)
    uncut = count_tokens(whole, objective)
    recipe = fill_recipe(spec.recipe, loaded, uncut.lengths(), length=spec.length)
    work = Path(spec.work)
    train = encode(rows, loaded, recipe, work / "train.arrow", lambda *_: phases.check(1, 1))
    watched = evenly_spaced(splits["validation"], recipe.validation_rows)
    validation = encode_watched(watched, loaded, recipe, work / "validation.arrow")
    if train.rows != len(rows):
        # Texts were divided, or laid end to end: an epoch has as many steps as the windows fill.
        lengths = replace(uncut.lengths(), rows=train.rows)
        recipe = fill_recipe(spec.recipe, loaded, lengths, length=spec.length)
    return recipe, Counted(train, validation, uncut)


def _memory_findings(needed: int, recipe: Recipe, device: torch.device) -> list[Finding]:
    free = free_memory(device)
    if needed <= free:
        return []
    fix, advice = {}, Text("jobs.choose_smaller_model")
    if recipe.tuning is Tuning.FULL:
        fix, advice = {"tuning": Tuning.LORA.value}, Text("training.advice_lora")
    elif recipe.tuning is Tuning.LORA and device.type != "cpu":
        fix, advice = {"tuning": Tuning.QLORA.value}, Text("training.advice_qlora")
    return [
        Finding(
            blocks=True,
            message=Text("training.memory_too_small", needed=needed / 1e9, free=free / 1e9, advice=advice),
            fix=fix,
        )
    ]


def _disk_findings(needed: int, folder: Path) -> list[Finding]:
    free = free_disk(folder)
    if needed <= free:
        return []
    message = Text("training.disk_too_small", needed=needed / 1e9, free=free / 1e9)
    return [Finding(blocks=True, message=message)]


def _result(
    spec: PreflightSpec,
    loaded: LoadedModel,
    recipe: Recipe,
    counted: Counted,
    splits: dict[Split, Rows],
    speed: Speed,
    findings: list[Finding],
    precision: Precision,
) -> PreflightResult:
    objective = objective_for(loaded, recipe)
    train = counted.train
    rows = len(train.examples)
    first = next(iter(splits["train"]))
    learns_from_pairs = Role.REJECTED in chosen_objective(loaded, recipe).roles
    seconds, whole_seconds = _seconds(objective, recipe, counted, speed)
    encoded = train.examples.path.stat().st_size * (2 if objective.needs_reference else 1)
    disk = disk_bytes(loaded, speed.trained_parameters, precision) + encoded
    return PreflightResult(
        recipe=recipe,
        rows={name: len(found) for name, found in splits.items()},
        tokens=train.tokens,
        learned_tokens=train.learned,
        row_tokens=token_stats(counted.uncut.whole),
        cut_share=train.cut / train.rows,
        unlearnable_rows=train.unlearnable,
        steps=total_steps(recipe, objective.order(recipe, max(1, rows))),
        seconds=seconds,
        whole_seconds=whole_seconds,
        offered_minutes=offered_minutes(recipe, spec.length, whole_seconds),
        memory_bytes=speed.memory_bytes,
        disk_bytes=disk,
        parameters=loaded.manifest.parameters,
        trainable_parameters=speed.trained_parameters,
        context_length=loaded.manifest.context_length,
        device=str(loaded.device),
        precision=precision,
        findings=findings + _disk_findings(disk, Path(spec.work)),
        first_row=[(text[:_SHOWN_CHARACTERS], learned) for text, learned in objective.pieces(first, loaded)],
        rejected_answer=first.rejected[:_SHOWN_CHARACTERS] if learns_from_pairs else "",
    )


def _seconds(
    objective: type[Objective[Any]], recipe: Recipe, counted: Counted, speed: Speed
) -> tuple[float, float]:
    """What `run_seconds` says of these rows."""
    train = counted.train
    if objective.learns_at_once:
        return solving_seconds(speed, train.tokens)
    watched = sum(objective.tokens(example) for example in counted.watched)
    reference = train.tokens + watched if objective.needs_reference else 0
    return run_seconds(recipe, speed, max(1, len(train.examples)), train.tokens, watched, reference)


def token_stats(lengths: Counter[int]) -> TokenStats:
    """Mean, percentiles and a histogram whose bounds are powers of two."""
    histogram = Counter[int]()
    for length, rows in lengths.items():
        histogram[2 ** max(3, math.ceil(math.log2(max(1, length))))] += rows
    return TokenStats(
        mean=sum(length * rows for length, rows in lengths.items()) / lengths.total(),
        p50=percentile(lengths, 0.5),
        p95=percentile(lengths, 0.95),
        max=max(lengths),
        histogram=sorted(histogram.items()),
    )


if __name__ == "__main__":
    run_child(PreflightSpec, preflight)
