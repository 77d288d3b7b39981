"""A kind of app is one file: this one adds a kind, publishes an app of it and answers a question in it."""

import asyncio
from collections.abc import Sequence

import pytest
from channels.db import database_sync_to_async
from django.urls import reverse

from apps.publishing.defaults import settings_for
from apps.publishing.fanout import fanout
from apps.publishing.kinds import APP_KINDS, AppKind, SamplingSettings, VisitorOption, setting
from apps.publishing.models import App, Message
from apps.publishing.prompts import request_for
from tests.fixtures.patience import PATIENCE_SECONDS
from workers.contracts.model_folder import PromptMessage

pytestmark = pytest.mark.django_db(transaction=True)


class RiddleSettings(SamplingSettings):
    theme: str = setting("", title="Theme", help_text="What the riddles are about.", max_length=20)


class Riddles(AppKind):
    name = "riddles"
    label = "Riddles"
    icon = "bulb"
    tasks = ("riddle",)
    settings = RiddleSettings
    defaults = {"temperature": 0.5}
    welcome = "Name a thing."
    result_label = "The riddle"
    send_label = "Ask me"
    options = (VisitorOption("level", "Difficulty", {"easy": "Easy", "hard": "Hard"}, default="easy"),)

    def option_limits(self, settings, options, usual_tokens):
        return {"min_tokens": 5} if options.get("level") == "hard" else {}

    def messages(self, settings: RiddleSettings, turns: Sequence[PromptMessage]) -> list[PromptMessage]:
        return [PromptMessage(role="system", content=f"Riddles about {settings.theme}"), *turns]


@pytest.fixture(autouse=True)
def riddles(monkeypatch):
    """The kind, in the registry for the length of a test."""
    kind = Riddles()
    assert kind.name not in APP_KINDS
    monkeypatch.setitem(APP_KINDS._kinds, kind.name, (1000, kind))


@pytest.fixture
def riddle_app(client_for, editor, make_model):
    """An app that was made with the page, and the client of its editor."""
    model, client = make_model("riddle"), client_for(editor)
    form = client.get(reverse("publishing:new"), {"model": model.pk}).context["form"]
    assert form["theme"].help_text == "What the riddles are about."
    data = {name: form[name].value() for name in form.fields} | {"model": model.pk, "theme": "birds"}
    refused = client.post(reverse("publishing:new"), data | {"theme": "b" * 21})
    assert "theme" in refused.context["form"].errors
    assert client.post(reverse("publishing:new"), data).status_code == 302
    app = App.objects.get()
    assert (app.app_type, app.get_app_type_display()) == ("riddles", "Riddles")
    assert (app.live_version.settings.theme, app.live_version.settings.temperature) == ("birds", 0.5)
    return app, client


async def test_extension_points_an_app_of_a_new_kind_answers(riddle_app, streaming):
    app, client = riddle_app

    @database_sync_to_async
    def ask():
        page = client.get(reverse("publishing:preview", args=[app.pk])).content.decode()
        assert all(words in page for words in ("Name a thing.", "The riddle", "Ask me", "Difficulty"))
        sent = {"type": "ask", "text": "Owl", "level": "hard", "unknown": "x"}
        client.post(reverse("publishing:preview_act", args=[app.pk]), sent)
        return Message.objects.get(role="assistant")

    async with streaming():
        answer = await ask()
        async with asyncio.timeout(PATIENCE_SECONDS), fanout().follow(str(answer.pk), after=0) as entries:
            assert [entry async for entry in entries]
    stored = await database_sync_to_async(Message.objects.select_related("app_version__app").get)(
        pk=answer.pk
    )
    assert (stored.state, stored.options) == ("done", {"level": "hard"}) and stored.text
    request = await database_sync_to_async(request_for)(stored)
    assert [message.content for message in request.messages] == ["Riddles about birds", "Owl"]
    assert request.sampling.min_tokens == 5


def test_extension_points_the_api_sets_and_shows_the_settings_of_a_new_kind(client_for, editor, make_model):
    client = client_for(editor)
    body = {"model": str(make_model("riddle").pk), "name": "Riddles", "theme": "birds", "publish": True}
    answer = client.post("/api/v1/apps/", body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    assert answer.json()["live_version"]["theme"] == "birds"
    body |= {"theme": "b" * 21}
    assert client.post("/api/v1/apps/", body, content_type="application/json").status_code == 400


def test_extension_points_a_model_without_a_kind_of_app_is_refused(client_for, editor, make_model):
    from apps.core.errors import UserError

    with pytest.raises(UserError):
        settings_for(make_model("no such task"))
