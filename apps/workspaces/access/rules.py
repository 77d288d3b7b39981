"""What each address of the site asks of its caller, said where the address is.

A view of ours carries its rule by the decorator `rule`, which also enforces it; addresses of libraries, sockets and
the API are declared next to their URLs. `url_inventory` finds the rule of every address, `manage.py access_table`
prints them, and a test tries every address as every kind of user and compares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_http_methods

from apps.accounts.models import User
from apps.workspaces.access.decorators import in_workspace
from apps.workspaces.access.permissions import Action, open_object


class Needs(StrEnum):
    """What an address may ask for besides an Action in a workspace."""

    NOTHING = "nothing"
    SIGN_IN = "an account"
    LINK = "its secret address, while that is open"
    INVITATION = "an open invitation, and an account"
    PERSON = "being whose it is"
    APP_KEY = "a live key of the app"
    MAKER = "having made it, or manage"
    ADMINISTRATOR = "administrator"
    NO_ONE = "no one"


Need = Action | Needs
OPEN = "OPEN"
"""The method of a WebSocket."""


@dataclass(frozen=True)
class AccessRule:
    """One address. `of` names the kinds of the objects in it, outermost first; `values` names what in it is no object."""

    needs: Mapping[str, Need]
    of: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """Fields of the body that name an object, and its kind."""
    absent: int = 404
    """The status for an inner object that is not there; the outer one is always 404."""
    hides: bool = False
    """Whose role is too low is told that there is nothing, instead of that they may not."""


VIEW, EDIT, PUBLISH, MANAGE, OWN = Action.VIEW, Action.EDIT, Action.PUBLISH, Action.MANAGE, Action.OWN
ANYONE, SIGN_IN, LINK, APP_KEY = Needs.NOTHING, Needs.SIGN_IN, Needs.LINK, Needs.APP_KEY
INVITATION, PERSON = Needs.INVITATION, Needs.PERSON
MAKER, ADMINISTRATOR, NO_ONE = Needs.MAKER, Needs.ADMINISTRATOR, Needs.NO_ONE

DECLARED: dict[str, AccessRule] = {}
"""The rules of addresses whose view is not ours or serves several addresses, by the name of the address."""

_MODELS: dict[str, type[Model]] = {}


def declare_rules(rules: Mapping[str, AccessRule]) -> None:
    """Add the rules of addresses by name, or by route where they have no name. For the `urls.py` of an app."""
    DECLARED.update(rules)


def register_object(kind: str, model: type[Model]) -> None:
    """Make `of="kind"` in a rule load rows of `model`. For the `apps.py` of the app that owns the model."""
    _MODELS[kind] = model


def access_rule(
    get: Need | None = None,
    post: Need | None = None,
    delete: Need | None = None,
    patch: Need | None = None,
    opening: Need | None = None,
    of: str = "",
    values: str = "",
    names: Mapping[str, str] | None = None,
    absent: int = 404,
    hides: bool = False,
) -> AccessRule:
    """What an address asks for, by method; the other arguments as the fields of AccessRule, in words with spaces between."""
    asked = {"GET": get, "POST": post, "DELETE": delete, "PATCH": patch, OPEN: opening}
    needs = {method: rule for method, rule in asked.items() if rule is not None}
    return AccessRule(needs, tuple(of.split()), tuple(values.split()), names or {}, absent, hides)


def rule(
    *, related: Sequence[str] = (), by_view: bool = False, **said: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """State what a view asks for, with the arguments of `access_rule`, and enforce it before the view runs.

    Other methods are answered 405 and people without an account sent to sign in. An action without an object is
    checked in the workspace that the person is in, which is then `request.workspace`. With `of`, the object that the
    URL names first is opened, with its `related` rows, and given to the view in place of its id; where the rule is
    MAKER, the service that writes decides between its creator and others. With `by_view`, the view finds the object
    itself and checks the action on it.
    """
    asked = access_rule(**said)

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        by_action = {
            method: _guarded(view, asked, need, related, by_view) for method, need in asked.needs.items()
        }

        @require_http_methods(list(asked.needs))
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            answer: HttpResponseBase = by_action[request.method or ""](request, *args, **kwargs)
            return answer

        checked.access_rule = asked  # type: ignore[attr-defined]
        return checked

    return decorate


def _guarded(
    view: Callable[..., Any], asked: AccessRule, need: Need, related: Sequence[str], by_view: bool
) -> Callable[..., Any]:
    if need in (ANYONE, LINK, INVITATION, APP_KEY):
        return view
    if need == ADMINISTRATOR:
        return login_required(_for_administrators(view))
    if by_view or need in (SIGN_IN, PERSON):
        return login_required(view)
    action = need if isinstance(need, Action) else VIEW
    if not asked.of:
        return in_workspace(action)(view)

    @login_required
    def opened(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        first, *others = kwargs
        queryset = _MODELS[asked.of[0]]._default_manager.select_related(*related)
        found = open_object(request, queryset, action, pk=kwargs[first])
        answer: HttpResponseBase = view(request, found, **{name: kwargs[name] for name in others})
        return answer

    return opened


def _for_administrators(view: Callable[..., Any]) -> Callable[..., Any]:
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not cast("User", request.user).is_staff:
            raise PermissionDenied
        answer: HttpResponseBase = view(request, *args, **kwargs)
        return answer

    return checked
