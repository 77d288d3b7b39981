"""Sizes of files and of memory as people read them, in one style everywhere: decimal units, as limits are set."""

from django.utils.formats import number_format
from django.utils.translation import ngettext

_UNITS = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def size_text(amount: int) -> str:
    """866900 -> "866.9 kB"; below 1,000 in bytes. static/js/figures.js says it the same way."""
    for size, unit in _UNITS:
        # What rounds up to the next unit is said in that one.
        if amount >= size * 0.99995:
            return f"{number_format(f'{amount / size:.1f}', 1, force_grouping=True)} {unit}"
    return ngettext("%(n)d byte", "%(n)d bytes", amount) % {"n": amount}
