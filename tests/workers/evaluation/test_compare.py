"""Comparisons: same rows only, paired and corrected tests, one verdict, rows by disagreement."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sacrebleu.metrics import CHRF

from workers.contracts.job_kinds.comparison import ComparedEvaluation, ComparisonResult, ComparisonSpec
from workers.contracts.job_kinds.evaluation import MetricValue
from workers.contracts.metrics import SIGNIFICANCE_LEVEL
from workers.contracts.tasks import TaskName
from workers.evaluation.compare import compare
from workers.evaluation.metrics import metrics_for
from workers.evaluation.metrics.likelihood import BYTES, NATS, TOKENS
from workers.evaluation.metrics.protocol import FloatArray, Rows
from workers.evaluation.rows import DataRow, Outputs, write_outputs
from workers.evaluation.scoring import row_statistics
from workers.runtime.reporter import JobError

WORDS = ["the", "library", "opens", "at", "nine", "on", "monday", "and", "closes", "late"]
KINDS = {"base": "base", "tuned": "tuned", "trivial": "trivial"}


def sentences(count: int) -> list[str]:
    source = random.Random(3)
    return [" ".join(source.choices(WORDS, k=source.randint(4, 9))) for _ in range(count)]


def damaged(texts: Sequence[str], share: float, seed: int) -> list[str]:
    """Replace a share of all words."""
    source = random.Random(seed)
    return [
        " ".join(word if source.random() > share else source.choice(WORDS) for word in text.split())
        for text in texts
    ]


class Study:
    """Writes evaluations' outputs and compares them."""

    def __init__(self, folder: Path, reporter: Any, task_type: TaskName) -> None:
        self.folder, self.reporter, self.task_type = folder, reporter, task_type
        self.inputs: dict[str, str] = {}
        self.stored: dict[str, dict[str, MetricValue]] = {}

    def add(
        self,
        key: str,
        targets: Sequence[str],
        outputs: Sequence[str],
        *,
        numbers: dict[str, FloatArray] | None = None,
        row_ids: Sequence[str] | None = None,
    ) -> None:
        count = len(targets)
        ids = row_ids or [f"r{place:04d}" for place in range(count)]
        rows = [DataRow(ids[place], place, [], targets[place]) for place in range(count)]
        labels = sorted({*targets, *outputs}) if self.task_type == "classification" else []
        scored = Rows(targets=targets, outputs=outputs, numbers=numbers or {}, labels=labels)
        statistics = row_statistics(metrics_for(self.task_type, targets), [scored], count)
        kept = Outputs(list(outputs), [0.0] * count, ["stop"] * count, {})
        write_outputs(self.folder / key, rows, kept, statistics)
        self.inputs[key] = str(self.folder / key)

    def result(self, rounds: int = 400) -> ComparisonResult:
        return compare(
            ComparisonSpec(
                inputs=self.inputs,
                work=str(self.folder),
                task_type=self.task_type,
                evaluations=[
                    ComparedEvaluation(
                        key=key,
                        label=key.capitalize(),
                        kind=KINDS.get(key, "other"),
                        metrics=self.stored.get(key, {}),
                    )
                    for key in self.inputs
                ],
                bootstrap_rounds=rounds,
            ),
            self.reporter,
        )

    def rows(self) -> dict[str, list[Any]]:
        return pq.read_table(self.folder / "out" / "rows.parquet").to_pydict()


@pytest.fixture
def study(tmp_path: Path, heard: Any) -> Callable[[TaskName], Study]:
    return lambda task_type: Study(tmp_path, heard.reporter, task_type)


def test_a_clear_winner(study: Callable[[TaskName], Study]) -> None:
    made, targets = study("translation"), sentences(80)
    made.add("base", targets, damaged(targets, 0.8, 1))
    made.add("tuned", targets, damaged(targets, 0.1, 2))
    made.add("trivial", targets, damaged(targets, 0.6, 3))
    result = made.result()

    assert result.deciding_metric == "chrf"
    assert result.winner == "tuned"
    assert result.verdict.startswith("“Tuned” is significantly better than “Trivial” by chrF: ")
    assert [one.metric for one in result.metrics] == ["chrf", "chrf_plus_plus", "bleu", "repetition"]
    chrf = result.metrics[0]
    assert chrf.best == ["tuned"]
    assert chrf.p["base"] is None
    assert chrf.p["tuned"] < 0.05
    assert chrf.values["tuned"].low > chrf.values["base"].high
    assert "tok:13a" in result.metrics[2].values["base"].signature


