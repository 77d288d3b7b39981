"""What each column that is not used may mean, so that nothing is dropped in silence."""

import re

from workers.contracts.job_kinds.importing import Column
from workers.contracts.roles import Role
from workers.contracts.tasks import Task
from workers.contracts.tasks.code import CODE
from workers.contracts.texts import Text
from workers.ingest import vocabulary
from workers.ingest.empty_cells import is_sheet_error, may_say_nothing
from workers.ingest.labels import first_few
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

_BY_NAME: tuple[tuple[frozenset[str] | re.Pattern[str], Text], ...] = (
    (vocabulary.REJECTED, Text("proposal.meaning_rejected")),
    (vocabulary.TOOLS, Text("proposal.meaning_tools")),
    (re.compile(r"(image|picture|photo|audio|video|bild|foto)s?(path|url|file|id)?|图片|图像|音频|视频"), Text("proposal.meaning_media")),
    (re.compile(r"reasoning(content)?|thinking|thought|thoughts|rationale|chainofthought|cot|explanation|推理|思考"), Text("proposal.meaning_reasoning")),
    (WEIGHT_NAMES, Text("proposal.meaning_weights")),
    (re.compile(r"split|fold|subset|partition|setname|datasplit|数据划分"), Text("proposal.meaning_split")),
    (re.compile(r".*(id|uuid|guid|key|index|idx|number|nr)|编号|序号|line"), Text("proposal.meaning_identifier")),
    (re.compile(r".*(date|time|timestamp|created|updated|(created|updated)at)|日期|时间|datum|fecha|fechas"), Text("proposal.meaning_time")),
    (re.compile(r".*(url|link|href|website)|链接"), Text("proposal.meaning_address")),
    (re.compile(r".*(author|annotator|user|username|userid|email|worker|agent|customer)|作者"), Text("proposal.meaning_author")),
    (re.compile(r"licen[cs]e|copyright|attribution"), Text("proposal.meaning_licence")),
    (re.compile(r"(lang|language|locale)|语言"), Text("proposal.meaning_language")),
    (re.compile(r"source|origin|dataset|corpus|filename|file|path|来源"), Text("proposal.meaning_source")),
    (re.compile(r"(rating|score|stars|votes?|rank|grade|confidence|similarity|quality)s?|评分"), Text("proposal.meaning_rating")),
    (vocabulary.SYSTEM, Text("proposal.meaning_system_prompt")),
    (vocabulary.HISTORY, Text("proposal.meaning_history")),
    (vocabulary.CHOICES, Text("proposal.meaning_choices")),
    (CHOICE, Text("proposal.meaning_choice")),
    (vocabulary.LABEL, Text("proposal.meaning_other_label")),
    (vocabulary.HEADING, Text("proposal.meaning_title")),
    (vocabulary.SUMMARY, Text("proposal.meaning_summary")),
    (vocabulary.ANSWER, Text("proposal.meaning_other_answer")),
    (vocabulary.READ_TEXT, Text("proposal.meaning_context")),
    (vocabulary.INSTRUCTION, Text("proposal.meaning_instruction")),
    (vocabulary.CODE - {"source"}, Text("proposal.meaning_code")),
)  # fmt: skip


def meanings(table: Table) -> dict[str, Text]:
    """Return by column what it may mean where it is not used."""
    return {column.name: _meaning(table, column) for column in table.columns}


def _meaning(table: Table, column: Column) -> Text:
    if not column.filled:
        return Text("proposal.meaning_empty")
    if column.is_messages and named(column.name, vocabulary.REJECTED):
        return _BY_NAME[0][1]
    if column.is_messages:
        return Text("proposal.meaning_conversations")
    folded = plain(column.name)
    for names, meaning in _BY_NAME:
        if names.fullmatch(folded) if isinstance(names, re.Pattern) else folded in names:
            return meaning
    if language_of_name(column.name):
        return Text("proposal.meaning_other_language")
    if table.is_nested(column.name):
        return Text("proposal.meaning_nested")
    if column.filled < 0.2 * table.rows:
        return Text("proposal.meaning_mostly_empty")
    if column.name in table.texts:
        return Text("proposal.meaning_text")
    if table.is_machine_made(column.name):
        return Text("proposal.meaning_numbers")
    return (
        Text("proposal.meaning_one_value")
        if column.distinct == 1
        else Text("proposal.meaning_repeating_values")
        if table.is_label_like(column)
        else Text("proposal.meaning_short_values")
    )


