"""What the answer to a form wrote: its entries in the audit trail, its tables, its session and its cookies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core import mail
from django.db import connection, transaction
from django.db.models.signals import post_save
from django.http import HttpRequest, HttpResponse

from apps.workspaces.models import AuditEntry

_WRITE = re.compile(r'\s*(INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?', re.IGNORECASE)
_SIGNS = {"INSERT INTO": "+", "UPDATE": "~", "DELETE FROM": "-"}
_ID = re.compile(r"-[0-9a-f]{32}$")
_OWN_COOKIES = {"csrftoken", "sessionid", "messages"}


@dataclass(frozen=True)
class Effect:
    """`found` holds the actions of the audit trail, `+table`, `~table`, `-table`, "signs in", "signs out",
    "e-mail", `session:name` and `cookie:name`.
    """

    path: str
    status: int
    found: frozenset[str]


class Recording:
    """Middleware of the tests: keeps the effect of each request of a form, and undoes what it wrote where `takes_back`.

    Undone, every form finds the world whole.
    """

    effects: list[Effect] = []
    takes_back = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return self.get_response(request)
        user, session, sent = request.user.pk, dict(request.session), len(mail.outbox)
        with _writes() as found:
            response = self._answer(request)
        if user != request.user.pk:
            found.add("signs in" if request.user.pk else "signs out")
        if len(mail.outbox) > sent:
            found.add("e-mail")
        found |= {f"session:{name}" for name in _changed(session, dict(request.session))}
        found |= {f"cookie:{_ID.sub('', name)}" for name in response.cookies.keys() - _OWN_COOKIES}
        self.effects.append(Effect(request.path, response.status_code, frozenset(found)))
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if not self.takes_back:
            return self.get_response(request)
        with transaction.atomic():
            response = self.get_response(request)
            transaction.set_rollback(True)
        # What the session gained went too: it cannot be saved any more.
        request.session.modified = False
        return response

    @classmethod
    def take(cls, path: str) -> frozenset[str]:
        """The effect of the requests to `path` since the last call; "shown" where none was recorded, as of a page."""
        recorded = [one.found for one in cls.effects if one.path == path]
        cls.effects.clear()
        return frozenset[str]().union(*recorded) if recorded else frozenset({"shown"})


def _changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


@contextmanager
def _writes() -> Iterator[set[str]]:
    found: set[str] = set()

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if match := _WRITE.match(sql):
            found.add(_SIGNS[match[1].upper()] + match[2])
        return result

    def hear(instance: AuditEntry, **_: Any) -> None:
        found.add(instance.action)

    post_save.connect(hear, sender=AuditEntry, weak=False)
    try:
        with connection.execute_wrapper(note):
            yield found
    finally:
        post_save.disconnect(hear, sender=AuditEntry)
