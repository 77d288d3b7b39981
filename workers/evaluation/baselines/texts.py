"""Baselines that answer with the input: its beginning, or all of it."""

import re

from workers.contracts.tasks import Task
from workers.contracts.texts import Text
from workers.evaluation.baselines import Answer, OnProgress, outputs_of
from workers.evaluation.rows import DataRows

LEAD_SENTENCES = 3
_SENTENCE_END = re.compile(r"(?<=[.!?…।])[\"'”’»)\]]*\s+|(?<=[。！？])[」』”’）]*\s*|\n+")
"""After a full stop comes white space, except in scripts that write none."""


def lead(task: Task, train: DataRows, test: DataRows, on_progress: OnProgress) -> Answer:
    """Return the first sentences of each input."""
    return outputs_of([first_sentences(text) for text in test.inputs]), Text(
        "evaluation.baseline_lead", count=LEAD_SENTENCES
    )


def copy(task: Task, train: DataRows, test: DataRows, on_progress: OnProgress) -> Answer:
    """Return each input as it is."""
    return outputs_of(list(test.inputs)), Text("evaluation.baseline_copy")


def first_sentences(text: str, count: int = LEAD_SENTENCES) -> str:
    """Return the first sentences of a text: up to a full stop, question or exclamation mark, or the end of a line."""
    text, end = text.strip(), 0
    for found, match in enumerate(_SENTENCE_END.finditer(text), 1):
        if found == count:
            end = match.end()
            break
    return text[: end or len(text)].strip()
