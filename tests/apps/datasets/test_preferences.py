"""Preference data from the upload to the wizard: what each column is, both answers in a version, and the objectives."""

import json
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.core.errors import UserError
from apps.datasets import services
from apps.datasets.models import DatasetVersion, Import
from apps.datasets.rows import DataRows
from apps.training.bases import choices_for, find_choice, fitting_objectives, require_fitting
from apps.training.forms import WizardForm, recipe_words
from tests.apps.datasets.test_downloads import body
from tests.fixtures.page_text import html_of
from workers.contracts.families import Family
from workers.contracts.objectives import objectives_for
from workers.contracts.objectives.dpo import DpoOptions
from workers.contracts.recipes import Recipe
from workers.contracts.roles import Role

pytestmark = [pytest.mark.django_db, pytest.mark.once]
ROLES = {"prompt": "input", "chosen": "target", "rejected": "rejected"}


def pairs(rows: int = 60) -> bytes:
    lines = [
        {
            "prompt": f"Where is order {n}?",
            "chosen": f"Order {n} is on its way.",
            "rejected": f"No idea about {n}.",
        }
        for n in range(rows)
    ]
    return "\n".join(map(json.dumps, lines)).encode()


@pytest.fixture
def read(upload: Callable[..., Import], run_job: Callable[..., object]) -> Import:
    import_ = upload(pairs(), "pairs.jsonl")
    run_job(import_.job)
    return Import.objects.get(pk=import_.pk)


@pytest.fixture
def version(read: Import, owner: User, run_job: Callable[..., object]) -> DatasetVersion:
    made = services.confirm_import(actor=owner, import_=read, task_type="chat", roles=ROLES)
    run_job(made.job)
    return DatasetVersion.objects.get(pk=made.pk)


def test_the_page_of_columns_proposes_both_answers(read: Import, client: Client, owner: User) -> None:
    client.force_login(owner)
    assert read.result["proposal"]["roles"] == ROLES
    page = html_of(client.get(reverse("datasets:import", args=[read.pk])))
    assert "This is preference data" in page
    assert "Rejected answer" in page


def test_a_version_shows_finds_and_downloads_both_answers(
    version: DatasetVersion, client: Client, owner: User
) -> None:
    client.force_login(owner)
    assert version.has_preferences
    page = html_of(client.get(version.get_absolute_url()))
    assert "with preferences" in page
    assert "No idea about 0." in page
    [row] = DataRows(version, text="no idea about 7.")[0:25]
    assert (row.target, row.rejected) == ("Order 7 is on its way.", "No idea about 7.")
    sent = client.get(reverse("datasets:version_file", args=[version.pk, "kept.csv"]))
    table = body(sent).decode()
    assert table.splitlines()[0].split(",")[-1] == "rejected"
    assert "No idea about 7." in table


def test_the_wizard_offers_what_fits_the_base(version: DatasetVersion, client: Client, owner: User) -> None:
    client.force_login(owner)
    [starter, *_] = choices_for(owner, version)
    assert [each.name for each in fitting_objectives(starter, version)][:2] == ["orpo", "sft"]
    page = html_of(client.get(reverse("training:new"), {"data": str(version.pk)}))
    assert "Each row also has a rejected answer." in page
    require_fitting(Recipe(objective="orpo"), starter, version)
    with pytest.raises(UserError, match="does not fit the base"):
        require_fitting(Recipe(objective="dpo"), starter, version)


def test_a_trained_model_is_offered_dpo_first(
    version: DatasetVersion,
    owner: User,
    make_run: Callable[..., object],
    make_data: Callable[..., DatasetVersion],
) -> None:
    run = make_run(version=version)
    tuned = find_choice(owner, version, f"version:{run.model_version.pk}")  # type: ignore[attr-defined]
    assert [each.name for each in fitting_objectives(tuned, version)][:4] == ["dpo", "orpo", "simpo", "sft"]
    plain = make_data(task_type="chat")
    assert [each.name for each in fitting_objectives(tuned, plain)][:1] == ["sft"]
    with pytest.raises(UserError, match="does not fit the base"):
        require_fitting(Recipe(objective="dpo"), tuned, plain)


def test_the_variants_of_a_loss_are_a_choice() -> None:
    objectives = {"version:1": objectives_for(Family.CAUSAL, "chat", roles={Role.REJECTED})}
    sent = {"base": "version:1", "length": "quick", "keep_best": "on", "dpo-loss": "ipo", "dpo-beta": "0.3"}
    form = WizardForm(sent, bases=[("version:1", "Mine")], objectives=objectives)
    assert form.is_valid(), form.errors
    recipe = form.cleaned_data["recipe"]
    assert recipe.objective == DpoOptions(loss="ipo", beta=0.3)
    words = recipe_words(recipe.model_dump(mode="json", exclude_defaults=True))
    assert ("Preference loss", "loss", "IPO") in words
    wrong = WizardForm(sent | {"dpo-loss": "l2"}, bases=[("version:1", "Mine")], objectives=objectives)
    assert list(wrong.errors) == ["dpo-loss"]


def test_rated_answers_are_kept_shown_and_offered_to_kto(
    upload: Callable[..., Import],
    run_job: Callable[..., object],
    make_run: Callable[..., object],
    client: Client,
    owner: User,
) -> None:
    lines = [
        {"prompt": f"Where is order {n}?", "completion": f"Order {n} is here.", "label": n % 3 > 0}
        for n in range(60)
    ]
    import_ = upload("\n".join(map(json.dumps, lines)).encode(), "rated.jsonl")
    run_job(import_.job)
    import_.refresh_from_db()
    roles = {"prompt": "input", "completion": "target", "label": "feedback"}
    assert import_.result["proposal"]["roles"] == roles
    made = services.confirm_import(actor=owner, import_=import_, task_type="chat", roles=roles)
    run_job(made.job)
    version = DatasetVersion.objects.get(pk=made.pk)
    client.force_login(owner)
    page = html_of(client.get(version.get_absolute_url()))
    assert "with rated answers" in page
    assert "<dt>Bad answers</dt><dd>20</dd>" in page
    [row] = DataRows(version, text="order 3 is")[0:25]
    assert not row.is_good
    sent = client.get(reverse("datasets:version_file", args=[version.pk, "kept.csv"]))
    assert body(sent).decode().splitlines()[0].split(",")[-1] == "feedback"
    [starter, *_] = choices_for(owner, version)
    assert [each.name for each in fitting_objectives(starter, version)][:1] == ["sft"]
    run = make_run(version=version)
    tuned = find_choice(owner, version, f"version:{run.model_version.pk}")  # type: ignore[attr-defined]
    assert [each.name for each in fitting_objectives(tuned, version)][:2] == ["kto", "sft"]
    assert "learns from both (KTO)" in html_of(client.get(reverse("training:new"), {"data": str(version.pk)}))
