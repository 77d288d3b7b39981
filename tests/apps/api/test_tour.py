"""The tour's own part: what it asks, what it prints, and the status it ends with."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from examples import Example, list_examples
from examples.tour import Outcome, Step, Tour, first_question, is_better

ASK = ("tour", "--url", "http://127.0.0.1:9", "--token", "mq-none")


def outcomes(monkeypatch: pytest.MonkeyPatch, *, beats_both: bool, beats_base: bool = True) -> list[str]:
    """Let every example come to the same end at once; the names of those that were taken."""
    taken: list[str] = []

    def take(tour: Tour, example: Example) -> Outcome:
        taken.append(example.name)
        step = Step("answer", 0.4, "'Where?' → 'lost card' in 2 pieces")
        tour.say(step)
        return Outcome(
            example.name, "macro_f1", 0.1, 0.9, 0.4, 500, beats_base, beats_both, 3.1, "lost card", [step]
        )

    monkeypatch.setattr(Tour, "take", take)
    return taken


def test_each_step_is_printed_and_a_table_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = outcomes(monkeypatch, beats_both=True)
    call_command(*ASK)
    said = capsys.readouterr().out
    assert taken == ["support_tickets", "english_french"]
    assert "answer         0.4 s   'Where?' → 'lost card' in 2 pieces" in said
    assert "support_tickets      Macro-F1      0.400    0.100    0.900   yes     3.1" in said


def test_the_short_one_takes_one_example_and_json_is_all_that_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = outcomes(monkeypatch, beats_both=True)
    call_command(*ASK, "--quick", "--json")
    (told,) = json.loads(capsys.readouterr().out)
    assert taken == ["support_tickets"]
    assert (told["metric"], told["base"], told["tuned"], told["steps"][0]["seconds"]) == (
        "macro_f1",
        0.1,
        0.9,
        0.4,
    )


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_model_that_is_not_better_ends_with_status_1(
    options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes(monkeypatch, beats_both=False)
    with pytest.raises(SystemExit) as ended:
        call_command(*ASK, "--example", "meeting_minutes", *options)
    assert ended.value.code == 1
    assert "not significantly better" in capsys.readouterr().err


def test_a_short_training_has_to_beat_its_base_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes(monkeypatch, beats_both=False)
    call_command(*ASK, "--quick")
    assert "NO" in capsys.readouterr().out, "the table says it all the same"
    outcomes(monkeypatch, beats_both=False, beats_base=False)
    with pytest.raises(SystemExit) as ended:
        call_command(*ASK, "--quick")
    assert ended.value.code == 1


@pytest.mark.parametrize(
    ("metric", "base", "tuned", "p", "better"),
    [
        ("macro_f1", 0.1, 0.9, 0.001, True),
        ("macro_f1", 0.1, 0.9, 0.05, False),
        ("macro_f1", 0.9, 0.1, 0.001, False),
        ("bits_per_byte", 2.0, 1.0, 0.001, True),
        ("bits_per_byte", 1.0, 2.0, 0.001, False),
    ],
)
def test_better_is_significant_and_in_the_direction_of_the_metric(
    metric: str, base: float, tuned: float, p: float, better: bool
) -> None:
    values = {"e0": {"value": base}, "e1": {"value": tuned}}
    assert is_better({"metric": metric, "values": values, "p": {"e0": None, "e1": p}}) is better


def test_a_studio_that_does_not_answer_is_named() -> None:
    with pytest.raises(CommandError, match=r"no answer from http://127\.0\.0\.1:9"):
        call_command(*ASK, "--quick")


@pytest.mark.django_db(transaction=True)
def test_a_key_that_opens_nothing_is_said_in_the_studios_words(live_site: Any) -> None:
    with pytest.raises(CommandError, match="not a valid key of a workspace"):
        call_command("tour", "--url", live_site.url, "--token", "mq-none", "--quick")


@pytest.mark.parametrize("example", list_examples(), ids=lambda example: example.name)
def test_the_question_is_the_input_of_a_row(example: Example) -> None:
    question = first_question(example)
    assert len(question) > 5
    assert json.dumps(question, ensure_ascii=False)[1:40] in example.path.read_text(encoding="utf-8")
