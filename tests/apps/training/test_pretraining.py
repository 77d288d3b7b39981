"""A model that was pretrained on documents is a base for other tasks, and its run shows figures of its own."""

from types import SimpleNamespace

import pytest
from django.urls import reverse

from apps.catalog import services as catalog
from apps.catalog.base_cards import base_cards
from apps.catalog.models import BaseModel, ModelVersion
from apps.core.errors import UserError
from apps.evaluation.services.comparing import compare_with_base
from apps.publishing.defaults import kind_of
from apps.publishing.forms import models_like
from apps.publishing.kinds import APP_KINDS
from apps.training import querysets
from apps.training.bases import choices_for, tasks_for
from apps.training.charts import charts_with
from tests.fixtures.page_text import html_of
from workers.contracts.families import Family
from workers.contracts.recipes import StarterBase
from workers.contracts.tasks import TASKS

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def pretrained(owner, workspace, make_data) -> ModelVersion:
    version = catalog.create_tuned_version(
        actor=owner,
        workspace=workspace,
        name="Library corpus",
        family="causal",
        task_type="pretraining",
        origin={"kind": "starter", "family": "causal", "size": "small"},
        origin_label="Starter",
        dataset_version=make_data(task_type="pretraining"),
    )
    ModelVersion.objects.filter(pk=version.pk).update(bytes=1000)
    version.refresh_from_db()
    return version


@pytest.mark.parametrize("task_type", ["chat", "generation", "summarization", "classification"])
def test_a_pretrained_model_is_offered_as_a_base(owner, make_data, pretrained, task_type) -> None:
    offered = {choice.value: choice for choice in choices_for(owner, make_data(task_type=task_type))}
    assert pretrained.choice in offered


def test_its_page_leads_to_data_that_it_can_learn(client_for, owner, make_data, pretrained) -> None:
    chat, translation = make_data(task_type="chat"), make_data(task_type="translation")
    client = client_for(owner)
    page = html_of(client.get(pretrained.get_absolute_url()))
    address = f"{reverse('training:new')}?base={pretrained.choice.replace(':', '%3A')}"
    assert f'href="{address}"' in page
    response = client.get(reverse("training:new"), {"base": pretrained.choice})
    assert "Choose training data for Library corpus" in html_of(response)
    assert {chat, translation} <= set(response.context["list"].page)
    wizard = client.get(reverse("training:new"), {"data": chat.pk, "base": pretrained.choice})
    assert f'value="{pretrained.choice}" checked' in html_of(wizard)


def test_a_base_of_another_workspace_is_not_found(client_for, outsider, pretrained) -> None:
    response = client_for(outsider).get(reverse("training:new"), {"base": pretrained.choice})
    assert response.status_code == 404


def test_a_run_shows_the_figures_of_its_objective() -> None:
    run = SimpleNamespace(recipe={"objective": {"kind": "causal_lm"}})
    values = {"validation_loss": 1.0, "validation_perplexity": 2.72}
    assert [(f.label, value) for f, value in querysets.own_figures(run, values)] == [
        ("Validation perplexity", 2.72)
    ]
    assert querysets.own_figures(run, {"validation_loss": 1.0}) == []
    assert querysets.own_figures(SimpleNamespace(recipe={}), values) == []
    charts = charts_with(querysets.figures_of(run))
    assert [str(chart.title) for chart in charts[:2]] == ["Validation perplexity", "Validation accuracy"]


@pytest.fixture
def encoder(pretrained) -> ModelVersion:
    ModelVersion.objects.filter(pk=pretrained.pk).update(family="encoder")
    pretrained.refresh_from_db()
    return pretrained


def test_an_encoder_is_a_base_for_classification_alone(owner, make_data, encoder) -> None:
    offered = {choice.value: choice for choice in choices_for(owner, make_data())}
    assert offered[encoder.choice].base.family == "classifier"
    assert "classification head is added" in offered[encoder.choice].help
    assert encoder.choice not in {choice.value for choice in choices_for(owner, make_data(task_type="chat"))}


def test_an_encoder_cannot_be_published(client_for, owner, encoder) -> None:
    assert not encoder.answers
    page = html_of(client_for(owner).get(encoder.get_absolute_url()))
    assert "Fine-tune on other data" in page
    assert "Publish as an app" not in page
    assert reverse("publishing:try", args=[encoder.pk]) not in page
    with pytest.raises(UserError, match="no kind of app"):
        kind_of(encoder)
    assert not models_like(ModelVersion.objects.all(), APP_KINDS["generation"]).exists()
    assert "There is no trained model yet" in html_of(client_for(owner).get(reverse("publishing:new")))
    assert "An app needs a trained model." in html_of(client_for(owner).get(reverse("publishing:list")))


