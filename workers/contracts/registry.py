"""Registries: the kinds of one thing (tasks, metrics, job kinds, …), each defined in a file of its own."""

import importlib
import os
import pkgutil
import threading
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

EXTENSIONS_VARIABLE = "EXTENSIONS"
GROUPS = ("tasks", "objectives", "metrics", "baselines", "import_formats", "app_kinds", "job_kinds")
"""The registries of the studio, as EXTENSIONS names them."""


class Named(Protocol):
    """What a registry holds: an object, or a class, with a name that is stored in rows and shown by the API."""

    @property
    def name(self) -> str: ...


Kind = TypeVar("Kind", bound=Named)


class UnknownKind(KeyError):
    """No kind of this name is registered."""

    def __str__(self) -> str:
        return str(self.args[0])


class Registry(Generic[Kind]):
    """The kinds of one thing by name, in the order in which people see them.

    The modules of `package` are imported at the first look, and each adds its own kinds. The modules that the
    environment names for this `group` follow: `EXTENSIONS=tasks:my_tasks.haiku,metrics:my_metrics.rhymes`.
    """

    def __init__(self, group: str, package: str) -> None:
        self.group, self.package = group, package
        self._kinds: dict[str, tuple[int, Kind]] = {}
        self._is_loaded = self._is_loading = False
        self._lock = threading.RLock()

    def add(self, kind: Kind, *, order: int = 1000) -> Kind:
        """Register a kind; kinds of a lower `order` are shown first. Raises ValueError when the name is taken.

        Works as a decorator of a class, too.
        """
        taken = self._kinds.get(kind.name)
        if taken and taken[1] != kind:
            raise ValueError(f"{self.group}: the name {kind.name!r} is taken by {taken[1]!r}.")
        self._kinds[kind.name] = (order, kind)
        return kind

    def __getitem__(self, name: str) -> Kind:
        """Return the kind of this name. Raises UnknownKind."""
        try:
            return self._loaded()[name][1]
        except KeyError:
            raise UnknownKind(f"{name!r} is none of the {self.group}: {', '.join(self)}.") from None

    def get(self, name: str) -> Kind | None:
        found = self._loaded().get(name)
        return found[1] if found else None

    def __iter__(self) -> Iterator[str]:
        kinds = self._loaded()
        return iter(sorted(kinds, key=lambda name: (kinds[name][0], name)))

    def __len__(self) -> int:
        return len(self._loaded())

    def __contains__(self, name: object) -> bool:
        return name in self._loaded()

    def values(self) -> list[Kind]:
        return [self[name] for name in self]

    def _loaded(self) -> dict[str, tuple[int, Kind]]:
        if not self._is_loaded:
            with self._lock:
                self._load()
        return self._kinds

    def _load(self) -> None:
        """Import the modules of all kinds, in one thread while others wait. After an error the next look tries again."""
        # A kind's module may look up another kind of the same registry: that look takes what is there.
        if self._is_loaded or self._is_loading:
            return
        self._is_loading = True
        try:
            package = importlib.import_module(self.package)
            for module in pkgutil.iter_modules(package.__path__, f"{self.package}."):
                importlib.import_module(module.name)
            for name in extension_modules(self.group):
                importlib.import_module(name)
            self._is_loaded = True
        finally:
            self._is_loading = False


def extension_modules(group: str) -> list[str]:
    """Names of the modules that EXTENSIONS adds to one registry. Raises ValueError for an entry without a known group."""
    entries = [entry.strip() for entry in os.environ.get(EXTENSIONS_VARIABLE, "").split(",") if entry.strip()]
    if wrong := [entry for entry in entries if ":" not in entry]:
        raise ValueError(
            f"{EXTENSIONS_VARIABLE}: write “{wrong[0]}” as group:module, for instance tasks:{wrong[0]}."
        )
    pairs = [(found, module) for found, _, module in (entry.partition(":") for entry in entries)]
    if unknown := {found for found, _ in pairs} - {*GROUPS, group}:
        raise ValueError(f"{EXTENSIONS_VARIABLE}: {min(unknown)} is none of the groups: {', '.join(GROUPS)}.")
    return [module for found, module in pairs if found == group]
