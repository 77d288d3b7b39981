"""Errors with a meaning for the person who caused them."""

from django.http import Http404


class UserError(Exception):
    """Something the user can mend. `message` says how, `field` names the form field it belongs to."""

    def __init__(self, message: str, *, field: str | None = None, code: str = "invalid") -> None:
        super().__init__(str(message))
        self.message = message
        self.field = field
        self.code = code


class NotVisible(Http404):
    """What is not there and what one may not see look the same."""
