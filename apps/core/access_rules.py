"""The access rules of URLs, stated at their views.

The decorator `rule` states the rule of a view and enforces it: the one in this module for URLs that belong to no workspace,
the one of `apps.workspaces.access.rules` for all others. Rules of library views, and of views that serve several URLs, are
declared next to the URLs (`declare_rules`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_http_methods

View = Callable[..., Any]


class Needs(StrEnum):
    """What a URL can require besides an Action in a workspace."""

    NOTHING = "nothing"
    SIGN_IN = "an account"
    LINK = "its secret address, while that is open"
    INVITATION = "an open invitation, and an account"
    PERSON = "being whose it is"
    APP_KEY = "a live key of the app"
    MAKER = "having made it, or manage"
    ADMINISTRATOR = "administrator"
    NO_ONE = "no one"


ANYONE, SIGN_IN, LINK, APP_KEY = Needs.NOTHING, Needs.SIGN_IN, Needs.LINK, Needs.APP_KEY
INVITATION, PERSON = Needs.INVITATION, Needs.PERSON
MAKER, ADMINISTRATOR, NO_ONE = Needs.MAKER, Needs.ADMINISTRATOR, Needs.NO_ONE
OPEN = "OPEN"
"""The method of a WebSocket."""


@dataclass(frozen=True)
class AccessRule:
    """The rule of one URL.

    `of` names the kinds of the objects in the URL, outermost first; `values` names its other parameters.
    """

    needs: Mapping[str, StrEnum]
    """By method: an Action in a workspace, or one of Needs."""
    of: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """Fields of the body that name an object, and its kind."""
    absent: int = 404
    """The status for an inner object that does not exist; for the outer one it is always 404."""
    hides: bool = False
    """Answer 404 instead of 403 to a role that is too low."""


DECLARED: dict[str, AccessRule] = {}
"""The rules of library views and of views that serve several URLs, by the name of the URL."""


def declare_rules(rules: Mapping[str, AccessRule]) -> None:
    """Add rules by the name of the URL, or by its route if it has no name. For the `urls.py` of an app."""
    DECLARED.update(rules)


def access_rule(
    get: StrEnum | None = None,
    post: StrEnum | None = None,
    delete: StrEnum | None = None,
    patch: StrEnum | None = None,
    opening: StrEnum | None = None,
    of: str = "",
    values: str = "",
    names: Mapping[str, str] | None = None,
    absent: int = 404,
    hides: bool = False,
) -> AccessRule:
    """Return the rule with what each method requires. `of` and `values` are words with spaces between them."""
    asked = {"GET": get, "POST": post, "DELETE": delete, "PATCH": patch, OPEN: opening}
    needs = {method: rule for method, rule in asked.items() if rule is not None}
    return AccessRule(needs, tuple(of.split()), tuple(values.split()), names or {}, absent, hides)


def by_method(view: View, asked: AccessRule, guarded: Mapping[str, View]) -> View:
    """Return `view` with its rule. Each method runs its own guarded form of the view; other methods are answered 405."""

    @require_http_methods(list(asked.needs))
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer: HttpResponseBase = guarded[request.method or ""](request, *args, **kwargs)
        return answer

    checked.access_rule = asked  # type: ignore[attr-defined]
    return checked


def rule(**stated: Any) -> Callable[[View], View]:
    """State what a view outside of workspaces requires, with the arguments of `access_rule`, and enforce it.

    A caller who has to sign in is redirected to the sign-in page. With PERSON the view checks whose the object is.
    """
    asked = access_rule(**stated)
    if unknown := set(asked.needs.values()) - {ANYONE, SIGN_IN, PERSON}:
        raise ValueError(
            f"This decorator cannot enforce {unknown}: use the one of apps.workspaces.access.rules."
        )

    def decorate(view: View) -> View:
        signed_in = login_required(view)
        guarded = {method: view if need == ANYONE else signed_in for method, need in asked.needs.items()}
        return by_method(view, asked, guarded)

    return decorate
