"""What a visitor with a link sees, and a member who previews it. Works without scripts, and without sockets."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import wraps
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from redis.exceptions import RedisError

from apps.core.client_addresses import address_of_request
from apps.core.errors import UserError
from apps.core.outages import outage_of
from apps.jobs.views import sequence_number
from apps.publishing import socket_messages, token_log
from apps.publishing.actions import perform
from apps.publishing.embedding import allow_frames, is_from_another_page
from apps.publishing.entrance import Entrance, Locked, Shut, by_link, for_member
from apps.publishing.limits import (
    CONVERSATIONS_LISTED,
    MOST_CHARACTERS,
    MOST_PASSWORD_CHARACTERS,
    TURNS_A_PAGE,
)
from apps.publishing.link_passwords import check_link_password, grant
from apps.publishing.models import Conversation, Message, ShareLink
from apps.publishing.services.link_uses import refusal_of
from apps.publishing.views.strings import no_cookies, page_strings
from apps.publishing.visitors import remember, visitor_key_in, visitor_key_of
from apps.workspaces import access

logger = logging.getLogger(__name__)

_UNLOCKED = "unlocked"
"""In the address that the right password leads to."""
_LOOKED = "looked"
"""In every other address at which a browser without scripts looks for an answer."""

_CLOSED_STATUS = {"expired": 410, "paused": 403, "members_only": 403}


def _private(view: Any) -> Any:
    """Nothing about a link's address leaves with the page: not to search engines, not to linked sites."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = view(request, *args, **kwargs)
        # With no-referrer a browser sends forms as coming from nowhere, which the preview's CSRF check refuses.
        response["Referrer-Policy"] = "no-referrer" if kwargs.get("token") else "same-origin"
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Cache-Control"] = "no-store"
        if kwargs.get("in_frame"):
            link = ShareLink.objects.by_token(kwargs["token"])
            allow_frames(response, link.embed_sites if link else [])
        return response

    return wrapped


def enter(request: HttpRequest, token: str | None, app_id: UUID | None, in_frame: bool = False) -> Entrance:
    """Raises Http404 (Locked where a link has a password, Shut where it does not open now); a revoked link and one that never
    was look the same."""
    if token is None:
        entrance = for_member(request.user, str(app_id), request.session.session_key)
        access.show_workspace_of(request, entrance.app)
        return entrance
    address = address_of_request(request.META)
    found = by_link(
        token,
        visitor_key_of(request, in_frame=in_frame),
        request.COOKIES,
        address,
        user=request.user,
        session_key=request.session.session_key,
        in_frame=in_frame,
    )
    if found is None:
        raise Http404
    return found


def _address(entrance: Entrance, token: str | None, name: str, *more: Any) -> str:
    """An address below the way that this person came in."""
    way = "embed" if entrance.shown_on is not None else "visit"
    prefix, first = (f"publishing:{way}", token) if token else ("publishing:preview", entrance.app.pk)
    return reverse(f"{prefix}_{name}" if name else prefix, args=[first, *more])


@require_GET
@_private
def visit(
    request: HttpRequest,
    token: str | None = None,
    app_id: UUID | None = None,
    conversation_id: UUID | None = None,
    in_frame: bool = False,
) -> HttpResponse:
    """The app, empty or with one of the visitor's conversations."""
    try:
        entrance = enter(request, token, app_id, in_frame)
    except Locked:
        # A visitor who is locked out right after the right password keeps no cookie.
        error = no_cookies() if _UNLOCKED in request.GET else ""
        return _password_page(request, token, error, in_frame)
    except Shut as error:
        return _closed_page(request, error.reason)
    except Http404:
        if token is None:
            raise
        return _closed_page(request)
    if _UNLOCKED in request.GET:
        return redirect(_address(entrance, token, ""))
    response = _page(request, entrance, token, conversation_id)
    if token:
        _remember_browser(request, response, entrance, in_frame=in_frame)
    return response


def _remember_browser(
    request: HttpRequest, response: HttpResponse, entrance: Entrance, *, in_frame: bool
) -> None:
    """A member is known by the account, and the browser keeps a key of its own."""
    key = entrance.visitor_key if entrance.user is None else visitor_key_of(request, in_frame=in_frame)
    remember(response, key, in_frame=in_frame)


