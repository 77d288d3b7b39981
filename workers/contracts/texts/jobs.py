"""What a job says when the machine or its process fails, and the changes that help."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.i18n import ngettext_noop as _n
from workers.contracts.texts import define

define(
    "jobs",
    {
        "advice_cut_rows": _("{fix}. Longer rows are truncated."),
        "advice_same_result": _("{fix}. The result stays the same."),
        "choose_smaller_model": _("Choose a smaller model."),
        "disk_full": _("The disk is full. Delete data or models that are no longer needed, then try again."),
        "event_dropped": _("An incomplete event was dropped."),
        "file_needs_too_much_memory": _(
            "Reading this file needs more memory than is available. Save it as CSV or JSONL, which are read in parts, or split it."
        ),
        "file_took_too_long": _n(
            "Reading this file took longer than the limit of {minutes:g} minute. Split it, or ask an administrator to raise IMPORT_MAX_MINUTES.",
            "Reading this file took longer than the limit of {minutes:g} minutes. Split it, or ask an administrator to raise IMPORT_MAX_MINUTES.",
            "minutes",
        ),
        "fix_cut_rows": _("Train with rows of at most {tokens} tokens"),
        "fix_gradient_checkpointing": _("Train with gradient checkpointing"),
        "fix_tokens_at_once": _("Train with {tokens} tokens per micro-batch"),
        "killed_for_memory": _("The machine ran out of memory, so the process was killed. {advice}"),
        "killed_and_queued": _("The process was killed. The job was queued again."),
        "no_checkpoint": _("No checkpoint at {path}."),
        "not_an_event": _("Not an event: {line}"),
        "phase_saving": _("saving the model"),
        "phase_starting": _("starting"),
        "phase_training": _("training the model"),
        "phase_waiting_for_memory": _("waiting for other imports to free memory"),
        "silent_and_queued": _("The worker {worker} stopped responding. The job was queued again."),
        "title_comparison": _("Comparison: {name}"),
        "title_evaluation": _("Evaluation: {what}"),
        "title_export": _("Export: {model}"),
        "title_freeze": _("New data version: {dataset} v{number}"),
        "title_import": _("Import: {file}"),
        "title_parity": _("Parity check: {app}"),
        "webhook_address_refused": _("The studio is not allowed to open this address."),
        "webhook_delivered": _("Delivered"),
        "webhook_busy": _(
            "The server did not accept the request (status {status}). The studio tries again for an hour."
        ),
        "webhook_status": _("The server refused the request (status {status})."),
        "webhook_unreachable": _("The server did not answer. The studio tries again for an hour."),
        "webhook_unreadable": _(
            "The stored webhook cannot be decrypted. Enter its address again, or ask an administrator to restore SECRETS_KEYS."
        ),
        "title_preflight": _("Pre-flight: {what}"),
        "title_run": _("Training: {name}"),
        "worker_silent": _(
            "The worker stopped responding several times. Check the workers, then press Resume."
        ),
        "process_ended": _("The process exited with status {code}."),
    },
)