def warnings_about(table: Table, roles: dict[str, Role], task: Task | None) -> list[Text]:
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
        found.append(Text("proposal.other_answers", column=others[0], target=target))
    if rejected:
        chosen = next((name for name, role in roles.items() if role in (Role.TARGET, Role.MESSAGES)), None)
        found.append(
            Text("proposal.preference_data", chosen=chosen, rejected=rejected)
            if chosen
            else Text("proposal.preference_data_without_chosen", rejected=rejected)
        )
    if tools := next((column.name for column in unused if named(column.name, vocabulary.TOOLS)), None):
        found.append(Text("proposal.tools", column=tools))
    if task and Role.TARGET in roles.values() and (subject := unread_subject(table, roles)):
        asked = next(name for name, role in roles.items() if role is Role.INPUT)
        found.append(Text("proposal.subject_not_read", subject=subject, asked=asked))
    found += [
        Text(
            "proposal.parts_of_a_test_set", column=column.name, parts=first_few(table.different(column.name))
        )
        for column in unused
        if task and column.distinct <= 3 and names_scored_parts(column.name, table.different(column.name))
    ]
    found += _about_empty_texts(table, roles, task)
    if Role.LABEL in roles.values() and (texts := other_texts(table, set(roles))):
        found.append(_unread(texts, [name for name, role in roles.items() if role is not Role.LABEL]))
    return found + ([*unread_beside(table, task, roles), *_about_marks(table, roles, task)] if task else [])


def _about_empty_texts(table: Table, roles: dict[str, Role], task: Task | None) -> list[Text]:
    """Say which rows hold the error of a spreadsheet, and which answers may mean that there is none."""
    found = []
    for name, role in roles.items():
        values = table.values(name, len(table.sample)) if role in (Role.INPUT, Role.TARGET) else []
        if errors := list(filter(is_sheet_error, values)):
            found.append(
                Text(
                    "proposal.spreadsheet_errors",
                    rows=len(errors),
                    all_rows=len(values),
                    column=name,
                    errors=first_few(dict.fromkeys(errors)),
                )
            )
        if role is not Role.TARGET or task is CODE:
            continue
        nothing = list(filter(may_say_nothing, values))
        if nothing and len(nothing) * 100 >= len(values):
            found.append(
                Text(
                    "proposal.stand_ins_learned",
                    rows=len(nothing),
                    all_rows=len(values),
                    values=first_few(dict.fromkeys(nothing)),
                    column=name,
                )
            )
    return found


def _about_marks(table: Table, roles: dict[str, Role], task: Task) -> list[Text]:
    """Say which marks of bad rows are not followed."""
    found = []
    more = [column.name for column, _ in marking_columns(table, task) if column.name not in roles]
    if len(more) == 1:
        found.append(Text("proposal.second_quality_column", column=more[0]))
    elif more:
        found.append(Text("proposal.more_quality_columns", columns=more))
    found += [
        Text("proposal.mask_fits_no_messages", column=name) for name in masked_columns(table, roles)[:1]
    ]
    if doubtful := doubtful_values(table, roles, task):
        found.append(Text("proposal.unclear_quality", column=doubtful[0], values=first_few(doubtful[1])))
    graded = [name for name in graded_columns(table, roles, task) if name not in more]
    if graded:
        found.append(_graded(table, graded[0]))
    possible = [name for name in possible_marks(table, roles, task) if name not in more]
    if len(possible) == 1:
        found.append(Text("proposal.possible_quality_column", column=possible[0]))
    elif possible:
        found.append(Text("proposal.possible_quality_columns", columns=possible))
    for name, values in unread_columns(table, roles, task):
        if name in possible:
            continue
        found.append(Text("proposal.quality_values_unclear", column=name, values=first_few(values)))
    return found


def _graded(table: Table, name: str) -> Text:
    mark = mark_named(name)
    if mark and mark.sense is Sense.BAD:
        return Text("proposal.rated_upper_half", column=name)
    if table.is_nested(name) or is_mostly_low(table, name):
        return Text("proposal.rated", column=name)
    return Text("proposal.rated_low_half", column=name)


def _unread(texts: list[str], read: list[str]) -> Text:
    if len(read) > 1:
        return Text("proposal.two_texts_predict", read=read[:3], left=texts[:3])
    return Text("proposal.one_text_predicts", read=read[:3], left=texts[:3])
