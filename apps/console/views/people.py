"""The page of people: who has an account, who is invited, and what an administrator does for them every day."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, F, OuterRef, Q
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from apps.accounts import administration
from apps.accounts.models import User
from apps.console.forms import PersonInvitationForm
from apps.core.choices import is_id, pick
from apps.core.errors import UserError
from apps.core.flash_messages import do_and_tell
from apps.core.listing import Filter, Listing, Sort
from apps.workspaces import access
from apps.workspaces.access import Action
from apps.workspaces.access.rules import ADMINISTRATOR, rule
from apps.workspaces.models import Invitation, Membership, Workspace
from apps.workspaces.requests import WorkspaceRequest
from apps.workspaces.team import invitations
from apps.workspaces.team.members import last_ownerships
from apps.workspaces.views.inviting import create_from_form

_STATES = (
    ("active", _l("Active"), Q(is_active=True)),
    ("new", _l("Never signed in"), Q(is_active=True, last_login=None)),
    ("deactivated", _l("Deactivated"), Q(is_active=False)),
)
_ROLES = (
    ("administrator", _l("Administrator"), Q(is_staff=True)),
    ("other", _l("Not an administrator"), Q(is_staff=False)),
)


def _in_state(people: Any, value: str) -> Any:
    return people.filter({name: only for name, _label, only in _STATES}[value])


def _with_role(people: Any, value: str) -> Any:
    return people.filter({name: only for name, _label, only in _ROLES}[value])


def _with_membership(people: Any, value: str) -> Any:
    own = Exists(Membership.objects.filter(user=OuterRef("pk"), workspace__deleted_at=None))
    return people.filter(own if value == "some" else ~own)


PEOPLE = Listing(
    searches=("email", "name"),
    sorts=(
        Sort("email", _l("E-mail address"), ("email",)),
        Sort("name", _l("Name"), ("name", "email")),
        Sort("used", _l("Last signed in"), (F("last_login").desc(nulls_last=True), "email")),
        Sort("newest", _l("Newest account first"), ("-created_at", "email")),
        Sort("oldest", _l("Oldest account first"), ("created_at", "email")),
    ),
    filters=(
        Filter("state", _l("Account"), [(name, label) for name, label, _only in _STATES], _in_state),
        Filter("role", _l("Role"), [(name, label) for name, label, _only in _ROLES], _with_role),
        Filter(
            "membership",
            _l("Workspaces"),
            [("some", _l("In a workspace")), ("none", _l("In no workspace"))],
            _with_membership,
        ),
    ),
    page_size=50,
)
MOST_INVITATIONS = 50
"""Open invitations that are shown; later ones follow as these are used."""


def _require(request: WorkspaceRequest) -> None:
    """Raises PermissionDenied for people who do not look after accounts."""
    if not administration.may_administer(request.user):
        raise PermissionDenied


@rule(get=ADMINISTRATOR)
def people(request: WorkspaceRequest) -> HttpResponse:
    _require(request)
    return _page(request)


def _page(
    request: WorkspaceRequest, form: PersonInvitationForm | None = None, status: int = 200, **context: Any
) -> HttpResponse:
    open_ones = Invitation.objects.open().filter(workspace=None)
    asked = _asked(request)
    shown = PEOPLE.read(request, User.objects.all(), path=reverse("console:people"), asked=asked)
    people_shown = list(shown.page)
    context |= {
        "list": shown,
        "asked": asked.urlencode(),
        "people": people_shown,
        "total": User.objects.count(),
        "may_appoint": administration.may_appoint(request.user),
        "sole_owners": _sole_ownerships(people_shown),
        "leaving": _leaving(request),
        "workspaces": _workspace_counts(people_shown),
        "form": form or _form(request),
        "invitations": open_ones.select_related("created_by")[:MOST_INVITATIONS],
    }
    return render(request, "console/people.html", context, status=status)


def _workspace_counts(users: Any) -> dict[Any, int]:
    """In how many open workspaces the people of one page are."""
    counted = Workspace.objects.filter(deleted_at=None, memberships__user__in=list(users))
    rows = counted.values("memberships__user").annotate(count=Count("pk"))
    return {row["memberships__user"]: row["count"] for row in rows}


def _sole_ownerships(users: Any) -> set[Any]:
    """Those of the people of one page whose workspaces would have no owner without them."""
    return {membership.user_id for membership in last_ownerships(users)}


def _leaving(request: WorkspaceRequest) -> dict[str, Any] | None:
    """Whom ?deactivate= names, with the workspaces that would have no owner then; None where there are none."""
    asked = request.GET.get("deactivate", "")
    others = User.objects.filter(is_active=True).exclude(pk=request.user.pk)
    person = others.filter(pk=asked).first() if is_id(asked) else None
    if person is None or not administration.is_over(request.user, person):
        return None
    owned = list(last_ownerships([person]))
    return {"person": person, "ownerships": owned} if owned else None


def _form(request: WorkspaceRequest, data: Any = None) -> PersonInvitationForm:
    """With the workspaces that the administrator may invite to: those that they manage."""
    managed = [role for role, allowed in access.ALLOWED.items() if Action.MANAGE in allowed]
    own = Membership.objects.filter(user=request.user, role__in=managed, workspace__deleted_at=None)
    found = Workspace.objects.filter(pk__in=own.values("workspace")).order_by("name", "pk")
    sent = request.POST.get("workspace") or request.GET.get("workspace")
    picked = pick(
        request,
        "workspace",
        found,
        searches=("name",),
        chosen=[sent] if sent else [],
        path=reverse("console:people"),
    )
    form = PersonInvitationForm(data, workspaces=picked.options)
    form.fields["workspace"].picked = picked  # type: ignore[attr-defined]
    return form


@rule(post=ADMINISTRATOR)
def invite(request: WorkspaceRequest) -> HttpResponse:
    """The address of the invitation is on the page that answers, and never again."""
    _require(request)
    form = _form(request, request.POST)
    made = create_from_form(request, form)
    return _page(request, form, status=422) if made is None else _page(request, **made)


@rule(post=ADMINISTRATOR, of="studio_invitation")
def revoke_invitation(request: WorkspaceRequest, invitation_id: UUID) -> HttpResponse:
    _require(request)
    invitation = get_object_or_404(Invitation, pk=invitation_id, workspace=None)
    invitations.revoke_invitation(actor=request.user, invitation=invitation)
    return _back(request)


@rule(post=ADMINISTRATOR, of="account")
def reset_password(request: WorkspaceRequest, user_id: UUID) -> HttpResponse:
    """By e-mail where one goes out; else the link is on the page that answers, to be handed over."""
    _require(request)
    user = get_object_or_404(User, pk=user_id)
    try:
        address = administration.reset_link(actor=request.user, user=user)
    except UserError as error:
        messages.error(request, str(error.message))
        return _back(request)
    if administration.mail_reset_link(user=user, address=address):
        messages.success(
            request, _("A link to set a new password is on its way to %(email)s.") % {"email": user.email}
        )
        return _back(request)
    return _page(request, reset_address=address, reset_for=user)


@rule(post=ADMINISTRATOR, of="account")
def deactivate(request: WorkspaceRequest, user_id: UUID) -> HttpResponse:
    """The last owner of a workspace is deactivated once the page has named those workspaces (`confirmed`)."""
    _require(request)
    user = get_object_or_404(User, pk=user_id)
    administration.require_over(request.user, user)
    is_other = user != request.user
    if is_other and not request.POST.get("confirmed") and last_ownerships([user]).exists():
        return _back(request, deactivate=str(user.pk))
    return _switch(request, user_id, administration.deactivate, _("%(email)s can no longer sign in."))


@rule(post=ADMINISTRATOR, of="account")
def reactivate(request: WorkspaceRequest, user_id: UUID) -> HttpResponse:
    return _switch(request, user_id, administration.reactivate, _("%(email)s can sign in again."))


@rule(post=ADMINISTRATOR, of="account")
def make_administrator(request: WorkspaceRequest, user_id: UUID) -> HttpResponse:
    _require_appointing(request)
    done = _("%(email)s is an administrator now.")
    return _switch_when_fresh(request, user_id, administration.make_administrator, done)


@rule(post=ADMINISTRATOR, of="account")
def remove_administrator(request: WorkspaceRequest, user_id: UUID) -> HttpResponse:
    _require_appointing(request)
    done = _("%(email)s is no longer an administrator.")
    return _switch_when_fresh(request, user_id, administration.remove_administrator, done)


def _require_appointing(request: WorkspaceRequest) -> None:
    """Before anything else is asked of the person. Raises PermissionDenied."""
    if not administration.may_appoint(request.user):
        raise PermissionDenied


@reauthentication_required
def _switch_when_fresh(request: WorkspaceRequest, user_id: UUID, service: Any, told: str) -> HttpResponse:
    """As `_switch`, for people who confirmed a moment ago who they are: a browser left open is not enough."""
    return _switch(request, user_id, service, told)


def _switch(request: WorkspaceRequest, user_id: UUID, service: Any, told: str) -> HttpResponse:
    _require(request)
    user = get_object_or_404(User, pk=user_id)
    do_and_tell(request, lambda: service(actor=request.user, user=user), told % {"email": user.email})
    return _back(request)


def _back(request: WorkspaceRequest, **more: str) -> HttpResponse:
    """To the list as it was searched and filtered."""
    asked = _asked(request)
    for name, value in more.items():
        asked[name] = value
    return redirect(f"{reverse('console:people')}?{asked.urlencode()}".rstrip("?"))


def _asked(request: WorkspaceRequest) -> QueryDict:
    """The query of the list: of the page, or as its forms carry it along. allauth sends a form on after a password was
    asked for only where the form's address has no query. Which account is about to be deactivated is not part of it."""
    asked = QueryDict(
        request.POST.get("list", "") if request.method == "POST" else request.GET.urlencode(), mutable=True
    )
    asked.pop("deactivate", None)
    return asked
