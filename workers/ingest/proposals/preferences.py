"""Two answers to one question, and a column that says which of them is better: preference data without a chosen column."""

import re
from dataclasses import dataclass

from workers.contracts.texts import Text
from workers.ingest import vocabulary
from workers.ingest.name_parts import answer_of
from workers.ingest.proposals.table import Found, Table
from workers.ingest.vocabulary import named, plain

_SIDE = re.compile(
    r"(?P<stem>(model|assistant|bot|chosen)?(response|answer|output|completion|reply|summary|generation|conversation|humanref|antwort|reponse|respuesta|resposta|回答|回复|答案|ответ)s?)"
    r"(?P<side>[abij]|[0-3]|one|two|left|right)"
)
_WINNER = re.compile(
    r"(the)?(winner|winning|preference|preferences|preferred|prefer|better|best|safer|chosen|humanpreference|gewinner|bevorzugt|besser|胜者|偏好|更好|更好的回答)"
    r"(response|answer|output|completion|model|choice|side|label|summary)?(id|idx|index|label|number|a|b|tie)?"
)
_SCORE = re.compile(r"(score|rating|reward|votes?|rank)s?([ab]|[0-3])")
_FEW = 8
_SIDES = ({"0", "1"}, {"1", "2"}, {"a", "b"}, {"-1", "1"})
NEITHER = frozenset(
    {"tie", "tied", "tiebothbad", "draw", "both", "bothbad", "neither", "same", "equal", "none"}
)
"""What is said where no answer is better, as a folded word."""
_ASKED = (
    vocabulary.QUESTION | vocabulary.INSTRUCTION | vocabulary.INPUT | vocabulary.HISTORY | vocabulary.CONTEXT
)


@dataclass(frozen=True)
class Comparison:
    """Columns with an answer each, and the one that says which of them is better. `is_named`: by its name."""

    answers: list[str]
    winner: str
    is_named: bool


def comparison(table: Table) -> Comparison | None:
    """Return the answers of a table that a column compares, or None."""
    sides = [column.name for column in table.columns if column.filled and _SIDE.fullmatch(plain(column.name))]
    stems = [_stem(name) for name in sides]
    pair = [name for name, stem in zip(sides, stems, strict=True) if stems.count(stem) > 1]
    winning = next(
        (
            column.name
            for column in table.columns
            if column.name not in pair
            and _WINNER.fullmatch(plain(column.name))
            and 0 < column.distinct <= _FEW
        ),
        None,
    )
    winner = winning or _label_of_a_side(table, pair) or _score_of_a_side(table)
    return Comparison(pair, winner, winning is not None) if len(pair) > 1 and winner else None


def compared(table: Table) -> Found | None:
    """Nothing can be proposed: the better answer differs from row to row."""
    found = comparison(table)
    if found is None:
        return None
    why = Text("proposal.preference_pairs", columns=found.answers[:4], winner=found.winner)
    return Found(None, {}, [why])


def _label_of_a_side(table: Table, pair: list[str]) -> str | None:
    """A label that names one of the answers beside what they answer, as 0 and 1 do in SHP: which one is better."""
    if not any(named(column.name, _ASKED) and column.filled for column in table.columns):
        return None
    if any(_stem(name) in ("answer", "answers") for name in pair):
        return None  # Answers to choose from.
    for column in table.columns:
        if named(column.name, frozenset({"label", "labels"})) and column.name not in pair:
            said = {value.strip().casefold() for value in (*column.examples, *table.different(column.name))}
            if any(len(said - NEITHER) == 2 and said - NEITHER == sides for sides in _SIDES):
                return column.name
    return None


def _score_of_a_side(table: Table) -> str | None:
    """The first of several columns that rate one answer each: score_0 and score_1."""
    scores = [
        column.name for column in table.columns if column.filled and _SCORE.fullmatch(plain(column.name))
    ]
    return scores[0] if len(scores) > 1 else None


def right_answer(table: Table, asked: str | None = None) -> str | None:
    """The one answer that is called right, corrected or a person's, where another answer to the same question stands beside it."""
    said = _answers(table, asked)
    right = [name for name, kind in said.items() if kind == "right"]
    if len(right) != 1:
        return None
    others = [name for name in said if name != right[0]]
    is_output = "output" in plain(right[0])  # beside a program it is what the program prints
    return right[0] if any("output" in plain(name) or not is_output for name in others) else None


def other_answers(table: Table) -> list[str]:
    """The answers beside the right one."""
    right = right_answer(table)
    return [name for name in _answers(table) if name != right] if right else []


def two_answerers(table: Table) -> Found | None:
    """Nothing can be proposed: two answer, and no name says whose answers are to be learned."""
    said = _answers(table)
    made = [name for name, kind in said.items() if kind == "made"]
    if len(made) < 2 or len(made) < len(said):
        return None
    listed = made[:4]
    return Found(None, {}, [Text("proposal.several_answers", columns=listed)])


def _answers(table: Table, asked: str | None = None) -> dict[str, str]:
    """The columns of written answers by what their names say of them; none where bad answers are named as such."""
    if any(named(column.name, vocabulary.REJECTED) for column in table.columns if column.filled):
        return {}
    return {
        column.name: kind
        for column in table.columns
        if column.name != asked
        and (kind := answer_of(column.name))
        and table.is_usable(column)
        and not table.is_machine_made(column.name)
        and not table.is_label_like(column)
    }


def side_of(name: str) -> str:
    """The part of a name that tells an answer from the others: the b of `response_b`; empty where there is none."""
    found = _SIDE.fullmatch(plain(name))
    return found["side"] if found else ""


def _stem(name: str) -> str:
    found = _SIDE.fullmatch(plain(name))
    return found["stem"] if found else name
