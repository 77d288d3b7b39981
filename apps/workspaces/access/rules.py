"""The access rules of URLs in a workspace, stated at their views.

The decorator `rule` states the rule of a view and enforces it. A method of a REST viewset states its rule with
`apps.api.rest.base.asks`, a view of `/v1` with `endpoint`, and a WebSocket as `access_rule` of its consumer. Rules of
library views are declared next to their URLs. `url_inventory` finds the rule of every URL, `manage.py access_table` prints
them, and the access matrix calls every URL as every kind of user and compares the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase

from apps.accounts.models import User
from apps.core.access_rules import (
    ADMINISTRATOR,
    ANYONE,
    APP_KEY,
    DECLARED,
    INVITATION,
    LINK,
    MAKER,
    NO_ONE,
    OPEN,
    PERSON,
    SIGN_IN,
    AccessRule,
    Needs,
    access_rule,
    by_method,
    declare_rules,
)
from apps.workspaces.access.decorators import in_workspace
from apps.workspaces.access.permissions import Action, get_visible, open_object

__all__ = [
    "ADMINISTRATOR",
    "ANYONE",
    "APP_KEY",
    "DECLARED",
    "EDIT",
    "INVITATION",
    "LINK",
    "MAKER",
    "MANAGE",
    "NO_ONE",
    "OPEN",
    "OWN",
    "PERSON",
    "PUBLISH",
    "SIGN_IN",
    "VIEW",
    "AccessRule",
    "Need",
    "Needs",
    "access_rule",
    "declare_rules",
    "object_of_socket",
    "register_object",
    "rule",
]

Need = Action | Needs
VIEW, EDIT, PUBLISH, MANAGE, OWN = Action.VIEW, Action.EDIT, Action.PUBLISH, Action.MANAGE, Action.OWN

_MODELS: dict[str, type[Model]] = {}


def register_object(kind: str, model: type[Model]) -> None:
    """Make `of="kind"` in a rule load rows of `model`. For the `apps.py` of the app that owns the model."""
    _MODELS[kind] = model


def rule(
    *, related: Sequence[str] = (), by_view: bool = False, **stated: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """State what a view requires, with the arguments of `access_rule`, and enforce it before the view runs.

    Other methods are answered 405, and a caller who has to sign in is redirected. An action without an object is checked
    in the workspace that the user works in, which is then `request.workspace`. With `of`, the object that the URL names
    first is opened, with its `related` rows, and given to the view in place of its id. With MAKER, the service that
    writes decides between the creator and others. With `by_view`, the view finds the object and checks the action on it.
    """
    asked = access_rule(**stated)

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        by_action = {
            method: _guarded(view, asked, need, related, by_view) for method, need in asked.needs.items()
        }
        return by_method(view, asked, by_action)

    return decorate


def _guarded(
    view: Callable[..., Any], asked: AccessRule, need: StrEnum, related: Sequence[str], by_view: bool
) -> Callable[..., Any]:
    if need in (ANYONE, LINK, INVITATION, APP_KEY):
        return view
    if need == ADMINISTRATOR:
        return login_required(_for_administrators(view))
    if by_view or need in (SIGN_IN, PERSON):
        return login_required(view)
    if not isinstance(need, Action) and need != MAKER:
        raise ValueError(f"No view can be opened to {need}.")
    action = need if isinstance(need, Action) else VIEW
    if not asked.of:
        return in_workspace(action)(view)

    @login_required
    def opened(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        first, *others = kwargs
        found = open_object(request, _rows(asked, related), action, pk=kwargs[first])
        answer: HttpResponseBase = view(request, found, **{name: kwargs[name] for name in others})
        return answer

    return opened


def _rows(asked: AccessRule, related: Sequence[str]) -> QuerySet[Any]:
    """The rows of the kind that the address names first."""
    return _MODELS[asked.of[0]]._default_manager.select_related(*related)


def object_of_socket(consumer: Any, *related: str) -> Any:
    """Return the object that the address of a WebSocket names, as its `access_rule` asks. Raises as `get_visible`."""
    asked: AccessRule = consumer.access_rule
    need = asked.needs[OPEN]
    if not isinstance(need, Action):
        raise ValueError(f"No object is opened to {need} here")
    (pk,) = consumer.scope["url_route"]["kwargs"].values()
    return get_visible(_rows(asked, related), consumer.scope["user"], need, pk=pk)


def _for_administrators(view: Callable[..., Any]) -> Callable[..., Any]:
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not cast("User", request.user).is_staff:
            raise PermissionDenied
        answer: HttpResponseBase = view(request, *args, **kwargs)
        return answer

    return checked
