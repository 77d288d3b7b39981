"""The two texts of which one label speaks: premise and hypothesis, title and body, an utterance and the one before it."""

import re
from collections.abc import Iterable

from workers.contracts.job_kinds.importing import Column
from workers.ingest import vocabulary
from workers.ingest.passages import passages
from workers.ingest.proposals.table import Table
from workers.ingest.vocabulary import named, plain

_PAIRS = (
    ("premise", "hypothesis"), ("claim", "evidence"), ("query", "passage"), ("query", "document"), ("question", "sentence"),
    ("question", "passage"), ("anchor", "candidate"), ("left", "right"), ("premises", "conclusion"), ("prämisse", "hypothese"), ("premisse", "hypothese"),
    ("premise", "hypothese"), ("prémisse", "hypothèse"), ("premisa", "hipotesis"), ("premessa", "ipotesi"), ("前提", "假设"), ("句子1", "句子2"), ("посылка", "гипотеза"),
    ("text", "target"), ("aspect", "sentence"), ("sentence", "aspect"), ("post", "reply"), ("tweet", "reply"), ("comment", "reply"),
)  # fmt: skip
_FIRST = re.compile(r"(?P<stem>.*?)[ _.-]?(?P<end>1|a|one|first|left|甲|一|①)$", re.IGNORECASE)
_SECOND = {
    "1": "2",
    "a": "b",
    "one": "two",
    "first": "second",
    "left": "right",
    "甲": "乙",
    "一": "二",
    "①": "②",
}
_BESIDE = re.compile(
    r"(last|next|parent|following)(text|utterance|sentence|comment|post|message|tweet|turn|query|question|response|body)s?"
    r"|(previous|prev|prior|preceding|quoted|replyto|inreplyto|vorherig\w{1,2}|vorig\w{1,2}|precedente?|anterior|上一句|前文|上一轮)"
    r"(text|utterance|sentence|comment|post|message|tweet|turn|query|question|response|body|title|satz|nachricht|aussage|texto|frase|mensaje)?s?"
    r"|(text|utterance|sentence|comment|post|message|tweet|turn)(before|after)"
    r"|(context|kontext|contexte|contexto|contesto|上下文|контекст|background|ctx)(text|before|sentence)?"
    r"|aspect(word|term|phrase|category|entity|expression)?s?|target(word|term|phrase|entity|expression)s?|word|aspekt|方面|评价对象|目标词|zielwort"
)
"""Names of a text that stands beside the one that is labelled, and without which the label means nothing."""

_PARSE = re.compile(r"parse[sd]?$|(pos|dep|constituency)(tags|tree)$")
"""Columns that repeat a sentence with its grammar, as SNLI has them."""
_HEADING = re.compile(r"(title|headline|subject)$")


def text_pair(names: list[str]) -> tuple[str, str] | None:
    """The first two columns that are named as two sides of one thing: sentence1 and sentence2, premise and hypothesis."""
    by_plain = {plain(name): name for name in names}
    for first, second in _PAIRS:
        if plain(first) in by_plain and plain(second) in by_plain:
            return by_plain[plain(first)], by_plain[plain(second)]
    for name in names:
        found = _FIRST.fullmatch(plain(name))
        if found:
            other = found["stem"] + _SECOND[found["end"]]
            if other in by_plain and by_plain[other] != name:
                return name, by_plain[other]
    return None


def with_second_text(table: Table, text: str, label: str) -> tuple[str, str] | None:
    """Return `text` and the column that is read after it: what was said before, the aspect that is judged, its title.

    A title comes second, because many rows have none, and a row without its first text is rejected.
    """
    beside = [name for name in _beside(table, [text]) if name not in (text, label)]
    if plain(label) == "stance":
        beside += [name for name in (table.first(frozenset({"target", "topic"}), but=[text, label]),) if name]
    beside += [name for name in _headings(table) if name not in (text, label)]
    return (text, beside[0]) if beside else None


def _beside(table: Table, texts: Iterable[str]) -> list[str]:
    """Columns that are named as what stands beside one of `texts`."""
    names = [column.name for column in table.columns if _is_readable(table, column)]
    pairs = (text_pair([text, name]) for text in texts for name in names if name != text)
    seconds = {pair[1] for pair in pairs if pair}
    return [name for name in names if _BESIDE.fullmatch(plain(name)) or name in seconds]


def _headings(table: Table) -> list[str]:
    return [name for name in table.texts if named(name, vocabulary.HEADING) or _HEADING.search(plain(name))]


def _is_readable(table: Table, column: Column) -> bool:
    """Whether a column holds texts, or lists of texts."""
    values = table.values(column.name, 50)
    if not column.filled or column.is_messages or not values:
        return False
    if table.is_nested(column.name):
        return sum(passages(value) != value for value in values) * 2 > len(values)
    return (
        table.is_usable(column)
        and not table.is_machine_made(column.name)
        and table.reads_as_text(column.name)
    )


def other_texts(table: Table, used: set[str]) -> list[str]:
    """Columns of sentences, or named like the second text, that nothing reads although a label may rest on them."""
    beside = {*_beside(table, used), *_headings(table)}
    return [
        column.name
        for column in table.columns
        if column.name not in used and (column.name in beside or _is_sentences(table, column))
    ]


def _is_sentences(table: Table, column: Column) -> bool:
    return (
        column.name in table.texts
        and not _PARSE.search(plain(column.name))
        and column.mean_length >= 20
        and table.is_written(column)
        and not table.is_label_like(column)
    )
