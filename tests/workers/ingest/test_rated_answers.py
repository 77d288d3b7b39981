"""Data for KTO: answers that are rated one by one, of which the bad ones are kept."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from workers.contracts.roles import Role

ROLES = {"prompt": "input", "completion": "target", "label": "feedback"}


def made(row: Callable[[int], dict[str, Any]], count: int = 40) -> str:
    return "\n".join(json.dumps(row(n)) for n in range(count))


def rated(n: int) -> dict[str, Any]:
    return {"prompt": f"Where is order {n // 2}?", "completion": f"Order {n} is here.", "label": n % 4 > 0}


@pytest.mark.parametrize("name", ["label", "kto_tag", "desirable", "is_desirable"])
@pytest.mark.parametrize("values", [(True, False), (1, 0), ("yes", "no")])
def test_ratings_of_answers_are_recognized(import_file, name: str, values: tuple[Any, Any]) -> None:
    def row(n: int) -> dict[str, Any]:
        answer = rated(n)
        return {"prompt": answer["prompt"], "completion": answer["completion"], name: values[n % 4 == 0]}

    proposal = import_file(made(row), "x.jsonl").result.proposal
    assert proposal.task_type == "chat"
    assert proposal.roles == {"prompt": Role.INPUT, "completion": Role.TARGET, name: Role.FEEDBACK}
    assert f"“{name}” rates each answer as good or bad, as in data for KTO." in " ".join(
        map(str, proposal.why)
    )


def test_bad_answers_are_kept_as_such(freeze_rows) -> None:
    frozen = freeze_rows(made(rated), "chat", ROLES, name="x.jsonl")
    assert len(frozen.rows) == 40
    assert {row["target"]: row["feedback"] for row in frozen.rows} == {
        f"Order {n} is here.": n % 4 > 0 for n in range(40)
    }
    assert frozen.result.bad_rows == 10


def test_an_answer_without_a_clear_rating_is_rejected_with_a_reason(freeze_rows) -> None:
    def row(n: int) -> dict[str, Any]:
        return rated(n) | {"label": ["yes", "no", "maybe later"][n % 3]}

    frozen = freeze_rows(made(row, 60), "chat", ROLES, name="x.jsonl")
    assert len(frozen.rows) == 40
    assert frozen.reasons == {"The rating (column “label”) is neither good nor bad: “maybe later”": 20}


def test_as_marks_of_rows_bad_answers_are_left_out(freeze_rows) -> None:
    frozen = freeze_rows(made(rated), "chat", ROLES | {"label": "quality"}, name="x.jsonl")
    assert len(frozen.rows) == 30
    assert "feedback" not in frozen.rows[0]
    assert frozen.result.bad_rows == 0


def test_a_label_of_a_text_stays_a_label(import_file) -> None:
    def row(n: int) -> dict[str, Any]:
        return {"text": f"The film number {n} was long and I left early.", "label": n % 2 == 0}

    assert import_file(made(row), "x.jsonl").result.proposal.roles["label"] is Role.LABEL
