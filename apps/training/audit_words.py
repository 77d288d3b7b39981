"""The words of the actions that this app records in the audit log."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTIONS: dict[str, Promise] = {
    "preflight.requested": _("Reviewed a run"),
    "run.continued": _("Continued a run"),
    "run.renamed": _("Renamed a run"),
    "run.started": _("Started a run"),
    "sweep.best_kept": _("Kept only the best model of a sweep"),
    "sweep.ended": _("A sweep ended"),
    "sweep.started": _("Started a sweep"),
}
