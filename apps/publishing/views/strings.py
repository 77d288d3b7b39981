"""Words that scripts of app pages put on screen, in the reader's language."""

from django.utils.translation import gettext as _


def no_cookies() -> str:
    """For visitors whose browser keeps no cookie: without one nothing says that two requests are theirs."""
    return _(
        "This page needs cookies to keep your conversation. Allow cookies for this site, then reload the page."
    )


def page_strings(*, is_member: bool = False) -> dict[str, str]:
    """What is in braces is filled in by the script. `is_member`: on a page of the studio, not behind a link."""
    closed = _("The person who shared this link closed it.")
    signed_out = _("You are signed out, or you no longer have access. Reload the page.")
    return {
        "sending": _("Sending…"),
        "stalled": _("Sending… The server does not answer yet. Your text is kept."),
        "not_sent": _("Not sent."),
        "kept_version": _("The previous version is kept. Later messages in it: {count}."),
        "pending": _("In the queue…"),
        "waiting": _("Waiting for a free place…"),
        "waiting_position": _("Waiting: {position} before you…"),
        "loading": _("Waking the model up; the first answer takes a little longer…"),
        "answering": _("Answering…"),
        "engine_down": _("The part that answers is away. It is being tried again; you need not do anything."),
        "stopping": _("Stopping…"),
        "stopped": _("Stopped by you."),
        "length": _("Cut here: this is the longest answer that is allowed."),
        "interrupted": _("Interrupted."),
        "failed": _("No answer."),
        "left_out": _("To make room, the model no longer sees the beginning of this conversation."),
        "offline": _("The connection is gone. It is being tried again; nothing is lost."),
        "closed": signed_out if is_member else closed,
        "no_cookies": no_cookies(),
        "copied": _("Copied"),
        "thanks": _("Thank you."),
        "figures": _("{tokens} tokens in {seconds} s"),
        "answer_ready": _("The answer is complete."),
        "too_long": _("Characters over the limit: {over}"),
        "empty_answer": _("The model answered with nothing."),
    }
