"""What each column that is not used may mean, so that nothing is dropped in silence."""

import re

from workers.contracts.job_kinds.importing import Column
from workers.contracts.roles import Role
from workers.contracts.tasks import Task
from workers.contracts.tasks.code import CODE
from workers.ingest import vocabulary
from workers.ingest.empty_cells import is_sheet_error, may_say_nothing
from workers.ingest.labels import named as quoted
from workers.ingest.proposals.beside import unread_beside
from workers.ingest.proposals.by_answer import unread_subject
from workers.ingest.proposals.by_name import CHOICE
from workers.ingest.proposals.marked_rows import (
    doubtful_values,
    graded_columns,
    is_mostly_low,
    marking_columns,
    masked_columns,
    possible_marks,
    unread_columns,
)
from workers.ingest.proposals.preferences import other_answers
from workers.ingest.proposals.second_text import other_texts
from workers.ingest.proposals.table import Table
from workers.ingest.split_names import names_scored_parts
from workers.ingest.verdicts import WEIGHT_NAMES, Sense, mark_named
from workers.ingest.vocabulary import language_of_name, named, plain

_BY_NAME: tuple[tuple[frozenset[str] | re.Pattern[str], str], ...] = (
    (vocabulary.REJECTED, "answers that were not preferred; preferences are not learned yet"),
    (vocabulary.TOOLS, "descriptions of tools; calling tools is not learned yet"),
    (re.compile(r"(image|picture|photo|audio|video|bild|foto)s?(path|url|file|id)?|图片|图像|音频|视频"), "images or sound; texts alone are learned"),
    (re.compile(r"reasoning(content)?|thinking|thought|thoughts|rationale|chainofthought|cot|explanation|推理|思考"), "reasoning before the answer"),
    (WEIGHT_NAMES, "weights of rows: a row of weight 0 is left out, other weights are not followed"),
    (re.compile(r"split|fold|subset|partition|setname|datasplit|数据划分"), "which split a row is in"),
    (re.compile(r".*(id|uuid|guid|key|index|idx|number|nr)|编号|序号|line"), "an identifier"),
    (re.compile(r".*(date|time|timestamp|created|updated|(created|updated)at)|日期|时间|datum|fecha|fechas"), "a date or time"),
    (re.compile(r".*(url|link|href|website)|链接"), "a web address"),
    (re.compile(r".*(author|annotator|user|username|userid|email|worker|agent|customer)|作者"), "who wrote it"),
    (re.compile(r"licen[cs]e|copyright|attribution"), "a licence"),
    (re.compile(r"(lang|language|locale)|语言"), "the name of a language"),
    (re.compile(r"source|origin|dataset|corpus|filename|file|path|来源"), "where a row comes from"),
    (re.compile(r"(rating|score|stars|votes?|rank|grade|confidence|similarity|quality)s?|评分"), "a rating"),
    (vocabulary.SYSTEM, "a system prompt"),
    (vocabulary.HISTORY, "earlier turns of the conversation"),
    (vocabulary.CHOICES, "answers to choose from"),
    (CHOICE, "an answer to choose from"),
    (vocabulary.LABEL, "another label"),
    (vocabulary.HEADING, "a title"),
    (vocabulary.SUMMARY, "a summary"),
    (vocabulary.ANSWER, "another answer"),
    (vocabulary.READ_TEXT, "a text that the rest may be about"),
    (vocabulary.INSTRUCTION, "an instruction"),
    (vocabulary.CODE - {"source"}, "program code"),
)  # fmt: skip


def meanings(table: Table) -> dict[str, str]:
    """Return by column what it may mean where it is not used."""
    return {column.name: _meaning(table, column) for column in table.columns}


def _meaning(table: Table, column: Column) -> str:
    if not column.filled:
        return "empty in every row"
    if column.is_messages and named(column.name, vocabulary.REJECTED):
        return _BY_NAME[0][1]
    if column.is_messages:
        return "whole conversations"
    folded = plain(column.name)
    for names, meaning in _BY_NAME:
        if names.fullmatch(folded) if isinstance(names, re.Pattern) else folded in names:
            return meaning
    if language_of_name(column.name):
        return "text in another language"
    if table.is_nested(column.name):
        return "nested values"
    if column.filled < 0.2 * table.rows:
        return "filled in few rows"
    if column.name in table.texts:
        return "another text"
    if table.is_machine_made(column.name):
        return "numbers, addresses or identifiers"
    return (
        "one short value"
        if column.distinct == 1
        else "short values that repeat"
        if table.is_label_like(column)
        else "short values"
    )