def _closed_page(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What a visitor sees where the link does not open; `reason` is empty where it is revoked or never was."""
    return render(
        request, "publishing/public/closed.html", {"reason": reason}, status=_CLOSED_STATUS.get(reason, 404)
    )


def _page(
    request: HttpRequest,
    entrance: Entrance,
    token: str | None,
    conversation_id: UUID | None,
    *,
    refused: UserError | None = None,
    text: str = "",
) -> HttpResponse:
    version = entrance.version
    if version is None:
        raise Http404
    conversations = entrance.conversations()
    current = conversations.filter(pk=conversation_id).first() if conversation_id else None
    if conversation_id and current is None:
        return redirect(_address(entrance, token, ""))
    before = sequence_number(request.GET.get("before", ""))
    shown, has_earlier = _messages_of(current, before)
    messages = [_drawn(message) for message in shown]
    kind, turns = entrance.app.kind, _turns(messages)
    context = {
        "app": entrance.app,
        "version": version,
        "kind": kind,
        "settings": version.settings,
        "labels": kind.labels_of(version.settings),
        "options": kind.options_shown(messages[-1].options if messages else {}),
        "is_preview": token is None,
        "conversation": current,
        "conversations": [
            (conversation, _address(entrance, token, "conversation", conversation.pk))
            for conversation in conversations[:CONVERSATIONS_LISTED]
        ],
        **turns,
        "earlier": messages[0].position if has_earlier else None,
        "is_earlier": bool(before),
        "next_look": _next_look(request, _address(entrance, token, "conversation", current.pk))
        if current and turns["waits"] and not (refused or before)
        else "",
        "home_url": _address(entrance, token, ""),
        "act_url": _address(entrance, token, "act"),
        "most_characters": MOST_CHARACTERS,
        "refused": refused or _limit_reached(entrance),
        "text": text or (turns["question"].text if turns["question"] and not kind.is_conversation else ""),
        "page_data": _page_data(entrance, token, current, messages),
    }
    response = render(request, kind.template, context)
    return refused.mark(response) if refused else response


def _limit_reached(entrance: Entrance) -> UserError | None:
    """What the next question would be refused with: better read before it is written."""
    return refusal_of(entrance.link, entrance.visitor_key) if entrance.link else None


def _next_look(request: HttpRequest, address: str) -> str:
    """Where a browser without scripts looks for the answer next. From `…#end` to the same address it would load nothing, so
    two addresses take turns."""
    return f"{address}{'' if _LOOKED in request.GET else f'?{_LOOKED}'}#end"


def _turns(messages: list[Any]) -> dict[str, Any]:
    """The messages, the last question and its answer."""
    last = messages[-1] if messages else None
    return {
        "turns": messages,
        "question": next((m for m in reversed(messages) if m.role == Message.Role.USER), None),
        "answer": last if last and last.role == Message.Role.ASSISTANT else None,
        "waits": any(not message.is_ended for message in messages),
    }


def _page_data(
    entrance: Entrance, token: str | None, current: Conversation | None, messages: list[Any]
) -> dict[str, Any]:
    """What the page's script needs."""
    return {
        **_addresses(entrance, token),
        **entrance.app.kind.script_data(),
        "conversation": str(current.pk) if current else None,
        "messages": [socket_messages.message_json(m) | {"seq": m.seq} for m in messages],
        "strings": page_strings(is_member=token is None),
    }


def _addresses(entrance: Entrance, token: str | None) -> dict[str, str]:
    way = "a" if entrance.shown_on is None else "e"
    socket = f"/ws/{way}/{token}/" if token else f"/ws/apps/{entrance.app.pk}/"
    placeholder = UUID(int=0)
    return {
        "socket": socket,
        "home": _address(entrance, token, ""),
        "act": _address(entrance, token, "act"),
        "conversation_url": _address(entrance, token, "conversation", placeholder),
        "stream_url": _address(entrance, token, "stream", placeholder),
    }


def _messages_of(conversation: Any, before: int = 0) -> tuple[list[Message], bool]:
    """The latest turns, or those before the position `before`; and whether there are earlier ones."""
    if conversation is None:
        return [], False
    turns = conversation.messages.current().select_related("feedback")
    if before:
        turns = turns.filter(position__lt=before)
    found = list(turns.order_by("-position")[: TURNS_A_PAGE + 1])
    shown = socket_messages.with_versions(conversation, found[:TURNS_A_PAGE][::-1])
    return shown, len(found) > TURNS_A_PAGE


def _drawn(message: Message) -> Any:
    """A message for the page. An answer under way shows what was said so far, and from where to go on."""
    message.seq = 0  # type: ignore[attr-defined]
    if not message.is_ended:
        try:
            message.text, message.seq = token_log.said_so_far(message.pk)  # type: ignore[attr-defined]
        except RedisError:
            message.text = ""
    return message


def _password_page(
    request: HttpRequest, token: str | None, error: str, in_frame: bool = False
) -> HttpResponse:
    context = {
        "unlock_url": reverse(f"publishing:{'embed' if in_frame else 'visit'}_unlock", args=[token]),
        "error": error,
        "most_password_characters": MOST_PASSWORD_CHARACTERS,
    }
    return render(request, "publishing/public/password.html", context)


@csrf_exempt
@require_POST
@_private
def unlock(request: HttpRequest, token: str, in_frame: bool = False) -> HttpResponse:
    """Take the password of a link. There is no session that another site could use, and the page sends no referrer."""
    home = reverse(f"publishing:{'embed' if in_frame else 'visit'}", args=[token])
    try:
        enter(request, token, None, in_frame)
        return redirect(home)
    except Locked as locked:
        link = locked.link
    except Shut as shut:
        return _closed_page(request, shut.reason)
    except Http404:
        return _closed_page(request)
    try:
        password = request.POST.get("password", "")[:MOST_PASSWORD_CHARACTERS]
        check_link_password(link=link, password=password, address=address_of_request(request.META))
    except UserError as error:
        return error.mark(_password_page(request, token, error.message, in_frame))
    response: HttpResponse = redirect(f"{home}?{_UNLOCKED}=1")
    grant(response, link, in_frame=in_frame)
    return response


@require_POST
@_private
def act(
    request: HttpRequest, token: str | None = None, app_id: UUID | None = None, in_frame: bool = False
) -> HttpResponse:
    """Ask, edit, stop, ask again, judge: for scripts whose socket is blocked, as JSON, and for forms."""
    wants_json = "application/json" in request.headers.get("Accept", "")
    if in_frame and is_from_another_page(request):
        raise PermissionDenied
    try:
        entrance = enter(request, token, app_id, in_frame)
    except Shut as error:
        if wants_json:
            told = socket_messages.closed_json(error.reason)
            return JsonResponse(told, status=_CLOSED_STATUS.get(error.reason, 404))
        return _closed_page(request, error.reason)
    try:
        data = json.loads(request.body) if wants_json else request.POST
        if token and visitor_key_in(request.COOKIES, in_frame=in_frame) is None:
            # The page came with the cookie: without it the answer could not be shown to the person again.
            raise UserError(no_cookies(), code="no_cookies")
        turn = perform(entrance, str(data["type"]), data)
    except UserError as error:
        if wants_json:
            told = socket_messages.refusal_json(error.message, error.code)
            return JsonResponse(told, status=error.status, headers=error.headers)
        return _page(
            request, entrance, token, _conversation_in(data), refused=error, text=data.get("text", "")
        )
    except socket_messages.NOT_UNDERSTOOD:
        return JsonResponse(socket_messages.not_understood(), status=400)
    except Exception as error:
        if not wants_json or not (outage := outage_of(error)):
            raise
        logger.error("A question was refused: %s", outage.log)
        return outage.mark(JsonResponse(socket_messages.outage_json(outage)))
    if wants_json:
        told = socket_messages.turn_json(turn, data.get("request_key")) if turn else {"type": "done"}
        response: HttpResponse = JsonResponse(told)
    elif turn:
        response = redirect(_address(entrance, token, "conversation", turn.conversation.pk) + "#end")
    else:
        where = _conversation_in(data)
        response = redirect(
            _address(entrance, token, "conversation" if where else "", *([where] if where else []))
        )
    if token:
        _remember_browser(request, response, entrance, in_frame=in_frame)
    return response


def _conversation_in(data: Mapping[str, Any]) -> UUID | None:
    try:
        return UUID(str(data["conversation"]))
    except (KeyError, ValueError):
        return None


act_as_visitor = csrf_exempt(act)
"""A visitor's cookie is SameSite=Lax: another site's form comes without it, as a stranger's. That of a frame is not, so that
`act` asks where the request comes from."""
