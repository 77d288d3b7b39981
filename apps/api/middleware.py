"""What programs are told outside of views: an id for each request, and where the API is when they miss it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from apps.api.openai.errors import ApiError

_API = ("/v1/", "/api/")
_OF_OPENAI = (
    *(
        "assistants",
        "audio",
        "batches",
        "chat",
        "completions",
        "containers",
        "conversations",
        "embeddings",
        "evals",
    ),
    *(
        "files",
        "fine_tuning",
        "images",
        "messages",
        "models",
        "moderations",
        "rerank",
        "responses",
        "threads",
    ),
    *("uploads", "vector_stores", "videos"),
)
"""What OpenAI has under /v1."""
_WITH_A_SLASH = re.compile(r"/v1/(chat/completions|completions|models|models/[^/]+)/")
"""What is offered, but for the slash."""
UNKNOWN_URL = "unknown_url"
"""OpenAI's code for an address at which there is nothing."""
_PAGES = ("models",)
"""Of these, what the site has pages at, which browsers open without a key."""


class ProgramsMiddleware:
    """Stands above what redirects and what asks for a session or a token of a form."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        missed = _misses_v1(request)
        if not missed and not is_of_api(request.path):
            return self.get_response(request)
        response = _where_v1_is(request) if missed else self.get_response(request)
        response.headers.setdefault("x-request-id", f"req_{uuid.uuid4().hex}")
        return response


def is_of_api(path: str) -> bool:
    """Whether what answers at `path` speaks to programs, an error about a missing address included."""
    return f"{path}/".startswith(_API)


def _misses_v1(request: HttpRequest) -> bool:
    """Whether a program asks at the root for what lies under /v1."""
    first, _slash, rest = request.path.lstrip("/").partition("/")
    if first == "chat":
        return rest.startswith("completions")
    if first not in _OF_OPENAI:
        return False
    return first not in _PAGES or "Authorization" in request.headers


def _where_v1_is(request: HttpRequest) -> HttpResponse:
    base = f"{request.scheme}://{request.get_host()}/v1"
    message = _("There is nothing at %(path)s. The base_url of this API ends with /v1: %(base)s") % {
        "path": request.path,
        "base": base,
    }
    return ApiError(404, UNKNOWN_URL, message).response()


def not_offered(path: str) -> str:
    """What is said about an address under /v1 where there is nothing."""
    first = path.removeprefix("/v1/").partition("/")[0]
    if _WITH_A_SLASH.fullmatch(path):
        message = _("There is nothing at %(path)s. Leave out the slash at its end.")
    elif first == "v1":
        message = _("There is nothing at %(path)s. The base_url of this API ends with /v1, once.")
    elif first in _OF_OPENAI:
        message = _("This server does not offer %(path)s. It offers %(offered)s.")
    else:
        message = _("There is nothing at %(path)s. This server offers %(offered)s.")
    return message % {
        "path": path,
        "offered": "POST /v1/chat/completions, POST /v1/completions, GET /v1/models",
    }
