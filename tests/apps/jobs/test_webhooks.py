"""Delivery of webhooks: to the public network alone, tried again, given up, encrypted."""

import base64
import hmac
import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.core import mail
from apps.core.encryption import secrets_rotating, unseal
from apps.jobs import webhooks
from apps.jobs.models import NotificationSettings, WaitingWebhook
from apps.jobs.webhook_signatures import signed_headers
from tests.fixtures.sites import Site

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def hook(site: Site, owner: Any) -> NotificationSettings:
    """The owner's webhook, at a server that an administrator allows."""
    site.answers["/hook"] = (204, {}, b"")
    return set_webhook(owner, f"{site.url}/hook?key=secret")


def set_webhook(user: Any, address: str) -> NotificationSettings:
    chosen, _is_new = NotificationSettings.objects.get_or_create(user=user)
    webhooks.set_address(chosen, address)
    chosen.save()
    return chosen


def deliver(user: Any) -> NotificationSettings:
    webhooks.enqueue(user, {"text": "Fertig “ja”"})
    webhooks.deliver_waiting()
    return NotificationSettings.objects.get(user=user)


def test_a_request_is_sent_once_as_json(hook, site, owner) -> None:
    chosen = deliver(owner)
    assert site.posted == ['{"text": "Fertig “ja”"}'.encode()]
    assert site.asked[0][0] == "/hook?key=secret"
    assert chosen.webhook_outcome == "Delivered"
    assert chosen.webhook_at is not None
    assert not WaitingWebhook.objects.exists()


@pytest.mark.parametrize(
    ("status", "is_kept"),
    [(200, False), (302, False), (404, False), (410, False), (429, True), (500, True), (503, True)],
)
def test_only_a_busy_server_is_asked_again(hook, site, owner, status, is_kept) -> None:
    site.answers["/hook"] = (status, {"Location": "http://127.0.0.1/"}, b"")
    chosen = deliver(owner)
    assert WaitingWebhook.objects.exists() == is_kept
    assert len(site.asked) == 1, "a redirect is not followed, and the next try is later"
    assert status == 200 or str(status) in chosen.webhook_outcome


def test_a_server_that_is_away_is_asked_for_an_hour(hook, site, owner, caplog) -> None:
    site.server.shutdown()
    site.server.server_close()
    assert "did not answer" in deliver(owner).webhook_outcome
    waiting = WaitingWebhook.objects.get()
    assert waiting.tries == 1
    WaitingWebhook.objects.update(
        created_at=timezone.now() - mail.KEPT - timedelta(seconds=1), try_at=timezone.now()
    )
    webhooks.deliver_waiting()
    assert not WaitingWebhook.objects.exists()
    assert "secret" not in caplog.text


def test_an_address_that_is_no_longer_allowed_is_not_asked(hook, site, owner, settings, caplog) -> None:
    settings.OUTGOING_ALLOW = []
    assert "not allowed" in deliver(owner).webhook_outcome
    assert not site.asked
    assert not WaitingWebhook.objects.exists()
    assert "secret" not in caplog.text


def test_a_name_is_checked_when_it_is_asked(hook, site, owner, monkeypatch, settings) -> None:
    settings.OUTGOING_ALLOW = []
    set_webhook(owner, "https://rebinding.example.org/hook")
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", 443))])
    assert "not allowed" in deliver(owner).webhook_outcome


def test_a_request_without_a_webhook_is_dropped(owner) -> None:
    webhooks.enqueue(owner, {"text": "x"})
    webhooks.deliver_waiting()
    assert not WaitingWebhook.objects.exists()


def test_of_several_workers_one_sends_it(hook, owner) -> None:
    webhooks.enqueue(owner, {"text": "x"})
    row, seen = WaitingWebhook.objects.get(), WaitingWebhook.objects.get()
    assert mail.claim(row)
    assert not mail.claim(seen)


def test_secrets_are_sealed_again_with_a_new_key(hook, owner, settings) -> None:
    webhooks.enqueue(owner, {"text": "x"})
    address = webhooks.address_of(hook)
    settings.SECRETS_KEYS = ["another-key-of-the-studio-000000000000"]
    assert any(count == 2 for _receiver, count in secrets_rotating.send(None))
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "lost" * 16, []
    chosen = NotificationSettings.objects.get()
    assert webhooks.address_of(chosen) == address
    assert unseal(WaitingWebhook.objects.get().sealed, "webhooks") == '{"text": "x"}'
    assert unseal(chosen.webhook_secret_encrypted, "webhooks").startswith("whsec_")


def expected_signature(secret: str, headers: dict[str, str], body: bytes) -> str:
    """As the guide tells users to compute it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, "sha256").digest()).decode()


def test_a_request_is_signed_with_its_time_and_keeps_its_id(hook, site, owner) -> None:
    secret = unseal(hook.webhook_secret_encrypted, "webhooks")
    site.answers["/hook"] = (503, {}, b"")
    before = int(time.time())
    deliver(owner)
    WaitingWebhook.objects.update(try_at=timezone.now())
    webhooks.deliver_waiting()
    first, again = site.post_headers
    assert first["webhook-id"] == again["webhook-id"] == str(WaitingWebhook.objects.get().pk)
    assert before <= int(first["webhook-timestamp"]) <= int(again["webhook-timestamp"])
    for headers, body in zip(site.post_headers, site.posted, strict=True):
        assert headers["webhook-signature"] == expected_signature(secret, headers, body)
        assert headers["webhook-signature"] != expected_signature(secret, headers, body + b" ")


def test_the_signature_is_that_of_the_specification() -> None:
    # The example of https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    headers = signed_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        content=b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_server_that_is_silent_delays_only_its_own_user(hook, site, owner, viewer, settings) -> None:
    settings.OUTGOING_ALLOW = [*settings.OUTGOING_ALLOW, "127.0.0.1:9"]
    set_webhook(viewer, f"{site.url}/hook")
    set_webhook(owner, "http://127.0.0.1:9/")
    for user in (owner, owner, viewer):
        webhooks.enqueue(user, {"text": user.email})
    webhooks.deliver_waiting()
    assert site.posted == [f'{{"text": "{viewer.email}"}}'.encode()]
    assert sorted(WaitingWebhook.objects.values_list("tries", flat=True)) == [0, 1]


def test_while_one_thread_delivers_another_one_does_not_wait_for_it(hook, site, owner) -> None:
    webhooks.enqueue(owner, {"text": "x"})
    with webhooks._delivering:
        webhooks.deliver_waiting()
    assert not site.asked
    webhooks.deliver_waiting()
    assert len(site.asked) == 1


def test_nothing_is_sent_for_an_account_that_was_deactivated(hook, site, owner) -> None:
    webhooks.enqueue(owner, {"text": "x"})
    owner.is_active = False
    owner.save()
    webhooks.deliver_waiting()
    assert not site.asked
    assert not WaitingWebhook.objects.exists()


def test_what_no_key_opens_is_given_up_and_the_page_says_so(hook, site, owner, settings) -> None:
    settings.SECRET_KEY, settings.SECRETS_KEYS = "lost" * 16, []
    settings.SECRET_KEY_FALLBACKS = []
    assert "cannot be decrypted" in deliver(owner).webhook_outcome
    assert not site.asked
    secrets_rotating.send(None)
    assert NotificationSettings.objects.get().webhook_encrypted == hook.webhook_encrypted
