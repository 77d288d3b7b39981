"""Mails with their replies, and texts with the same text in other words."""

import json
from typing import Any

import pytest

from workers.contracts.tasks import TaskName


def made(names: tuple[str, ...], *, count: int = 40, **beside: Any) -> str:
    return "\n".join(
        json.dumps({**dict(zip(names, said(n), strict=False)), **{k: v(n) for k, v in beside.items()}}, ensure_ascii=False)
        for n in range(count)
    )  # fmt: skip


def said(n: int) -> tuple[str, str]:
    return (
        f"Parcel {n} has been delivered to the wrong desk of our office.",
        f"Parcel {n} went to the wrong desk.",
    )


@pytest.mark.parametrize(
    "names",
    [
        ("text", "simplified"), ("complex", "simple"), ("original", "simplification"), ("sentence", "paraphrase"),
        ("incorrect", "corrected"), ("informal", "formal"), ("原文", "改写"), ("draft", "polished"),
    ],
)  # fmt: skip
def test_another_wording_is_what_is_learned(import_file, names: tuple[str, str]) -> None:
    proposal = import_file(made(names), "x.jsonl").result.proposal
    assert (proposal.task_type, proposal.roles) == (
        "instruction",
        {names[0]: "input", names[1]: "target"},
    )
    assert proposal.why == [f"The name “{names[1]}” suggests a rewording of “{names[0]}”."]


@pytest.mark.parametrize(
    ("names", "beside", "task"),
    [
        (("text", "simple"), {"label": lambda n: "ab"[n % 2]}, "classification"),
        (("text",), {"simple": lambda n: ["yes", "no"][n % 2]}, "classification"),
        (("question", "answer"), {"corrected": lambda n: said(n)[1] + " Sorry."}, "chat"),
        (("body", "comment"), {}, None),
    ],
)
def test_other_uses_of_the_words_stay(
    import_file, names: tuple[str, ...], beside: dict[str, Any], task: TaskName | None
) -> None:
    proposal = import_file(made(names, **beside), "x.jsonl").result.proposal
    assert task is None or proposal.task_type == task
    assert "rewording" not in " ".join(proposal.why)


@pytest.mark.parametrize(
    "names", [("body", "reply"), ("Nachricht", "Antwort"), ("email", "response"), ("邮件", "回复")]
)
@pytest.mark.parametrize("subject", ["subject", "Betreff", "主题"])
def test_replies_to_mails_are_chat_and_the_subject_is_named(
    import_file, names: tuple[str, str], subject: str
) -> None:
    text = made(names, **{subject: lambda n: f"About parcel {n}"})
    proposal = import_file(text, "x.jsonl").result.proposal
    assert (proposal.task_type, proposal.roles) == (
        "chat",
        {names[0]: "input", names[1]: "target", subject: "ignore"},
    )
    assert proposal.warnings == [
        f"“{subject}” is not used, although replies may depend on it. To use it for training, write it above the text in “{names[0]}”."
    ]


@pytest.mark.parametrize("names", [("question", "answer"), ("article", "answer")])
def test_a_subject_beside_other_texts_is_not_named(import_file, names: tuple[str, str]) -> None:
    text = made(names, subject=lambda n: f"About parcel {n}")
    assert import_file(text, "x.jsonl").result.proposal.warnings == []
