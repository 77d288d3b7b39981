"""Errors in the shape that OpenAI's clients turn into exceptions."""

from __future__ import annotations

from django.http import JsonResponse

from apps.core.redis import AGAIN_AFTER_SECONDS, away_message
from apps.publishing.errors import error_text
from apps.serving.client import EngineBusy, EngineError, EngineUnreachable, PromptTooLong


class ApiError(Exception):
    """A refusal with its HTTP status."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = str(message)
        self.param = param
        self.retry_after = retry_after

    def body(self) -> dict[str, object]:
        kind = {401: "authentication_error", 429: "rate_limit_error"}.get(self.status)
        kind = kind or ("server_error" if self.status >= 500 else "invalid_request_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}

    def response(self) -> JsonResponse:
        response = JsonResponse(self.body(), status=self.status)
        if self.retry_after:
            response["Retry-After"] = str(max(1, round(self.retry_after)))
        if self.status == 401:
            response["WWW-Authenticate"] = "Bearer"
        return response


def redis_away() -> ApiError:
    return ApiError(503, "away", away_message(), retry_after=AGAIN_AFTER_SECONDS)


def from_engine(error: EngineError) -> ApiError:
    """What the engine's refusal means for who asked."""
    if isinstance(error, PromptTooLong):
        message = error_text({"code": error.code, "tokens": error.tokens, "limit": error.limit})
        return ApiError(400, error.code, message, param="messages")
    if isinstance(error, EngineBusy):
        return ApiError(429, error.code, error_text({"code": error.code}), retry_after=error.retry_after)
    if isinstance(error, EngineUnreachable):
        return ApiError(503, "engine_unreachable", error_text({"code": "engine_unreachable"}), retry_after=5)
    status = 400 if error.code == "unsupported" else 500
    return ApiError(status, error.code, error.message if status == 400 else error_text({"code": error.code}))
