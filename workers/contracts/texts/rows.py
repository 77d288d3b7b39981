"""Rows that were rejected, and what was noticed about the rows that are learned."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.texts import define

define(
    "rows",
    {
        "answers_repeat_questions": _(
            "{equal:,} answers equal their question: from these a model learns to repeat what it is given. Remove them, or check the columns."
        ),
        "bad_set_aside": _("{rows:,} rows are marked as bad and were set aside."),
        "cell_empty": _("The {role} (column “{column}”) is empty"),
        "cell_spreadsheet_error": _("The {role} (column “{column}”) is a spreadsheet error, not a text"),
        "conflicting_labels": _(
            "{inputs:,} inputs occur with different labels. Decide on one each for a better model."
        ),
        "duplicate": _("Same as line {line}"),
        "duplicates_left_out": _("{share:.0%} of the rows were exact copies of others and were left out."),
        "few_rows": _("Only {rows:,} rows: enough to try, but more rows usually give a better model."),
        "group_duplicate": _("Same as another line"),
        "group_lone_label": _("The label occurs in one row only"),
        "group_other": _("Other reasons"),
        "group_several_labels": _("The row has several labels; only one per row can be learned"),
        "label_empty": _("The label (column “{column}”) is empty"),
        "label_nested": _("The label is a nested value, not a text"),
        "lone_label": _("The label “{label}” occurs in this row only"),
        "long_rows": _("{rows:,} rows have more than {characters:,} characters and will probably be cut."),
        "marked_bad": _("The file marks this row as bad"),
        "means_no_label": _("The label “{label}” means that the row has no label"),
        "most_frequent_reason": _(
            "{rejected:,} were rejected, most often for this reason: {reason} ({rows:,} rows). "
        ),
        "no_earlier_turns": _("Column “{column}” holds no earlier turns"),
        "no_messages": _("Column “{column}” holds no list of messages"),
        "no_such_column": _("There is no column “{column}” in this data."),
        "no_weight": _("The file gives this row no weight, so it is not learned"),
        "phase_checking": _("checking rows"),
        "phase_writing": _("writing rows"),
        "role_context": _("context"),
        "role_input": _("input"),
        "role_label": _("label"),
        "role_messages": _("messages"),
        "role_system_prompt": _("system prompt"),
        "role_target": _("target"),
        "roles_missing": _("{task} needs columns marked as {roles}."),
        "same_targets": _("{share:.0%} of the targets are the same: “{text}”. Check the column."),
        "several_labels": _("The row has several labels ({labels}); only one per row can be learned"),
        "several_labels_set_aside": _(
            "{rows:,} rows have several labels and were set aside; only one per row can be learned."
        ),
        "small_test_split": _("The test split has only {rows} rows, so its scores will be uncertain."),
        "test_drawn": _("“{column}” names no test rows, so {rows:,} training rows became test rows."),
        "test_overlaps": _(
            "{rows:,} of {all_rows:,} test rows have the same input as a training row. The file says so and is followed, but test scores are too high. Remove these rows from one of the splits."
        ),
        "too_few_inputs": _(
            "All rows together have only {inputs} different inputs, which cannot be split into training and test data. Check that the right column is marked as input."
        ),
        "too_few_labels": _(
            "“{column}” must hold at least two different labels with two rows each; it holds {labels}. Check that the right column is marked as label."
        ),
        "too_few_rows": _(
            "{rows:,} usable rows are left, and at least {least:,} are needed. {rejects}Add rows, or check that the right columns are marked."
        ),
        "too_many_labels": _(
            "“{column}” holds {labels:,} different labels; at most {most:,} can be learned. If it holds texts rather than labels, choose another task."
        ),
        "two_columns_of_a_role": _(
            "“{column}” and “{other}” are both marked as {role}. Mark one, and ignore the other."
        ),
        "unclear_marks": _(
            "“{column}” says neither good nor bad of {rows:,} rows ({marks}). These rows are learned."
        ),
        "uneven_labels": _(
            "The labels are uneven: “{large}” has {most:,} rows, “{small}” {least:,}. Rare labels are learned less well; watch macro-F1 rather than accuracy."
        ),
        "unknown_split": _("The split (column “{column}”) is none of train, validation and test: “{value}”"),
        "untrained_labels": _(
            "No training row has the label {labels}, so it cannot be learned. Add rows with it."
        ),
        "validation_drawn": _(
            "“{column}” names no validation rows, so {rows:,} training rows became validation rows."
        ),
        "validation_overlaps": _(
            "{rows:,} of {all_rows:,} validation rows have the same input as a training row. The file says so and is followed, but training cannot tell learning from memorizing on them."
        ),
        "weightless_set_aside": _(
            "{rows:,} rows have the weight 0 in the file and were set aside. Other weights are not followed."
        ),
    },
)
