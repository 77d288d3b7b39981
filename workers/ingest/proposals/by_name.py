"""Rules that go by the names of columns. A clear name wins over what the texts look like."""

import re

from workers.contracts.roles import Role
from workers.contracts.tasks.chat import CHAT
from workers.contracts.tasks.code import CODE
from workers.contracts.tasks.instruction import INSTRUCTION
from workers.contracts.tasks.summarization import SUMMARIZATION
from workers.contracts.tasks.translation import TRANSLATION
from workers.contracts.texts import Text
from workers.ingest import vocabulary
from workers.ingest.proposals.code import code_share
from workers.ingest.proposals.preferences import right_answer
from workers.ingest.proposals.table import Found, Table
from workers.ingest.vocabulary import language_code, language_of_name, named

CHOICE = re.compile(r"(ans|answer|option|opt|op|choice|选项)[ _]?[0-9a-e]$|[A-E]$", re.IGNORECASE)
"""Columns of a multiple-choice question, which no task type covers."""

_RIGHT_CHOICE = frozenset(
    (
        "answeridx",
        "answerindex",
        "answerkey",
        "correct",
        "correctanswer",
        "correctoption",
        "cop",
        "gold",
        "key",
        "正确答案",
    )
)


def has_choices(table: Table) -> bool:
    return bool(choice_columns(table))


def choice_columns(table: Table) -> list[str]:
    """Columns that hold answers to choose from: several with one each, or one with a list of them."""
    several = [column.name for column in table.columns if CHOICE.match(column.name)]
    if len(several) > 1:
        return several
    return [
        column.name
        for column in table.columns
        if named(column.name, vocabulary.CHOICES) and table.is_nested(column.name)
    ]


def multiple_choice(table: Table) -> Found | None:
    """A question and answers to choose from, of which a number or a letter names the right one."""
    choices = choice_columns(table)
    right = table.first(vocabulary.ANSWER | vocabulary.LABEL | _RIGHT_CHOICE, but=choices)
    asked = [name for name in table.texts if name not in choices]
    if not choices or not right or not asked:
        return None
    held = list(choices)
    why = Text("proposal.multiple_choice", columns=held)
    return Found(None, {}, [why])


def instruction(table: Table) -> Found | None:
    """An instruction and its answer, perhaps with a text to work on, as Alpaca and Dolly have them."""
    asked = table.first(vocabulary.INSTRUCTION)
    answer = _answer(table, vocabulary.ANSWER, asked)
    if not asked or not answer:
        return None
    why = [Text("proposal.named_instruction", asked=asked, answer=answer)]
    roles = {asked: Role.INPUT, answer: Role.TARGET}
    context = _context(table, vocabulary.CONTEXT, roles)
    if context := context or _context(table, vocabulary.KNOWLEDGE | {"document", "article"}, roles):
        roles[context] = Role.CONTEXT
        why.append(Text("proposal.context_of_instruction", context=context))
    return Found(INSTRUCTION, roles, why)


def _answer(table: Table, words: frozenset[str], asked: str | None) -> str | None:
    """The answer to learn: the good one where a bad one stands beside it, else the one that is named plainly."""
    if right := right_answer(table, asked):
        return right
    has_bad = any(named(column.name, vocabulary.REJECTED) for column in table.columns)
    good = words & vocabulary.GOOD_ANSWER
    return table.first(good if has_bad else words - good, words, but=[asked])


def _context(table: Table, words: frozenset[str], roles: dict[str, Role]) -> str | None:
    return next(
        (
            column.name
            for column in table.columns
            if named(column.name, words) and column.name not in roles and column.filled
            and not column.is_messages
            and (table.is_nested(column.name) or not table.is_machine_made(column.name))
            and (not named(column.name, vocabulary.KNOWLEDGE) or table.is_passage(column.name))
        ),
        None,
    )  # fmt: skip


def reading(table: Table) -> Found | None:
    """A question on a text that stands in a column of its own, and the answer."""
    question, answer = _asked_and_answered(table, vocabulary.ANSWER - {"output", "result"})
    if not question or not answer or has_choices(table):
        return None
    roles = {question: Role.INPUT, answer: Role.TARGET}
    context = _context(table, vocabulary.READ_TEXT, roles)
    if not context or table.column(context).filled < 0.05 * table.rows:
        return None
    why = [Text("proposal.named_question_answer_context", question=question, answer=answer, context=context)]
    return Found(INSTRUCTION, {**roles, context: Role.CONTEXT}, why)


def _asked_and_answered(table: Table, answers: frozenset[str]) -> tuple[str | None, str | None]:
    """The columns that are named like a question and an answer in a word, else in several (“Customer question”)."""
    question = table.first(vocabulary.QUESTION)
    answer = _answer(table, answers, question)
    if question and answer:
        return question, answer
    bad = [column.name for column in table.columns if named(column.name, vocabulary.REJECTED)]
    question = question or table.first_of_side("question", but=[answer, *bad])
    return question, answer or table.first_of_side("answer", but=[question, *bad])


def translation(table: Table) -> Found | None:
    pair = _language_pair(table)
    if pair and all(table.reads_as_text(name) for name in pair):
        source, target = pair
        why = Text("proposal.named_languages", source=source, target=target)
        return Found(TRANSLATION, {source: Role.INPUT, target: Role.TARGET}, [why])
    text = table.first(vocabulary.SOURCE)
    translated = table.first(vocabulary.TRANSLATION, but=[text])
    if (
        text
        and translated
        and (table.languages_differ(text, translated) or _is_named_translation(table, text, translated))
    ):
        why = Text("proposal.named_translation", text=text, translated=translated)
        return Found(TRANSLATION, {text: Role.INPUT, translated: Role.TARGET}, [why])
    return None


