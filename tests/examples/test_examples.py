"""The example datasets: reproducible, importable, and too rich for copying the nearest row."""

import csv
import hashlib
import json
import re
from pathlib import Path

import pytest
import sacrebleu
from sklearn.metrics import f1_score

from examples import ROOT, Example, list_examples
from examples.generators import stagehand, support_chat
from examples.generators.files import FILES
from examples.messages import MESSAGES
from workers.contracts.job_kinds.importing import ImportSpec
from workers.contracts.tasks import TASKS
from workers.evaluation.baselines.similarity import nearest_rows
from workers.ingest.parse import run as run_import
from workers.runtime.reporter import Reporter

EXAMPLES = list_examples()
_TEST_SHARE = 0.1


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """Input and target of every row; a conversation's input is all but its last message."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        return [(row[0], row[1]) for row in list(csv.reader(text.splitlines()))[1:]]
    pairs = []
    for line in text.splitlines():
        row = json.loads(line)
        if "messages" in row:
            *turns, last = row["messages"]
            pairs.append(("\n".join(turn["content"] for turn in turns), last["content"]))
        else:
            prompt, target = row.values()
            pairs.append((prompt, target))
    return pairs


def is_test(text: str) -> bool:
    """A fixed random tenth of the rows, chosen by their normalized input."""
    digest = hashlib.sha256(" ".join(text.lower().split()).encode()).digest()
    return int.from_bytes(digest[:8]) < _TEST_SHARE * 2**64


def nearest_row_score(example: Example) -> float:
    """What copying the nearest of the other nine tenths reaches on the fixed tenth, in the example's metric."""
    pairs = read_pairs(example.path)
    known = [pair for pair in pairs if not is_test(pair[0])]
    asked = [pair for pair in pairs if is_test(pair[0])]
    nearest = nearest_rows([pair[0] for pair in known], [pair[0] for pair in asked])
    copied, wanted = [known[place][1] for place in nearest], [pair[1] for pair in asked]
    if example.task_type == "classification":
        return float(f1_score(wanted, copied, average="macro"))
    return float(sacrebleu.corpus_chrf(copied, [wanted]).score)


def test_there_is_an_example_for_each_kind_of_app() -> None:
    assert {example.task_type for example in EXAMPLES} >= {
        "chat",
        "translation",
        "summarization",
        "classification",
        "code",
    }


def test_every_data_file_belongs_to_an_example() -> None:
    used = {example.path for example in EXAMPLES} | {example.held_out_path for example in EXAMPLES}
    assert {ROOT / name for name in FILES} == used - {None}
    assert sum(path.stat().st_size for path in used if path) < 6_000_000


@pytest.mark.parametrize("name", FILES)
def test_the_generator_writes_the_committed_bytes(name: str) -> None:
    assert FILES[name]() == (ROOT / name).read_bytes()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_rows_are_unique_and_counted(example: Example) -> None:
    pairs = read_pairs(example.path)
    assert len(pairs) == example.rows
    assert len({" ".join(text.lower().split()) for text, _ in pairs}) == example.rows
    assert all(text.strip() and target.strip() for text, target in pairs)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_copying_the_nearest_row_stays_below_its_bound(example: Example) -> None:
    score = nearest_row_score(example)
    assert score == pytest.approx(example.nearest_row.value, rel=0.03)
    assert score < example.nearest_row.bound


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.measured], ids=lambda example: example.name)
def test_what_was_measured_is_25_points_above_the_nearest_row(example: Example) -> None:
    measured, nearest = example.measured, example.nearest_row
    assert measured is not None
    assert measured.metric == nearest.metric
    assert measured.value - nearest.bound >= (0.25 if nearest.metric == "macro_f1" else 25)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_importer_understands_it_unaided(example: Example, tmp_path: Path) -> None:
    assert not TASKS[example.task_type].missing_roles(example.roles)
    spec = ImportSpec(inputs={"source": str(example.path)}, filename=example.file, work=str(tmp_path))
    result = run_import(spec, Reporter(None))
    assert (result.rows, result.rejected) == (example.rows, 0)
    assert result.proposal.task_type == example.task_type
    assert result.proposal.roles == example.roles


def test_titles_and_descriptions_are_marked_for_translation() -> None:
    shown = {text for example in EXAMPLES for text in (example.title, example.description)}
    assert shown == set(MESSAGES)


def test_answers_depend_on_branch_day_and_item() -> None:
    desk = support_chat.Desk(1, held_out=False)
    slots = {**desk.slots(), "branch": "Castle Hill", "day": "Thursday", "item": "telescope"}
    assert desk.answer("hours", slots) == "Castle Hill is open from 13:00 to 19:00 on Thursdays."
    assert desk.answer("fee", slots) == "A late telescope costs 2.00 euros a day."


def test_held_out_phrasings_are_not_in_the_training_file() -> None:
    asked = "\n".join(text for text, _ in read_pairs(ROOT / "library_help_desk/conversations.jsonl"))
    kept = "\n".join(text for text, _ in read_pairs(ROOT / "library_help_desk/held_out.jsonl"))
    for phrasings in support_chat.PHRASINGS.values():
        known, held_out = (
            re.compile(re.sub(r"\\{\w+\\}", r"[\\w -]+", re.escape(phrasing)), re.IGNORECASE)
            for phrasing in (phrasings[0], phrasings[-1])
        )
        assert known.search(asked) and not held_out.search(asked)
        assert held_out.search(kept) and not known.search(kept)


def test_every_stage_program_parses() -> None:
    for row in stagehand.rows():
        assert stagehand.check(row["prompt"] + row["completion"]) == []


@pytest.mark.parametrize(
    ("program", "complaint"),
    [
        ('cue "bow":\n  fade spots.left to amber in 3s\nend', "not a statement"),
        ('cue "bow":\n  fade spots.left to brown 10% in 3s\nend', "not a statement"),
        ('cue "bow":\n  off spots.left', "without an end"),
        ('cue "bow":\n    off spots.left\nend', "indented by 4 spaces instead of 2"),
        ("off spots.left", "not a statement"),
        ('cue "bow":\n  repeat 3:\n  off spots.left\n  end\nend', "instead of 4"),
    ],
)
def test_the_checker_finds_what_is_wrong(program: str, complaint: str) -> None:
    assert complaint in stagehand.check(program)[0]