def test_identical_systems_cannot_be_told_apart(study: Callable[[TaskName], Study]) -> None:
    made, targets = study("translation"), sentences(60)
    outputs = damaged(targets, 0.3, 1)
    made.add("base", targets, outputs)
    made.add("tuned", targets, outputs)
    result = made.result()
    assert result.winner is None
    assert result.metrics[0].p["tuned"] == 1
    assert sorted(result.metrics[0].best) == ["base", "tuned"]
    assert result.verdict.startswith("On 60 rows, the difference in chrF is not significant: “Base” (")
    assert "More test rows" in result.verdict


def test_p_values_of_the_main_metric_and_of_the_others_are_corrected(
    study: Callable[[TaskName], Study],
) -> None:
    """Three pairs that all give the smallest p, by each of three metrics: Holm multiplies it by the tests of its family, which
    are three of the main metric, and of the others six and two of repetition, where all are alike."""
    made, targets = study("translation"), sentences(60)
    made.add("base", targets, damaged(targets, 0.9, 1))
    made.add("tuned", targets, targets)
    made.add("other", targets, damaged(targets, 0.05, 2))
    result = made.result(rounds=999)
    for metric in result.metrics[:3]:
        smallest = pytest.approx((3 if metric.metric == "chrf" else 8) / 1000)
        assert metric.p == {"base": None, "tuned": smallest, "other": smallest}, metric.metric


def test_the_verdict_never_contradicts_the_table(tmp_path: Path, heard: Any) -> None:
    """Small differences, so that many are near the limit."""
    targets = sentences(40)
    found = set()
    for seed in range(30):
        made = Study(tmp_path / str(seed), heard.reporter, "translation")
        made.add("base", targets, damaged(targets, 0.42, seed))
        made.add("tuned", targets, damaged(targets, 0.36, seed + 100))
        result = made.result()
        is_sure = result.metrics[0].p["tuned"] < 0.05
        assert (result.winner is not None) == is_sure
        assert ("significantly" in result.verdict) == is_sure
        found.add(is_sure)
    assert found == {True, False}


def test_one_that_is_better_is_found_among_many(study: Callable[[TaskName], Study]) -> None:
    made, targets = study("translation"), sentences(60)
    outputs = damaged(targets, 0.5, 1)
    for number in range(30):
        made.add(f"other{number}", targets, outputs)
    made.add("tuned", targets, targets)
    result = made.result()
    assert result.winner == "tuned"
    assert result.metrics[0].p["tuned"] < 0.05
    assert result.metrics[0].p["other1"] == 1


def test_evaluations_of_different_rows_are_refused(study: Callable[[TaskName], Study]) -> None:
    made, targets = study("translation"), sentences(20)
    made.add("base", targets, targets)
    made.add("tuned", targets, targets, row_ids=[f"q{place:04d}" for place in range(20)])
    with pytest.raises(JobError, match="different test sets") as failure:
        made.result()
    assert failure.value.code == "different_test_sets"


def test_rows_that_the_others_lack_are_refused(study: Callable[[TaskName], Study]) -> None:
    made, targets = study("translation"), sentences(20)
    made.add("base", targets, targets)
    made.add(
        "tuned", targets[:19], targets[:19], row_ids=[f"r{place:04d}" for place in range(18)] + ["other"]
    )
    with pytest.raises(JobError, match="different test sets"):
        made.result()


def test_rows_are_matched_by_id_whatever_their_order(study: Callable[[TaskName], Study]) -> None:
    made, targets = study("translation"), sentences(30)
    outputs, ids = damaged(targets, 0.5, 1), [f"r{place:04d}" for place in range(30)]
    made.add("base", targets, outputs)
    made.add("tuned", targets[::-1], outputs[::-1], row_ids=ids[::-1])
    assert made.result().metrics[0].p["tuned"] == 1
    assert set(made.rows()["disagreement"]) == {0.0}


