"""Lists of what people add: search, filters, sorting and pages, all of them in the address.

A page declares a Listing once and reads a queryset, or the rows of a Parquet file, through it. templates/ui/list_tools.html draws the form,
templates/ui/pagination.html the pages. The form is a plain GET; with scripts htmx replaces the results alone.
Several lists on one page have different prefixes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from apps.core.parquet import ParquetRows

Label = Any
"""A string, or one that is translated when it is shown."""

PAGE_SIZE = 25
MAX_SEARCH_CHARACTERS = 200
MAX_SEARCH_WORDS = 8


@dataclass(frozen=True)
class Sort:
    """An order. `by` is what order_by takes; a unique field at its end keeps pages from overlapping."""

    value: str
    label: Label
    by: tuple[Any, ...]


@dataclass(frozen=True)
class Filter:
    """A choice that narrows the list. `apply` is called with one of the values, never with an unknown one."""

    name: str
    label: Label
    choices: Sequence[tuple[str, Label]]
    apply: Callable[[Any, str], Any]


NEWEST = Sort("newest", _("Newest first"), ("-created_at", "pk"))
OLDEST = Sort("oldest", _("Oldest first"), ("created_at", "pk"))
BY_NAME = Sort("name", _("Name"), ("name", "pk"))
BY_TIME_AND_NAME = (NEWEST, OLDEST, BY_NAME)


@dataclass(frozen=True)
class ShownFilter:
    """A filter as the form draws it: its full name in the address, and what is chosen ("" for everything)."""

    name: str
    label: Label
    choices: Sequence[tuple[str, Label]]
    value: str


@dataclass(frozen=True)
class ListPage:
    """What a template needs to draw a list, its form and its pages."""

    page: Page[Any]
    prefix: str
    text: str
    searches: bool
    filters: list[ShownFilter]
    sorts: Sequence[Sort]
    sort: Sort
    others: list[tuple[str, str]]
    """The parameters of the address that belong to something else on the page."""
    path: str = ""
    """Where the list is, for a page that answers a POST elsewhere; empty where the page itself is asked again."""

    most_characters = MAX_SEARCH_CHARACTERS

    @property
    def id(self) -> str:
        """The id of the element that holds the results."""
        return f"{self.prefix}results"

    @property
    def is_narrowed(self) -> bool:
        return bool(self.text) or any(shown.value for shown in self.filters)

    @property
    def total(self) -> int:
        return self.page.paginator.count

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to search or sort."""
        return self.is_narrowed or self.total > 1

    @property
    def query(self) -> str:
        """The address without its page, ready for another: empty, or ending in "&"."""
        own = [(f"{self.prefix}q", self.text), *((shown.name, shown.value) for shown in self.filters)]
        if self.sort is not self.sorts[0]:
            own.append((f"{self.prefix}sort", self.sort.value))
        query = urlencode([*self.others, *((name, value) for name, value in own if value)])
        return f"{query}&" if query else ""

    @property
    def without_filters(self) -> str:
        """The address with nothing searched or filtered."""
        return f"{self.path}?{urlencode(self.others)}"


@dataclass(frozen=True)
class Listing:
    """How a list can be searched, filtered and sorted. The first sort is the default.

    `searches` names text fields; every word that is searched for has to be in one of them.
    """

    searches: tuple[str, ...] = ()
    sorts: tuple[Sort, ...] = BY_TIME_AND_NAME
    filters: tuple[Filter, ...] = ()
    page_size: int = PAGE_SIZE
    prefix: str = ""

    def read(
        self,
        request: HttpRequest,
        rows: QuerySet[Any] | ParquetRows,
        *,
        path: str = "",
        asked: QueryDict | None = None,
    ) -> ListPage:
        """The page of `rows` that the address of the request asks for. What it asks wrongly is ignored.

        `path` is where the list is, and `asked` its query, for pages that also answer a POST to another address.
        """
        asked = request.GET if asked is None else asked
        text = asked.get(f"{self.prefix}q", "").replace("\x00", "").strip()[:MAX_SEARCH_CHARACTERS]
        shown = [self._shown(one, asked) for one in self.filters]
        narrowed: Any = rows
        for one, chosen in zip(self.filters, shown, strict=True):
            if chosen.value:
                narrowed = one.apply(narrowed, chosen.value)
        wanted = asked.get(f"{self.prefix}sort")
        sort = next((one for one in self.sorts if one.value == wanted), self.sorts[0])
        found = search(narrowed, self.searches, text).order_by(*sort.by)
        return ListPage(
            page=Paginator(found, self.page_size).get_page(asked.get(f"{self.prefix}page")),
            prefix=self.prefix,
            text=text,
            searches=bool(self.searches),
            filters=shown,
            sorts=self.sorts,
            sort=sort,
            others=[
                (name, value) for name, values in asked.lists() if name not in self._names for value in values
            ],
            path=path,
        )

    def _shown(self, one: Filter, asked: Mapping[str, str]) -> ShownFilter:
        name = f"{self.prefix}{one.name}"
        value = asked.get(name, "")
        known = value if value in {choice for choice, _label in one.choices} else ""
        return ShownFilter(name, one.label, one.choices, known)

    @property
    def _names(self) -> set[str]:
        """The parameters of this list."""
        names = ("q", "sort", "page", *(one.name for one in self.filters))
        return {f"{self.prefix}{name}" for name in names}


def search(rows: Any, fields: Sequence[str], text: str) -> Any:
    """Those of `rows` that hold every word of `text` in one of `fields`."""
    for word in text.split()[:MAX_SEARCH_WORDS]:
        if isinstance(rows, ParquetRows):
            rows = rows.holding(fields, word)
            continue
        holds = Q()
        for field in fields:
            holds |= Q(**{f"{field}__icontains": word})
        rows = rows.filter(holds)
    return rows
