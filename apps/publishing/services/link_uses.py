"""Counts the uses and tokens of share links against their limits.

A use is a question that is answered: asked, edited or answered again. Checks and counts happen under the lock of the link's
row, held until the caller's transaction ends: of many questions at the same moment exactly as many pass as the link allows.
Rows are locked in one order: conversation, link, messages, usage total.
"""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.errors import UserError
from apps.core.site_days import beginning_of, site_today
from apps.publishing.entrance import Entrance
from apps.publishing.errors import closed_error
from apps.publishing.models import Message, ShareLink
from apps.workspaces import usage
from apps.workspaces.models import UsageKind


def take_use(entrance: Entrance, *, tokens: int) -> None:
    """Count one use, which may take so many tokens. Raises UserError: the link is closed, or one of its limits is reached."""
    if entrance.link is None:
        return
    link = ShareLink.objects.select_for_update(no_key=True).get(pk=entrance.link.pk)
    # Since the entrance was checked the link may have been closed, and its answers been told to stop.
    reason = entrance.reason_of(link) or ("closed" if link.password != entrance.link.password else "")
    if reason:
        raise closed_error(reason)
    if refusal := refusal_of(link, entrance.visitor_key, tokens=tokens):
        raise refusal
    ShareLink.objects.filter(pk=link.pk).update(
        uses=F("uses") + 1,
        uses_of_day=link.uses_today + 1,
        counted_on=site_today(),
        last_used_at=timezone.now(),
    )


def count_tokens(message_id: str, tokens: int) -> None:
    """Count the tokens of a link's answer, in the transaction that stores its end."""
    ShareLink.objects.filter(conversations__messages__pk=message_id).update(tokens=F("tokens") + tokens)


def lock_link_of(message_id: str) -> None:
    """Keep the link of a message as it is until the transaction ends, where there is one."""
    links = ShareLink.objects.select_for_update(of=("self",), no_key=True)
    links.filter(conversations__messages__pk=message_id).order_by().first()


def refusal_of(link: ShareLink, visitor_key: str, *, tokens: int = 1) -> UserError | None:
    """Why this visitor may not ask through the link now, None where they may. `tokens`: what the answer may take."""
    if link.max_uses is not None and link.uses >= link.max_uses:
        return UserError(_uses_reached(link.max_uses), code="uses_reached")
    if link.token_budget is not None and link.tokens + tokens > link.token_budget:
        message = _("The token budget of this link is used up. Ask the person who shared it for a new link.")
        return UserError(message, code="token_budget_reached")
    if link.token_budget is not None and link.tokens + _promised(link) + tokens > link.token_budget:
        message = _("The answers under way may use up the token budget of this link. Try again in a minute.")
        return UserError(message, code="token_budget_reached", retry_after=60)
    if link.max_uses_per_day is not None and link.uses_today >= link.max_uses_per_day:
        return _refused_today("uses_of_day_reached", _uses_of_day_reached(link.max_uses_per_day))
    most = link.max_uses_per_visitor
    if most is not None and _asked_today(link, visitor_key) >= most:
        return _refused_today("uses_of_visitor_reached", _uses_of_visitor_reached(most))
    return None


def _uses_reached(limit: int) -> str:
    return ngettext(
        "This link is used up: its limit is %(limit)d question. Ask the person who shared it for a new link.",
        "This link is used up: its limit is %(limit)d questions. Ask the person who shared it for a new link.",
        limit,
    ) % {"limit": limit}


def _uses_of_day_reached(limit: int) -> str:
    return ngettext(
        "This link has reached its limit of %(limit)d question for today. Try again tomorrow.",
        "This link has reached its limit of %(limit)d questions for today. Try again tomorrow.",
        limit,
    ) % {"limit": limit}


def _uses_of_visitor_reached(limit: int) -> str:
    return ngettext(
        "You have asked %(limit)d question today, which is the limit of this link. Try again tomorrow.",
        "You have asked %(limit)d questions today, which is the limit of this link. Try again tomorrow.",
        limit,
    ) % {"limit": limit}


def _refused_today(code: str, message: str) -> UserError:
    wait = (usage.period_ends(UsageKind.TOKENS) or timezone.now()) - timezone.now()
    return UserError(message, code=code, retry_after=max(1, int(wait.total_seconds())))


def _promised(link: ShareLink) -> int:
    """What the answers under way may still take."""
    under_way = Message.objects.unanswered().filter(conversation__link=link).values_list("pk", flat=True)
    return usage.promised([f"reply:{pk}" for pk in under_way])


def _asked_today(link: ShareLink, visitor_key: str) -> int:
    today = beginning_of(site_today())
    answers = Message.objects.filter(role=Message.Role.ASSISTANT, created_at__gte=today)
    return answers.filter(conversation__link=link, conversation__visitor_key=visitor_key).count()