def test_rows_come_with_sentence_scores_and_most_disagreement_first(
    study: Callable[[TaskName], Study],
) -> None:
    made, targets = study("translation"), sentences(40)
    made.add("base", targets, damaged(targets, 0.7, 1))
    made.add("tuned", targets, damaged(targets, 0.2, 2))
    made.result()
    rows = made.rows()
    assert set(rows) == {
        "row_id", "line", "input", "target", "output.base", "output.tuned", "score.base", "score.tuned", "disagreement",
    }  # fmt: skip
    for key in ("base", "tuned"):
        expected = [
            CHRF().sentence_score(output, [target]).score
            for output, target in zip(rows[f"output.{key}"], rows["target"], strict=True)
        ]
        assert rows[f"score.{key}"] == pytest.approx(expected)
    assert rows["disagreement"] == sorted(rows["disagreement"], reverse=True)
    expected = np.abs(np.subtract(rows["score.base"], rows["score.tuned"]))
    assert rows["disagreement"] == pytest.approx(expected)


def test_classification_scores_rows_by_label(study: Callable[[TaskName], Study]) -> None:
    made, source = study("classification"), random.Random(5)
    targets = source.choices(["a", "b", "c"], k=60)
    made.add("base", targets, ["a"] * 60)
    made.add("tuned", targets, [label if place % 10 else "b" for place, label in enumerate(targets)])
    result = made.result()
    assert result.deciding_metric == "macro_f1"
    assert result.winner == "tuned"
    rows = made.rows()
    assert rows["score.base"] == [float(target == "a") for target in rows["target"]]


def test_lower_bits_per_byte_win_and_rows_score_higher_for_them(study: Callable[[TaskName], Study]) -> None:
    made, targets = study("generation"), sentences(50)
    size = np.array([len(text) for text in targets], dtype=float)
    for key, bits in (("base", 3.0), ("tuned", 2.0)):
        noise = np.random.default_rng(1).random(50)
        numbers = {NATS: size * np.log(2) * (bits + noise), BYTES: size, TOKENS: size / 2}
        made.add(key, targets, targets, numbers=numbers)
    result = made.result()
    assert result.deciding_metric == "bits_per_byte"
    assert result.winner == "tuned"
    rows = made.rows()
    assert all(tuned > base for tuned, base in zip(rows["score.tuned"], rows["score.base"], strict=True))


def test_perplexities_of_different_tokenizers_are_shown_but_not_tested(
    study: Callable[[TaskName], Study],
) -> None:
    made, targets = study("generation"), sentences(50)
    size = np.array([len(text) for text in targets], dtype=float)
    for key, token_bytes in (("base", 2), ("tuned", 4)):
        numbers = {NATS: size * token_bytes, BYTES: size, TOKENS: size / token_bytes}
        made.add(key, targets, targets, numbers=numbers)
    perplexity = next(one for one in made.result().metrics if one.metric == "perplexity")
    assert set(perplexity.values) == {"base", "tuned"}
    assert perplexity.p == {"base": None, "tuned": None}
    assert perplexity.best == []


@pytest.mark.parametrize("nats", [1.5, 6.0, 36.0])
def test_perplexities_are_as_significant_as_the_nats_they_come_from(
    study: Callable[[TaskName], Study], nats: float
) -> None:
    """Exponents of a model that diverged differ by magnitudes from row to row, and all of them are far worse."""
    made, targets = study("generation"), sentences(20)
    size = np.array([len(text) for text in targets], dtype=float)
    noise = np.random.default_rng(1).random(20)
    for key, level in (("base", nats), ("tuned", 1.0)):
        made.add(key, targets, targets, numbers={NATS: size * level * (1 + noise), BYTES: size, TOKENS: size})
    found = {one.metric: one for one in made.result().metrics}
    # Of the three tests that are corrected with each other, those of chrF and repetition tell nothing.
    assert found["perplexity"].p["tuned"] == pytest.approx(3 * found["bits_per_byte"].p["tuned"])
    assert found["perplexity"].p["tuned"] < SIGNIFICANCE_LEVEL
    assert found["perplexity"].best == ["tuned"]


def test_a_metric_that_one_side_lacks_does_not_decide(study: Callable[[TaskName], Study]) -> None:
    made, targets = study("generation"), sentences(50)
    size = np.array([len(text) for text in targets], dtype=float)
    made.add("base", targets, damaged(targets, 0.5, 1), numbers={NATS: size, BYTES: size, TOKENS: size})
    made.add("trivial", targets, targets)
    result = made.result()
    assert result.deciding_metric == "chrf"
    assert result.verdict.endswith(
        "No model beats this simple baseline. Train longer, or add more and more varied rows."
    )
    assert set(next(one for one in result.metrics if one.metric == "bits_per_byte").values) == {"base"}


