"""Rules for tables whose names say nothing: what the texts look like decides."""

from workers.contracts.task_types import Role, TaskType
from workers.ingest import vocabulary
from workers.ingest.proposals.by_label import label_columns
from workers.ingest.proposals.table import Found, Table


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
        and table.languages_differ(first, second)
        and 0.15 < a.mean_length / max(1, b.mean_length) < 7
    ):
        why = f"“{first}” and “{second}” are in different languages; the first is taken as the source."
        return Found(TaskType.TRANSLATION, {first: Role.INPUT, second: Role.TARGET}, [why])
    for long, short in ((first, second), (second, first)):
        if table.is_much_shorter(short, long) and table.column(short).mean_length > 20:
            why = f"“{short}” is much shorter than “{long}”, as a summary would be."
            return Found(TaskType.SUMMARIZATION, {long: Role.INPUT, short: Role.TARGET}, [why])
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
    if labels := [column.name for column in label_columns(table) if column.name != text]:
        why = f"“{labels[0]}” could be the label of “{text}”, or the text alone is to be learned. Say which."
        return Found(None, {}, [why])
    others = [column for column in table.columns if column.name != text and table.is_written(column)]
    if not others:
        why = f"“{text}” is the only column of running text."
    elif max(column.mean_length for column in others) < table.column(text).mean_length:
        why = f"“{text}” holds the longest texts."
    else:
        return None
    return Found(TaskType.GENERATION, {text: Role.TARGET}, [why])
