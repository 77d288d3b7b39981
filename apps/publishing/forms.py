"""Forms for apps, links and keys."""

from functools import reduce
from operator import or_
from typing import Any, Self

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from apps.catalog.models import ModelVersion
from apps.core.errors import UserError
from apps.core.forms import StudioForm, TextArea
from apps.core.models import longest
from apps.core.settings_fields import form_field
from apps.core.validation_messages import problem_message
from apps.core.verdicts import VerdictText
from apps.publishing.embedding import cleaned_sites
from apps.publishing.kinds import APP_KINDS, AppKind, AppSettings, can_answer, setting_group
from apps.publishing.kinds.base import ICONS, MOST_SUGGESTIONS
from apps.publishing.limits import LEAST_PASSWORD_CHARACTERS, MOST_PASSWORD_CHARACTERS, MOST_TOKENS, MOST_USES
from apps.publishing.models import App, ShareLink
from apps.workspaces.forms import ApiKeyForm
from workers.contracts.families import Family


class AppForm(StudioForm):
    """What a visitor meets: the model, the name, and the settings of the app's kind."""

    model: Any = forms.ModelChoiceField(
        label=_("Model"), queryset=ModelVersion.objects.none(), empty_label=None
    )
    most_suggestions = MOST_SUGGESTIONS
    name = forms.CharField(
        label=_("Name"),
        max_length=longest(App, "name"),
        help_text=_("Visitors see it at the top of the page."),
    )
    confirm_verdict = forms.BooleanField(
        label=_("Publish this model anyway"),
        required=False,
        help_text=_("Your confirmation is recorded in the audit log."),
    )

    def __init__(
        self, *args: Any, models: Any, kind: AppKind, warning: VerdictText | None = None, **kwargs: Any
    ) -> None:
        # Made before the form binds them, so that its checks of text fields see them.
        self.base_fields = self.base_fields | {  # type: ignore[misc]
            name: form_field(field, ICONS if name == "icon" else None)
            for name, field in kind.settings.model_fields.items()
        }
        super().__init__(*args, **kwargs)
        self.kind = kind
        if warning is None:
            del self.fields["confirm_verdict"]
        choice: Any = self.fields["model"]
        choice.queryset = models

    def clean(self) -> dict[str, Any]:
        """Build the settings; what they refuse becomes an error at its field."""
        cleaned = super().clean() or {}
        given = {name: cleaned[name] for name in self.kind.settings.model_fields if name in cleaned}
        try:
            cleaned["settings"] = self.kind.settings(**given)
        except ValidationError as error:
            for problem in error.errors():
                self.add_error(str(problem["loc"][0]), problem_message(problem))
        return cleaned

    def _in_groups(self, *groups: str) -> list[Any]:
        fields = self.kind.settings.model_fields.items()
        return [self[name] for group in groups for name, field in fields if setting_group(field) == group]

    @property
    def look(self) -> list[Any]:
        """What visitors see, but for the icon, which the page draws by itself."""
        return [self["name"], *(field for field in self._in_groups("look") if field.name != "icon")]

    @property
    def answers(self) -> list[Any]:
        return [self["model"], *self._in_groups("prompt", "sampling")]

    @property
    def verdict_is_confirmed(self) -> bool:
        return bool(self.cleaned_data.get("confirm_verdict"))

    def app_settings(self) -> AppSettings:
        settings: AppSettings = self.cleaned_data["settings"]
        return settings


def initial_of(settings: AppSettings, model: ModelVersion, name: str) -> dict[str, Any]:
    """Values for the form's fields."""
    return settings.model_dump() | {"model": model, "name": name}


def models_like(models: Any, kind: AppKind) -> Any:
    """Those of `models` that an app of this kind can answer with, newest first."""
    return models.filter(_answering(kind))


def publishable_models(models: Any) -> Any:
    """Those of `models` that some kind of app can answer with, newest first."""
    return models.filter(reduce(or_, map(_answering, APP_KINDS.values())))


