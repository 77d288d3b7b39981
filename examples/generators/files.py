"""Which generator makes which file, and how rows become bytes."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from examples.generators import minutes, stagehand, support_chat, tickets, translation

Rows = Sequence[Mapping[str, Any]]


def as_csv(rows: Rows) -> bytes:
    """UTF-8 with Unix line ends and a header."""
    sink = io.StringIO(newline="")
    writer = csv.DictWriter(sink, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return sink.getvalue().encode()


def as_jsonl(rows: Rows) -> bytes:
    """UTF-8, one object a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


# Path below examples/ to the bytes of that file.
FILES: dict[str, Callable[[], bytes]] = {
    "library_help_desk/conversations.jsonl": lambda: as_jsonl(support_chat.rows()),
    "library_help_desk/held_out.jsonl": lambda: as_jsonl(support_chat.held_out_rows()),
    "english_french/sentences.csv": lambda: as_csv(translation.rows()),
    "meeting_minutes/meetings.jsonl": lambda: as_jsonl(minutes.rows()),
    "stage_lighting/cues.jsonl": lambda: as_jsonl(stagehand.rows()),
    "support_tickets/tickets.csv": lambda: as_csv(tickets.rows()),
}