def warnings_about(table: Table, roles: dict[str, Role], task: Task | None) -> list[str]:
    """Say what is left out although it changes what the rows mean."""
    found = []
    unused = [column for column in table.columns if column.filled and column.name not in roles]
    rejected = next(
        (
            column.name
            for column in unused
            if named(column.name, vocabulary.REJECTED) and not table.is_label_like(column)
        ),
        None,
    )
    others = [name for name in other_answers(table) if name not in roles]
    target = next((name for name, role in roles.items() if role is Role.TARGET), None)
    if others and target:
        found.append(f"“{others[0]}” holds other answers to the same question. Only “{target}” is learned.")
    if rejected:
        chosen = next((name for name, role in roles.items() if role in (Role.TARGET, Role.MESSAGES)), None)
        found.append(
            f"This is preference data. Preferences are not learned yet: only “{chosen}” is learned, and “{rejected}” is left out."
            if chosen
            else f"This is preference data: “{rejected}” holds answers that were not preferred. Preferences are not learned yet."
        )
    if tools := next((column.name for column in unused if named(column.name, vocabulary.TOOLS)), None):
        found.append(f"“{tools}” describes tools. Calling tools is not learned yet.")
    if task and Role.TARGET in roles.values() and (subject := unread_subject(table, roles)):
        asked = next(name for name, role in roles.items() if role is Role.INPUT)
        found.append(
            f"“{subject}” is not read, although replies may depend on it. To learn from it too, write it above the text in “{asked}”."
        )
    found += [
        f"“{column.name}” names parts of a test set ({quoted(table.different(column.name))}) and no rows for training. It is not used as the split."
        for column in unused
        if task and column.distinct <= 3 and names_scored_parts(column.name, table.different(column.name))
    ]
    found += _about_empty_texts(table, roles, task)
    if Role.LABEL in roles.values() and (texts := other_texts(table, set(roles))):
        found.append(_unread(texts, [name for name, role in roles.items() if role is not Role.LABEL]))
    return found + ([*unread_beside(table, task, roles), *_about_marks(table, roles, task)] if task else [])


def _about_empty_texts(table: Table, roles: dict[str, Role], task: Task | None) -> list[str]:
    """Say which rows hold the error of a spreadsheet, and which answers may mean that there is none."""
    found = []
    for name, role in roles.items():
        values = table.values(name, len(table.sample)) if role in (Role.INPUT, Role.TARGET) else []
        if errors := list(filter(is_sheet_error, values)):
            found.append(
                f"{len(errors):,} of {len(values):,} rows hold a spreadsheet error in “{name}” ({quoted(dict.fromkeys(errors))}). These rows are set aside."
            )
        if role is not Role.TARGET or task is CODE:
            continue
        nothing = list(filter(may_say_nothing, values))
        if nothing and len(nothing) * 100 >= len(values):
            found.append(
                f"{len(nothing):,} of {len(values):,} rows hold {quoted(dict.fromkeys(nothing))} in “{name}”. These are learned as answers. If they mean “no answer”, empty these cells."
            )
    return found


def _about_marks(table: Table, roles: dict[str, Role], task: Task) -> list[str]:
    """Say which marks of bad rows are not followed."""
    found = []
    more = [column.name for column, _ in marking_columns(table, task) if column.name not in roles]
    if len(more) == 1:
        found.append(
            f"“{more[0]}” marks rows as bad as well. Only one such column is used, so these rows are learned. Remove them from the file first."
        )
    elif more:
        found.append(
            f"{_every(more)} mark rows as bad as well. Only one such column is used, so these rows are learned. Remove them from the file first."
        )
    found += [
        f"“{name}” says which parts of a row are learned. It fits no list of messages, so it is not followed and all parts are learned."
        for name in masked_columns(table, roles)[:1]
    ]
    if doubtful := doubtful_values(table, roles, task):
        found.append(
            f"“{doubtful[0]}” says neither good nor bad of some rows ({quoted(doubtful[1])}). These rows are learned too."
        )
    graded = [name for name in graded_columns(table, roles, task) if name not in more]
    if graded:
        found.append(_graded(table, graded[0]))
    possible = [name for name in possible_marks(table, roles, task) if name not in more]
    if len(possible) == 1:
        found.append(
            f"“{possible[0]}” may say which rows are bad. It is not followed, so all rows are learned. To set aside the bad ones, choose “Good or bad row” for this column."
        )
    elif possible:
        found.append(
            f"{_every(possible)} may say which rows are bad. They are not followed, so all rows are learned. To set aside the bad ones, choose “Good or bad row” for one of these columns."
        )
    for name, values in unread_columns(table, roles, task):
        if name in possible:
            continue
        found.append(
            f"“{name}” may mark rows as bad, but its values ({quoted(values)}) say neither good nor bad. All rows are learned. To leave rows out, write “good” or “bad” in this column and upload the file again."
        )
    return found


def _every(names: list[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


def _graded(table: Table, name: str) -> str:
    mark = mark_named(name)
    if mark and mark.sense is Sense.BAD:
        return f"“{name}” rates rows by numbers, of which high ones are bad. Rows with a high number are learned too. To set aside the upper half of the scale, choose “Good or bad row” for this column."
    if table.is_nested(name) or is_mostly_low(table, name):
        return f"“{name}” rates rows by numbers. Rows with a low rating are learned too."
    return f"“{name}” rates rows by numbers. Rows with a low rating are learned too. To set aside the lower half of the scale, choose “Good or bad row” for this column."


def _unread(texts: list[str], read: list[str]) -> str:
    names, taken = (", ".join(f"“{name}”" for name in some[:3]) for some in (texts, read))
    if len(read) > 1:
        return f"Only {taken} are used to predict the label, not {names}. At most two texts can be read."
    return f"Only {taken} is used to predict the label, not {names}. If the label depends on it, mark it as the second text."
