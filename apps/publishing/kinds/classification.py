"""Apps that sort a text into labels."""

from django.utils.translation import gettext_lazy

from apps.publishing.kinds import APP_KINDS, AppKind, AppSettings


class Classification(AppKind):
    name = "classification"
    label = gettext_lazy("Classification")
    icon = "tags"
    tasks = ("classification",)
    settings = AppSettings
    welcome = gettext_lazy("Paste a text to see its category.")
    result_label = gettext_lazy("Category")
    send_label = gettext_lazy("Classify")
    input_rows = 5
    answers_with_labels = True


APP_KINDS.add(Classification(), order=6)
