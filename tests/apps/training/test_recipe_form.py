"""The advanced part of the wizard comes from the Recipe and brings it back unchanged."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from django.urls import reverse
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.training.forms import WizardForm, editable_fields, recipe_fields, recipe_words
from apps.training.models import Preflight
from apps.training.wizard import address_of
from workers.contracts.recipes import Recipe

BASES = [("starter:causal:small", "Starter")]
ANSWERS = {"base": BASES[0][0], "length": "standard"}


def submitted(form: WizardForm) -> dict[str, str]:
    """What a browser sends for the form as it is shown: an unticked box is not sent at all."""
    sent = {}
    for bound in form:
        value = bound.value()
        if getattr(bound.field.widget, "input_type", "") == "checkbox":
            if bound.field.widget.check_test(value):
                sent[bound.html_name] = "on"
        elif value is not None:
            sent[bound.html_name] = str(value)
    return sent


def test_every_setting_is_there_with_its_title_and_help() -> None:
    form = WizardForm(bases=BASES)
    shown = {bound.name for group in form.groups() for bound, _css in group.fields}
    assert shown == set(Recipe.model_fields) - {"recipe_version", "objective"}
    for name, field in editable_fields().items():
        assert form[name].label == field.title
        assert form[name].help_text == field.description


def test_untouched_it_is_the_default_recipe() -> None:
    form = WizardForm(submitted(WizardForm(bases=BASES)), bases=BASES)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["recipe"] == Recipe()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("learning_rate", "0"),
        ("learning_rate", "fast"),
        ("epochs", "-1"),
        ("batch_rows", "0"),
        ("batch_rows", "1.5"),
        ("schedule", "steps"),
        ("precision", "int4"),
        ("warmup_share", "0.9"),
        ("seed", "-1"),
        ("seed", str(2**31)),
        ("max_length", "1"),
        ("lora_targets", "q proj, <b>"),
    ],
)
def test_a_wrong_value_is_refused_at_its_field(field: str, value: str) -> None:
    form = WizardForm(ANSWERS | {"keep_best": "on", field: value}, bases=BASES)
    assert not form.is_valid()
    assert set(form.errors) == {field}
    assert form.advanced_has_errors


def _recipes() -> st.SearchStrategy[Recipe]:
    """Any recipe that a person can set."""
    maybe = st.none()
    return st.builds(
        Recipe,
        tuning=maybe | st.sampled_from(["full", "lora", "qlora"]),
        lora_variant=st.sampled_from(["lora", "rslora", "dora", "pissa"]),
        epochs=maybe | st.floats(1e-3, 1000),
        max_steps=maybe | st.integers(1, 10**6),
        learning_rate=maybe | st.floats(1e-7, 1),
        batch_rows=maybe | st.integers(1, 4096),
        keep_best=st.booleans(),
        gradient_checkpointing=st.booleans(),
        early_stopping_rounds=st.integers(0, 100),
        warmup_share=st.floats(0, 0.5),
        label_smoothing=st.floats(0, 0.5),
        dropout=maybe | st.floats(0, 0.9),
        schedule=st.sampled_from(["cosine", "linear", "constant"]),
        batching=st.sampled_from(["auto", "packing", "length_grouping", "padding"]),
        precision=st.sampled_from(["auto", "fp32", "bf16"]),
        lora_targets=maybe
        | st.lists(st.sampled_from(["q_proj", "v_proj", "mlp.fc1"]), min_size=1, max_size=3),
        sample_rows=st.integers(0, 50),
        seed=st.integers(0, 2**31 - 1),
    )


@settings(max_examples=60, deadline=None)
@given(_recipes())
def test_a_recipe_survives_the_address_and_the_form(recipe: Recipe) -> None:
    """A run's settings, put into the wizard's address, shown by its form and sent by a browser."""
    address = address_of(recipe.model_dump(mode="json", exclude_defaults=True))
    given_ = dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
    shown = WizardForm(bases=BASES, initial={k: v != "False" and v for k, v in given_.items()})
    form = WizardForm(submitted(shown), bases=BASES)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["recipe"] == recipe


@pytest.mark.django_db
def test_train_again_asks_the_same_question(client_for, owner, make_run, tickets) -> None:
    run = make_run(
        base="starter:classifier:tiny",
        length="quick",
        keep_best=False,
        gradient_checkpointing=True,
        learning_rate=2e-5,
        schedule="linear",
        lora_targets=["q_proj", "v_proj"],
        early_stopping_rounds=0,
    )
    client = client_for(owner)
    address = client.get(reverse("training:again", args=[run.pk]))["Location"]
    form = client.get(address).context["form"]
    response = client.post(reverse("training:new"), {"data": str(tickets.pk), **submitted(form)})
    assert response.status_code == 302
    assert response["Location"] == reverse("training:preflight", args=[run.preflight_id])
    assert Preflight.objects.count() == 1


def test_choices_and_settings_are_said_in_words_of_the_readers_language() -> None:
    """Names and codes stay beside them, for scripts."""
    form = WizardForm(bases=BASES)
    with override("zh-hans"):
        for name in ("tuning", "schedule", "batching"):
            for value, label in form.fields[name].choices:
                assert str(label) != value or value == "lora", (name, value)
        said = {name: (title, value) for title, name, value in recipe_words(Recipe().model_dump(mode="json"))}
        assert set(said) == set(recipe_fields())
        assert said["keep_best"][1] == "是"
        same = [title for name, (title, _value) in said.items() if title == Recipe.model_fields[name].title]
        assert same == ["LoRA alpha"]
    words = recipe_words(
        {"recipe_version": 1, "batching": "length_grouping", "lora_targets": ["a", "b"], "new": None}
    )
    assert [value for _title, _name, value in words] == ["length grouping", "a, b", "–"]
    assert words[2][0] == "new"
