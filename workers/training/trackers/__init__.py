"""Sends the figures of a run to experiment trackers. One file each has the calls of a tracker's library."""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any
from urllib.parse import urlsplit

from workers.contracts.texts import Text
from workers.contracts.trackers import TRACKERS_VARIABLE, TrackerInfo, named_trackers
from workers.runtime.reporter import Reporter
from workers.training.ranks import Ranks

PROJECT = "maquette"
"""Of a tracker whose own variables name none."""
LAST_SECONDS = 60.0
"""Within which a tracker has to send what is left at the end of a run."""


@dataclass(frozen=True)
class TrackedRun:
    """What a tracker is told before the first figures. `key` stays the same when a run is resumed."""

    key: str
    name: str
    settings: Mapping[str, Any]
    work: Path


class Tracker(ABC):
    """One run at one tracker. Its library is imported when the object is made."""

    address = ""
    """Of the page of the run at the tracker, if it has one."""

    @abstractmethod
    def __init__(self, run: TrackedRun) -> None: ...

    @abstractmethod
    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Send the figures of one step, without waiting for the service."""

    @abstractmethod
    def finish(self, *, succeeded: bool) -> None:
        """Send what is left, and close the run."""


@contextmanager
def tracking(run: TrackedRun, ranks: Ranks, reporter: Reporter) -> Iterator[Trackers]:
    """Open the trackers that the environment names, on the leading rank alone, and close the run at each of them."""
    names = os.environ.get(TRACKERS_VARIABLE, "").split(",") if ranks.leads else []
    trackers = Trackers(run, names, reporter.log)
    try:
        trackers.tell_addresses()
        yield trackers
    except BaseException:
        trackers.finish(succeeded=False)
        raise
    trackers.finish(succeeded=True)


class Trackers:
    """All trackers that the environment names. One that fails is left out from then on: none of them may end a run."""

    def __init__(self, run: TrackedRun, names: Iterable[str], report: Callable[[Text], None]) -> None:
        self._report = report
        self._open: list[tuple[TrackerInfo, Tracker]] = []
        for info in named_trackers(names):
            try:
                self._open.append((info, resolve_name(info.implementation)(run)))
            except Exception as error:
                self._leave_out(info, error)

    def tell_addresses(self) -> None:
        """Say in the log where the run is found."""
        for info, tracker in self._open:
            if address := without_secrets(tracker.address):
                self._report(Text("training.tracked_at", tracker=info.label, address=address))

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Send the figures of one step."""
        self._each(lambda tracker: tracker.log(step, values))

    def finish(self, *, succeeded: bool) -> None:
        """Close the run at every tracker. One whose service does not answer is left behind."""
        self._each(lambda tracker: _call_within(LAST_SECONDS, lambda: tracker.finish(succeeded=succeeded)))
        self._open = []

    def _each(self, call: Callable[[Tracker], None]) -> None:
        for info, tracker in list(self._open):
            try:
                call(tracker)
            # Each library has errors of its own, those of its transport included.
            except Exception as error:
                self._open.remove((info, tracker))
                self._leave_out(info, error)

    def _leave_out(self, info: TrackerInfo, error: Exception) -> None:
        # Its message may quote a key.
        self._report(Text("training.tracker_failed", tracker=info.label, error=type(error).__name__))


def without_secrets(address: str) -> str:
    """Return a web address without what may be a secret in it: the password and the query. Empty for another kind of address."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https"):
        return ""
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def _call_within(seconds: float, call: Callable[[], None]) -> None:
    """Call in a thread. Raises TimeoutError while it has not returned, and what the call raises."""
    raised: list[Exception] = []

    def work() -> None:
        try:
            call()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError
    if raised:
        raise raised[0]
