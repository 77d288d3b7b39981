"""The check that the engine computes what the trainer computed."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.texts import define

define(
    "parity",
    {
        "differs": _(
            "The engine's probabilities differ by {nats:.4f} nat a token; {limit:.4g} is the limit."
        ),
        "engine_refused": _("The engine refused: {message}"),
        "engine_unreachable": _(
            "The engine at {address} does not answer ({error}). Start it, then run the check again."
        ),
        "no_records": _("This model's {file} is empty: there is nothing to compare with."),
        "other_tokens": _("{count} of {rows} prompts become other tokens at the engine than in training."),
        "passed": _("The engine computes what the trainer computed: {nats:.4f} nat a token apart at most."),
        "phase_comparing": _("comparing the answers"),
        "records_unreadable": _(
            "This model has no readable {file}, so there is nothing to compare with. Only models trained here have one."
        ),
    },
)
