"""Plain or pasted text: one row per paragraph where blank lines part paragraphs, else one per line."""

from collections.abc import Iterator

from workers.contracts.texts import Text
from workers.ingest.readers.chat_exports import chat_people, read_chat
from workers.ingest.readers.letter_marks import marks_by_letter, with_colons
from workers.ingest.readers.lines import Line, read_lines
from workers.ingest.readers.transcripts import boundary, question_level, read_conversations, read_questions
from workers.ingest.source import Bad, Row, Source


def read_text(source: Source) -> Iterator[Row | Bad]:
    """Yield rows with the one column `text`, or with a question and its answer where headings ask."""
    sample = source.sample()
    if people := chat_people(sample):
        with source.open_text() as stream:
            yield from read_chat(read_lines(stream, source.record_limit), source, people)
        return
    has_letters = marks_by_letter(sample)
    sample = with_colons(sample) if has_letters else sample
    begins_with = boundary(sample)
    level = None if begins_with else question_level(sample)
    paragraphs = _has_paragraphs(sample)
    source.notes.append(
        Text("readers.text_by_conversation")
        if begins_with
        else Text("readers.text_by_heading")
        if level
        else Text("readers.text_by_paragraph")
        if paragraphs
        else Text("readers.text_by_line")
    )
    with source.open_text() as stream:
        lines = read_lines(stream, source.record_limit)
        if has_letters:
            lines = (line._replace(text=with_colons(line.text)) for line in lines)
        if level:
            yield from read_questions(lines, source, level)
            return
        blocks = (
            read_conversations(lines, source, begins_with)
            if begins_with
            else _paragraphs(lines, source)
            if paragraphs
            else ([line] for line in lines)
        )
        for block in blocks:
            if any(line.overlong for line in block):
                reason = Text("readers.line_too_long", most=source.record_limit)
                yield Bad(block[0].number, reason, block[0].text)
            elif text := "".join(line.text for line in block).strip():
                yield Row(block[0].number, {"text": text})
            else:
                source.blank += len(block)


def _has_paragraphs(sample: str) -> bool:
    """Whether blank lines are frequent and paragraphs have more than one line on average."""
    lines = [line.strip() for line in sample.split("\n")]
    filled = sum(map(bool, lines))
    blocks = sum(bool(line) and not before for before, line in zip(["", *lines], lines, strict=False))
    return blocks >= 2 and filled > 1.3 * blocks and filled / blocks < 60


def _paragraphs(lines: Iterator[Line], source: Source) -> Iterator[list[Line]]:
    block: list[Line] = []
    size = 0
    for line in lines:
        size += len(line.text)
        if block and (not line.text.strip() or size > source.record_limit):
            yield block
            block, size = [], len(line.text)
        if line.text.strip():
            block.append(line)
        else:
            source.blank += 1
    if block:
        yield block
