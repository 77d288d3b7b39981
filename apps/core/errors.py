"""Errors with a meaning for the person who caused them."""

from typing import TypeVar

from django.http import Http404, HttpResponse

Response = TypeVar("Response", bound=HttpResponse)


def mark_response(response: Response, status: int, headers: dict[str, str]) -> Response:
    """Set status and headers of an answer that was made without them."""
    response.status_code = status
    for name, value in headers.items():
        response[name] = value
    return response


class UserError(Exception):
    """An error that the user can fix. `message` says how, `field` names the form field it belongs to.

    `retry_after` is set when waiting that many seconds is all it takes: the answer is then 429.
    """

    def __init__(
        self, message: str, *, field: str | None = None, code: str = "invalid", retry_after: int | None = None
    ) -> None:
        super().__init__(str(message))
        self.message = message
        self.field = field
        self.code = code
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        """The HTTP status that says it."""
        return 429 if self.retry_after else 400

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after)} if self.retry_after else {}

    def mark(self, response: Response) -> Response:
        """Give the answer that says it the status and headers that go with it."""
        return mark_response(response, self.status, self.headers)


class NotVisible(Http404):
    """What is not there and what one may not see look the same."""
