"""How a reply ended: what is stored with the message and said in the last entry of its token log."""

from typing import Any

from pydantic import BaseModel, Field


class Outcome(BaseModel):
    """`state` is a MessageState; times are in milliseconds since the visitor asked."""

    state: str
    text: str = ""
    finish_reason: str = ""
    error: dict[str, Any] | None = None
    labels: list[dict[str, Any]] | None = None
    prompt_tokens: int = Field(0, ge=0)
    output_tokens: int = Field(0, ge=0)
    first_token_ms: int | None = None
    total_ms: int | None = None
    left_out: int = 0

    def entry(self) -> dict[str, Any]:
        """What the token log says: all but the text, which it has already, and by whose length a reader checks it."""
        return {**self.model_dump(exclude={"text"}), "characters": len(self.text)}
