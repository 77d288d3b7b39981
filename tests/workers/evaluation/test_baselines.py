"""Simple baselines answer from training rows alone, and say how."""

import math
import random
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest

from tests.workers.evaluation.conftest import write_version
from workers.contracts.baselines import BASELINES, baselines_of
from workers.contracts.tasks import TASKS
from workers.evaluation.baselines import Answer, answer_by_baseline
from workers.evaluation.baselines.similarity import byte_frequency_numbers, nearest_rows
from workers.evaluation.baselines.texts import first_sentences
from workers.evaluation.metrics.likelihood import BYTES, NATS
from workers.evaluation.rows import DataRows, rows_of_split
from workers.models.linear import classify_linearly


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def rows(*pairs: tuple[str, str]) -> DataRows:
    """Training rows with these inputs and targets, in a file below the current folder."""
    data = [("train", text, target) for text, target in pairs]
    return rows_of_split(write_version(Path(uuid4().hex), data), "train")


def answer(name: str, task: str, train: DataRows, test: DataRows) -> Answer:
    return answer_by_baseline(BASELINES[name], TASKS[task], train, test)


@pytest.mark.parametrize(
    ("task", "names"),
    [
        ("classification", ["linear", "nearest", "majority"]),
        ("summarization", ["lead", "nearest"]),
        ("translation", ["nearest", "copy"]),
        ("generation", ["bytes"]),
        ("chat", ["nearest"]),
    ],
)
def test_each_task_has_what_could_be_made_in_ten_lines(task: str, names: list[str]) -> None:
    assert [baseline.name for baseline in baselines_of(TASKS[task])] == names


@pytest.mark.parametrize("task", TASKS)
def test_a_baseline_does_not_look_at_the_answers_that_it_is_asked_for(task: str) -> None:
    train = rows(("One. Two. Three. Four.", "a"), ("Other text!", "b"), ("Third text?", "a"))
    for baseline in baselines_of(TASKS[task]):
        asked = [rows(*((text, target) for text in ("Some text.", "Four."))) for target in ("a", "?")]
        first, second = (answer(baseline.name, task, train, test)[0].texts for test in asked)
        assert first == second, baseline.name
        assert len(first) == 2


def test_a_nearest_row_gives_its_label_and_no_bits() -> None:
    outputs, how = answer("nearest", "classification", tickets(90), tickets(30, start=1))
    assert set(outputs.texts) <= set(TOPICS)
    assert how == "the answer of the nearest training row (TF-IDF)"
    assert not outputs.numbers


def test_the_most_frequent_label_is_said_with_its_share() -> None:
    train = rows(("one", "often"), ("two", "seldom"), ("three", "often"))
    outputs, how = answer("majority", "classification", train, tickets(4))
    assert outputs.texts == ["often"] * 4
    assert how == "always “often”, the label of 2 of 3 training rows"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four.", "One. Two! Three?"),
        ("It costs 3.50 euros. Dr.X said so. “Really?” Yes.", "It costs 3.50 euros. Dr.X said so. “Really?”"),
        ("第一句。第二句！「第三句？」第四句。", "第一句。第二句！「第三句？」"),
        ("no full stop", "no full stop"),
        ("Only one.", "Only one."),
        ("  A line\nanother\n\na third\na fourth", "A line\nanother\n\na third"),
        ("", ""),
    ],
)
def test_the_lead_is_three_sentences(text: str, expected: str) -> None:
    assert first_sentences(text) == expected
    outputs, how = answer("lead", "summarization", rows(("x", "y")), rows((text, "y")))
    assert outputs.texts == [expected]
    assert how == "the first 3 sentences of the input"


def test_a_copy_is_the_input() -> None:
    outputs, how = answer("copy", "translation", rows(("a", "b")), rows(("Paris 1889", "巴黎 1889")))
    assert (outputs.texts, how) == (["Paris 1889"], "the input as it is")


def test_the_nearest_row_shares_most_words() -> None:
    known = ["How do I renew a book?", "When do you open on Sunday?", "I lost my library card"]
    asked = ["open sunday when", "renewing books", "my card is lost, help"]
    assert nearest_rows(known, asked) == [1, 0, 2]


def test_chinese_has_no_spaces_but_near_rows() -> None:
    known = ["图书馆星期天几点开门?", "我的借书证丢了怎么办?", "怎么续借一本书?"]
    assert nearest_rows(known, ["借书证丢了", "想续借书", "星期天开门吗"]) == [1, 2, 0]


