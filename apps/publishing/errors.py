"""Why an answer did not come, or a link does not open, in words. What is stored and streamed is the code and its numbers."""

from typing import Any

from django.utils.translation import gettext as _

from apps.core.errors import UserError


def error_text(error: dict[str, Any] | None) -> str:
    """The sentence that a visitor reads; empty when there is no error."""
    if not error:
        return ""
    code = error.get("code")
    if code == "context_length_exceeded" and error.get("limit"):
        return _(
            "This text is too long: it has %(tokens)s tokens, and the model reads at most %(limit)s. "
            "Shorten it by about %(percent)s %% and send it again."
        ) % {
            "tokens": error["tokens"],
            "limit": error["limit"],
            "percent": min(99, max(1, -(-100 * (error["tokens"] - error["limit"]) // error["tokens"]))),
        }
    words = {
        "context_length_exceeded": _(
            "This text is longer than the model can read. Shorten it and send it again."
        ),
        "engine_unreachable": _("The model server is not running. Try again in a few minutes."),
        "queue_full": _("Too many people are using this app at the moment. Try again in a minute."),
        "out_of_memory": _("The server has too little memory for this model at the moment. Try again later."),
        "model_not_found": _(
            "The model of this app was deleted. The owner of the app must publish it again."
        ),
        "interrupted": _("The answer was interrupted and could not be continued."),
        "unsupported": _("This model cannot answer this kind of request."),
    }
    return words.get(str(code)) or _("The model failed on this request. Try again, or change the text.")


def closed_text(reason: str) -> str:
    """What a visitor reads where a link does not open. `reason` is a ShareLink.closed_because, or members_only."""
    words = {
        "expired": _("This link has expired. Ask the person who shared it for a new link."),
        "paused": _("This link is paused. Try again later, or ask the person who shared it."),
        "members_only": _(
            "This link is for members of the workspace. Sign in with the account that is a member, then open the link again."
        ),
        "not_shown_here": _("The sites that may show this app have changed. Reload the page."),
    }
    return words.get(reason) or _("The person who shared this link has closed it. Ask for a new link.")


def closed_error(reason: str) -> UserError:
    return UserError(closed_text(reason), code=reason)
