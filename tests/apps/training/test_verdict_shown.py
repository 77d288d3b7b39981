"""A run that has not learned says so wherever it is listed, and is published only when that is confirmed."""

from typing import get_args

import pytest
from django.urls import reverse
from django.utils.translation import override

from apps.core.errors import UserError
from apps.core.verdicts import plan_text, verdict_text, warning_of
from apps.publishing.defaults import settings_for
from apps.publishing.models import App
from apps.publishing.services import apps
from apps.training.models import Preflight, Run
from apps.workspaces.audit.words import change_words
from apps.workspaces.models import AuditEntry
from tests.apps.conftest import primary_buttons
from tests.fixtures.page_text import html_of
from workers.contracts.events import Fix
from workers.contracts.verdicts import VERDICTS, PlanProgress, RunEnding, Verdict, VerdictCode

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PARAMETERS = {
    "loss": 47.6,
    "base_loss": 6.0,
    "rate": "1",
    "rows": 12,
    "answer": "<b>the</b>",
    "label": "spam",
    "accuracy": 0.7,
    "share": 0.71,
}


def _with_verdict(
    run: Run, code: VerdictCode = VerdictCode.DIVERGED, fix: Fix | None = None, **figures: float
) -> Run:
    verdict = Verdict(code=code, parameters=PARAMETERS | figures, fix=fix)
    run.result |= {"verdict": verdict.model_dump(mode="json")}
    run.save()
    run.job.result = run.result
    run.job.save()
    return run


@pytest.mark.parametrize("code", [code for code in VerdictCode if VERDICTS[code].warns])
def test_every_warning_is_the_headline_and_the_badge(
    code, client_for, owner, make_run, make_evaluation
) -> None:
    run, client = _with_verdict(make_run(), code), client_for(owner)
    text = verdict_text(run.result)
    shown = {
        "training:detail": [run.pk],
        "training:list": [],
        "home:home": [],
        "catalog:list": [],
        "catalog:detail": [run.model_version_id],
    }
    for address, arguments in shown.items():
        html = html_of(client.get(reverse(address, args=arguments)))
        assert text.badge in html or text.headline.partition("“")[0] in html, address
        assert "<b>the</b>" not in html
    page = html_of(client.get(reverse("training:detail", args=[run.pk])))
    assert text.advice in page
    make_evaluation(run.model_version)
    assert primary_buttons(page) == []
    model_page = html_of(client.get(run.model_version.get_absolute_url()))
    assert primary_buttons(model_page) == ["Train again with changes"]
    card = html_of(client.get(reverse("jobs:status", args=[run.job_id])))
    assert (text.badge in card, "Succeeded" in card) == (True, False)
    assert 'class="state state-succeeded"' not in page
    [notice] = [
        notice
        for notice in client.get(reverse("jobs:notices")).json()["notices"]
        if notice["url"] == reverse("training:detail", args=[run.pk])
    ]
    assert (notice["text"], notice["level"]) == (f"{run.job}: {text.badge}", "warning")
    home = client.get(reverse("home:home")).context["next"]
    assert home.url == reverse("training:detail", args=[run.pk])
    assert text.headline in home.text


def test_programs_read_the_verdict_beside_the_state(
    client_for, owner, make_run, django_assert_max_num_queries
) -> None:
    bad, good = _with_verdict(make_run()), _with_verdict(make_run(length="quick"), VerdictCode.LEARNED)
    make_run(length="thorough")
    client = client_for(owner)
    text = verdict_text(bad.result)
    for address, of in (("run", lambda run: run.pk), ("modelversion", lambda run: run.model_version_id)):
        with django_assert_max_num_queries(12):
            listed = client.get(reverse(f"api:{address}-list")).json()["results"]
        said = {row["id"]: row["verdict"] for row in listed}
        assert said[str(of(bad))] == {
            "code": "diverged",
            "warns": True,
            "headline": text.headline,
            "advice": text.advice,
            "plan": {
                "sentence": str(text.plan),
                "steps": 9,
                "planned_steps": 0,
                "share": None,
                "ended_by": "early_stopping",
            },
        }
        assert said[str(of(good))]["warns"] is False
        assert None in said.values(), "a result of an earlier release"


def test_the_fix_is_a_button_that_asks_for_the_better_run(client_for, owner, make_run) -> None:
    fix = Fix(label="Train with learning rate 0.002", recipe={"learning_rate": 0.002})
    run, client = _with_verdict(make_run(learning_rate=1.0), fix=fix), client_for(owner)
    html = client.get(reverse("training:detail", args=[run.pk])).content.decode()
    assert "Train with learning rate 0.002" in html
    client.post(reverse("training:fix", args=[run.pk]))
    assert Preflight.objects.exclude(pk=run.preflight_id).get().recipe == {"learning_rate": 0.002}


def test_a_run_that_learned_warns_of_nothing(client_for, owner, make_run) -> None:
    run = _with_verdict(make_run(), VerdictCode.LEARNED, loss=2.04)
    assert warning_of(run.model_version) is None
    html = client_for(owner).get(reverse("training:detail", args=[run.pk])).content.decode()
    assert "The model has learned: the loss fell from 6 to 2.04." in html
    assert 'id="verdict"' not in html
    assert warning_of(make_run(length="quick").model_version) is None, "a result of an earlier release"