_VAGUE_SOURCE = frozenset({"from"})
_VAGUE_TRANSLATION = frozenset({"to", "reference"})
"""These name many other things as well, so that only the languages tell."""


def _is_named_translation(table: Table, text: str, translated: str) -> bool:
    """Whether the names alone say so, and neither a program nor one language on both sides speaks against them."""
    return (
        not named(text, _VAGUE_SOURCE)
        and not named(translated, _VAGUE_TRANSLATION)
        and max(code_share(table.values(name)) for name in (text, translated)) < 0.6
        and table.could_translate(text, translated)
    )


def _language_pair(table: Table) -> tuple[str, str] | None:
    """The first two columns named after different languages. A code that is a word too counts beside a plain one, or
    where all the columns of an object are codes."""
    languages = []
    for column in table.columns:
        sure = language_of_name(column.name)
        code = sure or language_code(column.name)
        is_inner = "." in column.name
        if table.is_usable(column) and code and (sure or is_inner or not table.is_machine_made(column.name)):
            languages.append((column.name, code, bool(sure) or is_inner or "_" in column.name))
    pair = next(
        (
            (a, b)
            for i, (a, first, _) in enumerate(languages)
            for b, second, _ in languages[i + 1 :]
            if first != second or _are_variants(a, b)
        ),
        None,
    )
    if pair and not any(sure for _, _, sure in languages):
        # Two bare codes, such as ps and ur, beside nothing but metadata.
        return pair if sorted(table.texts) == sorted(pair) and table.could_translate(*pair) else None
    return pair


_VARIANT = re.compile(r"([a-z]{2,3})[-_]([A-Za-z]{2,4})")


def _are_variants(a: str, b: str) -> bool:
    """Whether two names are codes of one language in two scripts or countries: zh-Hans and zh-Hant."""
    first, second = _VARIANT.fullmatch(a), _VARIANT.fullmatch(b)
    return bool(first and second and first[1] == second[1] and first[2].lower() != second[2].lower())


def code(table: Table) -> Found | None:
    """A program and what it is written from. Columns named like question and answer must hold nothing but programs."""
    target = table.first(vocabulary.CODE, vocabulary.ANSWER, frozenset({"target"}))
    if not target:
        return None
    least = 0.6 if named(target, vocabulary.CODE) else 0.8
    asked = vocabulary.QUESTION | vocabulary.INSTRUCTION
    prompt = table.first(vocabulary.CODE_PROMPT & asked, vocabulary.CODE_PROMPT, but=[target])
    if not prompt or code_share(table.values(target)) < least:
        return None
    why = [Text("proposal.program_code_from_prompt", target=target, prompt=prompt)]
    roles = {prompt: Role.INPUT, target: Role.TARGET}
    if context := _context(
        table, (vocabulary.KNOWLEDGE | {"context", "input"}) - {"facts", "support"}, roles
    ):
        roles[context] = Role.CONTEXT
        why.append(Text("proposal.context_after_prompt", context=context, prompt=prompt))
    return Found(CODE, roles, why)


def summarization(table: Table) -> Found | None:
    target = table.first(vocabulary.SUMMARY - {"abstract"}, vocabulary.SUMMARY)
    text = table.first(vocabulary.LONG_TEXT, vocabulary.TEXT, but=[target])
    if not target or not text or table.column(target).mean_length > 0.8 * table.column(text).mean_length:
        return None
    ratio = table.column(target).mean_length / max(1, table.column(text).mean_length)
    why = Text("proposal.named_summary", target=target, ratio=ratio, text=text)
    return Found(SUMMARIZATION, {text: Role.INPUT, target: Role.TARGET}, [why])


def question_answer(table: Table) -> Found | None:
    """Question and answer. Names that say so are chat regardless of the texts; of input and output the texts tell."""
    if has_choices(table):
        return None
    letters = table.first(frozenset({"q"})), table.first(frozenset({"a"}))
    for question, answer in (
        letters,
        _asked_and_answered(table, vocabulary.ANSWER - vocabulary.VAGUE_ANSWER),
    ):
        if question and answer and not _is_decision(table, answer):
            return Found(CHAT, {question: Role.INPUT, answer: Role.TARGET}, [_named_pair(question, answer)])
    question = table.first(vocabulary.QUESTION | vocabulary.INPUT)
    answer = table.first(vocabulary.ANSWER | {"target"}, but=[question])
    if (
        question
        and answer
        and not table.is_label_like(table.column(answer))
        and not _is_decision(table, answer)
    ):
        return _vague_pair(table, question, answer)
    return None


def _is_decision(table: Table, answer: str) -> bool:
    """Whether an answer is what an annotator said of a text in Prodigy."""
    return set(table.values(answer)) <= {"accept", "reject", "ignore"}


def _named_pair(question: str, answer: str) -> Text:
    return Text("proposal.named_question_answer", question=question, answer=answer)


def _vague_pair(table: Table, question: str, answer: str) -> Found:
    roles = {question: Role.INPUT, answer: Role.TARGET}
    if table.languages_differ(question, answer):
        why = Text("proposal.named_in_two_languages", question=question, answer=answer)
        return Found(TRANSLATION, roles, [why])
    if not named(question, vocabulary.QUESTION) and table.is_much_shorter(answer, question):
        why = Text("proposal.answer_much_shorter", answer=answer, question=question)
        return Found(SUMMARIZATION, roles, [why])
    if named(question, vocabulary.QUESTION) and named(answer, vocabulary.ANSWER - vocabulary.VAGUE_ANSWER):
        return Found(CHAT, roles, [_named_pair(question, answer)])
    why = Text("proposal.named_question_output", question=question, answer=answer)
    return Found(CHAT, roles, [why])
