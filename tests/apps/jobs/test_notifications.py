"""Messages at the end of a run: to its owner alone, when they asked for one, in their language."""

import json
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from apps.core.encryption import unseal
from apps.core.texts import translated
from apps.jobs import notifications
from apps.jobs import services as jobs
from apps.jobs.models import Job, NotificationSettings, WaitingWebhook
from apps.workspaces.models import AuditEntry, Membership
from tests.fixtures.page_text import html_of
from workers.contracts.events import Failed
from workers.contracts.texts import Text

pytestmark = [pytest.mark.django_db, pytest.mark.once]
HOOK = "https://93.184.215.14/hooks/a-secret"
PAGE = "jobs:notifications"


@pytest.fixture(autouse=True)
def mail_server(settings: Any) -> None:
    settings.EMAIL_URL = "smtp://mail.example.org"
    settings.SITE_URL = "https://studio.example.org"


@pytest.fixture
def end(new_job):
    """End a job of `kind` with `result`, or as failed."""

    def ended(kind: str = "run", *, failed: str = "", **fields: Any) -> Job:
        job = new_job(kind, "running", title=Text("jobs.title_run", name="Tickets"), attempt=1, **fields)
        if failed:
            jobs.fail(job, Failed(code="x", message=failed))
        else:
            jobs.finish(job, result={"validation_loss": 0.5, "steps": 9, "recipe": {}, "stopped": "early"})
        return Job.objects.get(pk=job.pk)

    return ended


@pytest.fixture(autouse=True)
def nothing_else_listens(monkeypatch) -> None:
    """The jobs of these tests have no run."""
    monkeypatch.setattr("apps.training.services.take_run", lambda job: None)


def choose(user: Any, **chosen: Any) -> None:
    notifications.update_settings(user=user, **({"by_email": False, "webhook": ""} | chosen))


def payloads() -> list[dict[str, Any]]:
    waiting = WaitingWebhook.objects.order_by("created_at")
    return [json.loads(unseal(one.sealed, "webhooks")) for one in waiting]


def test_without_a_choice_nothing_is_sent(end) -> None:
    end()
    assert not mail.outbox
    assert not WaitingWebhook.objects.exists()


def test_an_email_says_what_ended_and_where_to_look(end, owner) -> None:
    choose(owner, by_email=True)
    job = end()
    (sent,) = mail.outbox
    assert sent.to == [owner.email]
    assert sent.subject == "Training: Tickets: Succeeded"
    assert "https://studio.example.org/" in sent.body
    assert f"Workspace: {job.workspace.name}" in sent.body
    assert f"https://studio.example.org{reverse(PAGE)}" in sent.body


def test_a_failure_says_why(end, owner) -> None:
    choose(owner, by_email=True, webhook=HOOK)
    end(failed="Memory ran out <b>.")
    assert "Memory ran out <b>." in mail.outbox[0].body
    (payload,) = payloads()
    assert payload["job"]["state"] == "failed"
    assert "Memory ran out <b>." in payload["text"]


def test_a_webhook_has_the_figures_of_the_result(end, owner) -> None:
    choose(owner, webhook=HOOK)
    job = end()
    assert not mail.outbox
    (payload,) = payloads()
    assert payload["event"] == "job.ended"
    assert payload["job"]["id"] == str(job.pk)
    assert payload["job"]["figures"] == {"validation_loss": 0.5, "steps": 9}
    assert HOOK not in WaitingWebhook.objects.get().sealed


def test_messages_are_in_the_language_of_the_owner(end, owner) -> None:
    owner.language = "zh-hans"
    owner.save()
    choose(owner, by_email=True, webhook=HOOK)
    end()
    assert "成功" in mail.outbox[0].subject
    assert "成功" in payloads()[0]["text"]


