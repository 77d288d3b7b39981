"""The first page for administrators: what runs, what waits, what is stuck, what fills the disk."""

from functools import partial
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from apps.console.queries import console as console_context
from apps.console.queries import pages_for
from apps.core.flash_messages import do_and_tell
from apps.core.htmx import render_page
from apps.core.listing import NEWEST, OLDEST, Filter, Listing
from apps.core.texts import translated
from apps.jobs import services, stopping
from apps.jobs.filters import by_state
from apps.jobs.models import Job
from apps.workspaces.access.rules import ADMINISTRATOR, rule
from apps.workspaces.requests import WorkspaceRequest


@rule(get=ADMINISTRATOR)
def console(request: WorkspaceRequest) -> HttpResponse:
    return render_page(request, "console/console.html", console_context(request.user), partial="live")


JOBS = Listing(
    searches=("title", "workspace__name", "created_by__email"),
    sorts=(NEWEST, OLDEST),
    filters=(
        Filter(
            "kind",
            _l("Kind"),
            Job._meta.get_field("kind").choices or (),
            lambda jobs, value: jobs.filter(kind=value),
        ),
        by_state("state"),
    ),
)


@rule(get=ADMINISTRATOR)
def job_list(request: WorkspaceRequest) -> HttpResponse:
    """Imports, runs, exports and all other jobs of every workspace."""
    # The result stays: that of a run may hold a warning, which the list shows.
    jobs = Job.objects.select_related("workspace", "created_by").defer("spec")
    shown = JOBS.read(request, jobs)
    context = {"list": shown, "jobs": pages_for(request.user, list(shown.page))}
    return render_page(request, "console/jobs.html", context)


@rule(post=ADMINISTRATOR, of="job")
def retry(request: WorkspaceRequest, job_id: UUID) -> HttpResponse:
    job = get_object_or_404(Job, pk=job_id)
    again = partial(services.retry, actor=request.user, job=job)
    do_and_tell(request, again, _("“%(job)s” is queued again.") % {"job": translated(job.title)})
    return redirect("console:console")


@rule(post=ADMINISTRATOR, of="job")
def stop(request: WorkspaceRequest, job_id: UUID) -> HttpResponse:
    job = get_object_or_404(Job, pk=job_id)
    end = partial(stopping.request_stop, actor=request.user, job=job)
    do_and_tell(
        request, end, _("“%(job)s” is cancelled, or ends in a moment.") % {"job": translated(job.title)}
    )
    return redirect("console:console")
