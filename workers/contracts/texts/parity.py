"""The check that the engine computes what the trainer computed."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.texts import define

define(
    "parity",
    {
        "differs": _(
            "The engine's probabilities differ by {nats:.4f} nats per token. The limit is {limit:.4g}."
        ),
        "engine_refused": _("The engine returned an error: {message}"),
        "engine_unreachable": _(
            "The engine at {address} does not answer ({error}). Start it, then run the check again."
        ),
        "no_records": _("This model's {file} is empty, so there is nothing to compare."),
        "other_tokens": _(
            "Prompts that the engine tokenizes differently than training did: {count} of {rows}."
        ),
        "passed": _(
            "The engine's probabilities match those of training. They differ by at most {nats:.4f} nats per token."
        ),
        "phase_comparing": _("comparing outputs"),
        "records_unreadable": _(
            "This model has no readable {file}, so there is nothing to compare. Only models trained in this studio have this file."
        ),
    },
)
