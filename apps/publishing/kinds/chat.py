"""Apps in which visitors hold a conversation."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy, gettext_noop

from apps.publishing.kinds import APP_KINDS, AppKind, SamplingSettings, setting
from workers.contracts.model_folder import PromptMessage


class ChatSettings(SamplingSettings):
    system_prompt: str = setting(
        "",
        title=gettext_noop("System prompt"),
        help_text=gettext_noop(
            "Sent to the model before every conversation. Leave it empty unless the training data has one. The model may repeat it to visitors, so do not put secrets in it."
        ),
        group="prompt",
        rows=3,
        max_length=4000,
    )


class Chat(AppKind):
    name = "chat"
    label = gettext_lazy("Chat")
    icon = "message-circle"
    tasks = ("chat", "instruction")
    settings = ChatSettings
    welcome = gettext_lazy("Ask me something.")
    template = "publishing/public/chat.html"
    script = "js/app/chat.js"
    is_conversation = True

    def messages(self, settings: ChatSettings, turns: Sequence[PromptMessage]) -> list[PromptMessage]:
        """The app's system prompt leads, unless the turns bring one."""
        if settings.system_prompt and not (turns and turns[0].role == "system"):
            return [PromptMessage(role="system", content=settings.system_prompt), *turns]
        return list(turns)


APP_KINDS.add(Chat(), order=1)
