"""Forms of the account pages: allauth's, in the studio's words and look, and our own."""

import re
import uuid
import zoneinfo
from typing import Any, ClassVar

from allauth.account import forms as account
from allauth.mfa import app_settings as mfa
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as two_step
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from allauth.socialaccount import forms as provider
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts import services
from apps.accounts.adapter import use_invitation
from apps.accounts.models import User
from apps.core.forms import StudioForm
from apps.core.models import longest
from apps.core.passwords import normalize

_PASSWORD_HELP = _("At least 12 characters. Do not use your name, your e-mail address or a common password.")


class PlainWords:
    """Labels and hints of ours on a form of allauth's, and no placeholders: they vanish when a person types."""

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


class _NewPassword:
    """Compares the two fields of a new password in the form that is hashed: one may be pasted and the other typed."""

    cleaned_data: dict[str, Any]

    def clean(self) -> dict[str, Any]:
        for name in ("password1", "password2"):
            if name in self.cleaned_data:
                self.cleaned_data[name] = normalize(self.cleaned_data[name])
        cleaned: dict[str, Any] = super().clean()  # type: ignore[misc]
        return cleaned


class SignInForm(PlainWords, account.LoginForm):
    labels = {
        "login": _("E-mail address"),
        "password": _("Password"),
        "remember": _("Stay signed in on this device"),
    }


class _TakenByAccounts:
    """An address is taken when a person signs in with it; not when a person only asked to change theirs to it."""

    account_already_exists: bool

    def validate_unique_email(self, value: str) -> str:
        self.account_already_exists = User.objects.filter(email__iexact=value).exists()
        return value


