"""Choices among what people add: a page offers the chosen ones and the first that match a search, never all of them.

With scripts the options follow what is typed; without, the search is a form of its own that asks for the page again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from apps.core.listing import MAX_SEARCH_CHARACTERS, search

OPTIONS = 20


@dataclass(frozen=True)
class Picked:
    """Options of the field `name`: those that are chosen first, then others in the order of their rows."""

    name: str
    options: list[Any]
    text: str
    has_more: bool
    path: str = ""
    """Where the search is asked, as ListPage.path."""
    most_characters = MAX_SEARCH_CHARACTERS

    @property
    def is_searched(self) -> bool:
        """Whether there are more than the page shows."""
        return self.has_more or bool(self.text)

    def offer(
        self, field: Any, label: Callable[[Any], str] = str, extra: Sequence[tuple[str, Any]] = ()
    ) -> None:
        """Give a form's field these options, then `extra` ones, and the search that templates draw above it."""
        field.choices = [*((str(one.pk), label(one)) for one in self.options), *extra]
        field.picked = self


def search_text(request: HttpRequest, name: str) -> str:
    """What is searched for among the options of the field `name`."""
    return request.GET.get(f"find-{name}", "").replace("\x00", "").strip()[:MAX_SEARCH_CHARACTERS]


def pick(
    request: HttpRequest,
    name: str,
    rows: Any,
    *,
    searches: Sequence[str],
    chosen: Iterable[Any] = (),
    count: int = OPTIONS,
    path: str = "",
) -> Picked:
    """Read what a field offers. `chosen` are ids; those that are not among `rows` are left out."""
    text = search_text(request, name)
    ids = [pk for pk in chosen if is_id(pk)]
    kept = list(rows.filter(pk__in=ids)) if ids else []
    found = list(search(rows.exclude(pk__in=ids), searches, text)[: count + 1])
    return Picked(name, [*kept, *found[:count]], text, len(found) > count, path)


def is_id(value: Any) -> bool:
    """Whether `value`, which may come from an address, can be the id of a row."""
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True
