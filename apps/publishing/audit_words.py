"""The words of the actions that this app records in the audit log."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTIONS: dict[str, Promise] = {
    "app.archived": _("Archived an app"),
    "app.changed": _("Changed an app"),
    "app.created": _("Created an app"),
    "app.deleted": _("Deleted an app"),
    "app.parity_started": _("Started the parity check of an app"),
    "app.published": _("Published an app"),
    "app.restored": _("Restored an archived app"),
    "app.rolled_back": _("Rolled an app back to an earlier version"),
    "share_link.changed": _("Changed the limits of a link"),
    "share_link.created": _("Created a link to an app"),
    "share_link.password_set": _("Changed the password of a link"),
    "share_link.paused": _("Paused a link to an app"),
    "share_link.resumed": _("Resumed a link to an app"),
    "share_link.revoked": _("Closed a link to an app"),
}
