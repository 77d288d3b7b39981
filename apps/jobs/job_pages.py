"""Which page shows a job: each app above registers the kinds it owns, so that this one need not know them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import prefetch_related_objects

from workers.contracts.job_kinds import JobKind

if TYPE_CHECKING:
    from apps.jobs.models import Job


@dataclass(frozen=True)
class _Page:
    shows: str
    address: Callable[[Any], str]


_pages: dict[str, _Page] = {}


def register_page(kind: JobKind, shows: str, address: Callable[[Any], str]) -> None:
    """Call in receivers.py; `shows` names the job's way to its object (a one-to-one of that object), `address`
    returns the path of the object's page."""
    _pages[kind.name] = _Page(shows, address)


def page_of(job: Job) -> str:
    """The path of the page that shows the job, or "" when its object is gone."""
    page = _pages.get(job.kind)
    shown = getattr(job, page.shows, None) if page else None
    return page.address(shown) if page and shown else ""


def with_pages(jobs: Iterable[Job]) -> list[Job]:
    """The jobs, with the object of each fetched: one query for each kind among them.

    One query that joins the tables of all kinds takes Postgres 200 ms to plan, however few rows it reads.
    """
    found = list(jobs)
    for kind in {job.kind for job in found} & _pages.keys():
        prefetch_related_objects([job for job in found if job.kind == kind], _pages[kind].shows)
    return found
