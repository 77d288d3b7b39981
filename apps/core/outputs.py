"""A model's output and its reference, as all pages show it (ui/output.html)."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from unicodedata import normalize

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from workers.contracts.tasks import TASKS
from workers.contracts.words import pieces

LONGEST_DIFF_CHARACTERS = 4000


@dataclass(frozen=True)
class ShownOutput:
    """An output as pages draw it. `is_right` is None where it is a text, whose differences `html` marks."""

    html: SafeString
    is_right: bool | None = None
    score: float | None = None
    is_missing: bool = False
    """Whether this row was not among those that were answered."""


def shown_output(task_type: str, target: str, output: str | None, score: float | None = None) -> ShownOutput:
    """A label is right or wrong as a whole; of a text the differences are marked, which says nothing of right or wrong."""
    if output is None:
        return ShownOutput(SafeString(), is_missing=True)
    if TASKS[task_type].has_labels:
        return ShownOutput(SafeString(escape(output)), is_right=output == target, score=score)
    return ShownOutput(marked(target, output), score=score)


def marked(target: str, output: str) -> SafeString:
    """`output` as HTML: what the reference has not is <ins>, what it has and the output lacks is <del>."""
    if len(target) + len(output) > LONGEST_DIFF_CHARACTERS:
        return mark_safe(escape(output))  # noqa: S308  (escaped)
    before, after = pieces(normalize("NFC", target)), pieces(normalize("NFC", output))
    html: list[str] = []
    for operation, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        gone, come = escape("".join(before[i1:i2])), escape("".join(after[j1:j2]))
        if operation == "equal":
            html.append(come)
            continue
        if gone.strip():
            html.append(f"<del>{gone}</del>")
        if come.strip():
            html.append(f"<ins>{come}</ins>")
        elif come:
            html.append(come)
    return mark_safe("".join(html))  # noqa: S308  (every piece is escaped)
