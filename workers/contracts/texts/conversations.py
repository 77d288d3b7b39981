"""Turns and conversations."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.texts import define

define(
    "conversations",
    {
        "assistant_turn_empty": _("An assistant turn is empty"),
        "calls_tool": _("A turn contains a tool call, which is not supported yet"),
        "conversation_empty": _("The conversation is empty"),
        "ending_left_out": _("Turns after the last answer are not used for training."),
        "every_answer_marked_bad": _(
            "Every answer is marked in the file as bad or as excluded from training"
        ),
        "greeting_left_out": _("A greeting before the first question is not used for training."),
        "late_system_message": _(
            "A system message in the middle of a conversation is merged into the adjacent user turn."
        ),
        "marked_answers_not_learned": _(
            "Answers that the file marks as bad or as excluded from training are used as context only."
        ),
        "no_answer": _("The conversation contains no assistant answer"),
        "no_question": _("No question comes before the answer"),
        "rated_by_numbers": _(
            "“{name}” contains numeric ratings of turns. All rated answers are used for training."
        ),
        "reasoning_left_out": _("Reasoning is skipped. Only the answers are used for training."),
        "refusals_learned": _("The assistant's refusals are used for training as well."),
        "role_assistant": _("assistant"),
        "role_system": _("system"),
        "role_user": _("user"),
        "speakers_me_and_you": _(
            "The speakers are called “me” and “you”. The first speaker of a conversation is treated as the user, the other as the assistant."
        ),
        "speakers_numbered": _(
            "The speakers are numbered. The first speaker of a conversation is treated as the user, the other as the assistant."
        ),
        "system_answers": _("In this file the system answers the user, so it is treated as the assistant."),
        "turn_empty": _("A turn of the {role} is empty"),
        "turn_not_text": _("A turn contains “{kind}”, which is not text"),
        "unknown_role": _("The role “{name}” is not supported. Use system, user or assistant"),
    },
)
