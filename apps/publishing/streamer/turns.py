"""Whose reply a streamer begins next.

Workspaces take turns, as with jobs (apps.jobs.queue_order): the next reply is that of the waiting workspace with the fewest replies
at work, then of the one that was served longest ago, so that an app with a thousand visitors does not keep the others waiting.
Within a workspace the oldest comes first.
"""

from __future__ import annotations

from collections import Counter, deque


class Turns:
    """Entries that wait and a count of those at work, at most `capacity` of them unless they are begun out of turn."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._waiting: dict[str, deque[str]] = {}
        self._at_work: Counter[str] = Counter()
        self._served: dict[str, int] = {}
        """Of each waiting workspace that was served: the number of that turn."""
        self._turn = 0

    def add(self, entry_id: str, workspace: str) -> None:
        self._waiting.setdefault(workspace, deque()).append(entry_id)

    def begin_next(self) -> str | None:
        """The entry whose turn it is, which is then at work; None where all places are taken, or no entry waits."""
        if not self._waiting or self._at_work.total() >= self._capacity:
            return None
        workspace = min(self._waiting, key=lambda name: (self._at_work[name], self._served.get(name, 0)))
        entry_id = self._waiting[workspace][0]
        self._begin(entry_id, workspace)
        return entry_id

    def begin(self, entry_id: str, workspace: str) -> bool:
        """Put an entry to work out of turn; return whether it was still waiting."""
        if entry_id not in self._waiting.get(workspace, ()):
            return False
        self._begin(entry_id, workspace)
        return True

    def _begin(self, entry_id: str, workspace: str) -> None:
        waiting = self._waiting[workspace]
        waiting.remove(entry_id)
        self._turn += 1
        self._served[workspace] = self._turn
        if not waiting:
            del self._waiting[workspace]
        self._at_work[workspace] += 1

    def end(self, workspace: str) -> None:
        """An entry of this workspace is no longer at work."""
        self._at_work[workspace] -= 1
        if not self._at_work[workspace]:
            del self._at_work[workspace]
            if workspace not in self._waiting:
                self._served.pop(workspace, None)
