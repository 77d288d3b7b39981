"""The words of the actions that this app records in the audit log."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTIONS: dict[str, Promise] = {
    "base_model.added": _("Added a base model"),
    "base_model.archived": _("Archived a base model"),
    "base_model.deleted": _("Deleted an uploaded base model"),
    "base_model.unarchived": _("Restored an archived base model"),
    "model_version.archived": _("Archived a model"),
    "model_version.changed": _("Changed the name or notes of a model"),
    "model_version.exported": _("Packed a model for download"),
    "model_version.files_deleted": _("Deleted the files of a model"),
    "model_version.unarchived": _("Restored an archived model"),
}
