"""Forms for apps, links and keys."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import ModelVersion
from apps.core.forms import StudioForm, TextArea
from apps.core.verdicts import VerdictText
from apps.publishing.defaults import (
    CHOICE_OF_ICONS,
    LONGEST_ANSWER,
    MOST_SUGGESTIONS,
    AppSettings,
    task_types_of,
)
from apps.publishing.limits import LEAST_PASSWORD_CHARACTERS, MOST_PASSWORD_CHARACTERS
from apps.publishing.models import AppType
from apps.workspaces.forms import ApiKeyForm


def _text(label: Any, help_text: Any, most: int | None, rows: int = 0) -> forms.CharField:
    """A field that may stay empty: a line, or `rows` of them."""
    widget = TextArea(attrs={"rows": rows}) if rows else None
    return forms.CharField(label=label, max_length=most, required=False, widget=widget, help_text=help_text)


class AppForm(StudioForm):
    """What a visitor meets. Fields that the app's type has no use for are left away."""

    model: Any = forms.ModelChoiceField(
        label=_("Model"), queryset=ModelVersion.objects.none(), empty_label=None
    )
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("Visitors see it at the top."))
    description = _text(_("Description"), _("One line below the name."), 300)
    icon = forms.ChoiceField(label=_("Icon"), choices=list(CHOICE_OF_ICONS.items()), widget=forms.RadioSelect)
    welcome = _text(_("Welcome text"), _("Shown before the first message."), 1000, rows=2)
    suggestions = _text(
        _("Suggested inputs"),
        _(
            "One per line, at most six. Visitors try one with a tap. The proposed ones are held-out rows of your data: remove what visitors must not see."
        ),
        None,
        rows=3,
    )
    source_label = _text(_("Language of the source"), _("For instance: English."), 40)
    target_label = _text(_("Language of the translation"), _("For instance: French."), 40)
    system_prompt = _text(
        _("System prompt"),
        _(
            "Sent to the model before every conversation. Leave it empty unless the data had one. A model may repeat it to visitors: write no secrets into it."
        ),
        4000,
        rows=3,
    )
    max_tokens = forms.IntegerField(
        label=_("Longest answer, in tokens"),
        min_value=1,
        max_value=LONGEST_ANSWER,
        help_text=_("A token is about four letters."),
    )
    temperature = forms.FloatField(
        label=_("Temperature"),
        min_value=0,
        max_value=2,
        help_text=_("0 gives the likeliest answer, as in the evaluation; higher varies more."),
    )
    top_p = forms.FloatField(
        label=_("Top-p"),
        min_value=0.01,
        max_value=1,
        help_text=_("Below 1, unlikely words are never generated."),
    )
    repetition_penalty = forms.FloatField(
        label=_("Repetition penalty"),
        min_value=0.5,
        max_value=2,
        help_text=_("Above 1, the model repeats itself less."),
    )

    LOOK = ("name", "description", "icon", "welcome", "suggestions", "source_label", "target_label")
    ANSWERS = ("model", "system_prompt", "max_tokens", "temperature", "top_p", "repetition_penalty")

    confirm_verdict = forms.BooleanField(
        label=_("Publish this model anyway"),
        required=False,
        help_text=_("Your confirmation is recorded in the audit log."),
    )

    def __init__(
        self, *args: Any, models: Any, app_type: str, warning: VerdictText | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if warning is None:
            del self.fields["confirm_verdict"]
        choice: Any = self.fields["model"]
        choice.queryset = models
        if app_type != AppType.CHAT:
            del self.fields["system_prompt"]
        if app_type != AppType.TRANSLATION:
            del self.fields["source_label"], self.fields["target_label"]
        if app_type == AppType.CLASSIFICATION:
            for name in ("max_tokens", "temperature", "top_p", "repetition_penalty"):
                del self.fields[name]

    def clean_suggestions(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["suggestions"].splitlines() if line.strip()]
        if len(lines) > MOST_SUGGESTIONS:
            raise forms.ValidationError(_("At most six; put the best first."))
        return lines

    @property
    def look(self) -> list[Any]:
        return [self[name] for name in self.LOOK if name in self.fields and name != "icon"]

    @property
    def answers(self) -> list[Any]:
        return [self[name] for name in self.ANSWERS if name in self.fields]

    @property
    def verdict_is_confirmed(self) -> bool:
        return bool(self.cleaned_data.get("confirm_verdict"))

    def app_settings(self) -> AppSettings:
        return AppSettings.from_form(self.cleaned_data)


def initial_of(settings: AppSettings, model: ModelVersion, name: str) -> dict[str, Any]:
    """Values for the form's fields."""
    values = {field: getattr(settings, field) for field in AppSettings.__dataclass_fields__}
    return values | {"suggestions": "\n".join(settings.suggestions), "model": model, "name": name}


def models_like(models: Any, app_type: str) -> Any:
    """Those of `models` that an app of this type can answer with, newest first."""
    return models.filter(task_type__in=task_types_of(app_type))


def link_password_field() -> forms.CharField:
    return forms.CharField(
        label=_("Password"),
        required=False,
        min_length=LEAST_PASSWORD_CHARACTERS,
        max_length=MOST_PASSWORD_CHARACTERS,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Left empty, the address alone opens the app."),
    )


class LinkForm(StudioForm):
    name = _text(_("For whom?"), _("Only you see this, for instance: pilot group."), 80)

    password = link_password_field()


class LinkPasswordForm(StudioForm):
    """Another password for a link; left empty, none."""

    password = link_password_field()


class AppKeyForm(ApiKeyForm):
    """A key of one app: without a choice, one that may ask it, for three months."""

    can_write = forms.TypedChoiceField(  # type: ignore[assignment]
        label=_("It may"),
        choices=[("write", _("ask the app")), ("read", _("only see that it is there"))],
        coerce=lambda access: access == "write",
        empty_value=True,  # type: ignore[arg-type]
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # The page has other forms, whose fields have the usual ids.
        super().__init__(*args, auto_id="key-%s", **kwargs)
