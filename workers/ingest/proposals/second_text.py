"""The two texts of which one label speaks: premise and hypothesis, title and body, an utterance and the one before it."""

import re

from workers.ingest import vocabulary
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
    r"(previous|prev|prior|preceding|parent|last|next|following|quoted|replyto|inreplyto|vorherig\w{1,2}|vorig\w{1,2}|precedente?|anterior|上一句|前文|上一轮)"
    r"(text|utterance|sentence|comment|post|message|tweet|turn|query|question|response|body|title|satz|nachricht|aussage|texto|frase|mensaje)?"
    r"|(text|utterance|sentence|comment|post|message|tweet|turn)(before|after)"
    r"|(context|kontext|contexte|contexto|contesto|上下文|контекст|background|ctx)(text|before|sentence)?"
    r"|(aspect|target|key|focus)(word|term|phrase|category|entity|expression)?s?|aspekt|方面|评价对象|目标词|zielwort"
)
"""Names of a text that stands beside the one that is labelled, and without which the label means nothing."""


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
    """Return `text` and the column that is read after it: its title, what was said before, the aspect that is judged.

    A title comes second, because many rows have none, and a row without its first text is rejected.
    """
    for column in table.columns:
        if column.name in (text, label) or not table.is_usable(column):
            continue
        if table.is_machine_made(column.name):
            continue
        is_heading = named(column.name, vocabulary.HEADING) and column.name in table.texts
        is_beside = _BESIDE.fullmatch(plain(column.name)) and table.reads_as_text(column.name)
        if is_heading or is_beside:
            return text, column.name
    return None


def other_texts(table: Table, used: set[str]) -> list[str]:
    """Columns of sentences that nothing reads, although a label may rest on them."""
    return [
        name
        for name in table.texts
        if name not in used
        and table.column(name).mean_length >= 20
        and table.is_written(table.column(name))
        and not table.is_label_like(table.column(name))
    ]
