"""Messages to the user whose run or sweep has ended: an e-mail, and a request to the user's webhook."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from apps.accounts.mail_language import language_of
from apps.accounts.models import User
from apps.accounts.services import tell
from apps.core import mail
from apps.core.errors import UserError
from apps.core.outgoing_addresses import check_address
from apps.core.rate_limits import Rate, take
from apps.core.texts import translated
from apps.core.verdicts import verdict_text
from apps.jobs import webhooks
from apps.jobs.job_pages import page_of
from apps.jobs.models import Job, NotificationSettings
from apps.jobs.states import State
from apps.workspaces import access
from apps.workspaces.access import Action
from apps.workspaces.models import Workspace

TESTS = Rate(20, 3600)
"""Of one user: enough to set up a webhook, too few to search a network with."""


def settings_of(user: User) -> NotificationSettings:
    """Return the stored settings, or the defaults: no messages."""
    return NotificationSettings.objects.filter(user=user).first() or NotificationSettings(user=user)


@transaction.atomic
def update_settings(*, user: User, by_email: bool, webhook: str) -> str:
    """Store which messages a user gets, and return the signing secret of a new webhook. It is not shown again.

    Raises UserError (field `webhook`) for an address that is not open.
    """
    # Locked: a form sent twice at the same moment is stored once.
    found, _is_new = NotificationSettings.objects.select_for_update().get_or_create(user=user)
    if webhook:
        try:
            check_address(webhook)
        except UserError as error:
            error.field = "webhook"
            raise
    changed = [name for name, is_new in _changes(found, by_email, webhook).items() if is_new]
    if not changed:
        return ""
    # Another address is another receiver, which must not know the secret of the first one.
    secret = webhooks.set_address(found, webhook) if "webhook" in changed else ""
    found.by_email = by_email
    found.save()
    tell(user, "user.notifications_changed", by=user, fields=changed)
    return secret


def _changes(found: NotificationSettings, by_email: bool, webhook: str) -> dict[str, bool]:
    return {
        "by_email": found.by_email != by_email,
        "webhook": webhooks.address_of(found) != webhook,
    }


@transaction.atomic
def renew_secret(*, user: User) -> str:
    """Replace the signing secret of the user's webhook, and return the new one. Raises UserError without a webhook."""
    found = NotificationSettings.objects.select_for_update().filter(user=user).first()
    if found is None or not found.webhook_encrypted:
        raise UserError(_("Save the address of a webhook first."), field="webhook")
    secret = webhooks.set_new_secret(found)
    found.save(update_fields=["webhook_secret_encrypted"])
    tell(user, "user.webhook_secret_renewed", by=user)
    return secret


@transaction.atomic
def send_test(*, user: User) -> None:
    """Queue a request to the user's webhook. Raises UserError without one, and when that was one too many."""
    if not settings_of(user).webhook_encrypted:
        raise UserError(_("Save the address of a webhook first."), field="webhook")
    if wait := take(f"webhook:{user.pk}", TESTS):
        message = _("Too many tests in a short time. Wait a while, then try again.")
        raise UserError(message, field="webhook", code="too_often", retry_after=wait)
    with override(language_of(user.email)):
        webhooks.enqueue(user, {"event": "test", "text": _("This is a test message from Maquette.")})
    tell(user, "user.webhook_tested", by=user)


def notify(job: Job) -> None:
    """Queue the messages about a job that has ended. The caller holds the transaction of its end."""
    user = job.created_by
    # The user who cancels a run knows that it ended.
    if user is None or job.state == State.CANCELLED or not (job.announced and job.job_kind.notifies):
        return
    send(user, job.workspace, lambda: _message_about(job))


def send(user: User, workspace: Workspace, make: Callable[[], EndMessage]) -> None:
    """Queue the messages that the user has asked for, if the user is still a member. `make` is called in the user's language.
    The caller holds the transaction of the end."""
    chosen = NotificationSettings.objects.filter(user=user, user__is_active=True).first()
    if chosen is None or not access.can(user, workspace, Action.VIEW):
        return
    with override(language_of(user.email)):
        message = make()
        if chosen.by_email and mail.reaches_people():
            own_page = f"{settings.SITE_URL}{reverse('jobs:notifications')}"
            context = {"message": message, "workspace": workspace, "settings_address": own_page}
            text = render_to_string("jobs/email/ended.txt", context)
            send_mail(message.subject, text, None, [user.email])
        if chosen.webhook_encrypted:
            webhooks.enqueue(user, message.payload(workspace))


@dataclass(frozen=True)
class EndMessage:
    """What the messages about the end of something say, in the language that is in use.

    `kind` names it in the body of a webhook, and `facts` are what the body says besides.
    """

    kind: str
    title: str
    outcome: str
    detail: str
    path: str
    seconds: float | None
    facts: dict[str, Any]

    @property
    def address(self) -> str:
        """The address of its page."""
        return f"{settings.SITE_URL}{self.path}"

    @property
    def subject(self) -> str:
        said = pgettext("what ended, and how", "%(title)s: %(state)s")
        return " ".join((said % {"title": self.title, "state": self.outcome}).split())

    def payload(self, workspace: Workspace) -> dict[str, Any]:
        """The body of a webhook. Chat services show its `text`."""
        return {
            "event": f"{self.kind}.ended",
            "text": " ".join(filter(None, (f"{self.subject}.", self.detail, self.address))),
            self.kind: {
                "title": self.title,
                "detail": self.detail,
                "address": self.address,
                "workspace": workspace.name,
                **self.facts,
            },
        }


def _message_about(job: Job) -> EndMessage:
    verdict = verdict_text(job.result) if isinstance(job.result, dict) else None
    return EndMessage(
        kind="job",
        title=translated(job.title),
        outcome=job.outcome,
        detail=translated(job.error_message) or (verdict.summary if verdict else ""),
        path=page_of(job) or "/",
        seconds=job.seconds,
        facts={
            "id": str(job.pk),
            "kind": job.kind,
            "state": job.state,
            "started_at": job.started_at.isoformat() if job.started_at else None,
            "ended_at": job.ended_at.isoformat() if job.ended_at else None,
            "figures": _figures(job.result),
        },
    )


def _figures(result: Any) -> dict[str, float]:
    """The numbers of a result: losses, steps, seconds and others."""
    found = result.items() if isinstance(result, dict) else ()
    numbers = {
        name: value for name, value in found if isinstance(value, int | float) and not isinstance(value, bool)
    }
    return {name: value for name, value in numbers.items() if math.isfinite(value)}
