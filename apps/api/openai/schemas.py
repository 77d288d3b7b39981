"""OpenAI's requests as an app answers them: with its own settings where the caller is silent."""

from __future__ import annotations

from pydantic import Field

from apps.publishing.models import AppVersion
from workers.contracts import openai
from workers.contracts.engine import Sampling
from workers.contracts.model_folder import PromptMessage
from workers.contracts.openai import ChatMessage


class GenerationRequest(openai.GenerationRequest):
    def sampling(self, version: AppVersion) -> Sampling:
        """The app's own settings where the caller is silent; never a longer answer than the app allows. The nucleus of
        `top_p` 0 is the likeliest token alone, which is what temperature 0 takes."""
        usual = version.kind.sampling(version.settings)
        asked = [most for most in (self.most_tokens, usual.max_tokens) if most]
        chosen = {
            name: getattr(self, name) if getattr(self, name) is not None else getattr(usual, name)
            for name in ("temperature", "top_p", "repetition_penalty")
        }
        if chosen["top_p"] == 0:
            chosen |= {"top_p": 1.0, "temperature": 0.0}
        return Sampling(
            max_tokens=min(asked, default=None),
            min_tokens=self.min_tokens or 0,
            top_k=self.top_k or 0,
            seed=self.seed,
            stop=self.stop,
            **chosen,
        )


class ChatRequest(GenerationRequest, openai.ChatRequest):
    messages: list[ChatMessage] = Field(min_length=1, max_length=1000)

    def prompt(self, version: AppVersion) -> list[PromptMessage]:
        """What the app's model reads; the system prompt of a chat leads, unless the caller brings one."""
        return version.kind.messages(version.settings, [message.prompt() for message in self.messages])


class CompletionRequest(GenerationRequest, openai.CompletionRequest):
    __doc__ = openai.CompletionRequest.__doc__
