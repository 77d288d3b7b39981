"""Which page shows a job: each app above registers the kinds it owns, so that this one need not know them."""

from collections.abc import Callable

from apps.jobs.models import Job
from workers.contracts.jobs import JobKind

_pages: dict[JobKind, Callable[[Job], str]] = {}


def register_page(kind: JobKind, address: Callable[[Job], str]) -> None:
    """Call from AppConfig.ready; `address` returns the path of the page of a job's object."""
    _pages[kind] = address


def page_of(job: Job) -> str:
    """The path of the page that shows the job, or "" when its object is gone."""
    address = _pages.get(JobKind(job.kind))
    try:
        return address(job) if address else ""
    except (AttributeError, LookupError, ValueError):
        return ""
    except Exception as error:
        # A reverse one-to-one whose row was deleted raises that model's own DoesNotExist.
        if type(error).__name__ == "RelatedObjectDoesNotExist":
            return ""
        raise
