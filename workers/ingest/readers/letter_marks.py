"""Questions and answers that are marked by a letter with another sign than a colon: “Q) …”, “A. …”, “Q - …”."""

import re

_MARK = re.compile(r"^[ \t]*(?P<letter>[A-Z])(?:[.)]|[ \t]+[-\u2013\u2014])[ \t]+(?=\S)", re.MULTILINE)
_FEWEST_PAIRS = 3


def marks_by_letter(sample: str) -> bool:
    """Whether a text consists of questions marked by Q, each with one answer marked by A. With other letters, it is a list
    of choices; without a Q first, a list from A on."""
    letters = [found["letter"] for found in _MARK.finditer(sample)]
    pairs, rest = divmod(len(letters), 2)
    first = sample.lstrip("\ufeff \t\r\n")
    is_marked = _MARK.match(first) is not None and pairs >= _FEWEST_PAIRS
    return is_marked and letters == ["Q", "A"] * pairs + ["Q"] * rest


def with_colons(text: str) -> str:
    """Return a text with `Q:` and `A:` for such marks."""
    return _MARK.sub(lambda mark: f"{mark['letter']}: " if mark["letter"] in "QA" else mark[0], text)
