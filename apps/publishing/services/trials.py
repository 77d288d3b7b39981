"""Trying models by hand before anything is published. No row remembers a trial: its token log expires."""

from __future__ import annotations

import time
from uuid import uuid4

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.catalog.models import ModelVersion
from apps.core.errors import UserError
from apps.publishing import limits
from apps.publishing.connections import sync_redis
from apps.publishing.defaults import kind_of
from apps.publishing.prompts import seed_of
from apps.publishing.reply_queue import ReplyRequest, send_request, send_stop
from apps.workspaces import access, usage
from apps.workspaces.access import Action
from apps.workspaces.models import UsageKind
from workers.contracts.engine import Sampling
from workers.contracts.families import Family
from workers.contracts.model_folder import PromptMessage

_KEEP_SECONDS = 3600


def start_trial(*, actor: User, model: ModelVersion, text: str) -> str:
    """Ask `model` once, greedily, as it is evaluated; return the reply's id. Only `actor` may follow or stop it."""
    access.require(actor, model.workspace, Action.VIEW)
    if not model.is_ready:
        raise UserError(_("The files of this model do not exist yet."), code="not_found")
    if not text.strip():
        raise UserError(_("Enter a text first."), code="empty")
    if len(text) > limits.MOST_CHARACTERS:
        raise UserError(
            _("This text is too long. Shorten it to at most %(limit)s characters.")
            % {"limit": limits.MOST_CHARACTERS},
            code="too_long",
        )
    reply = uuid4()
    kind = kind_of(model)
    most_tokens = kind.longest_answer(kind.new_settings(model.context_length))
    usage.reserve(
        workspace=model.workspace,
        kind=UsageKind.TOKENS,
        amount=usage.guess_tokens(text) + most_tokens,
        key=f"reply:{reply}",
        source=model,
    )
    sync_redis().set(f"trial:{reply}", f"{actor.pk} {model.pk}", ex=_KEEP_SECONDS)
    send_request(
        ReplyRequest(
            reply=str(reply),
            model=model.storage_key,
            family=Family(model.family),
            messages=[PromptMessage(role="user", content=text)],
            sampling=Sampling(max_tokens=most_tokens or None, temperature=0, seed=seed_of(reply)),
            kept=False,
            asked_at=time.time(),
        ),
        workspace_id=model.workspace_id,
    )
    return str(reply)


def may_follow(*, actor: User, reply: str) -> bool:
    """Whether it is their own trial, of a model that they still may see."""
    asker, _space, model = (sync_redis().get(f"trial:{reply}") or "").partition(" ")
    return asker == str(actor.pk) and may_see(actor=actor, model_id=model)


def may_see(*, actor: User, model_id: str) -> bool:
    return ModelVersion.objects.visible_to(actor).filter(pk=model_id).exists()


def stop_trial(*, actor: User, reply: str) -> None:
    if may_follow(actor=actor, reply=reply):
        send_stop(reply)
