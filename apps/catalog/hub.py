"""The Hugging Face Hub, or the mirror of it in HF_ENDPOINT, as pages ask it: search, and what one repository holds.

Pages ask with httpx, jobs with huggingface_hub: that library has no time limit for a search and tries again for minutes,
while a person waits for the page. Answers are kept for a short time, and the questions of each person are limited.
"""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import UserError
from apps.core.rate_limits import Rate, take
from apps.core.texts import translated
from apps.workspaces.models import Workspace
from apps.workspaces.team.secrets import hub_token
from workers.contracts.families import Family
from workers.contracts.hub_models import (
    CONFIG_NAME,
    config_obstacle,
    context_of,
    family_of,
    files_obstacle,
    is_downloaded,
)
from workers.contracts.texts import Text

QUESTIONS = Rate(90, 60)
"""Of one person: a search asks once for each pause in typing."""
FOUND_AT_ONCE = 24
_KEPT_SECONDS = 120
_TIMEOUT = httpx.Timeout(8, connect=4)
_MOST_SECONDS = 15
_MOST_BYTES = 4 << 20
_USUAL_WAIT = 60
_EXPANDED = ("config", "downloads", "gated", "library_name", "pipeline_tag", "safetensors", "sha", "tags")


@dataclass(frozen=True)
class HubQuery:
    """A search: words of the name, and what narrows it, "" for no limit. `size` is a range as the Hub's API writes it."""

    text: str
    pipeline: str = ""
    size: str = ""
    licence: str = ""
    is_open: bool = False


@dataclass(frozen=True)
class HubModel:
    """A repository as the Hub describes it. None stands for what the Hub does not state.

    `obstacle` says what keeps it from being a base; a search knows only what its short answers tell.
    """

    repo_id: str
    commit: str
    family: Family | None
    obstacle: Text | None
    parameters: int | None
    download_bytes: int | None
    context: int | None
    licence: str
    languages: tuple[str, ...]
    pipeline: str
    library: str
    is_gated: bool
    downloads: int
    model_type: str


class HubError(UserError):
    """The Hub did not answer as it should, or has no such model for this token."""

    def __init__(self, code: str, text: Text, *, retry_after: int | None = None) -> None:
        super().__init__(translated(text), field="location", code=code, retry_after=retry_after)


def search_hub(query: HubQuery, *, actor: User, workspace: Workspace) -> list[HubModel]:
    """The most downloaded models that the query finds. Raises HubError."""
    params: list[tuple[str, str]] = [
        ("search", query.text),
        ("sort", "downloads"),
        ("limit", str(FOUND_AT_ONCE)),
        *(("expand", name) for name in _EXPANDED),
        *([("pipeline_tag", query.pipeline)] if query.pipeline else []),
        *([("num_parameters", query.size)] if query.size else []),
        *([("filter", f"license:{query.licence}")] if query.licence else []),
        *([("gated", "false")] if query.is_open else []),
    ]
    answer = _ask("/api/models", params, actor=actor, workspace=workspace)
    if not isinstance(answer, list):
        raise _not_a_hub()
    return [_model(item, _mapping(item.get("config"))) for item in answer if isinstance(item, dict)]


def describe_model(repo_id: str, revision: str, *, actor: User, workspace: Workspace) -> HubModel:
    """What one commit of a repository holds, with the sizes of its files. `repo_id` and `revision` are checked already.

    Raises HubError.
    """
    asking: dict[str, Any] = {"actor": actor, "workspace": workspace, "name": repo_id, "revision": revision}
    path = f"/api/models/{quote(repo_id)}/revision/{quote(revision, safe='')}"
    item = _ask(path, [("blobs", "true")], **asking)
    if not isinstance(item, dict):
        raise _not_a_hub()
    files = [one for one in item.get("siblings") or [] if isinstance(one, dict) and "rfilename" in one]
    names = [str(one["rfilename"]) for one in files]
    config: Mapping[str, Any] = {}
    commit = str(item.get("sha") or revision)
    if CONFIG_NAME in names:
        config = _mapping(
            _ask(f"/{quote(repo_id)}/resolve/{quote(commit, safe='')}/{CONFIG_NAME}", [], **asking)
        )
    sizes = [_number(one.get("size")) or 0 for one in files if is_downloaded(str(one["rfilename"]))]
    return _model(item, config, names, sum(sizes))


