"""Rows in the format that other tools read: one JSON object per line."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from workers.contracts.roles import Role
from workers.contracts.specs import Split

_BATCH_ROWS = 500
_COLUMNS = ("split", "prompt", "target", Role.REJECTED, Role.FEEDBACK)


@dataclass(frozen=True)
class Marks:
    """The control tokens around a text that a model learns to continue (workers.models.prompts)."""

    start: str
    end: str


def has_masked_answers(path: Path) -> bool:
    """Whether a frozen version marks earlier answers that are not learned (`learned` in its messages)."""
    with pq.ParquetFile(path) as file:
        messages = file.schema_arrow.field("prompt").type.value_type
        return bool(messages.get_field_index("learned") >= 0)


def json_lines(path: Path, split: Split, form: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[bytes]:
    """Yield the rows of a split of a frozen version as lines in this form, a few hundred at a time.

    A row whose form is empty is left out, and so is an answer that is rated bad: tools that read these lines learn every answer.
    """
    with pq.ParquetFile(path) as file:
        columns = [name for name in _COLUMNS if name in file.schema_arrow.names]
        for batch in file.iter_batches(_BATCH_ROWS, columns=columns):
            rows = batch.filter(pc.equal(batch["split"], split)).to_pylist()
            made = [form(row) for row in rows if row.get(Role.FEEDBACK, True)]
            lines = [json.dumps(line, ensure_ascii=False) + "\n" for line in made if line]
            if lines:
                yield "".join(lines).encode()


def conversation(row: dict[str, Any]) -> dict[str, Any]:
    """A row as `messages`, the answer last."""
    messages = [*(row["prompt"] or []), {"role": "assistant", "content": row["target"]}]
    return {"messages": [_message(message) for message in messages]}


def _message(message: dict[str, Any]) -> dict[str, Any]:
    """Every answer has `train`: Arrow's JSON reader wants the same fields in each row."""
    made = {"role": message["role"], "content": message["content"]}
    if message["role"] == "assistant":
        made["train"] = message.get("learned") is not False
    return made


def pair(row: dict[str, Any]) -> dict[str, Any]:
    """A row as `messages` without the answer, and the `chosen` and the `rejected` answer. Empty where one is missing: nothing
    is learned from such a row here, either."""
    answers = {"chosen": row["target"], "rejected": row["rejected"]}
    if not all(answers.values()):
        return {}
    return {
        "messages": [_message(message) for message in row["prompt"] or []],
        **{name: {"role": "assistant", "content": text} for name, text in answers.items()},
    }


def text(row: dict[str, Any], marks: Marks) -> dict[str, Any]:
    """A row as `prompt` and `completion`, and the same as `segments`."""
    prompt = marks.start + "\n\n".join(message["content"] for message in row["prompt"] or [])
    completion = row["target"] + marks.end
    segments = [{"label": False, "text": prompt}, {"label": True, "text": completion}]
    return {"prompt": prompt, "completion": completion, "segments": segments}
