"""Pre-flight checks and runs."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.texts import define

define(
    "training",
    {
        "advice_longest_row": _("Raise the longest row."),
        "advice_lora": _("LoRA needs less."),
        "advice_shorten_rows": _("Shorten these rows' inputs or fill in their answers."),
        "answers_repeat_questions": _(
            "In {count} of {rows} rows the answer repeats the question. Check which column is which."
        ),
        "base_gone": _("The model to start from is no longer there. Choose another."),
        "best_by_accuracy": _("most validation rows right, {accuracy:.1%}"),
        "best_by_loss": _("the lowest validation loss, {loss:.4f}"),
        "checkpoint_damaged": _(
            "The checkpoint does not fit this run, or is damaged. Start the run again from the beginning."
        ),
        "disk_too_small": _(
            "The run needs about {needed:.1f} GB of disk and {free:.1f} GB are free. Delete data or models that are no longer needed."
        ),
        "diverged": _(
            "The loss grew beyond all bounds: the learning rate is too high for this model and data."
        ),
        "files_gone": _("The model's files are no longer there."),
        "fix_learning_rate": _("Train with learning rate {rate:g}"),
        "how_lora": _("small adapters (LoRA), merged afterwards"),
        "how_whole": _("all weights"),
        "log_ended": _("Ended at step {step} of {steps}, because {why}."),
        "log_going_on": _("Going on from step {step} of {steps}."),
        "log_plan": _(
            "{steps} steps of {batch_rows} rows, {weights:,} trained weights, rows {how}, {precision} on {device}."
        ),
        "log_rows_left_out": _("{count} of {rows} rows were left out: nothing can be learned from them."),
        "lora_unknown_architecture": _("LoRA does not know this kind of model. Train all its weights."),
        "memory_too_small": _(
            "Training needs about {needed:.1f} GB of memory and {free:.1f} GB are free. {advice}"
        ),
        "no_learnable_row": _(
            "No row has anything to learn: every answer is cut off or empty. Raise the longest row, or check the columns."
        ),
        "no_such_layers": _("This model has no layers named {targets}. It has: {known}."),
        "no_training_rows": _("There are no training rows. Add rows to the dataset."),
        "no_validation_rows": _(
            "There are no validation rows: early stopping and keeping the best model have nothing to go by."
        ),
        "note_continued": _("This continues an earlier run from its step {step:,}."),
        "note_random_weights": _(
            "Training began from random weights: everything this model knows comes from the training rows."
        ),
        "note_trained": _(
            "Trained on {rows:,} rows for {epoch:.1f} epochs ({steps:,} steps), {how}; it ended because {why}."
        ),
        "note_weights_of_step": _("These are the weights of step {step:,}, which had {how_good}."),
        "nothing_learnable": _(
            "None of the {rows} rows has anything to learn: their answers are empty or cut off. {advice}"
        ),
        "one_step_per_epoch": _(
            "One step reads {batch_rows} rows, and there are only {rows}: each epoch is a single step. Choose fewer rows per step."
        ),
        "objective_unfit": _(
            "The objective “{objective}” does not fit this base and this data. Choose another objective or another base."
        ),
        "order_by_length": _("grouped by length"),
        "order_padded": _("padded"),
        "order_packed": _("packed, each seeing itself alone"),
        "out_of_memory": _("The machine ran out of memory while training. {advice}"),
        "phase_counting": _("counting tokens"),
        "phase_encoding": _("encoding rows"),
        "phase_loading_data": _("loading data"),
        "phase_loading_model": _("loading model"),
        "phase_opening": _("opening the model"),
        "phase_packing": _("packing the files"),
        "phase_reading": _("reading rows"),
        "phase_timing": _("timing the steps"),
        "rate_high": _(
            "The learning rate {rate:g} is {times:.0f} times the usual one for this base ({usual:g}). Training may diverge."
        ),
        "rate_low": _(
            "The learning rate {rate:g} is {times:.0f} times smaller than the usual one for this base ({usual:g}). The model may learn too little."
        ),
        "rows_cut": _("{cut} of {rows} rows are longer than {tokens} tokens and will lose their end."),
        "rows_unlearnable": _(
            "{count} of {rows} rows are left out: their answers are empty or cut off, so nothing can be learned from them. {advice}"
        ),
        "rows_unreadable": _("The dataset's rows could not be read. Import the data again."),
        "template_refuses_rows": _(
            "The chat template of this model does not take these rows ({error}). Choose another base, or leave out what it does not know, for instance a system prompt."
        ),
        "texts_divided": _(
            "{longer} of {texts} texts are longer than {tokens} tokens. They are divided into windows of that length ({windows} in all), so that all of their text is learned."
        ),
        "too_few_labels": _(
            "A classifier needs rows of at least two different labels. Check which column is the label."
        ),
        "too_few_rows": _(
            "There are too few training rows ({rows}); at least {least} are needed. Add rows to the dataset."
        ),
        "unknown_label": _(
            "The data has the label {label!r}, which is not among the run's labels. Start the run again from the dataset."
        ),
        "why_asked": _("it was asked to stop"),
        "why_early": _("the validation results no longer improved"),
        "why_planned": _("the planned steps were done"),
        "why_time": _("the time limit was reached"),
    },
)