def test_chunks_give_what_one_product_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [f"text number {place} about topic {place % 7}" for place in range(40)]
    monkeypatch.setattr("workers.evaluation.baselines.similarity._CELLS", 90)
    seen: list[int] = []
    assert nearest_rows(known, known, lambda done, total: seen.append(done)) == list(range(40))
    assert seen == list(range(2, 41, 2))


@pytest.mark.parametrize("texts", [["", " "], ["", "a"], ["?", "!"]])
def test_texts_without_words_still_get_an_answer(texts: list[str]) -> None:
    assert len(nearest_rows(texts, ["anything", ""])) == 2


def test_generative_answers_come_from_the_training_rows() -> None:
    train = rows(("red apple", "pomme rouge"), ("green tree", "arbre vert"))
    outputs, how = answer("nearest", "translation", train, rows(("a green tree", "un arbre vert")))
    assert outputs.texts == ["arbre vert"]
    assert "nearest training row" in how


TOPICS = {
    "billing": "invoice charge refund card",
    "account": "password login email name",
    "line": "router signal slow cable",
}


def tickets(count: int, *, start: int = 0) -> DataRows:
    source = random.Random(start)
    pairs = []
    for place in range(count):
        label = list(TOPICS)[place % 3]
        pairs.append((f"{' '.join(source.choices(TOPICS[label].split(), k=2))} please help {place}", label))
    return rows(*pairs)


def test_labels_come_from_a_logistic_regression_on_training_rows_alone() -> None:
    train, test = tickets(90), tickets(30, start=1)
    outputs, how = answer("linear", "classification", train, test)
    assert outputs.texts == list(test.targets)
    assert how == "TF-IDF and logistic regression on 90 training rows"
    again, _ = answer("linear", "classification", train, test)
    assert again.texts == outputs.texts
    # Labels of the test rows are not looked at.
    hidden = rows(*((text, "?") for text in test.inputs))
    assert answer("linear", "classification", train, hidden)[0].texts == outputs.texts


def test_many_labels_and_rows_are_sampled_with_every_label(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.evaluation.baselines.labels._FEWEST_LINEAR_ROWS", 12)
    monkeypatch.setattr("workers.evaluation.baselines.labels._MOST_LABEL_ROWS", 60)
    outputs, how = answer("linear", "classification", tickets(90), tickets(30, start=1))
    assert how == "TF-IDF and logistic regression on 20 training rows, sampled from 90"
    assert set(outputs.texts) == set(TOPICS)


@pytest.mark.parametrize(
    ("known", "labels"),
    [(["a b", "c d"], ["x", "x"]), (["?", "!", "…"], ["x", "x", "y"]), (["", " "], ["x", "y"])],
)
def test_what_cannot_be_fitted_gives_the_most_frequent_label(known: list[str], labels: list[str]) -> None:
    assert classify_linearly(known, labels, ["anything", ""]) == ["x", "x"]


def test_thai_texts_are_sorted_by_their_characters() -> None:
    known = ["ร้านเปิดกี่โมง", "ร้านเปิดวันไหน", "ขอคืนเงิน", "คืนเงินเมื่อไร"] * 3
    assert classify_linearly(known, ["เวลา", "เวลา", "เงิน", "เงิน"] * 3, ["ร้านเปิดไหม", "เงินคืน"]) == [
        "เวลา",
        "เงิน",
    ]


def test_a_smaller_sample_is_part_of_a_larger_one_and_keeps_the_shares() -> None:
    pairs = [(f"text {n}", "often" if n % 10 else "seldom") for n in range(1000)] + [("odd", "once")]
    every = rows(*pairs)
    small, large = (every.sample(limit, 17, by_target=True) for limit in (100, 400))
    assert _ids(small) < _ids(large)
    assert Counter(small.targets) == {"often": 89, "seldom": 10, "once": 1}
    plain = [every.sample(limit, 17) for limit in (100, 400)]
    assert _ids(plain[0]) < _ids(plain[1])
    assert [row.line for row in small] == sorted(row.line for row in small)
    assert _ids(every.sample(100, 18)) != _ids(plain[0])
    assert _ids(large.sample(100, 3)) < _ids(large)


def _ids(found: DataRows) -> set[str]:
    return {row.row_id for row in found}


def test_byte_frequencies_follow_laplace() -> None:
    numbers = byte_frequency_numbers(["aab"], ["ab", "é"])
    expected = -math.log(3 / 259) - math.log(2 / 259)
    assert numbers[NATS] == pytest.approx([expected, 2 * math.log(259)])
    assert list(numbers[BYTES]) == [2, 2]
