"""The page that an invitation's address opens, for people with and without an account."""

from typing import Any
from urllib.parse import urlencode

from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from apps.accounts.adapter import must_prove_addresses
from apps.accounts.models import User
from apps.accounts.services import add_invited_account, check_new_account
from apps.core.client_addresses import address_of_request, limited_as
from apps.core.errors import NotVisible, UserError
from apps.core.rate_limits import Rate, take
from apps.workspaces.access.middleware import SESSION_KEY
from apps.workspaces.access.rules import INVITATION, LINK, rule
from apps.workspaces.forms import JoinForm
from apps.workspaces.models import Invitation, Membership
from apps.workspaces.team import invitations

JOINING = Rate(60)
"""Accounts that one address asks for in a minute: a classroom that joins at once, some of it mistyping."""


@sensitive_post_parameters("password")
@rule(get=LINK, post=INVITATION, of="invitation_token")
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Who invites whereto; accepting is a POST. Every invitation that is not open looks the same."""
    try:
        invitation = invitations.find(token)
        if request.method == "POST":
            return _private(_accept(request, token, invitation))
    except NotVisible:
        return _private(render(request, "workspaces/join_closed.html", status=404))
    invitations.remember(request, invitation)
    return _private(render(request, "workspaces/join.html", _context(request, invitation)))


def _accept(request: HttpRequest, token: str, invitation: Invitation) -> HttpResponse:
    if not request.user.is_authenticated:
        if _makes_account(invitation):
            return _join_with_new_account(request, token, invitation)
        return redirect_to_login(request.path)
    try:
        membership = invitations.accept_invitation(actor=request.user, token=token)
    except UserError as error:
        context = {**_context(request, invitation), "refused": error.message}
        return render(request, "workspaces/join.html", context, status=422)
    _welcome(request, membership)
    return redirect("home:home")


def _makes_account(invitation: Invitation) -> bool:
    """Whether the account is made on this page. Where addresses are proved by e-mail, the page for signing up makes it."""
    return invitations.may_make_account(invitation) and not must_prove_addresses()


def _join_with_new_account(request: HttpRequest, token: str, invitation: Invitation) -> HttpResponse:
    form = JoinForm(request.POST, email=invitation.email)
    if form.is_valid():
        try:
            user, membership = _make_account(request, token, **form.cleaned_data)
        except UserError as error:
            form.add_user_error(error)
        else:
            signed_in: HttpResponse = perform_login(request, user, redirect_url=reverse("home:home"))
            _welcome(request, membership)
            return signed_in
    context = {**_context(request, invitation), "form": form}
    return render(request, "workspaces/join.html", context, status=422)


def _make_account(
    request: HttpRequest, token: str, *, email: str, name: str, password: str
) -> tuple[User, Membership | None]:
    """The account and what it joins, or neither. Raises UserError, and NotVisible when another person was faster."""
    if wait := take(f"joining:{limited_as(address_of_request(request.META))}", JOINING):
        raise UserError(
            _("Too many attempts. Wait a minute, then try again."), code="too_often", retry_after=wait
        )
    check_new_account(email=email, password=password, name=name)
    hashed = make_password(password)
    with transaction.atomic():
        user = add_invited_account(email=email, hashed_password=hashed, name=name)
        return user, invitations.accept_invitation(actor=user, token=token)


def _welcome(request: HttpRequest, membership: Membership | None) -> None:
    """The invitation is used up, and its workspace is where they work from now on."""
    request.session.pop(invitations.SESSION_KEY, None)
    if membership is None:
        messages.success(request, _("Welcome."))
        return
    request.session[SESSION_KEY] = str(membership.workspace_id)
    messages.success(request, _("Welcome to “%(workspace)s”.") % {"workspace": membership.workspace.name})


def _context(request: HttpRequest, invitation: Invitation) -> dict[str, Any]:
    back = urlencode({"next": request.path})
    makes_account = _makes_account(invitation) and not request.user.is_authenticated
    return {
        "invitation": invitation,
        "is_for_me": request.user.is_authenticated and invitations.is_for(invitation, request.user),
        "form": JoinForm(email=invitation.email) if makes_account else None,
        "sign_in_url": f"{reverse('account_login')}?{back}",
        "sign_up_url": f"{reverse('account_signup')}?{back}",
    }


def _private(response: HttpResponse) -> HttpResponse:
    """The address is a secret: it goes to no other site, and into no cache.

    With no-referrer browsers send forms with `Origin: null`, which the CSRF check refuses.
    """
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "no-store"
    return response
