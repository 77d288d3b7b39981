"""The words of the actions that this app records in the audit log."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTIONS: dict[str, Promise] = {
    "job.paused": _("Paused a job"),
    "job.priority_changed": _("Changed the priority of a job"),
    "job.retried": _("Tried a job again"),
    "job.stopped": _("Stopped a job"),
    "job.unpaused": _("Resumed a job"),
}
