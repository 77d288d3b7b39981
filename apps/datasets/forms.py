"""Forms of the data pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.forms import StudioForm, TextArea
from apps.core.models import longest
from apps.datasets.models import Dataset, Import, task_choices
from apps.datasets.services import parts_of
from workers.contracts.encodings import ENCODINGS
from workers.shared import addresses

_MOST_PASTED_CHARACTERS = 2_000_000


class UploadForm(StudioForm):
    """A file, the parts of one that came before (upload, parts, filename), an address, or pasted text; one of them."""

    file = forms.FileField(label=_("File"), required=False, allow_empty_file=True)
    text = forms.CharField(
        label=_("Text"),
        required=False,
        strip=False,
        max_length=_MOST_PASTED_CHARACTERS,
        widget=TextArea(attrs={"rows": 8, "spellcheck": "false"}),
        error_messages={
            "max_length": _("This text is too long to paste. Save it as a file and upload the file.")
        },
    )
    address = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=addresses.MOST_CHARACTERS,
        widget=forms.URLInput(attrs={"placeholder": "https://example.org/rows.csv"}),
    )
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=longest(Dataset, "name"),
        help_text=_("Leave empty to use the name of the file."),
    )

    upload = forms.CharField(required=False, max_length=50, widget=forms.HiddenInput)
    parts = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    filename = forms.CharField(required=False, max_length=1000, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        given = cleaned.get("file") or cleaned.get("upload") or (cleaned.get("text") or "").strip()
        if not self.errors and not given and not cleaned.get("address"):
            self.add_error("file", _("Choose a file, paste rows as text, or enter an address."))
        return cleaned


class RereadForm(StudioForm):
    """Which sheet or file of the source to read, and in which encoding; empty: what the job finds."""

    part = forms.ChoiceField(label=_("Sheet or file"), required=False)
    encoding = forms.ChoiceField(label=_("Encoding"), required=False)

    def __init__(self, *args: Any, import_: Import, **kwargs: Any) -> None:
        result = import_.result or {}
        chosen = {
            "part": result.get("part") or import_.reading.get("part", ""),
            "encoding": import_.reading.get("encoding", ""),
        }
        super().__init__(*args, initial=chosen, **kwargs)
        parts = parts_of(import_)
        has_text = bool(result.get("codec")) if result else not parts
        found = [
            (
                "",
                _("Detected: %(name)s") % {"name": _(result["encoding"])}
                if has_text and result
                else _("Detect automatically"),
            )
        ]
        self.fields["part"].choices = [(part, part) for part in parts]  # type: ignore[attr-defined]
        self.fields["encoding"].choices = [*found, *((codec, _(name)) for codec, name in ENCODINGS.items())]  # type: ignore[attr-defined]
        if len(parts) < 2:
            del self.fields["part"]
        if not has_text:
            del self.fields["encoding"]


class ConfirmForm(StudioForm):
    """What the data teaches, and one role a column (fields role-0, role-1…, in the order of the columns)."""

    task_type = forms.ChoiceField(
        choices=task_choices,
        error_messages={"required": _("Choose what a model should learn from this data.")},
    )

    keep_case = forms.BooleanField(
        label=_("Treat labels that differ only in spelling as different labels"),
        required=False,
        help_text=_(
            "By default, labels that differ only in case, hyphens, quotation marks or a full stop count as the same label. Different notations of a number, such as 0, “0” and 0.0, always count as the same label."
        ),
    )
    test_only = forms.BooleanField(
        label=_("Use for testing only"),
        required=False,
        help_text=_("All rows become test rows, for evaluations. No model is trained on them."),
    )

    def __init__(self, *args: Any, import_: Import, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.columns: list[str] = [column["name"] for column in (import_.result or {}).get("columns", [])]

    @property
    def roles(self) -> dict[str, str]:
        """Role by column, as chosen."""
        chosen = {name: self.data.get(f"role-{index}", "") for index, name in enumerate(self.columns)}
        return {name: role for name, role in chosen.items() if role}


class DatasetForm(StudioForm):
    name = forms.CharField(label=_("Name"), max_length=longest(Dataset, "name"))
    description = forms.CharField(
        label=_("Description"), required=False, max_length=2000, widget=TextArea(attrs={"rows": 3})
    )
