"""Words that scripts of app pages put on screen, in the reader's language."""

from django.utils.translation import gettext as _


def page_strings() -> dict[str, str]:
    """What is in braces is filled in by the script."""
    return {
        "sending": _("Sending…"),
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
        "closed": _("This link was closed by whoever shared it."),
        "copied": _("Copied"),
        "thanks": _("Thank you."),
        "figures": _("{tokens} tokens in {seconds} s"),
        "answer_ready": _("The answer is complete."),
        "too_long": _("{over} characters too long"),
        "empty_answer": _("The model answered with nothing."),
    }
