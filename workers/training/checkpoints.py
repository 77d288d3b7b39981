"""Checkpoints: everything that a run needs to go on as if it had never been interrupted.

    state.json              TrainingState
    weights.safetensors     trained weights in fp32 (adapters alone, for LoRA)
    best.safetensors        the best ones so far, when those are others
    optimizer.safetensors   Adam's moments
    random.safetensors      random states, as bytes; those of other ranks than 0 with the rank before their name

A folder under its final name is complete: it is written under another, synced to disk, and renamed.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from pydantic import BaseModel, Field
from safetensors.torch import load_file, save_file

from workers.contracts.texts import Text
from workers.runtime.reporter import JobError
from workers.training.optimizer import Optimizer
from workers.training.ranks import ALONE, Ranks


class Validation(BaseModel):
    """`loss` is the mean over what is learned, usually the cross entropy in nats per token (or label); `accuracy` the share of
    labels that are right.

    `sums` are those that the objective counts besides, over all rows.
    """

    loss: float
    accuracy: float | None = None
    sums: dict[str, float] = Field(default_factory=dict)

    def beats(self, other: "Validation") -> bool:
        """More labels right, and where that is equal or nothing is labelled, a lower loss.

        A classifier that grows too sure of itself has a rising loss while it still learns to answer.
        """
        mine, theirs = self.accuracy or 0.0, other.accuracy or 0.0
        return mine > theirs or (mine == theirs and self.loss < other.loss)


class TrainingState(BaseModel):
    """Where a run stands. The position in the data follows from `step`: see data.Order."""

    step: int = 0
    seconds: float = 0
    rows_seen: int = 0
    tokens_seen: int = 0
    train_loss: float = 0
    first_loss: float | None = None
    """Training loss of the first step."""
    base: Validation | None = None
    """Before the first step: what the kept model is judged against."""
    best_step: int = 0
    best: Validation | None = None
    last: Validation | None = None
    lowest_loss: float | None = None
    rounds_without_gain: int = 0
    """Validation rounds in a row in which neither the best was beaten nor the loss fell below its lowest."""
    continues: str = ""
    """The run whose last checkpoint this one began with; empty for a run from its base."""
    begun_step: int = 0
    begun_seconds: float = 0
    """Where the run began: 0, or where the run that it continues ended."""


class Checkpoints:
    """The last two checkpoints below `folder`: the newest, and the one that may still be on its way to storage.

    Without `keeps_best` no best weights are copied: they take as much memory and disk as the weights themselves.
    """

    def __init__(self, folder: Path, *, keeps_best: bool = True, ranks: Ranks = ALONE) -> None:
        self._folder, self._ranks = folder, ranks
        self._keeps_best = keeps_best
        self._best: dict[str, torch.Tensor] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def keep_best(self, optimizer: Optimizer) -> None:
        """Remember the weights as they are now as the best ones. They take the place of the former ones, so that there
        are never two such copies."""
        if not self._keeps_best:
            return
        if self._best is None:
            self._best = optimizer.copy_weights()
            return
        for name, weight in optimizer.weights.items():
            self._best[name].copy_(weight.detach())

    @property
    def best(self) -> dict[str, torch.Tensor] | None:
        return self._best

    def save(self, state: TrainingState, optimizer: Optimizer) -> Path:
        """Write a checkpoint, on rank 0 alone, and return its folder."""
        final = self._folder / f"step-{state.step:08d}"
        states = self._ranks.gathered(_random_states())
        if self._ranks.leads:
            self._write(final, state, optimizer, states)
        return final

    def _write(
        self,
        final: Path,
        state: TrainingState,
        optimizer: Optimizer,
        random_states: Sequence[dict[str, torch.Tensor]],
    ) -> None:
        staging = self._folder / f".{final.name}.part"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        weights = {name: weight.detach().contiguous() for name, weight in optimizer.weights.items()}
        save_file(weights, staging / "weights.safetensors")
        if self._best is not None and state.best_step != state.step:
            save_file(self._best, staging / "best.safetensors")
        save_file(optimizer.moments(), staging / "optimizer.safetensors")
        named = {
            f"{_of_rank(rank)}{name}": value
            for rank, states in enumerate(random_states)
            for name, value in states.items()
        }
        save_file(named, staging / "random.safetensors")
        (staging / "state.json").write_text(state.model_dump_json())
        _sync(staging)
        if final.exists():
            shutil.rmtree(final)
        staging.rename(final)
        _sync_folder(self._folder)
        for other in sorted(self._folder.glob("step-*"))[:-2]:
            shutil.rmtree(other, ignore_errors=True)

    def load(self, folder: Path, optimizer: Optimizer) -> TrainingState:
        """Put everything back as it was. Raises JobError (checkpoint_unreadable)."""
        try:
            state = TrainingState.model_validate_json((folder / "state.json").read_text())
            # One file after the other, and none of it mapped: together they would take more than the run itself.
            optimizer.load_weights(_read(folder / "weights.safetensors"))
            optimizer.load_moments(_read(folder / "optimizer.safetensors"))
            best = folder / "best.safetensors"
            if best.exists() and self._keeps_best:
                device = next(iter(optimizer.weights.values())).device
                self._best = {name: weight.to(device) for name, weight in _read(best).items()}
            elif state.best is not None:
                self.keep_best(optimizer)
            _restore_random(load_file(folder / "random.safetensors"), _of_rank(self._ranks.rank))
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise JobError(
                "checkpoint_unreadable",
                Text("training.checkpoint_damaged"),
            ) from error
        return state


def _read(path: Path) -> dict[str, torch.Tensor]:
    """Tensors with memory of their own, on the CPU."""
    return load_file(path, backend="pread")


def _random_states() -> dict[str, torch.Tensor]:
    states = {"cpu": torch.get_rng_state()}
    for index in range(torch.cuda.device_count()):
        states[f"cuda.{index}"] = torch.cuda.get_rng_state(index)
    return states


def _of_rank(rank: int) -> str:
    return f"{rank}." if rank else ""


def _restore_random(states: dict[str, torch.Tensor], prefix: str) -> None:
    # A rank that the checkpoint does not know keeps the seed that it began with.
    if f"{prefix}cpu" in states or not prefix:
        torch.set_rng_state(states[f"{prefix}cpu"])
    for index in range(torch.cuda.device_count()):
        if f"{prefix}cuda.{index}" in states:
            torch.cuda.set_rng_state(states[f"{prefix}cuda.{index}"], index)


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
