"""Texts with labels: which column holds the label, and what keeps one from being learned."""

import re
from collections import Counter
from collections.abc import Sequence

from workers.contracts.job_kinds.importing import Column
from workers.contracts.roles import Role
from workers.contracts.tasks.classification import CLASSIFICATION
from workers.contracts.texts import Text
from workers.ingest import vocabulary
from workers.ingest.labels import (
    combinations_of,
    doubtful_combination,
    first_few,
    label_key,
    labels_of,
    merged_spellings,
    spelled,
)
from workers.ingest.missing_labels import doubtful_labels, missing_labels
from workers.ingest.proposals.by_name import CHOICE
from workers.ingest.proposals.second_text import text_pair, with_second_text
from workers.ingest.proposals.table import Found, Table
from workers.ingest.vocabulary import named, plain

_MOST_LABELS = 1_000
_PLAINLY = (
    "label",
    "标签",
    "intent",
    "stance",
    "class",
    "sentiment",
    "category",
    "categorie",
    "kategorie",
    "categoria",
    "类别",
)


_OF_A_TALK = re.compile(
    r"(chat|thread|session|conversation|conv|dialog|dialogue|talk|ticket|call|gesprach|konversation|conversacion|会话|对话)(id|uuid|key|nr|no|number|编号)"
    r"|thread|session|conversation|dialogue?|会话|对话"
)
"""Names of columns that say to which conversation a row belongs: no label, however often a value repeats."""


def label_columns(table: Table) -> list[Column]:
    return [
        column
        for column in table.columns
        if table.is_label_like(column) and not named(column.name, vocabulary.METADATA)
    ]


def classification(table: Table) -> Found | None:
    labels = label_columns(table)
    if not labels or sum(bool(CHOICE.match(column.name)) for column in table.columns) > 1:
        return None
    by_name = [column for column in labels if named(column.name, vocabulary.LABEL)]
    label = min(by_name, key=_rank) if by_name else None
    texts = [name for name in table.texts if name not in {column.name for column in labels}]
    others = [name for name in table.texts if label and name != label.name]
    pair = text_pair(texts) or text_pair(others)  # `label1` and `label2` of two annotators are a pair too.
    if label and pair:
        return _with_pair(table, pair, label)
    if not texts:
        return None
    text = _labelled_text(table, texts)
    if label is None and text and len(labels) == 1 and sum(map(table.is_usable, table.columns)) <= 3:
        label = None if _OF_A_TALK.fullmatch(plain(labels[0].name)) else labels[0]
    if text is None or label is None:
        return None
    pair = with_second_text(table, text, label.name)
    read = pair or (text,)
    if len([name for name in texts if name not in read and table.column(name).mean_length > 4]) > 2:
        return None
    why = [
        Text("proposal.other_possible_label", column=name)
        for name in [column.name for column in by_name if column.name not in (label.name, *read)][:1]
    ]
    if pair:
        return _with_pair(table, pair, label, why)
    reason = Text("proposal.repeating_values", column=label.name, values=_counted(label), text=text)
    return _learnable(table, {text: Role.INPUT, label.name: Role.LABEL}, label, [reason, *why])


def _labelled_text(table: Table, texts: list[str]) -> str | None:
    others = [column.name for column in table.columns if column.name not in texts]
    text = table.first(vocabulary.TEXT - vocabulary.HEADING, vocabulary.TEXT, but=others)
    return text or (texts[0] if len(texts) == 1 else None)


def _with_pair(table: Table, pair: tuple[str, str], label: Column, also: Sequence[Text] = ()) -> Found:
    first, second = pair
    why = [
        Text(
            "proposal.repeating_values_of_two_texts",
            column=label.name,
            values=_counted(label),
            first=first,
            second=second,
        ),
        Text("proposal.second_text_after_first", second=second, first=first),
        *also,
    ]
    roles = {first: Role.INPUT, second: Role.CONTEXT, label.name: Role.LABEL}
    return _learnable(table, roles, label, why)


def _learnable(table: Table, roles: dict[str, Role], label: Column, why: list[Text]) -> Found:
    """The proposal, unless nearly every row has several labels, or fewer than two labels have two rows each."""
    several, rows, _ = several_labels(table, label.name)
    if several <= 0.9 * rows and len(table.sample) >= table.rows and _repeated(table, label.name) < 2:
        reason = Text("proposal.too_few_rows_per_label", column=label.name)
        return Found(None, {}, [*(label_warnings(table, label.name)[:1] if several else []), reason])
    if several > 0.9 * rows:
        reason = Text("proposal.nearly_all_several_labels", column=label.name)
        return Found(None, {}, [reason])
    single = _single_labels(table, label.name)
    joined = combinations_of(single)
    if several and len({label_key(name) for name in single if name not in joined}) < 2:
        reason = Text("proposal.too_few_single_labels", column=label.name)
        return Found(None, {}, [reason])
    return Found(CLASSIFICATION, roles, why)


