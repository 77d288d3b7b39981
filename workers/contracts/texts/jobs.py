"""What a job says when the machine or its process fails, and the changes that help."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.texts import define

define(
    "jobs",
    {
        "advice_cut_rows": _("{fix}; what is longer is not learned."),
        "advice_same_result": _("{fix}; the result stays the same."),
        "choose_smaller_model": _("Choose a smaller model."),
        "disk_full": _("The disk is full. Delete data or models that are no longer needed, then try again."),
        "event_dropped": _("An event without an end was dropped."),
        "file_needs_too_much_memory": _(
            "Reading this file takes more memory than there is for it. Save it as CSV or JSONL, which are read piece by piece, or split it."
        ),
        "file_took_too_long": _(
            "Reading this file took longer than the limit of {minutes:g} minutes. Split it, or ask an administrator to raise IMPORT_MAX_MINUTES."
        ),
        "fix_cut_rows": _("Cut rows at {tokens} tokens"),
        "fix_gradient_checkpointing": _("Train with gradient checkpointing"),
        "fix_tokens_at_once": _("Train with {tokens} tokens at once"),
        "killed_for_memory": _("The machine ran out of memory, so the process was killed. {advice}"),
        "killed_and_queued": _("The process was killed. The job was queued again."),
        "no_checkpoint": _("No checkpoint at {path}."),
        "not_an_event": _("Not an event: {line}"),
        "phase_saving": _("saving the model"),
        "phase_starting": _("starting"),
        "phase_training": _("training"),
        "phase_waiting_for_memory": _("waiting for memory that other imports use"),
        "silent_and_queued": _("The worker {worker} stopped responding. The job was queued again."),
        "title_comparison": _("Comparison: {name}"),
        "title_evaluation": _("Evaluation: {what}"),
        "title_export": _("Pack {model}"),
        "title_freeze": _("Freeze {dataset} v{number}"),
        "title_import": _("Read {file}"),
        "title_parity": _("Parity check of {app}"),
        "title_preflight": _("Pre-flight: {what}"),
        "title_run": _("Training: {name}"),
        "worker_silent": _(
            "The worker stopped responding several times. Check the workers, then press Resume."
        ),
        "process_ended": _("The process ended with status {code}."),
    },
)