def _model(
    item: Mapping[str, Any],
    config: Mapping[str, Any],
    files: Sequence[str] | None = None,
    download_bytes: int | None = None,
) -> HubModel:
    name = str(item.get("id") or item.get("modelId") or "")
    tags = [str(tag) for tag in item.get("tags") or []]
    obstacle = None if files is None else files_obstacle(name, files, tags)
    # Without its list of files, a repository whose config is not stated either may be a base.
    if obstacle is None and (config or files is not None):
        obstacle = config_obstacle(name, config, tags)
    return HubModel(
        repo_id=name,
        commit=str(item.get("sha") or ""),
        family=family_of(config),
        obstacle=obstacle,
        parameters=_number(_mapping(item.get("safetensors")).get("total")),
        download_bytes=download_bytes,
        context=context_of(config),
        licence=next((tag.removeprefix("license:") for tag in tags if tag.startswith("license:")), ""),
        languages=tuple(tag for tag in tags if len(tag) == 2 and tag.isalpha()),
        pipeline=str(item.get("pipeline_tag") or ""),
        library=str(item.get("library_name") or ""),
        is_gated=bool(item.get("gated")),
        downloads=_number(item.get("downloads")) or 0,
        model_type=str(config.get("model_type") or ""),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: Any) -> int | None:
    return value if type(value) is int and value > 0 else None


def _ask(
    path: str,
    params: list[tuple[str, str]],
    *,
    actor: User,
    workspace: Workspace,
    name: str = "",
    revision: str = "",
) -> Any:
    """The JSON that the Hub answers, or answered a moment ago. `name` and `revision` are for messages. Raises HubError."""
    if settings.HF_HUB_OFFLINE:
        raise HubError("hub_offline", Text("models.hub_offline"))
    token = hub_token(workspace) or settings.HF_TOKEN
    # What one token opens is not for those who ask with another one.
    question = json.dumps([settings.HF_ENDPOINT, path, params, token])
    key = f"hub:{hashlib.sha256(question.encode()).hexdigest()}"
    kept = cache.get(key)
    if kept is not None:
        return kept
    if wait := take(f"hub:{actor.pk}", QUESTIONS):
        message = _("Too many requests to the Hub in a short time. Try again in a minute.")
        raise UserError(message, field="location", code="too_often", retry_after=wait)
    answer = _answer(path, params, token, name, revision)
    cache.set(key, answer, _KEPT_SECONDS)
    return answer


def _answer(path: str, params: list[tuple[str, str]], token: str, name: str, revision: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with (
            httpx.Client(timeout=_TIMEOUT, follow_redirects=True) as client,
            client.stream(
                "GET", settings.HF_ENDPOINT + path, params=tuple(params), headers=headers
            ) as response,
        ):
            body, ends = b"", time.monotonic() + _MOST_SECONDS
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _MOST_BYTES or time.monotonic() > ends:
                    raise _not_a_hub()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise HubError("hub_unreachable", Text("models.hub_silent")) from error
    if not response.is_success:
        raise _refusal(response, name, revision)
    try:
        return json.loads(body)
    except ValueError as error:
        raise _not_a_hub() from error


def _refusal(response: httpx.Response, name: str, revision: str) -> HubError:
    status, code = response.status_code, response.headers.get("X-Error-Code", "")
    if status == 429:
        given = response.headers.get("Retry-After", "")
        wait = int(given) if given.isdigit() else _USUAL_WAIT
        return HubError("hub_busy", Text("models.hub_busy", seconds=wait), retry_after=wait)
    if name and (code == "GatedRepo" or status == 403):
        return HubError("hub_gated", Text("models.hub_gated", name=name))
    if name and (status in (401, 404) or code in ("RepoNotFound", "RevisionNotFound")):
        return HubError("hub_not_found", Text("models.hub_not_found", name=name, revision=revision))
    return HubError("hub_unreachable", Text("models.hub_silent")) if status >= 500 else _not_a_hub()


def _not_a_hub() -> HubError:
    return HubError("hub_not_a_hub", Text("models.hub_not_a_hub"))
