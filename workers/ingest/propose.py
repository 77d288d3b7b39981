"""What a table seems to teach, and what each column is for: by the names of columns first, by their content next.

Rules are tried from the most telling to the least; the first that fits decides. Each says why in a sentence that the
user reads beside the proposal. A rule that is not sure proposes nothing: choosing is then the user's.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workers.contracts.specs import Column, Proposal
from workers.contracts.task_types import Role, TaskType
from workers.ingest import vocabulary
from workers.ingest.conversations import ConversationError, normalized, parse_messages
from workers.ingest.languages import language_of
from workers.ingest.supplied_splits import explained, split_column
from workers.ingest.vocabulary import language_of_name, named

_CODE = re.compile(
    r"\bdef \w+\(|\bfunction\b.*\(|\breturn\b|\bimport \w|#include|\bclass \w+|[;{}]\s*$|=>|==|\w+\(.*\)\s*[:;{]?$|^\s{2,}\w|\w+ = |\bSELECT\b.+\bFROM\b",
    re.MULTILINE,
)

_UNSPACED = r"\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
"""Letters of scripts that put no space between words: Thai, kana, Han."""

_MACHINE_MADE = re.compile(
    rf"[^\s{_UNSPACED}]*\d[^\s{_UNSPACED}]*|https?://\S+|[-+\d.,:/ ]+|[\[{{].*[\]}}]|(CC[ -]BY\b|©|Copyright\b).*",
    re.DOTALL,
)
"""Numbers, addresses, identifiers, nested values, and under which licence a row stands."""

_CHOICE = re.compile(r"(ans|answer|option|choice|选项)[ _]?[0-9a-e]$|[A-E]$", re.IGNORECASE)
"""Columns of a multiple-choice question, which no task type covers."""


@dataclass
class Table:
    """Columns with sample rows; `texts` are the columns that hold written text, in order."""

    columns: list[Column]
    sample: Sequence[dict[str, str]]
    rows: int

    def values(self, name: str, limit: int = 300) -> list[str]:
        return [row[name] for row in self.sample if name in row][:limit]

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def first(self, *vocabularies: frozenset[str], but: Sequence[str] = ()) -> str | None:
        """The first usable column whose name is in the first vocabulary that names any."""
        for words in vocabularies:
            for column in self.columns:
                if column.name not in but and self.is_usable(column) and named(column.name, words):
                    return column.name
        return None

    def is_usable(self, column: Column) -> bool:
        return column.filled > 0.2 * self.rows and not column.is_messages

    @property
    def texts(self) -> list[str]:
        return [column.name for column in self.columns if self._is_text(column)]

    def _is_text(self, column: Column) -> bool:
        if not self.is_usable(column) or named(column.name, vocabulary.METADATA):
            return False
        if column.mean_length < 8 and language_of_name(column.name) is None:
            values = self.values(column.name)
            if not values or column.distinct < 0.5 * column.filled or not any(" " in v for v in values):
                return bool(
                    language_of(values) in ("zh", "ja", "ko") and column.distinct > 0.5 * column.filled
                )
        return not self._is_machine_made(column.name)

    def _is_machine_made(self, name: str) -> bool:
        """Numbers, addresses and identifiers: no white space, or nothing but digits and signs."""
        values = self.values(name, 100)
        odd = sum(bool(_MACHINE_MADE.fullmatch(value)) for value in values)
        return odd > 0.7 * len(values)


def propose(columns: list[Column], sample: Sequence[dict[str, str]], notes: Sequence[str] = ()) -> Proposal:
    """Return a proposal with a role for every column; task_type None where nothing is clear."""
    split = split_column(columns, sample)
    if split:
        rest = _propose([column for column in columns if column.name != split], sample, notes)
        why = explained(split, [row[split] for row in sample if split in row])
        return rest.model_copy(update={"roles": rest.roles | {split: Role.SPLIT}, "why": [*rest.why, why]})
    return _propose(columns, sample, notes)


def _propose(columns: list[Column], sample: Sequence[dict[str, str]], notes: Sequence[str]) -> Proposal:
    table = Table(columns, sample, max((column.filled for column in columns), default=0))
    for rule in _RULES:
        found = rule(table)
        if found:
            task_type, roles, why = found
            every = {column.name: roles.get(column.name, Role.IGNORE) for column in columns}
            return Proposal(task_type=task_type, roles=every, why=[*notes, *why])
    why = [
        *notes,
        "No column is clearly a question, an answer or a label. Say what the data teaches, and mark its columns.",
    ]
    return Proposal(task_type=None, roles={column.name: Role.IGNORE for column in columns}, why=why)


_Found = tuple[TaskType | None, dict[str, Role], list[str]]


def _chat(table: Table) -> _Found | None:
    lists = [column.name for column in table.columns if column.is_messages]
    if not lists:
        return None
    name = next((name for name in lists if named(name, vocabulary.MESSAGES)), lists[0])
    why = [f"“{name}” holds conversations: lists of messages by a user and an assistant."]
    parsed = [turns for value in table.values(name) if (turns := parse_messages(value))]
    problems = [problem for turns in parsed if (problem := _conversation_problem(turns))]
    if parsed and len(problems) > 0.8 * len(parsed):
        common = max(set(problems), key=problems.count)
        return None, {}, [*why, f"Almost none can be learned from: {common}."]
    if problems:
        common = max(set(problems), key=problems.count)
        why.append(
            f"About {len(problems) / len(parsed):.0%} cannot be learned from, mostly for this reason: {common}."
        )
    roles = {name: Role.MESSAGES}
    if system := table.first(vocabulary.SYSTEM):
        roles[system] = Role.SYSTEM
        why.append(f"“{system}” is named like a system prompt.")
    if len(lists) > 1:
        why.append(
            "Preferences (chosen and rejected answers) are not learned; only one list of messages is used."
        )
    return TaskType.CHAT, roles, why


def _conversation_problem(turns: list[dict[str, object]]) -> str | None:
    try:
        normalized(turns)
    except ConversationError as error:
        return str(error)
    return None


def _alpaca(table: Table) -> _Found | None:
    instruction = table.first(vocabulary.INSTRUCTION)
    answer = table.first(vocabulary.ANSWER, but=[instruction or ""])
    if not instruction or not answer:
        return None
    why = [f"“{instruction}” and “{answer}” are named like an instruction and its answer."]
    roles = {instruction: Role.INPUT, answer: Role.TARGET}
    context = next(
        (
            c.name
            for c in table.columns
            if named(c.name, vocabulary.CONTEXT) and c.name not in roles and c.filled
        ),
        None,
    )
    if context:
        roles[context] = Role.CONTEXT
        why.append(f"“{context}” is the text that the instruction works on.")
    if system := table.first(vocabulary.SYSTEM):
        roles[system] = Role.SYSTEM
    return TaskType.INSTRUCTION, roles, why


def _translation_by_name(table: Table) -> _Found | None:
    languages = [
        (c.name, code) for c in table.columns if table.is_usable(c) and (code := language_of_name(c.name))
    ]
    pair = next(((a, b) for i, a in enumerate(languages) for b in languages[i + 1 :] if a[1] != b[1]), None)
    if pair and all(_reads_as_text(table, name) for name, _ in pair):
        (source, _), (target, _) = pair
        why = f"“{source}” and “{target}” are named after languages; the first is taken as the source."
        return TaskType.TRANSLATION, {source: Role.INPUT, target: Role.TARGET}, [why]
    text = table.first(vocabulary.SOURCE)
    translated = table.first(vocabulary.TRANSLATION, but=[text or ""])
    if text and translated and _languages_differ(table, text, translated):
        why = f"“{text}” and “{translated}” are named like a text and its translation."
        return TaskType.TRANSLATION, {text: Role.INPUT, translated: Role.TARGET}, [why]
    return None


def _reads_as_text(table: Table, name: str) -> bool:
    values = table.values(name, 100)
    texts = sum(not re.match(r"[\d.]+$|[\[{]", value) for value in values)
    return texts > 0.8 * len(values)


def _languages_differ(table: Table, first: str, second: str) -> bool:
    a, b = language_of(table.values(first)), language_of(table.values(second))
    return a is not None and b is not None and a != b


def _code(table: Table) -> _Found | None:
    target = table.first(vocabulary.CODE, vocabulary.ANSWER, frozenset({"target"}))
    if not target or _code_share(table.values(target)) < 0.6:
        return None
    prompt = table.first(vocabulary.CODE_PROMPT, but=[target])
    if not prompt:
        return None
    why = f"“{target}” holds program code, and “{prompt}” is what it is written from."
    return TaskType.CODE, {prompt: Role.INPUT, target: Role.TARGET}, [why]


def _code_share(values: Sequence[str]) -> float:
    """Share of texts with several marks of code for their length."""
    if not values:
        return 0.0
    marks = [(len(_CODE.findall(value[:2000])), value[:2000].count("\n") + 1) for value in values]
    return sum(found >= max(1, 0.5 * lines) for found, lines in marks) / len(values)


def _summarization(table: Table) -> _Found | None:
    target = table.first(vocabulary.SUMMARY - {"abstract"}, vocabulary.SUMMARY)
    text = table.first(vocabulary.LONG_TEXT, vocabulary.TEXT, but=[target or ""])
    if not target or not text or table.column(target).mean_length > 0.8 * table.column(text).mean_length:
        return None
    ratio = table.column(target).mean_length / max(1, table.column(text).mean_length)
    why = f"“{target}” is named like a summary and has {ratio:.0%} of the length of “{text}”."
    return TaskType.SUMMARIZATION, {text: Role.INPUT, target: Role.TARGET}, [why]


def _question_answer(table: Table) -> _Found | None:
    for questions, answers in (
        (frozenset({"q"}), frozenset({"a"})),
        (vocabulary.QUESTION, vocabulary.ANSWER - {"output"}),
        (vocabulary.QUESTION | vocabulary.INPUT, vocabulary.ANSWER | {"target"}),
    ):
        question = table.first(questions)
        answer = table.first(answers, but=[question or ""])
        if question and answer and not _is_label_like(table, table.column(answer)):
            return _pair(table, question, answer)
    return None


def _pair(table: Table, question: str, answer: str) -> _Found:
    roles = {question: Role.INPUT, answer: Role.TARGET}
    why = [f"“{question}” and “{answer}” are named like a question and its answer."]
    if _languages_differ(table, question, answer):
        return TaskType.TRANSLATION, roles, [*why, "They are in different languages."]
    if _is_much_shorter(table, answer, question):
        return TaskType.SUMMARIZATION, roles, [*why, f"“{answer}” is much shorter than “{question}”."]
    if system := table.first(vocabulary.SYSTEM):
        roles[system] = Role.SYSTEM
    return TaskType.CHAT, roles, why


def _is_much_shorter(table: Table, short: str, long: str) -> bool:
    return (
        table.column(long).mean_length > 400
        and table.column(short).mean_length < 0.35 * table.column(long).mean_length
    )


def _is_label_like(table: Table, column: Column) -> bool:
    """Few distinct short values that repeat."""
    return (
        table.is_usable(column)
        and 2 <= column.distinct <= min(1000, max(2, column.filled // 3))
        and column.mean_length <= 40
        and column.max_length <= 100
    )


def _labels(table: Table) -> list[Column]:
    return [c for c in table.columns if _is_label_like(table, c) and not named(c.name, vocabulary.METADATA)]


def _classification(table: Table) -> _Found | None:
    labels = _labels(table)
    if sum(bool(_CHOICE.match(c.name)) for c in table.columns) > 1:
        return None
    by_name = [c for c in labels if named(c.name, vocabulary.LABEL)]
    texts = [name for name in table.texts if name not in {c.name for c in labels}]
    if not texts or not labels:
        return None
    odd = [column.name for column in table.columns if column.name not in texts]
    text = table.first(vocabulary.TEXT - vocabulary.HEADING, vocabulary.TEXT, but=odd)
    if text is None:
        if len(texts) > 1:
            return None
        text = texts[0]
    label = min(by_name, key=_label_rank) if by_name else None
    if label is None:
        if sum(map(table.is_usable, table.columns)) > 3 or len(labels) > 1:
            return None
        label = labels[0]
    if len([name for name in texts if name != text and table.column(name).mean_length > 4]) > 2:
        return None
    why = [
        f"“{label.name}” has {label.distinct:,} different short values that repeat, like labels for “{text}”."
    ]
    others = [c.name for c in by_name if c.name != label.name]
    if others:
        why.append(f"“{others[0]}” could be the label as well.")
    return TaskType.CLASSIFICATION, {text: Role.INPUT, label.name: Role.LABEL}, why


def _label_rank(column: Column) -> tuple[int, int]:
    """Plainly named labels first, then the one with the fewest values."""
    plain = vocabulary.plain(column.name)
    return (0 if plain.startswith(("label", "标签", "intent", "class", "sentiment")) else 1, column.distinct)


def _by_content(table: Table) -> _Found | None:
    texts = table.texts
    if len(texts) != 2:
        return None
    first, second = texts
    a, b = table.column(first), table.column(second)
    if _languages_differ(table, first, second) and 0.15 < a.mean_length / max(1, b.mean_length) < 7:
        why = f"“{first}” and “{second}” are in different languages; the first is taken as the source."
        return TaskType.TRANSLATION, {first: Role.INPUT, second: Role.TARGET}, [why]
    for long, short in ((first, second), (second, first)):
        if _is_much_shorter(table, short, long) and table.column(short).mean_length > 20:
            why = f"“{short}” is much shorter than “{long}”, as a summary would be."
            return TaskType.SUMMARIZATION, {long: Role.INPUT, short: Role.TARGET}, [why]
    return None


def _generation(table: Table) -> _Found | None:
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
    if labels := [c.name for c in _labels(table) if c.name != text]:
        why = f"“{labels[0]}” could be the label of “{text}”, or the text alone is to be learned. Say which."
        return None, {}, [why]
    return TaskType.GENERATION, {text: Role.TARGET}, [f"“{text}” is the only column of running text."]


_RULES: tuple[Callable[[Table], _Found | None], ...] = (
    _chat,
    _alpaca,
    _translation_by_name,
    _code,
    _summarization,
    _question_answer,
    _classification,
    _by_content,
    _generation,
)
