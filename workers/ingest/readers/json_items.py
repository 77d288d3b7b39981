"""Items that hold several rows, or one row wrapped up: SQuAD's paragraphs, and what annotation and chat tools export."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from workers.contracts.texts import Text
from workers.ingest.readers.json_groups import ANNOTATION_SHAPES, rows_in_list
from workers.ingest.source import Bad, Row, Source
from workers.ingest.split_names import SPLIT_COLUMN

_INNER = ("row", "_source", "attributes", "fields", "node", "doc")
"""Under which an export keeps the cells: the Hub's viewer, Elasticsearch, JSON:API, Airtable, GraphQL, CouchDB."""
_SCALARS = (str, int, float, bool, type(None))

Cells = dict[str, Any]


def exploded(records: Iterable[Row | Bad], source: Source) -> Iterator[Row | Bad]:
    """Turn each record into the rows that it holds; most are one already."""
    told: set[Text] = set()
    for record in records:
        if isinstance(record, Bad):
            yield record
            continue
        made = _rows(record.cells)
        if made is None:
            yield record
            continue
        how, rows = made
        if how not in told:
            told.add(how)
            source.notes.append(how)
        split = record.cells.get(SPLIT_COLUMN)
        beside = {SPLIT_COLUMN: split} if isinstance(split, str) else {}
        for cells in rows:
            yield Row(record.line, cells if SPLIT_COLUMN in cells else cells | beside)


def _rows(cells: Cells) -> tuple[Text, Iterator[Cells]] | None:
    for names, how, read in (*_SHAPES, *ANNOTATION_SHAPES):
        if names <= cells.keys() and (rows := read(cells)) is not None:
            return how, rows
    if held := rows_in_list(cells):
        return held
    inner = [name for name in _INNER if isinstance(cells.get(name), dict)]
    if len(inner) == 1 and all(
        isinstance(value, _SCALARS) or not value for name, value in cells.items() if name != inner[0]
    ):
        return Text("readers.rows_inside_items", list=inner[0]), iter([cells[inner[0]]])
    return None


def _dicts(value: Any) -> list[Cells]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _answer(qa: Cells) -> Any:
    """The first answer as text: SQuAD holds a list of them, each with its place; an unanswerable question has none."""
    answers = qa.get("answers", qa.get("answer"))
    if isinstance(answers, dict):
        answers = answers.get("text")
    if isinstance(answers, list):
        answers = answers[0] if answers else None
    return answers.get("text") if isinstance(answers, dict) else answers


def _squad(cells: Cells) -> Iterator[Cells] | None:
    paragraphs = _dicts(cells["paragraphs"])
    if not any(_dicts(paragraph.get("qas")) for paragraph in paragraphs):
        return None
    return (
        {"question": qa.get("question"), "context": paragraph.get("context"), "answer": _answer(qa)}
        for paragraph in paragraphs
        for qa in _dicts(paragraph.get("qas"))
    )


def _paragraph(cells: Cells) -> Iterator[Cells] | None:
    return _squad({"paragraphs": [cells]}) if "context" in cells else None


def _coqa(cells: Cells) -> Iterator[Cells] | None:
    questions, answers = _dicts(cells["questions"]), _dicts(cells["answers"])
    if not questions or len(questions) != len(answers):
        return None
    return (
        {
            "question": question.get("input_text"),
            "context": cells["story"],
            "answer": answer.get("input_text"),
        }
        for question, answer in zip(questions, answers, strict=True)
    )


def _intents(cells: Cells) -> Iterator[Cells] | None:
    patterns, responses = cells["patterns"], cells.get("responses") or [None]
    if not isinstance(patterns, list) or not isinstance(responses, list):
        return None
    return ({"text": pattern, "label": cells["tag"], "response": responses[0]} for pattern in patterns)


def _label_studio(cells: Cells) -> Iterator[Cells] | None:
    data, annotations = cells["data"], _dicts(cells["annotations"])
    if not isinstance(data, dict):
        return None
    row = dict(data)
    done = next((each for each in annotations if not each.get("was_cancelled")), {})
    for result in _dicts(done.get("result")):
        value = result.get("value")
        if isinstance(value, dict) and (
            chosen := next(filter(None, map(value.get, ("choices", "text", "rating", "labels"))), None)
        ):
            is_single = isinstance(chosen, list) and len(chosen) == 1
            row[str(result.get("from_name", "label"))] = chosen[0] if is_single else chosen
    return iter([row])


def _chatgpt(cells: Cells) -> Iterator[Cells] | None:
    """A conversation as ChatGPT exports it: a tree, of which the branch that was shown last counts."""
    tree = cells["mapping"]
    if not isinstance(tree, dict) or not any("parent" in node for node in _dicts(list(tree.values()))):
        return None
    turns: list[dict[str, str]] = []
    at, steps = cells.get("current_node") or _last_leaf(tree), 0
    while isinstance(node := tree.get(at), dict) and steps <= len(tree):
        message = node.get("message") or {}
        role = (message.get("author") or {}).get("role")
        content = message.get("content") or {}
        parts = content.get("parts") if content.get("content_type", "text") == "text" else None
        text = "\n".join(part for part in parts or [] if isinstance(part, str)).strip()
        if text and role in ("system", "user", "assistant"):
            turns.append({"role": role, "content": text})
        at, steps = node.get("parent"), steps + 1
    return iter([{"title": cells.get("title"), "messages": turns[::-1]}])


def _last_leaf(tree: Cells) -> str | None:
    """The node that is no other's parent; of several the last."""
    parents = {node.get("parent") for node in _dicts(list(tree.values()))}
    return next((name for name in reversed(tree) if name not in parents), None)


_SHAPES: tuple[tuple[set[str], Text, Callable[[Cells], Iterator[Cells] | None]], ...] = (
    (
        {"paragraphs"},
        Text("readers.questions_with_paragraph"),
        _squad,
    ),
    ({"qas"}, Text("readers.questions_with_paragraph"), _paragraph),
    ({"story", "questions", "answers"}, Text("readers.questions_with_story"), _coqa),
    ({"tag", "patterns"}, Text("readers.intents"), _intents),
    (
        {"data", "annotations"},
        Text("readers.label_studio"),
        _label_studio,
    ),
    ({"mapping"}, Text("readers.chatgpt"), _chatgpt),
)
