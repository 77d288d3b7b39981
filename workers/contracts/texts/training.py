"""Pre-flight checks and runs."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.i18n import ngettext_noop as _n
from workers.contracts.texts import define

define(
    "training",
    {
        "advice_longest_row": _("Increase the max sequence length."),
        "advice_lora": _("LoRA needs less memory."),
        "advice_qlora": _("QLoRA needs less memory."),
        "advice_shorten_rows": _("Shorten these rows' inputs or fill in their answers."),
        "answers_repeat_questions": _(
            "Rows whose answer repeats the question: {count} of {rows}. Check which column is which."
        ),
        "base_gone": _("The base model no longer exists. Choose another one."),
        "best_by_accuracy": _("the highest validation accuracy, {accuracy:.1%}"),
        "best_by_loss": _("the lowest validation loss, {loss:.4f}"),
        "checkpoint_damaged": _(
            "The checkpoint does not match this run, or is damaged. Start the run again from the beginning."
        ),
        "disk_too_small": _(
            "The run needs about {needed:.1f} GB of disk space, but only {free:.1f} GB are free. Delete data or models that are no longer needed."
        ),
        "diverged": _("Training diverged: the learning rate is too high for this model and data."),
        "documents_packed": _(
            "The training documents ({documents:,}) are divided into {blocks:,} blocks of up to {tokens} tokens."
        ),
        "files_gone": _("The model's files no longer exist."),
        "fix_learning_rate": _("Train with learning rate {rate:g}"),
        "fix_lora_rank": _("Train with LoRA rank {rank}"),
        "how_adapters": _("{adapters} adapters, merged afterwards"),
        "how_whole": _("full fine-tuning"),
        "log_ended": _("Ended at step {step} of {steps} because {why}."),
        "log_going_on": _("Resuming from step {step} of {steps}."),
        "log_plan": _(
            "Steps: {steps}, batch size: {batch_rows}, trained parameters: {weights:,}, batching: {how}, precision: {precision}, device: {device}."
        ),
        "log_ranks": _("{ranks} processes train together."),
        "log_rows_left_out": _("Rows skipped because they contain nothing to train on: {count} of {rows}."),
        "lora_unknown_architecture": _("LoRA does not support this architecture. Choose full fine-tuning."),
        "lora_shared_layers": _(
            "Adapters cannot be merged into {targets}, because these layers share their weights with the embeddings. Choose other layers."
        ),
        "memory_too_small": _(
            "Training needs about {needed:.1f} GB of memory, but only {free:.1f} GB are free. {advice}"
        ),
        "no_learnable_row": _(
            "No row contains anything to train on: every answer is empty or truncated. Increase the max sequence length, or check the columns."
        ),
        "no_sentinels": _(
            "The tokenizer of this base model has no tokens for removed text, which span corruption needs. Choose a model of the T5 family or a starter."
        ),
        "no_such_layers": _("This model has no layers named {targets}. Choose from: {known}."),
        "no_training_rows": _("There are no training rows. Add rows to the dataset."),
        "no_validation_rows": _(
            "There are no validation rows, so early stopping and choosing the best checkpoint are not possible."
        ),
        "note_continued": _("This run continues an earlier run from step {step:,}."),
        "note_random_weights": _("Training started from random weights, without pretraining."),
        "note_simple_model": _(
            "The model classifies {accuracy:.1%} of {rows:,} validation rows correctly. A simple model (TF-IDF with logistic regression) classifies {simple:.1%} of them correctly."
        ),
        "note_solved": _("Logistic regression was fitted on {rows:,} of {all_rows:,} training rows."),
        "note_trained": _(
            "Training rows: {rows:,}. Epochs: {epoch:.1f}. Steps: {steps:,}. Method: {how}. Training ended because {why}."
        ),
        "note_weights_of_step": _("The weights are those of step {step:,}, with {how_good}."),
        "nothing_learnable": _n(
            "The only row contains nothing to train on: its answer is empty or truncated. {advice}",
            "None of the {rows} rows contains anything to train on: their answers are empty or truncated. {advice}",
            "rows",
        ),
        "one_step_per_epoch": _(
            "The batch size is {batch_rows}, and there are only {rows} rows, so each epoch is a single step. Choose a smaller batch size."
        ),
        "objective_unfit": _(
            "The objective “{objective}” does not fit this base model and data. Choose another objective or another base model."
        ),
        "order_by_length": _("grouped by length"),
        "order_padded": _("padded"),
        "order_packed": _("packed, without attention across rows"),
        "out_of_memory": _("The machine ran out of memory while training. {advice}"),
        "phase_counting": _("counting tokens"),
        "phase_downloading": _("downloading the model"),
        "phase_encoding": _("encoding rows"),
        "phase_loading_data": _("loading data"),
        "phase_loading_model": _("loading model"),
        "phase_opening": _("opening the model"),
        "phase_packing": _("packing the files"),
        "phase_reading": _("reading rows"),
        "phase_timing": _("timing the steps"),
        "pissa_rank": _(
            "The LoRA rank {rank} is too high for PiSSA: the smallest layer with an adapter has only {most} components. Choose a rank of at most {most}, or another variant."
        ),
        "qlora_not_installed": _(
            "QLoRA needs the Python package bitsandbytes, which is not installed on this worker. Choose LoRA, or ask an administrator to install the package."
        ),
        "qlora_unknown_architecture": _(
            "QLoRA does not support this architecture: it has no linear layer to quantize. Choose LoRA."
        ),
        "rate_high": _(
            "The learning rate {rate:g} is {times:.0f} times the usual one for this base model ({usual:g}). Training may diverge."
        ),
        "rate_low": _(
            "The learning rate {rate:g} is {times:.0f} times lower than the usual one for this base model ({usual:g}). The model may learn too little."
        ),
        "rows_cut": _("Rows to be truncated at {tokens} tokens: {cut} of {rows}."),
        "rows_unlearnable": _(
            "Rows to be skipped because their answer is empty or truncated: {count} of {rows}. {advice}"
        ),
        "rows_unreadable": _("The dataset's rows could not be read. Import the data again."),
        "sweep_without_member": _(
            "The member who started the sweep can no longer train models in this workspace. Start a new sweep."
        ),
        "template_refuses_rows": _(
            "The chat template of this model does not accept these rows ({error}). Choose another base model, or remove unsupported content, such as a system prompt."
        ),
        "texts_divided": _(
            "Texts longer than {tokens} tokens: {longer} of {texts}. They are split into windows of that length, and all of their text is used for training. Windows in total: {windows}."
        ),
        "too_few_labels": _(
            "A classifier needs rows of at least two different labels. Check which column is the label."
        ),
        "too_few_rows": _(
            "There are too few training rows ({rows}); at least {least} are needed. Add rows to the dataset."
        ),
        "tracked_at": _("This run at {tracker}: {address}"),
        "tracker_failed": _(
            "{tracker} gets no more figures of this run ({error}). The run itself continues."
        ),
        "unknown_label": _(
            "The data has the label {label!r}, which is not among the run's labels. Start the run again from the dataset."
        ),
        "why_asked": _("a stop was requested"),
        "why_early": _("the validation results stopped improving"),
        "why_planned": _("all planned steps were done"),
        "why_time": _("the time limit was reached"),
    },
)
