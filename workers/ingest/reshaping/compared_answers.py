"""Two answers to one question and a column that names the better one: they become a chosen and a rejected answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workers.contracts.job_kinds.importing import Column
from workers.contracts.texts import Text
from workers.ingest import vocabulary
from workers.ingest.proposals.preferences import NEITHER, comparison, side_of
from workers.ingest.proposals.table import Table
from workers.ingest.vocabulary import named, plain

Row = dict[str, str | None]
Cells = Iterator[tuple[int, Row]]

_ORDINALS = (("first", "second"), ("1", "2"), ("a", "b"), ("one", "two"), ("left", "right"))
_NOUNS = ("model", "response", "answer", "assistant", "output", "completion")
_INDEX_NAMES = ("id", "idx", "index")


@dataclass(frozen=True)
class ComparedAnswers:
    """`first_is_better` says for each value of the column `winner` whether it names the first answer."""

    first: str
    second: str
    winner: str
    first_is_better: dict[str, bool]

    def rows(self, table: Cells) -> Cells:
        """Yield each row with its answers as chosen and rejected; a row without a better answer has neither."""
        for line, cells in table:
            rest = {name: text for name, text in cells.items() if name not in (self.first, self.second)}
            first_is_better = self.first_is_better.get(plain(cells.get(self.winner) or ""))
            answers = [cells.get(self.first), cells.get(self.second)]
            chosen, rejected = (
                (None, None) if first_is_better is None else answers if first_is_better else answers[::-1]
            )
            yield line, {**rest, "chosen": chosen, "rejected": rejected}

    @property
    def note(self) -> Text:
        return Text("reshaping.compared_answers", first=self.first, second=self.second, winner=self.winner)


def compared_answers(columns: Sequence[Column], sample: Sequence[dict[str, str]]) -> ComparedAnswers | None:
    """Return the two answers of a table of which a column clearly names the better one, or None."""
    filled = [column for column in columns if column.filled]
    if not filled:
        return None
    table = Table(filled, sample, max(column.filled for column in filled))
    found = comparison(table)
    if found is None or len(found.answers) != 2 or not found.is_named:
        return None
    others = [column.name for column in filled if column.name not in (*found.answers, found.winner)]
    if any(named(name, vocabulary.CHOSEN | vocabulary.REJECTED) for name in others):
        return None
    values = [*table.column(found.winner).examples, *table.different(found.winner)]
    read = _read({plain(value) for value in values} - NEITHER, found.answers, found.winner)
    if set(read.values()) != {True, False}:
        return None
    first, second = found.answers
    return ComparedAnswers(first, second, found.winner, read)


def _read(values: set[str], answers: Sequence[str], winner: str) -> dict[str, bool]:
    """Whether each value names the first of two answers; empty where that is not clear of all of them."""
    direct: dict[str, bool] = {}
    for name, is_first in zip(answers, (True, False), strict=True):
        side = side_of(name)
        direct |= dict.fromkeys([plain(name), side, *(f"{noun}{side}" for noun in _NOUNS)], is_first)
    if values <= direct.keys():
        return {value: direct[value] for value in values}
    counted = [*_ORDINALS, ("0", "1")] if plain(winner).endswith(_INDEX_NAMES) else _ORDINALS
    for ordinals in counted:
        if values == set(ordinals):
            return {ordinals[0]: True, ordinals[1]: False}
    return {}
