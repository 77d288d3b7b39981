"""Rules for tables whose names say nothing: what the texts look like decides."""

import re

from workers.contracts.job_kinds.importing import Column
from workers.contracts.roles import Role
from workers.contracts.tasks.chat import CHAT
from workers.contracts.tasks.generation import GENERATION
from workers.contracts.tasks.pretraining import PRETRAINING
from workers.contracts.tasks.summarization import SUMMARIZATION
from workers.contracts.tasks.translation import TRANSLATION
from workers.contracts.texts import Text
from workers.ingest import vocabulary
from workers.ingest.proposals.by_label import label_columns
from workers.ingest.proposals.table import Found, Table
from workers.ingest.vocabulary import named

_FLAGS = frozenset(("0", "1", "0.0", "1.0", "true", "false", "True", "False", "yes", "no"))
_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][-+]?\d+)?")

_LARGEST_SCORE = 10
_DOCUMENT_CHARACTERS = 1000
"""Of a text, on average, from which it may be a document."""
_SPANS = frozenset({"spans", "entities", "ents", "nertags"})


def two_texts(table: Table) -> Found | None:
    """A translation (other language, a pair each row) or a summary (much shorter)."""
    texts = table.texts
    if len(texts) != 2:
        return None
    first, second = texts
    a, b = table.column(first), table.column(second)
    is_pair_each = 0.5 <= a.distinct / max(1, b.distinct) <= 2
    if (
        is_pair_each
        and (table.languages_differ(first, second) or table.are_in_two_languages(first, second))
        and 0.15 < a.mean_length / max(1, b.mean_length) < 7
    ):
        why = Text("proposal.two_languages", first=first, second=second)
        return Found(TRANSLATION, {first: Role.INPUT, second: Role.TARGET}, [why])
    if table.asks(first) > 0.7 and table.asks(second) < 0.1 and is_pair_each:
        why = Text("proposal.questions_and_answers", first=first, second=second)
        return Found(CHAT, {first: Role.INPUT, second: Role.TARGET}, [why])
    for long, short in ((first, second), (second, first)):
        if table.is_much_shorter(short, long) and table.column(short).mean_length > 20:
            why = Text("proposal.much_shorter", short=short, long=long)
            return Found(SUMMARIZATION, {long: Role.INPUT, short: Role.TARGET}, [why])
    return None


def running_text(table: Table) -> Found | None:
    """One text to go on writing. Columns that are no candidates, such as notes, may hold running text as well."""
    texts = table.texts
    text = texts[0] if len(texts) == 1 else table.first(vocabulary.TEXT & vocabulary.LONG_TEXT)
    if text is None or text not in texts:
        return None
    if any(
        table.column(name).mean_length > 0.5 * table.column(text).mean_length
        for name in texts
        if name != text
    ):
        return None
    if why := _not_alone(table, text):
        return Found(None, {}, [why])
    others = [column for column in table.columns if column.name != text and table.is_written(column)]
    if not others:
        why = Text("proposal.only_text", text=text)
    elif max(column.mean_length for column in others) < table.column(text).mean_length:
        why = Text("proposal.longest_text", text=text)
    else:
        return None
    if _holds_documents(table, text):
        return Found(PRETRAINING, {text: Role.TARGET}, [why, Text("proposal.documents", text=text)])
    return Found(GENERATION, {text: Role.TARGET}, [why])


def _holds_documents(table: Table, text: str) -> bool:
    """Whether rows are documents of a corpus: their column is called so, or long texts stand with where each comes from."""
    if named(text, vocabulary.DOCUMENT):
        return True
    about = [
        column for column in table.columns if named(column.name, vocabulary.CORPUS_METADATA) and column.filled
    ]
    return bool(about) and table.column(text).mean_length >= _DOCUMENT_CHARACTERS


def _not_alone(table: Table, text: str) -> Text | None:
    """Why a text is perhaps not what is to be learned: labels or scores stand beside it."""
    bad = [column for column in table.columns if column.filled and named(column.name, vocabulary.REJECTED)]
    if bad and not table.is_label_like(bad[0]) and text != bad[0].name:
        return Text("proposal.only_rejected_answers", column=bad[0].name)
    labels = [column.name for column in label_columns(table) if column.name != text]
    flags = [name for name in labels if set(table.values(name)) <= _FLAGS]
    if len(flags) > 1 and len(flags) == len(labels):
        named_so = list(flags)
        return Text("proposal.several_flags", columns=named_so, text=text)
    if len(labels) > 1:
        named_so = list(labels)
        return Text("proposal.several_possible_labels", columns=named_so, text=text)
    if labels:
        return Text("proposal.one_possible_label", column=labels[0], text=text)
    for column in table.columns:
        if named(column.name, _SPANS) and column.filled and table.is_nested(column.name):
            return Text("proposal.marks_of_places", column=column.name, text=text)
        if column.name != text and table.is_usable(column) and _holds_scores(table, column):
            example = max(_values(table, column)[:20], key=len)
            return Text("proposal.numbers_as_label", column=column.name, example=example, text=text)
    return None


def _values(table: Table, column: Column) -> list[str]:
    """Values of the sample, or, where long cells left no room for them in it, the examples of the profile."""
    return table.values(column.name) or column.examples


def _holds_scores(table: Table, column: Column) -> bool:
    """Whether a column holds numbers that may judge the text beside it: fractions, or numbers named so."""
    name, values = column.name, _values(table, column)
    if (
        not values
        or named(name, vocabulary.METADATA)
        or not all(_NUMBER.fullmatch(value.strip()) for value in values)
    ):
        return False
    fractions = sum(bool(re.search(r"[.,]\d", value)) for value in values)
    is_small = all(abs(float(value.replace(",", "."))) <= _LARGEST_SCORE for value in values)
    return (fractions * 2 > len(values) and is_small) or named(name, vocabulary.LABEL | vocabulary.QUALITY)
