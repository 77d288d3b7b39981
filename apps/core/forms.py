"""Forms that look like the studio and take a service's UserError at the field it belongs to."""

from collections.abc import Callable
from typing import Any

from django import forms

from apps.core.errors import UserError

_CSS: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxInput, "form-check-input"),
    (forms.RadioSelect, "form-check-input"),
    (forms.CheckboxSelectMultiple, "form-check-input"),
    (forms.Select, "form-select"),
)


def control_class(widget: forms.Widget) -> str:
    """The class that makes a form control look like one."""
    return next((css for kind, css in _CSS if isinstance(widget, kind)), "form-control")


class TextArea(forms.Textarea):
    """Ends lines with one character, as pages and programs count and store them. Browsers send two."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        value = super().value_from_datadict(data, files, name)
        return value.replace("\r\n", "\n") if isinstance(value, str) else value


class StudioForm(forms.Form):
    """Base of every form."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for field in self.fields.values():
            # The text direction follows what people type, not the page.
            if type(field.widget) in (forms.TextInput, TextArea):
                field.widget.attrs.setdefault("dir", "auto")
            if isinstance(field, forms.CharField) and not field.strip:
                # static/js/limits.js counts the spaces around it as well.
                field.widget.attrs["data-untrimmed"] = True

    def add_user_error(self, error: UserError) -> None:
        """Show a service's refusal where it belongs."""
        self.add_error(error.field if error.field in self.fields else None, str(error.message))

    def is_taken_by(self, service: Callable[..., object]) -> bool:
        """Hand the fields to a service, once they are valid. False when it, or the form, has something against them."""
        if not self.is_valid():
            return False
        try:
            service(**self.cleaned_data)
        except UserError as error:
            self.add_user_error(error)
            return False
        return True
