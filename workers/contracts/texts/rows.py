"""Rows that were rejected, and what was noticed about the rows that are learned."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.i18n import ngettext_noop as _n
from workers.contracts.texts import define

define(
    "rows",
    {
        "answers_repeat_questions": _n(
            "{equal:,} answer is the same as its question. A model trained on such rows repeats its input. Remove the row, or check the columns.",
            "{equal:,} answers are the same as their questions. A model trained on such rows repeats its input. Remove these rows, or check the columns.",
            "equal",
        ),
        "bad_set_aside": _n(
            "{rows:,} row is marked as bad and was rejected.",
            "{rows:,} rows are marked as bad and were rejected.",
            "rows",
        ),
        "cell_empty": _("The {role} (column “{column}”) is empty"),
        "cell_spreadsheet_error": _("The {role} (column “{column}”) is a spreadsheet error, not text"),
        "conflicting_labels": _n(
            "{inputs:,} input occurs with different labels. Keep one label for it.",
            "{inputs:,} inputs occur with different labels. Keep one label for each input.",
            "inputs",
        ),
        "duplicate": _("Duplicate of line {line}"),
        "duplicates_left_out": _("{share:.0%} of the rows were exact duplicates and were skipped."),
        "feedback_unclear": _("The rating (column “{column}”) is neither good nor bad: “{value}”"),
        "few_rows": _n(
            "There is only {rows:,} row: enough to try, but more rows usually give a better model.",
            "There are only {rows:,} rows: enough to try, but more rows usually give a better model.",
            "rows",
        ),
        "group_duplicate": _("Duplicate of another line"),
        "group_lone_label": _("The label occurs in only one row"),
        "group_other": _("Other reasons"),
        "group_several_labels": _("The row has several labels, and only one per row is supported"),
        "label_empty": _("The label (column “{column}”) is empty"),
        "label_nested": _("The label is a nested value, not text"),
        "lone_label": _("The label “{label}” occurs only in this row"),
        "long_rows": _n(
            "{rows:,} row has more than {characters:,} characters and will probably be truncated.",
            "{rows:,} rows have more than {characters:,} characters and will probably be truncated.",
            "rows",
        ),
        "marked_bad": _("The file marks this row as bad"),
        "means_no_label": _("The label “{label}” means that the row has no label"),
        "most_frequent_reason": _(
            "Rejected rows: {rejected:,}. Most frequent reason, in {rows:,} of them: {reason}. "
        ),
        "no_earlier_turns": _("The column “{column}” contains no earlier turns"),
        "no_messages": _("The column “{column}” contains no list of messages"),
        "no_such_column": _("There is no column “{column}” in this data."),
        "no_weight": _("The row has the weight 0 in the file, so it is not used for training"),
        "phase_checking": _("checking rows"),
        "phase_writing": _("writing rows"),
        "role_context": _("context"),
        "role_input": _("input"),
        "role_label": _("label"),
        "rejected_other_prompt": _(
            "The conversation in “{column}” differs from the chosen one before its last answer"
        ),
        "rejected_same": _("The rejected answer (column “{column}”) is the same as the chosen one"),
        "role_messages": _("messages"),
        "role_rejected": _("rejected answer"),
        "role_system_prompt": _("system prompt"),
        "role_target": _("target"),
        "roles_missing": _("{task} needs columns with these roles: {roles}."),
        "same_targets": _("{share:.0%} of the outputs are the same: “{text}”. Check the column."),
        "several_labels": _("The row has several labels ({labels}), and only one per row is supported"),
        "several_labels_set_aside": _n(
            "{rows:,} row has several labels and was rejected. Only one label per row is supported.",
            "{rows:,} rows have several labels and were rejected. Only one label per row is supported.",
            "rows",
        ),
        "small_test_split": _n(
            "The test split has only {rows} row, so its metrics are uncertain.",
            "The test split has only {rows} rows, so its metrics are uncertain.",
            "rows",
        ),
        "test_drawn": _n(
            "“{column}” contains no test rows, so {rows:,} training row was moved to the test split.",
            "“{column}” contains no test rows, so {rows:,} training rows were moved to the test split.",
            "rows",
        ),
        "test_overlaps": _(
            "Test rows with the same input as a training row: {rows:,} of {all_rows:,}. The splits of the file were kept, but test metrics will be too high. Remove these rows from one of the splits."
        ),
        "too_few_inputs": _n(
            "All rows together have only {inputs} different input, which cannot be split into training and test data. Check that the right column is the input.",
            "All rows together have only {inputs} different inputs, which cannot be split into training and test data. Check that the right column is the input.",
            "inputs",
        ),
        "too_few_labels": _(
            "“{column}” needs at least two different labels with two rows each, and has {labels}. Check that the right column is the label."
        ),
        "too_few_rows": _(
            "Usable rows: {rows:,}. At least {least:,} are needed. {rejects}Add rows, or check the roles of the columns."
        ),
        "too_many_labels": _(
            "“{column}” contains {labels:,} different labels, and the limit is {most:,}. If it contains texts rather than labels, choose another task."
        ),
        "two_columns_of_a_role": _(
            "“{column}” and “{other}” both have the role {role}. Keep one, and set the other to “Not used”."
        ),
        "unclear_marks": _n(
            "“{column}” is neither good nor bad in {rows:,} row ({marks}). This row is used for training.",
            "“{column}” is neither good nor bad in {rows:,} rows ({marks}). These rows are used for training.",
            "rows",
        ),
        "uneven_labels": _(
            "The labels are imbalanced. Rows with “{large}”: {most:,}. Rows with “{small}”: {least:,}. Rare labels are predicted less well. Watch macro-F1 rather than accuracy."
        ),
        "unknown_split": _("The split (column “{column}”) is not train, validation or test: “{value}”"),
        "untrained_labels": _(
            "Labels without a training row: {labels}. The model cannot learn them. Add rows."
        ),
        "validation_drawn": _n(
            "“{column}” contains no validation rows, so {rows:,} training row was moved to the validation split.",
            "“{column}” contains no validation rows, so {rows:,} training rows were moved to the validation split.",
            "rows",
        ),
        "validation_overlaps": _(
            "Validation rows with the same input as a training row: {rows:,} of {all_rows:,}. The splits of the file were kept, but validation metrics will be too high, because these rows can be memorized. Remove these rows from one of the splits."
        ),
        "weightless_set_aside": _n(
            "{rows:,} row has the weight 0 in the file and was rejected. Other weights are ignored.",
            "{rows:,} rows have the weight 0 in the file and were rejected. Other weights are ignored.",
            "rows",
        ),
    },
)
