"""OpenAI's requests as the engine answers them: with the settings that the studio adds, and a model's defaults."""

from pydantic import Field

from workers.contracts import openai
from workers.contracts.engine import Sampling
from workers.contracts.model_folder import PromptMessage
from workers.serving.errors import unsupported


class GenerationRequest(openai.GenerationRequest):
    """The fields that OpenAI does not have are described in Sampling."""

    sentence_after: int | None = Field(None, ge=1)
    room: int | None = Field(None, ge=0)

    @property
    def sampling(self) -> Sampling:
        """The caller's settings, and Sampling's defaults for the others."""
        given = {name: getattr(self, name) for name in Sampling.model_fields} | {
            "max_tokens": self.most_tokens
        }
        return Sampling(**{name: value for name, value in given.items() if value is not None})


class ChatRequest(GenerationRequest, openai.ChatRequest):
    def prompt(self) -> list[PromptMessage]:
        return [message.prompt() for message in self.messages]


class CompletionRequest(GenerationRequest, openai.CompletionRequest):
    def text(self) -> str:
        if len(self.prompts) != 1:
            raise unsupported("The engine takes one prompt in a request.", "prompt")
        return self.prompts[0]