def _rank(column: Column) -> tuple[int, int]:
    """The label that annotators agreed on first, then plainly named ones, then the one with the fewest values."""
    if plain(column.name) in ("goldlabel", "goldlabels"):
        return (-1, column.distinct)
    return (0 if plain(column.name).startswith(_PLAINLY) else 1, column.distinct)


def several_labels(table: Table, name: str) -> tuple[int, int, list[str]]:
    """Return of the sample how many rows have several labels, how many have any, and the labels of the first one."""
    cells = [labels_of(value) for value in table.values(name, len(table.sample))]
    joined = combinations_of(Counter(labels[0] for labels in cells if len(labels) == 1))
    several = [
        labels if len(labels) > 1 else list(joined[labels[0]])
        for labels in cells
        if len(labels) > 1 or (labels and labels[0] in joined)
    ]
    return len(several), len(cells), several[0] if several else []


def has_case_variants(table: Table, name: str) -> bool:
    """Whether labels differ in case or the like; a number that is written in two ways is none of these."""
    counts = _single_labels(table, name)
    return merged_spellings(counts) != merged_spellings(counts, loosely=False)


def _single_labels(table: Table, name: str) -> Counter[str]:
    cells = [labels_of(value) for value in table.values(name, len(table.sample))]
    return Counter(labels[0] for labels in cells if len(labels) == 1)


def _repeated(table: Table, name: str) -> int:
    """How many labels have two rows or more, in any spelling; a row with several labels is none of these."""
    counts = _single_labels(table, name)
    joined = combinations_of(counts)
    rows: Counter[str] = Counter()
    for label, times in counts.items():
        if label not in joined:
            rows[label_key(label)] += times
    return sum(times > 1 for times in rows.values())


def label_warnings(table: Table, name: str) -> list[Text]:
    """Say what the labels of a column need before a model can learn them: rows with several, spellings that differ."""
    found = []
    several, rows, first = several_labels(table, name)
    if several:
        found.append(
            Text(
                "proposal.some_several_labels",
                rows=several,
                all_rows=rows,
                column=name,
                examples=first_few(first),
            )
        )
    counts = _single_labels(table, name)
    if missing := missing_labels(counts):
        none = sum(counts[label] for label in missing)
        found.append(
            Text(
                "proposal.some_without_label",
                rows=none,
                all_rows=rows,
                column=name,
                marks=first_few(sorted(missing)),
            )
        )
    if doubtful := doubtful_labels(counts):
        found.append(Text("proposal.doubtful_label", label=doubtful[0], column=name))
    if joined := doubtful_combination(counts):
        found.append(Text("proposal.joined_label", label=joined, column=name))
    merges = merged_spellings({label: rows for label, rows in counts.items() if label not in missing})
    if merges:
        found.append(Text("proposal.spelled_differently", column=name, spellings=spelled(merges[0])))
    return found


def unusable_label(table: Table) -> Found | None:
    """A column that is named like the label, and cannot be one: the reason is said, and nothing else is guessed."""
    named_so = [column for column in table.columns if named(column.name, vocabulary.LABEL)]
    if any(table.is_label_like(column) for column in named_so):
        return None
    for column in sorted(named_so, key=_rank):
        if column.name in table.texts and named(column.name, vocabulary.TRANSLATION):
            continue  # A “target” that is written text may be a translation or a summary.
        if column.is_messages or not [name for name in table.texts if name != column.name]:
            continue
        if reason := _why_unusable(table, column):
            return Found(None, {}, [reason])
    return None


def _why_unusable(table: Table, column: Column) -> Text | None:
    name = column.name
    values = table.different(name)
    if column.filled <= 0.2 * table.rows:
        return Text("proposal.label_mostly_empty", column=name, filled=column.filled, rows=table.rows)
    if table.is_nested(name) and any("{" in value or "[[" in value for value in values[:20]):
        return Text("proposal.label_nested", column=name)
    if column.mean_length > 60:
        return None
    if column.distinct < 2:
        return Text("proposal.label_has_one_value", column=name, values=first_few(values))
    if column.distinct > _MOST_LABELS:
        return Text("proposal.too_many_labels", column=name, labels=_counted(column), most=_MOST_LABELS)
    if column.distinct > column.filled // 3:
        return Text(
            "proposal.label_rarely_repeats", column=name, values=_counted(column), filled=column.filled
        )
    return None


def _counted(column: Column) -> str:
    """How many different values a column has, marked where it is an estimate."""
    return f"≈ {column.distinct:,}" if column.distinct_is_estimate else f"{column.distinct:,}"