class SignUpForm(_TakenByAccounts, _NewPassword, PlainWords, account.SignupForm):
    name = forms.CharField(
        max_length=longest(User, "name"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    cleaned_data: dict[str, Any]
    field_order = ["email", "name", "password1", "password2"]
    labels = {
        "email": _("E-mail address"),
        "name": _("Your name"),
        "password1": _("Password"),
        "password2": _("Repeat password"),
    }
    hints = {
        "name": _("Shown to others in your workspaces. Optional."),
        "password1": _PASSWORD_HELP,
    }

    def clean(self) -> dict[str, Any]:
        """Hash the password, which is slow on purpose, before the transaction: SQLite locks out all other writers in
        it."""
        cleaned: dict[str, Any] = super().clean()
        if not self.errors:
            self.hashed_password = make_password(cleaned["password1"])
        return cleaned

    def try_save(self, request: HttpRequest) -> Any:
        """An address that is taken costs the same hash and the same writes: the time of the answer tells nothing."""
        use_invitation(request, self.cleaned_data["email"])
        if not self.account_already_exists:
            try:
                with transaction.atomic():
                    return super().try_save(request)
            except IntegrityError:
                # The same address came a second time at the same moment.
                self.account_already_exists = True
        email = self.cleaned_data["email"]
        self._rehearse(request)
        services.note_repeated_sign_up(email=email)
        return super().try_save(request)

    def _rehearse(self, request: HttpRequest) -> None:
        """Create an account with an unused address, and roll it back."""
        given = self.cleaned_data
        self.cleaned_data = {**given, "email": f"{uuid.uuid4().hex}@rehearsal.invalid"}
        self.account_already_exists = False
        with transaction.atomic():
            self.save(request)
            transaction.set_rollback(True)
        self.cleaned_data, self.account_already_exists = given, True


class ProviderSignUpForm(_TakenByAccounts, PlainWords, provider.SignupForm):
    labels = {"email": _("E-mail address")}
    hints = {"email": _("You sign in with this address. We also send notices about your account to it.")}


class ForgottenPasswordForm(PlainWords, account.ResetPasswordForm):
    users: list[User]
    labels = {"email": _("E-mail address")}

    def clean_email(self) -> str:
        """A link goes to the address of an account; one that its owner only asked to change to may have been mistyped."""
        email: str = super().clean_email()
        self.users = [user for user in self.users if user.email.lower() == email.lower()]
        return email


class NewPasswordForm(_NewPassword, PlainWords, account.ResetPasswordKeyForm):
    labels = {"password1": _("New password"), "password2": _("Repeat password")}
    hints = {"password1": _PASSWORD_HELP}


class ChangePasswordForm(_NewPassword, PlainWords, account.ChangePasswordForm):
    labels = {
        "oldpassword": _("Current password"),
        "password1": _("New password"),
        "password2": _("Repeat password"),
    }
    hints = {"password1": _PASSWORD_HELP}


class SetPasswordForm(_NewPassword, PlainWords, account.SetPasswordForm):
    labels = {"password1": _("Password"), "password2": _("Repeat password")}
    hints = {"password1": _PASSWORD_HELP}


class ChangeEmailForm(PlainWords, account.AddEmailForm):
    labels = {"email": _("New e-mail address")}
    hints = {"email": _("We send a link to this address. Your address changes when you open the link.")}


class ConfirmPasswordForm(PlainWords, account.ReauthenticateForm):
    labels = {"password": _("Password")}


_CODE = {"code": _("Code")}
_CODE_HINT = {"code": _("Six digits from your authenticator app, or one of your recovery codes.")}


def _accepted_seconds() -> int:
    """For how long a code is accepted: its own half minute and those around it."""
    return int(mfa.TOTP_PERIOD * (2 * mfa.TOTP_TOLERANCE + 1))


def _use_code(user: User, code: str) -> bool:
    """Return whether the code was unused until now."""
    return bool(cache.add(_used_key(user, code), "y", _accepted_seconds()))


def _used_key(user: User, code: str) -> str:
    """Spaces and dashes in a code do not count."""
    digits = re.sub(r"\D", "", code)
    return f"accounts.used_code:{user.pk}:{digits}"


class _OnceOnly:
    """A code is accepted for as long as MFA_TOTP_TOLERANCE says; allauth remembers its use for one half minute alone."""

    user: User
    authenticator: Authenticator
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        # First of all: allauth forgets the wrong guesses once a code is right.
        if cache.get(_used_key(self.user, self.cleaned_data["code"])):
            raise get_adapter().validation_error("incorrect_code")
        code: str = super().clean_code()  # type: ignore[misc]
        if self.authenticator.type == Authenticator.Type.TOTP and not _use_code(self.user, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(_OnceOnly, PlainWords, two_step.AuthenticateForm):
    labels = _CODE
    hints = _CODE_HINT


class ConfirmCodeForm(_OnceOnly, PlainWords, two_step.ReauthenticateForm):
    labels = _CODE
    hints = _CODE_HINT


class ActivateAppForm(PlainWords, ActivateTOTPForm):
    labels = _CODE
    hints = {"code": _("The six digits that the app shows.")}

    def clean_code(self) -> str:
        """The first code is used up like any other."""
        code: str = super().clean_code()
        _use_code(self.user, code)
        return code


_LONGEST_NAME = 100


MOST_PASSKEYS = 20
"""Passkeys of one account. Every sign-in offers all of them to the browser."""


class AddPasskeyForm(PlainWords, AddWebAuthnForm):
    name = forms.CharField(max_length=_LONGEST_NAME, required=False)
    labels = {"name": _("Name"), "passwordless": _("Sign in with this key alone, without the password")}
    hints = {
        "name": _("A name that helps you recognize the passkey later, for example “my phone”."),
        "passwordless": _("The device then asks for your fingerprint, face or PIN."),
    }

    def clean(self) -> dict[str, Any]:
        """Refuse before the key is registered. The field of the name shows why: that of the key is hidden."""
        have = Authenticator.objects.filter(user=self.user, type=Authenticator.Type.WEBAUTHN).count()
        if have < MOST_PASSKEYS:
            try:
                return dict(super().clean() or {})
            except (KeyError, TypeError, ValueError) as error:  # from fido2, for what no browser sends
                raise forms.ValidationError(_("This is not a passkey. Try again.")) from error
        self.add_error(
            "name",
            _(
                "This account has %(have)d passkeys. An account can have %(most)d at most. Remove a passkey that you no "
                "longer use, then add this one again."
            )
            % {"have": have, "most": MOST_PASSKEYS},
        )
        return self.cleaned_data


class RenamePasskeyForm(PlainWords, EditWebAuthnForm):
    name = forms.CharField(max_length=_LONGEST_NAME)
    labels = {"name": _("Name")}


def _zones() -> list[tuple[str, Any]]:
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name or name == "UTC")
    regions = [name for name in names if not name.startswith(("Etc/", "SystemV/", "US/"))]
    return [("", _("Same as this browser")), *((name, name.replace("_", " ")) for name in regions)]


class ProfileForm(StudioForm):
    name = forms.CharField(
        label=_("Your name"),
        max_length=longest(User, "name"),
        required=False,
        help_text=_("Shown to others in your workspaces."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("Language"), required=False)
    timezone = forms.ChoiceField(
        label=_("Time zone"), required=False, help_text=_("Times on all pages are shown in this time zone.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [("", _("Same as this browser")), *settings.LANGUAGES]  # type: ignore[attr-defined]
        self.fields["timezone"].choices = _zones()  # type: ignore[attr-defined]


MOST_PASSWORD_CHARACTERS = 4096
"""Longer than any password manager makes one: hashing more would only keep the server busy."""


class NewAccountForm(StudioForm):
    """The account of the first person of a studio, or of a person who is invited: address, name, password."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("You sign in with this address."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    name = forms.CharField(
        label=_("Your name"),
        max_length=longest(User, "name"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=MOST_PASSWORD_CHARACTERS,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True),
        help_text=_("At least 12 characters. You sign in with this password from now on."),
    )


class DeleteAccountForm(StudioForm):
    """Deleting is confirmed by typing one's own address: a button alone is pressed too easily."""

    email = forms.CharField(
        label=_("Type your e-mail address to confirm"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