def test_a_pretrained_decoder_can_be_published(pretrained) -> None:
    assert kind_of(pretrained).name == "generation"
    assert models_like(ModelVersion.objects.all(), APP_KINDS["generation"]).get() == pretrained


def test_every_family_of_pretraining_says_what_it_is_good_for(owner, make_data) -> None:
    data = make_data(task_type="pretraining")
    starters = [choice for choice in choices_for(owner, data) if choice.value.startswith("starter:")]
    assert {choice.value.split(":")[1] for choice in starters} == {"causal", "encoder", "seq2seq"}
    assert all("base model for" in choice.help for choice in starters)


def test_a_classifier_from_elsewhere_is_pretrained_as_an_encoder(owner, workspace, make_data) -> None:
    brought = BaseModel.objects.create(
        workspace=workspace, kind="hub", name="MiniLM", family="classifier", location="some/minilm"
    )
    offered = {choice.value: choice for choice in choices_for(owner, make_data(task_type="pretraining"))}
    assert offered[brought.choice].base.family == "encoder"
    assert "head is not used" in offered[brought.choice].help
    assert brought.choice not in {c.value for c in choices_for(owner, make_data(task_type="chat"))}


def test_models_without_tokens_for_removed_text_are_not_offered(owner, workspace, make_data, encoder) -> None:
    data = make_data(task_type="pretraining")
    rows = {
        kind: BaseModel.objects.create(
            workspace=workspace,
            kind="hub",
            name=kind,
            family="seq2seq",
            location=f"x/{kind or 'unknown'}",
            model_type=kind,
        )
        for kind in ("marian", "t5", "")
    }
    offered = {choice.value for choice in choices_for(owner, data)}
    assert [kind for kind, row in rows.items() if row.choice in offered] == ["t5", ""]
    assert rows["marian"].choice in {c.value for c in choices_for(owner, make_data(task_type="translation"))}
    assert [task.name for task in tasks_for(rows["marian"]) if task.is_corpus] == []
    assert [task.name for task in tasks_for(rows["t5"]) if task.is_corpus] == ["pretraining"]

    translator = encoder
    for task_type, is_offered in (("translation", False), ("pretraining", True)):
        ModelVersion.objects.filter(pk=translator.pk).update(family="seq2seq", task_type=task_type)
        translator.refresh_from_db()
        assert (translator.choice in {choice.value for choice in choices_for(owner, data)}) is is_offered
        assert any(task.is_corpus for task in tasks_for(translator)) is is_offered


def test_recommended_translators_are_no_cards_for_pretraining() -> None:
    cards = base_cards(TASKS["pretraining"], None)
    types = {card.base.model_type for card in cards if card.base.family is Family.SEQ2SEQ}
    assert types == {"t5"}


def test_the_type_of_an_added_model_is_kept(owner, workspace, settings, tmp_path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "marian"}')
    settings.MODEL_ROOTS = [str(tmp_path.parent)]
    adding = {"actor": owner, "workspace": workspace, "name": "", "family": "seq2seq"}
    folder = catalog.add_base_model(kind="folder", location=str(tmp_path), **adding)
    known = catalog.add_base_model(kind="hub", location="Helsinki-NLP/opus-mt-fr-en", **adding)
    unknown = catalog.add_base_model(kind="hub", location="some/model", **adding)
    assert [base.model_type for base in (folder, known, unknown)] == ["marian", "marian", ""]


def test_an_encoder_is_compared_with_its_base_alone(owner, workspace, make_data, encoder) -> None:
    base = catalog.create_base_version(
        actor=owner,
        workspace=workspace,
        family="encoder",
        task_type="pretraining",
        origin=StarterBase(family=Family.ENCODER),
        origin_label="Starter",
        dataset_version=encoder.dataset_version,
    )
    ModelVersion.objects.filter(pk=base.pk).update(bytes=1000)
    ModelVersion.objects.filter(pk=encoder.pk).update(parent=base)
    encoder.refresh_from_db()
    comparison = compare_with_base(actor=owner, model_version=encoder)
    assert [each.evaluation.kind for each in comparison.compared.all()] == ["base", "tuned"]
