"""What any page with a job needs: its state, its log, stop, retry; and notices of jobs that ended."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from apps.accounts.requests import SignedInRequest
from apps.core import mail
from apps.core.errors import UserError
from apps.core.texts import translated
from apps.jobs import notifications, pausing, services, stopping, webhooks
from apps.jobs.forms import NotificationForm
from apps.jobs.job_pages import page_of, with_pages
from apps.jobs.models import Job
from apps.jobs.queue_order import Queues
from apps.jobs.states import ENDED, Priority, State
from apps.workspaces.access.rules import EDIT, SIGN_IN, VIEW, rule
from apps.workspaces.requests import WorkspaceRequest

LOG_LINES = 500
MOST_NOTICES = 20


@rule(get=VIEW, of="job")
def status(request: WorkspaceRequest, job: Job) -> HttpResponse:
    """The card with state, progress and what to do. It asks for itself while the job is active; the whole page is loaded
    again once the job has ended.
    """
    has_just_ended = job.is_ended and request.GET.get("was") == "active"
    return render(request, "jobs/status.html", {**status_context(job), "has_just_ended": has_just_ended})


def status_context(job: Job) -> dict[str, Any]:
    """What templates/jobs/status.html needs, for pages that include it."""
    ahead = Queues(job.queue).ahead_of(job) or 0
    return {"job": job, "ahead": ahead, "priority_changes": _priority_changes(job)}


def _priority_changes(job: Job) -> list[tuple[str, str, str]]:
    """The next priorities up and down: name, label and icon of each button."""
    changes = (
        (job.priority + 1, _("Raise priority"), "arrow-up"),
        (job.priority - 1, _("Lower priority"), "arrow-down"),
    )
    return [
        (Priority(value).name.lower(), label, icon)
        for value, label, icon in changes
        if value in Priority.values
    ]


@rule(get=VIEW, of="job")
def log(request: WorkspaceRequest, job: Job) -> HttpResponse:
    """The job's log as text; ?after=<seq> gives only what came later."""
    events = job.events.filter(kind="log")
    after = sequence_number(request.GET.get("after", ""))
    lines = reversed(events.filter(seq__gt=after).order_by("-seq")[:LOG_LINES])
    text = "\n".join(
        f"{localtime(e.at):%H:%M:%S} {e.data['level']}: {translated(e.data['text'])}" for e in lines
    )
    named = {"Content-Disposition": 'attachment; filename="log.txt"'}
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=named)


def sequence_number(text: str) -> int:
    """What an address says in ?after=; 0 when that is no number of an event."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


@rule(post=EDIT, of="job")
def stop(request: WorkspaceRequest, job: Job) -> HttpResponse:
    stopping.request_stop(actor=request.user, job=job)
    return _back(request, job)


@rule(post=EDIT, of="job")
def retry(request: WorkspaceRequest, job: Job) -> HttpResponse:
    services.retry(actor=request.user, job=job)
    messages.success(request, _("“%(job)s” is queued again.") % {"job": translated(job.title)})
    return _back(request, job)


@rule(post=EDIT, of="job")
def pause(request: WorkspaceRequest, job: Job) -> HttpResponse:
    pausing.pause(actor=request.user, job=job)
    return _back(request, job)


@rule(post=EDIT, of="job")
def unpause(request: WorkspaceRequest, job: Job) -> HttpResponse:
    pausing.unpause(actor=request.user, job=job)
    return _back(request, job)


@rule(post=EDIT, of="job")
def set_priority(request: WorkspaceRequest, job: Job) -> HttpResponse:
    pausing.set_priority(actor=request.user, job=job, priority=request.POST.get("priority", ""))
    return _back(request, job)


def _back(request: WorkspaceRequest, job: Job) -> HttpResponse:
    """To the page the person came from, if it is ours."""
    came_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        came_from = page_of(job) or "/"
    return HttpResponseRedirect(came_from)


def _notice_level(job: Job) -> str:
    if job.state != State.SUCCEEDED:
        return "danger"
    return "warning" if job.warning else "success"


@rule(get=SIGN_IN, post=SIGN_IN)
def notification_settings(request: SignedInRequest) -> HttpResponse:
    """Which messages the user gets when a run has ended. The secret of a new webhook is on the page that answers the form."""
    form = NotificationForm(request.POST) if request.method == "POST" else None
    if form is not None and form.is_valid():
        try:
            secret = notifications.update_settings(user=request.user, **form.cleaned_data)
        except UserError as error:
            form.add_user_error(error)
        else:
            messages.success(request, _("Your notifications are saved."))
            return _notifications_page(request, secret=secret) if secret else redirect("jobs:notifications")
    return _notifications_page(request, form=form)


def _notifications_page(
    request: SignedInRequest, *, form: NotificationForm | None = None, secret: str = ""
) -> HttpResponse:
    chosen = notifications.settings_of(request.user)
    now = {"by_email": chosen.by_email, "webhook": webhooks.address_of(chosen)}
    form = form or NotificationForm(initial=now)
    context = {"form": form, "chosen": chosen, "secret": secret, "sends_email": mail.reaches_people()}
    return render(request, "jobs/notifications.html", context, status=422 if form.errors else 200)


@rule(post=SIGN_IN)
def renew_webhook_secret(request: SignedInRequest) -> HttpResponse:
    """Another signing secret, which is on the page that answers."""
    return _notifications_page(request, secret=notifications.renew_secret(user=request.user))


@rule(post=SIGN_IN)
def test_webhook(request: SignedInRequest) -> HttpResponse:
    notifications.send_test(user=request.user)
    messages.success(
        request, _("The test request is queued. Reload this page in a few seconds to see the result.")
    )
    return redirect("jobs:notifications")


@rule(get=SIGN_IN)
def notices(request: WorkspaceRequest) -> JsonResponse:
    """Jobs of this person that ended and were not shown yet; showing them here counts as shown."""
    ended = Job.objects.visible_to(request.user).filter(
        created_by=request.user, state__in=ENDED, seen_at=None, announced=True
    )
    jobs = with_pages(ended.order_by("-ended_at")[:MOST_NOTICES])
    services.mark_seen(user=request.user, job_ids=[job.pk for job in jobs])
    shown = [
        {
            "text": pgettext("what ended, and how", "%(title)s: %(state)s")
            % {"title": translated(job.title), "state": job.outcome},
            "level": _notice_level(job),
            "url": page_of(job),
        }
        for job in jobs
        if not (job.state == State.SUCCEEDED and not job.job_kind.announced) and job.state != State.CANCELLED
    ]
    return JsonResponse({"notices": shown})
