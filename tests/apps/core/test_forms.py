"""What people write in several lines arrives with one character at the end of each."""

from django.forms import Textarea
from django.urls import get_resolver

from apps.catalog.forms import ModelVersionForm
from apps.core.forms import StudioForm, TextArea
from apps.core.settings_fields import form_field
from apps.publishing.kinds import settings_fields


def every_form(of: type[StudioForm] = StudioForm) -> set[type[StudioForm]]:
    return {of, *(found for each in of.__subclasses__() for found in every_form(each))}


def test_lines_end_with_one_character() -> None:
    form = ModelVersionForm({"name": "Model", "notes": "a\r\n" * 2500})
    assert form.is_valid(), "5,000 characters, as the page counts them"
    assert form.cleaned_data["notes"] == ("a\n" * 2500).strip()
    form = ModelVersionForm({"name": "Model", "notes": "a\r\n" * 2500 + "abc"})
    assert "notes" in form.errors


def test_every_form_takes_lines_so() -> None:
    assert get_resolver().url_patterns, "every view, and with it every form, is imported"
    areas = [
        (form.__name__, name, type(field.widget))
        for form in every_form()
        for name, field in form.base_fields.items()
        if isinstance(field.widget, Textarea)
    ]
    areas += [
        ("the settings of apps", name, type(field.widget))
        for name, field in ((name, form_field(found)) for name, found in settings_fields().items())
        if isinstance(field.widget, Textarea)
    ]
    assert len(areas) >= 6
    assert {kind for *_, kind in areas} == {TextArea}
