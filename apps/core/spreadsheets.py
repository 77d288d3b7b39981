"""Cells of files that people open in a spreadsheet, which computes what begins like a formula."""

import re

_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*%?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""The last four are full-width, which some spreadsheets take for the others."""


def inert(cell: str) -> str:
    """`cell` as a spreadsheet shows it without computing it: an apostrophe before what is no number but begins like a
    formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell
