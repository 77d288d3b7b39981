"""The words of the actions that this app records in the audit log."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTIONS: dict[str, Promise] = {
    "dataset.archived": _("Archived a dataset"),
    "dataset.changed": _("Changed a dataset"),
    "dataset.created": _("Created a dataset"),
    "dataset.deleted": _("Deleted a dataset"),
    "dataset.files_deleted": _("Deleted the rows of a dataset"),
    "dataset.unarchived": _("Restored an archived dataset"),
    "dataset_version.confirmed": _("Confirmed the columns of a file"),
    "import.discarded": _("Discarded an upload"),
    "import.reread": _("Read a file again"),
    "import.started": _("Uploaded a file"),
}
