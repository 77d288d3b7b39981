"""Evaluations, baselines and comparisons."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.i18n import ngettext_noop as _n
from workers.contracts.texts import define

define(
    "evaluation",
    {
        "baseline_copy": _("the input as it is"),
        "baseline_lead": _("the first {count} sentences of the input"),
        "baseline_majority": _("always “{label}”, the label of {rows:,} of {all_rows:,} training rows"),
        "baseline_nearest": _("the answer of the nearest training row (TF-IDF)"),
        "baseline_nearest_of_drawn": _(
            "the answer of the nearest training row (TF-IDF), with {rows:,} rows sampled from {all_rows:,}"
        ),
        "baseline_regression": _("TF-IDF and logistic regression on {rows:,} training rows"),
        "baseline_regression_on_drawn": _(
            "TF-IDF and logistic regression on {rows:,} training rows, sampled from {all_rows:,}"
        ),
        "baseline_with_byte_frequencies": _(
            "{how}; bits per byte: the byte frequencies of the training answers"
        ),
        "different_rows": _(
            "“{label}” and “{other}” were evaluated on different test sets. Evaluate both on the same data version and split, with the same number of rows."
        ),
        "empty_outputs": _("Empty outputs: {empty} of {total}."),
        "few_rows": _n(
            "Only {total} row was scored. The confidence intervals are rough, and probably too narrow.",
            "Only {total} rows were scored. The confidence intervals are rough, and probably too narrow.",
            "total",
        ),
        "inputs_cut": _("Inputs truncated to the model's context: {cut} of {total}."),
        "labels_never_predicted": _("Labels that were never predicted: {labels}."),
        "labels_never_predicted_and_more": _("Labels that were never predicted: {labels} and {more} more."),
        "no_common_metric": _("These evaluations have no metric in common. Evaluate them again."),
        "no_rows_in_split": _(
            "This data version has no {split} rows. Import more rows, or create a version with a larger {split} share."
        ),
        "outputs_cut": _("Outputs truncated at the limit of {limit} tokens: {cut} of {total}."),
        "phase_answering": _("generating outputs"),
        "phase_comparing": _("comparing outputs"),
        "phase_loading_model": _("loading the model"),
        "phase_metrics": _("computing the metrics"),
        "phase_reading": _("reading outputs"),
        "phase_scoring": _("scoring the references"),
        "phase_writing": _("writing the comparison"),
        "references_cut": _("References longer than the context, scored only in part: {cut} of {rows}."),
        "row_exceeds_memory": _(
            "A row of {tokens} tokens does not fit into memory. Free memory on this machine, or evaluate a smaller model."
        ),
        "rows_were_trained_on": _(
            "Evaluated rows that this model was trained on: {seen} of {rows}. The metrics are too optimistic. Evaluate the model on rows that were not used for its training."
        ),
        "split_test": _("test"),
        "split_train": _("training"),
        "split_validation": _("validation"),
        "task_does_not_fit": _(
            "This is {family}, which cannot be evaluated on {task} data. Choose data of the task that the model was trained for."
        ),
        "unknown_labels": _(
            "Rows whose label the model was not trained on: {unknown} of {rows}. They count as errors."
        ),
    },
)
