"""How a file's layout was changed before its rows were read."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.i18n import ngettext_noop as _n
from workers.contracts.texts import define

define(
    "reshaping",
    {
        "best_reply_kept": _n(
            "{turns:,} turn was skipped because another reply to the same turn is kept: the best one by “{column}”, with the turns after it.",
            "{turns:,} turns were skipped because another reply to the same turn is kept: the best one by “{column}”, with the turns after it.",
            "turns",
        ),
        "compared_answers": _(
            "“{winner}” marks the better one of “{first}” and “{second}”. They became the columns “chosen” and “rejected”, which are empty where no answer is better."
        ),
        "fasttext_labels": _("Labels in the fastText format (__label__…) became a separate column."),
        "filled_down": _(
            "“{column}” is filled only in the first row of each group. Its value was copied to the rows below."
        ),
        "first_reply_kept": _n(
            "{turns:,} turn was skipped because another reply to the same turn is kept: the first one, with the turns after it.",
            "{turns:,} turns were skipped because another reply to the same turn is kept: the first one, with the turns after it.",
            "turns",
        ),
        "flags_became_label": _(
            "Exactly one of {columns} is 1 in each row, so they became the column “{label}”."
        ),
        "label_at_beginning": _("The label at the beginning of each line became a separate column."),
        "label_mark_left_out": _("The prefix __label__ was removed from the labels in “{column}”."),
        "label_merged": _n(
            "{spellings} were merged into one label, “{label}” ({rows:,} row).",
            "{spellings} were merged into one label, “{label}” ({rows:,} rows).",
            "rows",
        ),
        "labels_merged": _(
            "{labels:,} labels were spelled in several ways, and the spellings of each were merged, such as {spellings} into “{label}”."
        ),
        "languages_in_columns": _(
            "The questions and answers are in {languages:,} languages, in separate columns ({columns}). Each language became a separate row."
        ),
        "long_conversations": _n(
            "Conversations are limited to {most:,} turns. {turns:,} turn after the limit was skipped.",
            "Conversations are limited to {most:,} turns. {turns:,} turns after the limit were skipped.",
            "turns",
        ),
        "mask_followed": _(
            "“{column}” marks the answers of a conversation to train on. The other answers are used as context only."
        ),
        "no_conversation_begins": _(
            "Each row of this file contains one turn, but no conversation begins in it. Check “{column}”, then upload the file again."
        ),
        "one_hot_lists": _(
            "“{column}” contains lists of zeros and ones. The position of each 1 became the label, counted from 0."
        ),
        "question_and_answer_lines": _("Each question line and its answer lines became one row."),
        "several_answers": _(
            "“{column}” contains several answers to one question. The best-rated answer is used for training, or the first one if there are no ratings."
        ),
        "speakers_in_text": _("“{column}” marks the speakers in its text, so it was read as conversations."),
        "turn_marks_left_out": _("The turn markers in “{first}” and “{second}” were removed from the texts."),
        "turns_in_columns": _(
            "Each row contains the turns of one conversation in separate columns ({columns}). They became the column “messages”."
        ),
        "turns_in_order": _("The turns of each conversation are in the order of “{column}”."),
        "turns_joined": _n(
            "Each row contains one turn. {turns:,} rows were joined into {conversations:,} conversation. A question after an answer begins a new one.",
            "Each row contains one turn. {turns:,} rows were joined into {conversations:,} conversations. A question after an answer begins a new one.",
            "conversations",
        ),
        "turns_joined_by": _n(
            "Each row contains one turn. {turns:,} rows were joined into {conversations:,} conversation by “{column}”.",
            "Each row contains one turn. {turns:,} rows were joined into {conversations:,} conversations by “{column}”.",
            "conversations",
        ),
        "turns_marked": _("“{column}” marks turns as good or bad. Bad answers are not used for training."),
        "varying_columns": _("Columns that differ within a conversation were skipped: {columns}."),
    },
)
