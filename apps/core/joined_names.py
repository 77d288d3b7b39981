"""Names in a row, as the reader's language writes them."""

from collections.abc import Iterable

from django.utils.translation import pgettext


def listed(names: Iterable[str]) -> str:
    """“a, b, c”; in Chinese “a、b、c”."""
    return between_names().join(names)


def between_names() -> str:
    return pgettext("between the names of a list", ", ")
