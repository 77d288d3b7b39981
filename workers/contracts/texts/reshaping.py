"""How a file's layout was changed before its rows were read."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.texts import define

define(
    "reshaping",
    {
        "best_reply_kept": _(
            "{turns:,} turns were left out because another reply to the same turn is kept: the best one by “{column}”, with what follows it."
        ),
        "fasttext_labels": _("Labels written as fastText does (__label__…) became a column of their own."),
        "filled_down": _(
            "“{column}” is filled only in the first row of each group. The rows below got the same value."
        ),
        "first_reply_kept": _(
            "{turns:,} turns were left out because another reply to the same turn is kept: the first one, with what follows it."
        ),
        "flags_became_label": _(
            "Exactly one of {columns} is 1 in each row, so they became the column “{label}”."
        ),
        "label_at_beginning": _("The label at the beginning of each line became a column of its own."),
        "label_mark_left_out": _("The mark __label__ was left out of the labels in “{column}”."),
        "label_merged": _("{spellings} were read as one label, “{label}” ({rows:,} rows)."),
        "labels_merged": _(
            "{labels:,} labels were written in several ways and read as one each, such as {spellings} as “{label}”."
        ),
        "languages_in_columns": _(
            "Questions and answers stand in {languages:,} languages in columns of their own ({columns}). Each language became a row of its own."
        ),
        "long_conversations": _(
            "Conversations are followed for {most:,} turns. The {turns:,} turns after these are left out."
        ),
        "mask_followed": _(
            "“{column}” says which answers of a conversation are learned; the others are read, and not learned."
        ),
        "no_conversation_begins": _(
            "Each row of this file holds one turn, but no conversation begins in it. Check “{column}”, then upload the file again."
        ),
        "one_hot_lists": _(
            "“{column}” holds lists of zeros and ones. The position of each 1 became the label, counted from 0."
        ),
        "question_and_answer_lines": _("Each question line and its answer lines became one row."),
        "several_answers": _(
            "“{column}” holds several answers to one question. The best-rated answer is learned, or the first one if there are no ratings."
        ),
        "speakers_in_text": _("“{column}” marks who speaks in its text, so it was read as conversations."),
        "turn_marks_left_out": _(
            "The marks of turns in “{first}” and “{second}” were left out of the texts."
        ),
        "turns_in_columns": _(
            "Each row holds the turns of one conversation in columns ({columns}). They became the column “messages”."
        ),
        "turns_in_order": _("The turns of each conversation are in the order of “{column}”."),
        "turns_joined": _(
            "Each row holds one turn. {turns:,} rows were joined into {conversations:,} conversations; each begins with a question after an answer."
        ),
        "turns_joined_by": _(
            "Each row holds one turn. {turns:,} rows were joined into {conversations:,} conversations by “{column}”."
        ),
        "turns_marked": _("“{column}” says whether a turn is good; answers marked as bad are not learned."),
        "varying_columns": _("Columns that differ within a conversation are left out: {columns}."),
    },
)