@pytest.mark.parametrize("case", ["other kind", "cancelled", "not a member", "inactive", "no owner"])
def test_nothing_is_sent(case, end, new_job, owner) -> None:
    choose(owner, by_email=True, webhook=HOOK)
    if case == "cancelled":
        jobs.end_cancelled(new_job("run", "running", attempt=1))
    else:
        if case == "not a member":
            Membership.objects.filter(user=owner).delete()
        if case == "inactive":
            owner.is_active = False
            owner.save()
        kind = "export" if case == "other kind" else "run"
        end(kind, failed="It failed.", **({"created_by": None} if case == "no owner" else {}))
    assert not mail.outbox
    assert not WaitingWebhook.objects.exists()


def test_without_a_mail_server_the_webhook_is_used_and_the_page_says_so(
    end, owner, client_for, settings
) -> None:
    settings.EMAIL_URL = ""
    choose(owner, by_email=True, webhook=HOOK)
    end()
    assert not mail.outbox
    assert len(payloads()) == 1
    assert "cannot send e-mails" in html_of(client_for(owner).get(reverse(PAGE)))


def test_the_page_stores_the_choice_and_the_audit_log_no_address(client_for, viewer) -> None:
    client, address = client_for(viewer), reverse(PAGE)
    answer = html_of(client.post(address, {"by_email": "on", "webhook": HOOK}))
    chosen = NotificationSettings.objects.get(user=viewer)
    secret = unseal(chosen.webhook_secret_encrypted, "webhooks")
    assert secret in answer
    assert chosen.by_email
    assert HOOK not in chosen.webhook_encrypted
    html = html_of(client.get(address))
    assert f'value="{HOOK}"' in html
    assert secret not in html
    entry = AuditEntry.objects.get(action="user.notifications_changed")
    assert "secret" not in str(entry.changes)
    assert client.post(address, {"webhook": ""}).status_code == 302
    chosen.refresh_from_db()
    assert (chosen.by_email, chosen.webhook_encrypted) == (False, "")
    assert chosen.webhook_secret_encrypted == ""


def test_another_address_has_another_secret_and_the_same_one_keeps_it(owner) -> None:
    first = notifications.update_settings(user=owner, by_email=False, webhook=HOOK)
    assert notifications.update_settings(user=owner, by_email=True, webhook=HOOK) == ""
    second = notifications.update_settings(user=owner, by_email=True, webhook=f"{HOOK}/2")
    assert len({first, second, ""}) == 3


def test_a_secret_can_be_replaced_and_is_shown_once(client_for, viewer) -> None:
    client, address = client_for(viewer), reverse("jobs:renew_webhook_secret")
    assert client.post(address).status_code == 400
    first = notifications.update_settings(user=viewer, by_email=False, webhook=HOOK)
    html = html_of(client.post(address))
    now = unseal(NotificationSettings.objects.get(user=viewer).webhook_secret_encrypted, "webhooks")
    assert now != first
    assert now in html
    entry = AuditEntry.objects.get(action="user.webhook_secret_renewed")
    assert now not in str(entry.changes)


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1/", "http://169.254.169.254/latest", "ftp://example.org/", "http://[::1]/", "x"],
)
def test_an_address_inside_the_network_is_refused_at_its_field(client_for, viewer, address) -> None:
    response = client_for(viewer).post(reverse(PAGE), {"webhook": address})
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"webhook"}
    assert not NotificationSettings.objects.exclude(webhook_encrypted="").exists()


def test_a_test_request_needs_an_address_and_is_limited(client_for, viewer) -> None:
    client, address = client_for(viewer), reverse("jobs:test_webhook")
    assert client.post(address).status_code == 400
    choose(viewer, webhook=HOOK)
    answers = [client.post(address).status_code for _ in range(notifications.TESTS.most + 1)]
    assert answers == [302] * notifications.TESTS.most + [429]
    assert payloads()[0]["event"] == "test"


def test_the_settings_belong_to_the_user_who_is_signed_in(client_for, owner, viewer) -> None:
    choose(owner, webhook=HOOK)
    assert HOOK not in client_for(viewer).get(reverse(PAGE)).content.decode()
    assert translated(NotificationSettings.objects.get().webhook_outcome) == ""
