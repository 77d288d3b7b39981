"""Turns and conversations."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.texts import define

define(
    "conversations",
    {
        "assistant_turn_empty": _("A turn of the assistant is empty"),
        "calls_tool": _("A turn calls a tool, which is not learned yet"),
        "conversation_empty": _("The conversation is empty"),
        "ending_left_out": _("What comes after the last answer is left out."),
        "every_answer_marked_bad": _("The file marks every answer as bad or as not to be learned"),
        "greeting_left_out": _("A greeting before the first question is left out."),
        "late_system_message": _(
            "A system message in the middle is read as part of the user's turn beside it."
        ),
        "marked_answers_not_learned": _(
            "Answers that the file marks as bad or as not to be learned are read, and not learned."
        ),
        "no_answer": _("The conversation holds no answer of the assistant"),
        "no_question": _("No question comes before the answer"),
        "rated_by_numbers": _("Turns are rated by numbers in “{name}”. All rated answers are learned."),
        "reasoning_left_out": _("Reasoning is left out; the answers are learned."),
        "refusals_learned": _("The assistant's refusals are learned as its answers."),
        "role_assistant": _("assistant"),
        "role_system": _("system"),
        "role_user": _("user"),
        "speakers_me_and_you": _(
            "The speakers are called “me” and “you”: the first one in a conversation is read as the user, the other as the assistant."
        ),
        "speakers_numbered": _(
            "The speakers are numbered: the first one in a conversation is read as the user, the other as the assistant."
        ),
        "system_answers": _("The system answers the user in this file, so it is read as the assistant."),
        "turn_empty": _("A turn of the {role} is empty"),
        "turn_not_text": _("A turn holds “{kind}”, which is not text"),
        "unknown_role": _("A turn is by “{name}”; only system, user and assistant can be learned from"),
    },
)
