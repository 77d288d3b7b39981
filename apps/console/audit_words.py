"""The words of the actions that this app records in the audit log."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTIONS: dict[str, Promise] = {
    "studio.closed_to_network": _("Closed the studio to the local network"),
    "studio.opened_to_network": _("Opened the studio to the local network"),
}
