"""What a table seems to teach, and what each column is for: by the names of columns first, by their content next.

Rules are tried from the most telling to the least; the first that fits decides. Each says why in a sentence that the
user reads beside the proposal. A rule that is not sure proposes nothing: choosing is then the user's.
"""

from collections.abc import Callable, Sequence

from workers.contracts.job_kinds.importing import Column, Proposal
from workers.contracts.roles import Role
from workers.contracts.texts import Text
from workers.ingest import vocabulary
from workers.ingest.proposals import by_answer, by_content, by_label, by_name, conversations, preferences
from workers.ingest.proposals.beside import with_columns_beside
from workers.ingest.proposals.by_task import roles_by_task
from workers.ingest.proposals.left_out import meanings, warnings_about
from workers.ingest.proposals.table import Found, Table
from workers.ingest.supplied_splits import explained, split_column
from workers.ingest.vocabulary import named

_RULES: tuple[Callable[[Table], Found | None], ...] = (
    preferences.compared,
    preferences.two_answerers,
    conversations.chat,
    by_name.instruction,
    by_name.translation,
    by_name.code,
    by_name.reading,
    by_name.summarization,
    by_name.question_answer,
    by_answer.structured_answer,
    by_name.multiple_choice,
    by_label.classification,
    by_label.unusable_label,
    by_answer.answered_mail,
    by_answer.answered_text,
    by_answer.rewritten_text,
    by_content.two_texts,
    by_content.running_text,
)
_UNCLEAR = Text("proposal.nothing_clear")


def propose(columns: list[Column], sample: Sequence[dict[str, str]], notes: Sequence[Text] = ()) -> Proposal:
    """Return a proposal with a role for every column; task_type None where nothing is clear.

    A column of splits is found first: it fits any task, and is neither a label nor a text.
    """
    split = split_column(columns, sample)
    if split is None:
        return _propose(columns, sample, notes)
    rest = _propose([column for column in columns if column.name != split], sample, notes)
    why = explained(split, [row[split] for row in sample if split in row])
    return rest.model_copy(
        update={
            "roles": rest.roles | {split: Role.SPLIT},
            "by_task": {task: roles | {split: Role.SPLIT} for task, roles in rest.by_task.items()},
            "meanings": rest.meanings | {split: Text("proposal.meaning_split")},
            "why": [*rest.why, why],
        }
    )


def _propose(columns: Sequence[Column], sample: Sequence[dict[str, str]], notes: Sequence[Text]) -> Proposal:
    table = Table(list(columns), sample, max((column.filled for column in columns), default=0))
    found = next((found for rule in _RULES if (found := rule(table))), None)
    task = found.task if found else None
    roles = with_columns_beside(table, task, found.roles) if found and task else {}
    why = found.why + _why_beside(roles, found.roles) if found else [_UNCLEAR]
    label = next((column for column, role in roles.items() if role is Role.LABEL), None)
    return Proposal(
        task_type=task.name if task else None,
        roles={column.name: roles.get(column.name, Role.IGNORE) for column in columns},
        why=[*notes, *why],
        by_task={task.name: roles for task, roles in roles_by_task(table, found).items()},
        meanings=meanings(table),
        warnings=[
            *(by_label.label_warnings(table, label) if label else []),
            *warnings_about(table, roles, task),
        ],
        case_variants=bool(label) and by_label.has_case_variants(table, str(label)),
    )


def _why_beside(roles: dict[str, Role], before: dict[str, Role]) -> list[Text]:
    added = {column: role for column, role in roles.items() if column not in before}
    why = []
    for column, role in added.items():
        if role is Role.SYSTEM:
            why.append(
                Text("proposal.named_system_prompt", column=column)
                if named(column, vocabulary.SYSTEM)
                else Text("proposal.system_of_conversations", column=column)
            )
        if role is Role.HISTORY:
            why.append(Text("proposal.history", column=column))
        if role is Role.REJECTED:
            chosen = next(name for name, given in roles.items() if given in (Role.TARGET, Role.MESSAGES))
            why.append(Text("proposal.preferences", chosen=chosen, rejected=column))
        if role is Role.FEEDBACK:
            why.append(Text("proposal.rated_answers", column=column))
        if role is Role.QUALITY:
            why.append(Text("proposal.quality", column=column))
    return why