def test_publishing_asks_for_a_confirmation_and_writes_it_down(owner, make_run, workspace) -> None:
    model = _with_verdict(make_run(), VerdictCode.EMPTY_ANSWERS).model_version
    made = apps.create_app(
        actor=owner, workspace=workspace, model_version=model, name="x", app_settings=settings_for(model)
    )
    with pytest.raises(UserError, match="all 12 sample answers are empty") as refused:
        apps.publish(actor=owner, app=made, version=made.versions.get())
    assert refused.value.field == "confirm_verdict"
    assert App.objects.get().live_version is None
    apps.publish(actor=owner, app=made, version=made.versions.get(), verdict_is_confirmed=True)
    entry = AuditEntry.objects.get(action="app.published")
    assert entry.changes["verdict"] == "empty_answers"
    assert ("confirmed warning", "Empty answers") in change_words(entry)


def test_the_form_shows_the_verdict_and_its_checkbox(client_for, owner, make_run) -> None:
    model = _with_verdict(make_run()).model_version
    client, address = client_for(owner), f"{reverse('publishing:new')}?model={model.pk}"
    page = client.get(address)
    assert "Training diverged: the loss is 47.6, and it was 6 before training." in page.content.decode()
    form = page.context["form"]
    asked = {name: form[name].value() or "" for name in form.fields if name != "confirm_verdict"}
    asked["model"] = model.pk
    refused = client.post(address, asked)
    assert refused.status_code == 422
    assert "confirm this" in refused.content.decode()
    assert not App.objects.exists(), "nothing is left of a refused publication"
    assert client.post(address, asked | {"confirm_verdict": "on"}).status_code == 302
    assert App.objects.get().live_version is not None


def test_a_draft_is_published_with_the_checkbox_of_its_page(client_for, owner, make_run, workspace) -> None:
    model = _with_verdict(make_run()).model_version
    made = apps.create_app(
        actor=owner, workspace=workspace, model_version=model, name="x", app_settings=settings_for(model)
    )
    client, version = client_for(owner), made.versions.get()
    assert (
        'name="confirm_verdict"' in client.get(reverse("publishing:detail", args=[made.pk])).content.decode()
    )
    address = reverse("publishing:publish", args=[made.pk])
    assert client.post(address, {"version": version.pk}).status_code == 400
    assert client.post(address, {"version": version.pk, "confirm_verdict": "1"}).status_code == 302


@pytest.mark.parametrize("code", [VerdictCode.LEARNED, VerdictCode.NOTHING_LEARNED])
@pytest.mark.parametrize(
    "is_earlier", [pytest.param(False, id="in_verdict"), pytest.param(True, id="beside_an_earlier_verdict")]
)
def test_the_share_of_the_plan_stands_wherever_the_verdict_does(
    code, is_earlier, client_for, owner, make_run, workspace
) -> None:
    run, client = _with_verdict(make_run(), code), client_for(owner)
    plan = PlanProgress(steps=12, planned_steps=774, ending="time")
    run.result |= {"steps": 12, "planned_steps": 774, "stopped": "time"}
    if not is_earlier:
        run.result["verdict"]["plan"] = plan.model_dump()
    run.save()
    model = run.model_version
    said = "The time limit ended the run after step 12 of 774 (1.6 %)."
    made = apps.create_app(
        actor=owner, workspace=workspace, model_version=model, name="x", app_settings=settings_for(model)
    )
    pages = {
        "run": reverse("training:detail", args=[run.pk]),
        "model": model.get_absolute_url(),
        "publishing": f"{reverse('publishing:new')}?model={model.pk}",
        "draft": reverse("publishing:detail", args=[made.pk]),
    }
    shown = {page: client.get(address).content.decode().count(said) for page, address in pages.items()}
    assert shown == dict.fromkeys(pages, 1) | {"draft": 2}, "a draft has it at both of its buttons"
    for address, pk in (("run", run.pk), ("modelversion", model.pk)):
        found = client.get(reverse(f"api:{address}-detail", args=[pk])).json()["verdict"]["plan"]
        assert found == {
            "sentence": said, "steps": 12, "planned_steps": 774, "share": 12 / 774, "ended_by": "time",
        }  # fmt: skip
    with override("zh-hans"):
        assert "774" in str(plan_text(run.result)) != said


@pytest.mark.parametrize("ending", get_args(RunEnding))
def test_every_ending_is_said_with_and_without_a_plan(ending) -> None:
    steps = 4800 if ending == "finished" else 1200
    known = plan_text({"steps": steps, "planned_steps": 4800, "stopped": ending})
    unknown = plan_text({"steps": steps, "stopped": ending})
    assert known.progress.is_complete is unknown.progress.is_complete is (ending == "finished")
    assert "4,800" in str(known)
    assert "planned" not in str(unknown)
    assert ("(25.0 %)" in str(known)) is (ending != "finished")
    last = plan_text({"steps": 4800, "planned_steps": 4800, "stopped": ending})
    assert str(last) == "The run finished all planned steps (4,800)."


def test_a_run_without_a_result_says_nothing_of_its_plan() -> None:
    assert plan_text(None) is None
    assert plan_text({}) is None


def test_the_cards_show_the_kept_step(client_for, owner, make_run) -> None:
    run = make_run()
    html = client_for(owner).get(reverse("training:detail", args=[run.pk])).content.decode()
    assert "The kept checkpoint, step 6" in html
    assert f">{run.result['validation_loss']:.3f}<" in html
