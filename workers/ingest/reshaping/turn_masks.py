"""Lists beside conversations that say which of their turns are learned: `loss_mask: [0, 1, 0, 1]`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workers.contracts.job_kinds.importing import Column
from workers.contracts.texts import Text
from workers.ingest.conversations import Turn, canonical, parse_messages
from workers.ingest.conversations.speakers import role_of
from workers.ingest.conversations.turns import speaker
from workers.ingest.literals import nested_value
from workers.ingest.mark_words import TURN_MASKS
from workers.ingest.vocabulary import named

Row = dict[str, str | None]

_CHECKED = 300


@dataclass(frozen=True)
class TurnMask:
    """The column of a mask and that of the conversations whose turns it numbers."""

    mask: str
    messages: str

    def convert(self, cells: Row) -> Row:
        """Return the cells with the weight 0 at each answer that is not to be learned, and without the mask."""
        rest = {name: text for name, text in cells.items() if name != self.mask}
        turns = parse_messages(cells.get(self.messages))
        flags = _flags(cells.get(self.mask), turns) if turns else None
        if not turns or flags is None:
            return rest
        marked = [turn if flag else {**turn, "weight": 0} for turn, flag in zip(turns, flags, strict=True)]
        return {**rest, self.messages: canonical(marked)}

    @property
    def note(self) -> Text:
        return Text("reshaping.mask_followed", column=self.mask)


def turn_mask(columns: Sequence[Column], sample: Sequence[Mapping[str, str]]) -> TurnMask | None:
    """Return the mask of a table's conversations, which has as many values as they have turns or answers; None without one."""
    talks = [column.name for column in columns if column.is_messages]
    for column in columns if len(talks) == 1 else ():
        if column.filled and named(column.name, TURN_MASKS):
            rows = [row for row in sample if column.name in row and talks[0] in row][:_CHECKED]
            read = [(row[column.name], turns) for row in rows if (turns := parse_messages(row[talks[0]]))]
            if read and sum(_flags(mask, turns) is not None for mask, turns in read) > 0.9 * len(read):
                return TurnMask(column.name, talks[0])
    return None


def _flags(mask: str | None, turns: Sequence[Turn]) -> list[bool] | None:
    """Whether each turn is learned; None where the mask is no list of as many zeros and ones as there are turns or answers."""
    value: Any = nested_value(mask)
    if not isinstance(value, list) or not all(item in (0, 1) for item in value):
        return None
    answers = [role_of(speaker(turn)) == "assistant" for turn in turns]
    if len(value) == len(turns):
        return [bool(flag) or not answer for flag, answer in zip(value, answers, strict=True)]
    if len(value) != sum(answers):
        return None
    flags = iter(value)
    return [bool(next(flags)) if answer else True for answer in answers]
