"""Forms of the model pages."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import FAMILY_LABELS, BaseModel, ModelVersion
from apps.core.forms import StudioForm, TextArea
from apps.core.models import longest
from workers.contracts.families import Family


class BaseModelForm(StudioForm):
    kind = forms.ChoiceField(
        label=_("Location"),
        choices=[(kind.value, kind.label) for kind in (BaseModel.Kind.HUB, BaseModel.Kind.FOLDER)],
        initial=BaseModel.Kind.HUB,
    )
    location = forms.CharField(
        label=_("Hub id or folder"),
        max_length=longest(BaseModel, "location"),
        help_text=_("A Hub id looks like “owner/name”. A folder is a full path on the workers’ disk."),
    )
    family = forms.ChoiceField(
        label=_("Kind of model"),
        help_text=_(
            "A causal model continues a text. An encoder-decoder model turns one text into another. A classifier assigns labels. An encoder fills in hidden words."
        ),
    )
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=longest(BaseModel, "name"),
        help_text=_("Leave empty to use the name of the model."),
    )
    revision = forms.CharField(
        label=_("Revision"),
        required=False,
        max_length=longest(BaseModel, "revision"),
        help_text=_("A branch, tag or commit on the Hub. Leave empty to use the main branch."),
    )

    def __init__(self, *args: Any, families: Sequence[Family], **kwargs: Any) -> None:
        """`families`: the kinds to choose from, the likeliest first."""
        super().__init__(*args, **kwargs)
        self.fields["family"].choices = [(family.value, FAMILY_LABELS[family]) for family in families]  # type: ignore[attr-defined]


class ModelUploadForm(StudioForm):
    file = forms.FileField(
        label=_("Zip archive"),
        help_text=_(
            "The folder of the model: config.json, weights as safetensors, and the files of the tokenizer."
        ),
        widget=forms.FileInput(attrs={"accept": ".zip"}),
        error_messages={
            "required": _("Choose a zip archive."),
            "empty": _("This file is empty. Choose a zip archive."),
        },
    )
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=longest(BaseModel, "name"),
        help_text=_("Leave empty to use the name of the file."),
    )


class ModelVersionForm(StudioForm):
    name = forms.CharField(label=_("Name"), max_length=longest(ModelVersion, "name"))
    notes = forms.CharField(
        label=_("Notes"), required=False, max_length=5000, widget=TextArea(attrs={"rows": 5})
    )