def _answering(kind: AppKind) -> Q:
    fitting = Q(pk__in=[])
    for name in kind.tasks:
        families = [family.value for family in Family if can_answer(name, family)]
        fitting |= Q(task_type=name, family__in=families)
    return fitting


def link_password_field() -> forms.CharField:
    return forms.CharField(
        label=_("Password"),
        required=False,
        min_length=LEAST_PASSWORD_CHARACTERS,
        max_length=MOST_PASSWORD_CHARACTERS,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave empty to open the app with the link alone."),
    )


def _limit_field(label: Any, most: int, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, min_value=1, max_value=most, help_text=help_text or _("Empty: no limit.")
    )


class LinkLimitsForm(StudioForm):
    """Name and limits of a link. An empty limit allows everything."""

    name = forms.CharField(
        label=_("Link name"),
        max_length=longest(ShareLink, "name"),
        required=False,
        help_text=_("Visitors do not see this. For example: pilot group."),
    )
    expires_at = forms.DateTimeField(
        label=_("Expires at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("In your time zone. Empty: the link does not expire."),
    )
    max_uses_per_day = _limit_field(
        _("Questions per day"), MOST_USES, _("Of all visitors together. Empty: no limit.")
    )
    max_uses_per_visitor = _limit_field(
        _("Questions per visitor and day"), MOST_USES, _("A visitor is a browser. Empty: no limit.")
    )
    max_uses = _limit_field(_("Questions in all"), MOST_USES)
    token_budget = _limit_field(
        _("Token budget"), MOST_TOKENS, _("Tokens of all questions and answers. Empty: no limit.")
    )
    members_only = forms.BooleanField(
        label=_("Members of the workspace only"),
        required=False,
        help_text=_("Visitors must sign in."),
    )

    @classmethod
    def of(cls, link: ShareLink) -> Self:
        """The form of a link as it is now; its ids are apart from those of other links on the page."""
        return cls(initial={name: getattr(link, name) for name in cls.base_fields}, **cls.names(link))

    @staticmethod
    def names(link: ShareLink) -> dict[str, str]:
        return {"auto_id": f"link-{link.pk}-%s"}

    @property
    def limits(self) -> list[Any]:
        """All fields but name and password, which the page draws apart."""
        return [self[name] for name in self.fields if name not in ("name", "password")]

    @property
    def limits_have_errors(self) -> bool:
        return any(field.errors for field in self.limits)


class EmbedForm(StudioForm):
    """The sites that may show a link in a frame; left empty, none."""

    embed_sites = forms.CharField(
        label=_("Allowed sites"),
        required=False,
        widget=TextArea(attrs={"rows": 2, "dir": "ltr", "placeholder": "https://www.example.org"}),
        help_text=_(
            "One address per line, without a path. No other site can show the app. Empty: no embedding."
        ),
    )

    @classmethod
    def of(cls, link: ShareLink) -> Self:
        return cls(initial={"embed_sites": "\n".join(link.embed_sites)}, **LinkLimitsForm.names(link))

    def clean_embed_sites(self) -> list[str]:
        try:
            return cleaned_sites(self.cleaned_data["embed_sites"].split())
        except UserError as error:
            raise forms.ValidationError(error.message) from error


class LinkForm(LinkLimitsForm):
    """A new link."""

    password = link_password_field()


class LinkPasswordForm(StudioForm):
    """Another password for a link; left empty, none."""

    password = link_password_field()


class AppKeyForm(ApiKeyForm):
    """A key of one app: without a choice, one that may ask it, for three months."""

    can_write = forms.TypedChoiceField(  # type: ignore[assignment]
        label=_("Permission"),
        choices=[("write", _("send requests to the app")), ("read", _("only list the app"))],
        coerce=lambda access: access == "write",
        empty_value=True,  # type: ignore[arg-type]
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # The page has other forms, whose fields have the usual ids.
        super().__init__(*args, auto_id="key-%s", **kwargs)
