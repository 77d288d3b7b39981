"""The processes that train one model together, each with its part of every step: several GPUs, or several CPU processes.

`torchrun` starts them, and accelerate joins them (NCCL for GPUs, gloo for CPUs). One process alone is rank 0 of 1, and then
nothing here communicates. All ranks take the same decisions in the same order, or they would wait for each other for ever:
what depends on a clock is decided by rank 0, and a wish to stop counts wherever it arrived. They share one work folder.
"""

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, cast

import torch
from torch import distributed

from workers.models.memory import is_out_of_memory

Item = TypeVar("Item")

_LONGEST_WAIT = timedelta(days=1)
"""For rank 0, while it reads and encodes millions of rows, or writes a model."""


@dataclass(frozen=True)
class Ranks:
    """Which of `size` processes this is, and what it does together with the others."""

    rank: int = 0
    size: int = 1
    device: torch.device | None = None
    """Where tensors have to be to be exchanged; None for the CPU."""

    @property
    def leads(self) -> bool:
        """Whether this is the process that reports, and writes files."""
        return self.rank == 0

    @property
    def alone(self) -> bool:
        return self.size == 1

    def part(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return this rank's items. The parts of all ranks together are `items`; with fewer items than ranks some are empty."""
        return items if self.alone else items[self.rank :: self.size]

    def total(self, *values: float) -> list[float]:
        """Return the sums of each value over all ranks."""
        if self.alone or not values:
            return list(values)
        summed = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.all_reduce(summed)
        return summed.tolist()

    def of_lead(self, value: float) -> float:
        """Return rank 0's value."""
        return self.total(value if self.leads else 0.0)[0]

    def any(self, wish: bool) -> bool:
        """Return whether it is so on any rank."""
        return self.total(float(wish))[0] > 0

    def sum_up(self, tensors: Iterable[torch.Tensor]) -> None:
        """Replace each tensor by its sum over all ranks, which is the same bit for bit on each of them."""
        if not self.alone:
            for work in [distributed.all_reduce(tensor, async_op=True) for tensor in tensors]:
                work.wait()

    def take_over(self, tensors: Iterable[torch.Tensor]) -> None:
        """Replace each tensor by that of rank 0."""
        if not self.alone:
            for tensor in tensors:
                distributed.broadcast(tensor.detach(), 0)

    def from_lead(self, work: Callable[[], Item]) -> Item:
        """Return on every rank what `work` returns on rank 0, the only one to call it. Its error ends the other ranks, too."""
        if self.alone:
            return work()
        sent: list[Any] = [None]
        try:
            if self.leads:
                sent = [(work(),)]
        finally:
            distributed.broadcast_object_list(sent, 0, device=self.device)
        if sent[0] is None:
            sys.exit(1)
        [result] = sent[0]
        return result

    def with_memory(self, work: Callable[[], Item]) -> Item:
        """Return what `work` returns. Where one rank has too little memory for it, all of them raise: the others would
        wait for it. No rank may communicate in `work`."""
        if self.alone:
            return work()
        done, lacking = None, None
        try:
            done = work()
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            lacking = error
        if self.any(lacking is not None):
            raise lacking or torch.OutOfMemoryError("Another rank ran out of memory")
        return cast("Item", done)

    def gathered(self, item: Item) -> list[Item]:
        """Return the items of all ranks, by rank."""
        if self.alone:
            return [item]
        items: list[Any] = [None] * self.size
        distributed.all_gather_object(items, item)
        return items

    def seed(self, seed: int) -> int:
        """Return a seed of this rank's own for dropout: rank 0's is `seed` itself, as of a process alone."""
        if self.leads:
            return seed
        return int.from_bytes(hashlib.sha256(repr((seed, self.rank)).encode()).digest()[:4], "big")


ALONE = Ranks()


def join_ranks() -> Ranks:
    """Join the processes that the environment names, as `torchrun` sets it. Raises RuntimeError unless exactly those join."""
    size = int(os.environ.get("WORLD_SIZE") or 1)
    if size == 1:
        return ALONE
    from accelerate import PartialState

    state = PartialState(cpu=not torch.cuda.is_available(), timeout=_LONGEST_WAIT)
    ranks = Ranks(state.process_index, state.num_processes, state.device)
    # Where accelerate does not recognise what started it, every process is rank 0 of 1, and would train on all rows by itself.
    expected = f"{os.environ.get('RANK')} of {size}"
    if f"{ranks.rank} of {ranks.size}" != expected:
        raise RuntimeError(f"This is rank {ranks.rank} of {ranks.size}, not {expected}")
    if ranks.total(1, ranks.rank) != [size, size * (size - 1) / 2]:
        raise RuntimeError(f"The ranks that joined are not 0 to {size - 1}")
    return ranks


def leave_ranks(ranks: Ranks) -> None:
    """Wait for the others, and part from them."""
    if not ranks.alone:
        distributed.barrier()
        distributed.destroy_process_group()
