"""The words of the actions that this app records in the audit log."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTIONS: dict[str, Promise] = {
    "comparison.deleted": _("Deleted a comparison"),
    "comparison.started": _("Started a comparison"),
    "evaluation.deleted": _("Deleted an evaluation"),
    "evaluation.started": _("Started an evaluation"),
}
