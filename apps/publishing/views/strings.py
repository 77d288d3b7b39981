"""Words that scripts of app pages put on screen, in the reader's language."""

from django.utils.translation import gettext as _


def no_cookies() -> str:
    """For visitors whose browser keeps no cookie: without one nothing says that two requests are theirs."""
    return _(
        "This page needs cookies to keep your conversation. Allow cookies for this site, then reload the page."
    )


def page_strings(*, is_member: bool = False) -> dict[str, str]:
    """What is in braces is filled in by the script. `is_member`: on a page of the studio, not behind a link."""
    closed = _("The person who shared this link has closed it. Ask for a new link.")
    signed_out = _("You are signed out, or you no longer have access. Reload the page.")
    return {
        "sending": _("Sending…"),
        "stalled": _("Sending… The server is not responding yet. Your text is kept."),
        "not_sent": _("Not sent."),
        "kept_version": _("The previous version is kept. Later messages in it: {count}."),
        "pending": _("In the queue…"),
        "waiting": _("Waiting for a free slot…"),
        "waiting_position": _("Waiting: {position} ahead of you…"),
        "loading": _("Loading the model. The first answer takes a little longer…"),
        "answering": _("Answering…"),
        "engine_down": _(
            "The model server is unavailable. The app retries by itself. You do not need to do anything."
        ),
        "stopping": _("Stopping…"),
        "stopped": _("Stopped by you."),
        "length": _("The answer was cut here because it reached the maximum length."),
        "interrupted": _("Interrupted."),
        "failed": _("No answer."),
        "left_out": _("The conversation is long, so the model no longer sees its beginning."),
        "offline": _("The connection was lost. The page is reconnecting, and nothing is lost."),
        "closed": signed_out if is_member else closed,
        "no_cookies": no_cookies(),
        "copied": _("Copied"),
        "thanks": _("Thank you."),
        "figures": _("{tokens} tokens in {seconds} s"),
        "answer_ready": _("The answer is complete."),
        "too_long": _("Characters over the limit: {over}"),
        "empty_answer": _("The model returned an empty answer."),
    }
