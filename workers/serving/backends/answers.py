"""What a model's own generation settings say about its answers."""

from dataclasses import dataclass

from workers.models.loading import LoadedModel


@dataclass(frozen=True)
class AnswerRules:
    """`suppressed` are tokens that are never said, `first_token` one that every answer begins with."""

    suppressed: list[int]
    first_token: int | None

    @classmethod
    def of(cls, loaded: LoadedModel) -> "AnswerRules":
        """The settings that the trainer's greedy decoding obeys too; bad words of several tokens are left alone."""
        settings = loaded.model.generation_config
        words = settings.bad_words_ids or []
        suppressed = sorted({word[0] for word in words if len(word) == 1})
        return cls(suppressed, settings.forced_bos_token_id)
