"""Apps that translate a text."""

from typing import Any

from django.utils.translation import gettext_lazy, gettext_noop

from apps.publishing.kinds import APP_KINDS, AppKind, SamplingSettings, setting


class TranslationSettings(SamplingSettings):
    source_label: str = setting(
        "",
        title=gettext_noop("Language of the source"),
        help_text=gettext_noop("For instance: English."),
        max_length=40,
    )
    target_label: str = setting(
        "",
        title=gettext_noop("Language of the translation"),
        help_text=gettext_noop("For instance: French."),
        max_length=40,
    )


class Translation(AppKind):
    name = "translation"
    label = gettext_lazy("Translation")
    icon = "language"
    tasks = ("translation",)
    settings = TranslationSettings
    welcome = gettext_lazy("Enter a text to translate it into the other language.")
    input_label = gettext_lazy("Source")
    result_label = gettext_lazy("Translation")
    send_label = gettext_lazy("Translate")

    def labels_of(self, settings: TranslationSettings) -> dict[str, Any]:
        """The panes are named after the languages, where these are set."""
        labels = super().labels_of(settings)
        labels["input"] = settings.source_label or labels["input"]
        labels["result"] = settings.target_label or labels["result"]
        return labels


APP_KINDS.add(Translation(), order=3)
