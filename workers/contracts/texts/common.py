"""What texts are put together from."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.texts import define

define(
    "common",
    {
        "marked": "{text}",
        "sentences": _("{first} {rest}"),
        "internal": "{kind}: {error}",
    },
)
