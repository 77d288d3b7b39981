"""A toy kind of app: it gives texts a title, in the tone that its owner set."""

from collections.abc import Sequence

from apps.publishing.kinds import APP_KINDS, AppKind, SamplingSettings, setting
from workers.contracts.model_folder import PromptMessage


class TitleSettings(SamplingSettings):
    tone: str = setting("", title="Tone", help_text="Written before each text.", max_length=20)


class TitleApps(AppKind):
    name = "title_apps"
    label = "Title writer"
    icon = "article"
    tasks = ("titles",)
    settings = TitleSettings
    welcome = "Paste an article."
    input_label = "Article"
    result_label = "Headline"
    send_label = "Find a title"

    def messages(self, settings: TitleSettings, turns: Sequence[PromptMessage]) -> list[PromptMessage]:
        *earlier, question = turns
        return [
            *earlier,
            question.model_copy(update={"content": f"{settings.tone} {question.content}".strip()}),
        ]


APP_KINDS.add(TitleApps())
