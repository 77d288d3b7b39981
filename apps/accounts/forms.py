"""Forms of the account pages: allauth's, in the studio's words and look, and our own."""

import zoneinfo
from typing import Any, ClassVar

from allauth.account import forms as account
from allauth.mfa import app_settings as mfa
from allauth.mfa.base import forms as two_step
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.forms import StudioForm

_PASSWORD_HELP = _(
    "At least 8 characters; not your name or address, and none of the passwords that everybody uses."
)


class PlainWords:
    """Labels and hints of ours on a form of allauth's, and no placeholders: they vanish when somebody types."""

    labels: ClassVar[dict[str, Any]] = {}
    hints: ClassVar[dict[str, Any]] = {}
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.help_text = self.hints.get(name, "")
            field.widget.attrs.pop("placeholder", None)


class SignInForm(PlainWords, account.LoginForm):  # type: ignore[misc]
    labels = {
        "login": _("E-mail address"),
        "password": _("Password"),
        "remember": _("Stay signed in on this device"),
    }


class SignUpForm(PlainWords, account.SignupForm):  # type: ignore[misc]
    name = forms.CharField(
        max_length=150, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    field_order = ["email", "name", "password1", "password2"]
    labels = {
        "email": _("E-mail address"),
        "name": _("Your name"),
        "password1": _("Password"),
        "password2": _("The same password again"),
    }
    hints = {
        "name": _("Others in your workspaces see it. You can leave it out."),
        "password1": _PASSWORD_HELP,
    }

    def try_save(self, request: HttpRequest) -> Any:
        """An address that is taken costs a password hash too: the time of the answer tells nothing."""
        if self.account_already_exists:
            User().set_password(self.cleaned_data["password1"])
        return super().try_save(request)

    def signup(self, request: HttpRequest, user: User) -> None:
        """allauth's last step of a sign-up: what the form asked beyond its own fields."""
        if name := self.cleaned_data["name"].strip():
            user.name = name
            user.save(update_fields=["name"])


class ForgottenPasswordForm(PlainWords, account.ResetPasswordForm):  # type: ignore[misc]
    labels = {"email": _("E-mail address")}


class NewPasswordForm(PlainWords, account.ResetPasswordKeyForm):  # type: ignore[misc]
    labels = {"password1": _("New password"), "password2": _("The same password again")}
    hints = {"password1": _PASSWORD_HELP}


class ChangePasswordForm(PlainWords, account.ChangePasswordForm):  # type: ignore[misc]
    labels = {
        "oldpassword": _("Your password now"),
        "password1": _("New password"),
        "password2": _("The same password again"),
    }
    hints = {"password1": _PASSWORD_HELP}


class SetPasswordForm(PlainWords, account.SetPasswordForm):  # type: ignore[misc]
    labels = {"password1": _("Password"), "password2": _("The same password again")}
    hints = {"password1": _PASSWORD_HELP}


class ChangeEmailForm(PlainWords, account.AddEmailForm):  # type: ignore[misc]
    labels = {"email": _("New e-mail address")}
    hints = {"email": _("We send a link there. Your address changes when you have opened it.")}


class ConfirmPasswordForm(PlainWords, account.ReauthenticateForm):  # type: ignore[misc]
    labels = {"password": _("Password")}


_CODE = {"code": _("Code")}
_CODE_HINT = {"code": _("Six digits from your authenticator app, or one of your recovery codes.")}


class _OnceOnly:
    """A code is accepted for as long as MFA_TOTP_TOLERANCE says; allauth remembers its use for one half minute alone."""

    authenticator: Authenticator

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        if self.authenticator.type == Authenticator.Type.TOTP:
            accepted = mfa.TOTP_PERIOD * (2 * mfa.TOTP_TOLERANCE + 1)
            cache.touch(self.authenticator.wrap()._get_used_cache_key(code), accepted)
        return code


class CodeForm(_OnceOnly, PlainWords, two_step.AuthenticateForm):  # type: ignore[misc]
    labels = _CODE
    hints = _CODE_HINT


class ConfirmCodeForm(_OnceOnly, PlainWords, two_step.ReauthenticateForm):  # type: ignore[misc]
    labels = _CODE
    hints = _CODE_HINT


class ActivateAppForm(PlainWords, ActivateTOTPForm):  # type: ignore[misc]
    labels = _CODE
    hints = {"code": _("The six digits that the app shows now.")}


class AddPasskeyForm(PlainWords, AddWebAuthnForm):  # type: ignore[misc]
    labels = {"name": _("Name"), "passwordless": _("Sign in with this key alone, without the password")}
    hints = {
        "name": _("Something by which you know it later, for instance “my phone”."),
        "passwordless": _("The device then asks for your finger, face or PIN."),
    }


class RenamePasskeyForm(PlainWords, EditWebAuthnForm):  # type: ignore[misc]
    labels = {"name": _("Name")}


def _zones() -> list[tuple[str, Any]]:
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name or name == "UTC")
    regions = [name for name in names if not name.startswith(("Etc/", "SystemV/", "US/"))]
    return [
        ("", _("the studio's (%(zone)s)") % {"zone": settings.TIME_ZONE}),
        *((name, name) for name in regions),
    ]


class ProfileForm(StudioForm):
    name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        required=False,
        help_text=_("Others in your workspaces see it."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("Language"), required=False)
    timezone = forms.ChoiceField(
        label=_("Time zone"), required=False, help_text=_("Times on all pages are shown in it.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [("", _("as my browser asks")), *settings.LANGUAGES]  # type: ignore[attr-defined]
        self.fields["timezone"].choices = _zones()  # type: ignore[attr-defined]


class DeleteAccountForm(StudioForm):
    """Deleting is confirmed by typing one's own address: a button alone is pressed too easily."""

    email = forms.CharField(
        label=_("Type your e-mail address to confirm"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
