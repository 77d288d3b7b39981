"""The engine's refusals, each with the HTTP status and the code that workers.contracts.engine names."""

from typing import Any

from workers.contracts.openai import error_body


class EngineError(Exception):
    """A request that cannot be served; `message` says what to do. `retry_after` is in seconds."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int,
        param: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.param = param
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """The error as OpenAI's clients expect it."""
        return error_body(self.status, self.code, self.message, self.param)


def context_length_exceeded(tokens: int, limit: int, param: str) -> EngineError:
    message = (
        f"The input is {tokens} tokens long, but this model takes at most {limit} tokens"
        " and needs room for its answer. Shorten the input."
    )
    return EngineError("context_length_exceeded", message, status=400, param=param)


def out_of_memory(message: str) -> EngineError:
    return EngineError("out_of_memory", message, status=503, retry_after=5)


def engine_error(error: BaseException) -> EngineError:
    return EngineError(
        "engine_error", f"The engine failed on this request: {type(error).__name__}: {error}", status=500
    )


def unsupported(message: str, param: str | None = None) -> EngineError:
    return EngineError("unsupported", message, status=400, param=param)
