"""Evaluations, baselines and comparisons."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.texts import define

define(
    "evaluation",
    {
        "baseline_nearest": _("the answer of the nearest training row by TF-IDF"),
        "baseline_nearest_of_drawn": _(
            "the answer of the nearest of {rows:,} training rows, drawn from {all_rows:,}, by TF-IDF"
        ),
        "baseline_regression": _("TF-IDF and logistic regression on {rows:,} training rows"),
        "baseline_regression_on_drawn": _(
            "TF-IDF and logistic regression on {rows:,} training rows, drawn from {all_rows:,}"
        ),
        "baseline_with_byte_frequencies": _(
            "{how}; bits per byte: the byte frequencies of the training answers"
        ),
        "different_rows": _(
            "“{label}” was evaluated on other rows than “{other}”: they come from different test sets. Evaluate both on the same data version and split, with the same number of rows."
        ),
        "empty_outputs": _("{empty} of {total} outputs are empty."),
        "few_rows": _("Few rows were scored ({total}): the intervals are rough, and likely too narrow."),
        "inputs_cut": _("{cut} of {total} inputs were longer than the model reads and were cut."),
        "labels_never_predicted": _("Labels never given: {labels}."),
        "labels_never_predicted_and_more": _("Labels never given: {labels} and {more} more."),
        "no_common_metric": _("These evaluations have no metric in common. Evaluate them again."),
        "no_rows_in_split": _(
            "This data version has no {split} rows. Import more rows, or make a version with a larger {split} share."
        ),
        "outputs_cut": _("{cut} of {total} outputs were cut at the limit of {limit} tokens."),
        "phase_answering": _("answering the rows"),
        "phase_comparing": _("comparing the answers"),
        "phase_loading_model": _("loading the model"),
        "phase_metrics": _("computing the metrics"),
        "phase_reading": _("reading the answers"),
        "phase_scoring": _("scoring the references"),
        "phase_writing": _("writing the comparison"),
        "references_cut": _("{cut} of {rows} references were longer than the context and scored in part."),
        "row_exceeds_memory": _(
            "One row of {tokens} tokens does not fit into memory. Free memory on this machine, or evaluate a smaller model."
        ),
        "rows_were_trained_on": _(
            "{seen} of {rows} rows were training rows of this model, so its figures are too good. Evaluate it on rows that it never saw."
        ),
        "split_test": _("test"),
        "split_train": _("training"),
        "split_validation": _("validation"),
        "task_does_not_fit": _(
            "A {family} model cannot be evaluated on {task} data. Choose data of the kind it was trained on."
        ),
        "unknown_labels": _(
            "{unknown} of {rows} rows have a label that this model never learned; they count as wrong."
        ),
    },
)
