"""Signing in, up and out, and one's own account: allauth's views under our URLs, and our own."""

from collections.abc import Callable
from typing import Any

from allauth.account import views as account
from allauth.account.decorators import reauthentication_required
from allauth.mfa.base import views as two_step
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.socialaccount import views as provider
from allauth.socialaccount.providers.openid_connect import views as openid
from django.http import HttpResponseBase
from django.urls import URLPattern, path, re_path

from apps.accounts import views
from apps.core.access_rules import ANYONE, PERSON, SIGN_IN, rule


def _page(route: str, view: Callable[..., HttpResponseBase], *, name: str, **asked: Any) -> URLPattern:
    """A page by one of allauth's views, which take a PUT as a POST and any other method as a GET, with its access rule."""
    return path(route, rule(**asked)(view), name=name)


urlpatterns = [
    _page("login/", account.login, name="account_login", get=ANYONE, post=ANYONE),
    _page("logout/", account.logout, name="account_logout", get=ANYONE, post=ANYONE),
    _page("signup/", views.sign_up, name="account_signup", get=ANYONE, post=ANYONE),
    _page("inactive/", account.account_inactive, name="account_inactive", get=ANYONE),
    _page(
        "reauthenticate/", account.reauthenticate, name="account_reauthenticate", get=SIGN_IN, post=SIGN_IN
    ),
    path("reauthenticate/provider/", views.confirm_at_provider, name="account_confirm_at_provider"),
    _page(
        "password/change/", account.password_change, name="account_change_password", get=SIGN_IN, post=SIGN_IN
    ),
    _page(
        "password/set/",
        reauthentication_required(account.password_set),
        name="account_set_password",
        get=SIGN_IN,
        post=SIGN_IN,
    ),
    path("password/reset/", views.forgotten_password, name="account_reset_password"),
    path("password/reset/done/", views.forgotten_password_done, name="account_reset_password_done"),
    # The first dash ends the person's part: the token has one of its own.
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.new_password,
        name="account_reset_password_from_key",
    ),
    _page(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
        get=ANYONE,
    ),
    _page(
        "confirm-email/", account.email_verification_sent, name="account_email_verification_sent", get=ANYONE
    ),
    _page(
        "confirm-email/<str:key>/",
        account.confirm_email,
        name="account_confirm_email",
        get=ANYONE,
        post=ANYONE,
        values="confirmation_key",
    ),
    path("email/", views.email_address, name="account_email"),
    path("profile/", views.profile, name="account_profile"),
    path("export/", views.export, name="account_export"),
    path("export/download/", views.download_export, name="account_download_export"),
    path("delete/", views.delete, name="account_delete"),
    path("deleted/", views.deleted, name="account_deleted"),
    path("sessions/", views.sessions, name="usersessions_list"),
    path("sessions/end/", views.end_other_sessions, name="account_end_other_sessions"),
    path("sessions/<int:session_id>/end/", views.end_session, name="account_end_session"),
    _page("two-step/", two_step.index, name="mfa_index", get=SIGN_IN),
    _page("two-step/code/", two_step.authenticate, name="mfa_authenticate", get=ANYONE, post=ANYONE),
    _page("two-step/confirm/", two_step.reauthenticate, name="mfa_reauthenticate", get=SIGN_IN, post=SIGN_IN),
    _page("two-step/app/add/", totp.activate_totp, name="mfa_activate_totp", get=SIGN_IN, post=SIGN_IN),
    _page(
        "two-step/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp", get=SIGN_IN, post=SIGN_IN
    ),
    _page("two-step/codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes", get=SIGN_IN),
    _page(
        "two-step/codes/new/",
        recovery.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
        get=SIGN_IN,
        post=SIGN_IN,
    ),
    _page(
        "two-step/codes/download/",
        recovery.download_recovery_codes,
        name="mfa_download_recovery_codes",
        get=SIGN_IN,
    ),
    _page("passkeys/", webauthn.list_webauthn, name="mfa_list_webauthn", get=SIGN_IN),
    _page("passkeys/add/", webauthn.add_webauthn, name="mfa_add_webauthn", get=SIGN_IN, post=SIGN_IN),
    _page("passkeys/login/", webauthn.login_webauthn, name="mfa_login_webauthn", get=ANYONE, post=ANYONE),
    _page(
        "passkeys/confirm/",
        webauthn.reauthenticate_webauthn,
        name="mfa_reauthenticate_webauthn",
        get=SIGN_IN,
        post=SIGN_IN,
    ),
    _page(
        "passkeys/<int:pk>/edit/",
        webauthn.edit_webauthn,
        name="mfa_edit_webauthn",
        get=PERSON,
        post=PERSON,
        of="passkey",
    ),
    _page(
        "passkeys/<int:pk>/remove/",
        webauthn.remove_webauthn,
        name="mfa_remove_webauthn",
        get=PERSON,
        post=PERSON,
        of="passkey",
    ),
    _page("connected/", provider.connections, name="socialaccount_connections", get=SIGN_IN, post=SIGN_IN),
    _page("connected/signup/", provider.signup, name="socialaccount_signup", get=ANYONE, post=ANYONE),
    _page("connected/cancelled/", provider.login_cancelled, name="socialaccount_login_cancelled", get=ANYONE),
    _page("connected/error/", provider.login_error, name="socialaccount_login_error", get=ANYONE),
    path("oidc/<str:provider_id>/login/", views.provider_login, name="openid_connect_login"),
    _page(
        "oidc/<str:provider_id>/login/callback/",
        openid.callback,
        name="openid_connect_callback",
        get=ANYONE,
        values="provider",
    ),
]
