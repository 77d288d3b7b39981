"""Plain texts that hold conversations or questions with answers over many lines: where each of them begins."""

import re
from collections import Counter
from collections.abc import Iterator

from workers.contracts.texts import Text
from workers.ingest.conversations.markup import block_sides, line_side
from workers.ingest.readers.lines import Line
from workers.ingest.source import Bad, Row, Source

_TOKENS = r"<\|(?:endoftext|end_of_text|begin_of_text|startoftext)\|>|</?s>|<[be]os>|<(?:BOS|EOS)_TOKEN>"
_SEPARATOR = re.compile(rf"\s*(?:[-=*_]{{3,}}\s*$|{_TOKENS})")
_ONLY_SEPARATOR = re.compile(rf"\s*(?:[-=*_]{{3,}}|{_TOKENS})\s*$")
_BY_SEPARATOR, _BY_SYSTEM, _BY_BLANK, _BY_QUESTION = "separator", "system", "blank", "question"


def boundary(sample: str) -> str | None:
    """Return what a conversation of this text begins with; None where its lines carry no marks of turns.

    In this order: after a line that separates, with a system message, with a question after a blank line, and, where
    nothing else tells, with each question after an answer.
    """
    lines = sample.split("\n")
    sides = [block_sides(line) for line in lines]
    spoken = [side for found in sides for side in found]
    first = next(
        (
            found
            for line, found in zip(lines, sides, strict=True)
            if line.strip() and not _ONLY_SEPARATOR.match(line)
        ),
        [],
    )
    if not first:
        by_line = [[side] if (side := line_side(line)) else [] for line in lines]
        return _BY_SEPARATOR if _separators_part(lines, by_line) and _has_both(by_line) else None
    if first[0] in ("", "assistant") or not _has_both(sides):
        return None
    if _separators_part(lines, sides):
        return _BY_SEPARATOR
    if spoken.count("system") > 1:
        return _BY_SYSTEM
    before = ["", *lines]
    asked = [not line.strip() for line, found in zip(before, sides, strict=False) if found[:1] == ["user"]]
    answered = [
        not line.strip() for line, found in zip(before, sides, strict=False) if found[:1] == ["assistant"]
    ]
    return _BY_BLANK if all(asked) and len(asked) > 1 and not all(answered) and answered else _BY_QUESTION


def _has_both(sides: list[list[str]]) -> bool:
    return {"user", "assistant"} <= {side for found in sides for side in found}


def _separators_part(lines: list[str], sides: list[list[str]]) -> bool:
    """Whether there are lines that separate, and each is followed by a system message or a question."""
    waiting = parted = False
    for line, found in zip(lines, sides, strict=True):
        if _SEPARATOR.match(line):
            waiting = True
        if waiting and found:
            if found[0] == "assistant":
                return False
            waiting, parted = False, True
    return parted


def read_conversations(lines: Iterator[Line], source: Source, begins_with: str) -> Iterator[list[Line]]:
    """Yield the lines of one conversation after another."""
    block: list[Line] = []
    size = 0
    last, was_blank, separated = "", True, False
    for line in lines:
        text = line.text
        if not text.strip():
            was_blank = True
            size += 1
            if not block or size > source.record_limit:
                source.blank += 1
            else:
                block.append(line)
            continue
        sides = block_sides(text) or [
            side for side in [line_side(text)] if side and begins_with == _BY_SEPARATOR
        ]
        separated = separated or bool(_SEPARATOR.match(text))
        begins = (
            bool(sides)
            and {
                _BY_SEPARATOR: separated,
                _BY_SYSTEM: sides[0] == "system",
                _BY_BLANK: sides[0] in ("system", "user") and was_blank,
                _BY_QUESTION: sides[0] in ("system", "user") and last == "assistant",
            }[begins_with]
        )
        size += len(text)
        if (begins or size > source.record_limit) and block:
            yield from _closed(block, source)
            block, size = [], len(text)
        if sides:
            last, separated = sides[-1], False
        was_blank = False
        if begins_with == _BY_SEPARATOR and _ONLY_SEPARATOR.match(text):
            source.comments += 1
        else:
            block.append(line)
    yield from _closed(block, source)


def _closed(block: list[Line], source: Source) -> Iterator[list[Line]]:
    """The block without the blank lines around it, which are counted."""
    filled = [index for index, line in enumerate(block) if line.text.strip()]
    kept = block[filled[0] : filled[-1] + 1] if filled else []
    source.blank += len(block) - len(kept)
    if kept:
        yield kept


_HEADING = re.compile(r"(?P<level>#{1,6})[ \t]+(?P<title>\S.*)$")
_BOLD = re.compile(r"(?P<level>\*\*)(?P<title>[^*\n]+)\*\*[ \t]*$")


def _heading(line: str) -> tuple[str, str] | None:
    found = _HEADING.match(line) or _BOLD.match(line)
    return (found["level"], found["title"].rstrip().rstrip("#").rstrip().strip("* ")) if found else None


def question_level(sample: str) -> str | None:
    """Return how the headings are marked that are questions, each with its answer below; None where there are none."""
    lines = [line for line in sample.split("\n") if line.strip()]
    asked: Counter[str] = Counter()
    all_of: Counter[str] = Counter()
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if found := _heading(line.strip()):
            all_of[found[0]] += 1
            asked[found[0]] += found[1].endswith(("?", "？", "؟")) and _heading(below.strip()) is None
    level, count = asked.most_common(1)[0] if asked else ("", 0)
    return level if count > 2 and count > 0.6 * all_of[level] else None


def read_questions(lines: Iterator[Line], source: Source, level: str) -> Iterator[Row | Bad]:
    """Yield a row for each heading of the level, with what stands below it as its answer. Other headings part answers."""
    heading: Line | None = None
    title, body = "", [""]
    for line in lines:
        text = line.text.strip()
        if not text:
            source.blank += 1
            body.append("")
        elif line.overlong:
            yield Bad(line.number, Text("readers.line_too_long", most=source.record_limit), line.text)
        elif (found := _heading(text)) and found[0] == level:
            yield from _answered(heading, title, body)
            heading, title, body = line, found[1], []
        elif found and found[0].startswith("#") and level.startswith(found[0]):
            yield from _answered(heading, title, body)
            heading, title, body = None, "", []
            source.comments += 1
        elif heading is None:
            yield Bad(line.number, Text("readers.above_first_question"), text)
        else:
            body.append(line.text.rstrip())
    yield from _answered(heading, title, body)


def _answered(heading: Line | None, title: str, body: list[str]) -> Iterator[Row | Bad]:
    if heading is None:
        return
    if answer := "\n".join(body).strip():
        yield Row(heading.number, {"question": title, "answer": answer})
    else:
        yield Bad(heading.number, Text("readers.question_without_answer"), heading.text)
