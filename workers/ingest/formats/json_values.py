"""JSON: one value for a whole file, or one in each line (JSON Lines)."""

import json
import re

from workers.ingest.formats import IMPORT_FORMATS, ImportFormat
from workers.ingest.readers.json_document import read_json
from workers.ingest.readers.json_shapes import begins_with_splits
from workers.ingest.readers.jsonl import read_jsonl
from workers.ingest.source import Source


def _is_document(source: Source) -> bool:
    return _kind(source) == "json"


def _is_lines(source: Source) -> bool:
    return _kind(source) == "jsonl"


def _kind(source: Source) -> str | None:
    """Return json, jsonl, or None for what is neither."""
    sample = source.sample().lstrip("\ufeff \t\r\n")
    if re.match(
        r"\[\s*([{\[\"\]]|-?\d+(\.\d+)?([eE][-+]?\d+)?\s*[,\]]|true|false|null)", sample
    ) and not _lines_are_json(sample):
        return "json"
    if sample.startswith("[") and _lines_are_json(sample) and re.match(r"\[.*\]\s*\n", sample):
        return "jsonl"
    if re.match(r"\{\s*[\"'}]", sample):
        if "\n" not in sample.rstrip() or begins_with_splits(sample):
            return "json"
        return "jsonl" if _lines_are_json(sample) or not _begins_document(sample) else "json"
    return {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json"}.get(source.extension)


def _lines_are_json(sample: str) -> bool:
    """Whether at least half of several first lines look like one whole object or list each."""
    lines = [line.strip() for line in sample.split("\n")[:40] if line.strip()][:20]
    return len(lines) > 1 and sum(map(_looks_whole, lines)) * 2 >= len(lines)


def _looks_whole(line: str) -> bool:
    """Whether a line seems to be one object or list. Plain texts stand in brackets too: [Chorus], [10.0.0.1]."""
    if line[0] + line[-1] != "[]":
        return line[0] + line[-1] == "{}"
    try:
        return isinstance(json.loads(line), list)
    except (ValueError, RecursionError):
        return False


def _begins_document(sample: str) -> bool:
    """Whether the first line alone is no JSON value, so that the value must go on below (or is broken)."""
    first, _, rest = sample.partition("\n")
    try:
        json.loads(first)
    except ValueError:
        goes_on = first.rstrip().endswith(("[", "{", ":", ","))
        return goes_on or not rest.strip() or not rest.lstrip().startswith("{")
    except RecursionError:
        return True
    return False


JSON = IMPORT_FORMATS.add(
    ImportFormat(name="json", read=read_json, matches=_is_document, is_one_value=True), order=40
)
JSONL = IMPORT_FORMATS.add(
    ImportFormat(name="jsonl", read=read_jsonl, matches=_is_lines, is_one_value=True), order=50
)