def test_evaluations_without_a_common_metric_are_refused(
    study: Callable[[TaskName], Study], tmp_path: Path
) -> None:
    made, targets = study("code"), sentences(10)
    for key in ("base", "tuned"):
        made.add(key, targets, targets)
        path = tmp_path / key / "outputs.parquet"
        table: pa.Table = pq.read_table(path)
        pq.write_table(table.select([n for n in table.column_names if not n.startswith("stat.")]), path)
    with pytest.raises(JobError) as failure:
        made.result()
    assert failure.value.code == "no_common_metric"


def test_one_row_decides_nothing(study: Callable[[TaskName], Study]) -> None:
    made = study("chat")
    made.add("base", ["the library"], ["nothing like it"])
    made.add("tuned", ["the library"], ["the library"])
    result = made.result()
    assert result.winner is None
    assert result.metrics[0].p["tuned"] == 1


def test_chinese_outputs_and_empty_ones(study: Callable[[TaskName], Study]) -> None:
    made = study("translation")
    targets = ["图书馆星期一上午九点开门。", "请带上你的借书证!", "最后一位读者离开时关门。"] * 10
    made.add("base", targets, [""] * 30)
    made.add("tuned", targets, targets)
    result = made.result()
    assert result.winner == "tuned"
    bleu = next(one for one in result.metrics if one.metric == "bleu")
    assert "tok:zh" in bleu.values["tuned"].signature
    assert bleu.values["base"].value == 0
    assert bleu.values["tuned"].value == pytest.approx(100)


def test_a_simple_baseline_that_does_as_well_is_named(study: Callable[[TaskName], Study]) -> None:
    made, targets = study("translation"), sentences(60)
    made.add("base", targets, damaged(targets, 0.9, 1))
    made.add("tuned", targets, damaged(targets, 0.3, 2))
    made.add("trivial", targets, damaged(targets, 0.3, 3))
    result = made.result()
    assert result.winner is None
    assert "“Trivial”, a simple baseline, does as well as the best model" in result.verdict


def test_figures_of_the_evaluations_are_shown_as_they_are(study: Callable[[TaskName], Study]) -> None:
    made, targets = study("translation"), sentences(40)
    made.add("base", targets, damaged(targets, 0.9, 1))
    made.add("tuned", targets, damaged(targets, 0.3, 2))
    stored = MetricValue(value=12.5, low=11, high=14, signature="as stored")
    made.stored["base"] = {"chrf": stored}
    assert made.result().metrics[0].values["base"] == stored


def test_a_part_of_the_rows_is_compared_on_those_that_both_answered(
    study: Callable[[TaskName], Study],
) -> None:
    """An untrained base that answered every other row: its test against the others rests on these alone."""
    made, targets = study("translation"), sentences(80)
    tuned, trivial = damaged(targets, 0.1, 2), damaged(targets, 0.6, 3)
    made.add(
        "base", targets[::2], damaged(targets[::2], 0.8, 1), row_ids=[f"r{n:04d}" for n in range(0, 80, 2)]
    )
    made.add("tuned", targets, tuned)
    made.add("trivial", targets, trivial)
    result = made.result()
    assert result.rows == 80
    chrf = result.metrics[0]
    assert chrf.rows == {"base": 40, "tuned": 80, "trivial": 80}
    assert result.winner == "tuned"
    assert "on 80 rows" in result.verdict
    rows = made.rows()
    assert len(rows["row_id"]) == 80
    places = {row_id: place for place, row_id in enumerate(rows["row_id"])}
    assert rows["output.base"][places["r0001"]] is None
    assert rows["score.base"][places["r0001"]] is None
    assert rows["output.base"][places["r0002"]] is not None
    assert rows["output.tuned"][places["r0001"]] == tuned[1]
    assert None not in rows["disagreement"]

    alone = Study(made.folder / "alone", made.reporter, "translation")
    ids = [f"r{n:04d}" for n in range(0, 80, 2)]
    alone.add("base", targets[::2], damaged(targets[::2], 0.8, 1), row_ids=ids)
    alone.add("tuned", targets[::2], tuned[::2], row_ids=ids)
    alone.add("trivial", targets[::2], trivial[::2], row_ids=ids)
    assert (chrf.p["tuned"] or 1) <= 0.05
    assert alone.result().metrics[0].p["tuned"] == pytest.approx(chrf.p["tuned"], abs=0.02)
