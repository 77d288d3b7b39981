"""The simple baseline answers from training rows alone, and says how."""

import dataclasses
import math
import random
from collections import Counter

import pytest

from workers.contracts.model_folder import PromptMessage
from workers.evaluation.baselines import (
    answer_by_baseline,
    byte_frequency_numbers,
    classify_linearly,
    nearest_rows,
)
from workers.evaluation.metrics.likelihood import BYTES, NATS
from workers.evaluation.rows import DataRows


def rows(*pairs: tuple[str, str]) -> DataRows:
    return DataRows(
        [f"r{place}" for place in range(len(pairs))],
        list(range(len(pairs))),
        [[PromptMessage(role="user", content=text)] for text, _ in pairs],
        [target for _, target in pairs],
    )


def test_the_nearest_row_shares_most_words() -> None:
    known = ["How do I renew a book?", "When do you open on Sunday?", "I lost my library card"]
    asked = ["open sunday when", "renewing books", "my card is lost, help"]
    assert nearest_rows(known, asked) == [1, 0, 2]


def test_chinese_has_no_spaces_but_near_rows() -> None:
    known = ["图书馆星期天几点开门?", "我的借书证丢了怎么办?", "怎么续借一本书?"]
    assert nearest_rows(known, ["借书证丢了", "想续借书", "星期天开门吗"]) == [1, 2, 0]


def test_chunks_give_what_one_product_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [f"text number {place} about topic {place % 7}" for place in range(40)]
    monkeypatch.setattr("workers.evaluation.baselines._CELLS", 90)
    seen: list[int] = []
    assert nearest_rows(known, known, lambda done, total: seen.append(done)) == list(range(40))
    assert seen == list(range(2, 41, 2))


@pytest.mark.parametrize("texts", [["", " "], ["", "a"], ["?", "!"]])
def test_texts_without_words_still_get_an_answer(texts: list[str]) -> None:
    assert len(nearest_rows(texts, ["anything", ""])) == 2


def test_generative_answers_come_from_the_training_rows() -> None:
    train = rows(("red apple", "pomme rouge"), ("green tree", "arbre vert"))
    outputs, how = answer_by_baseline("translation", train, rows(("a green tree", "un arbre vert")))
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
    outputs, how = answer_by_baseline("classification", train, test)
    assert outputs.texts == test.targets
    assert how == "TF-IDF and logistic regression on 90 training rows"
    again, _ = answer_by_baseline("classification", train, test)
    assert again.texts == outputs.texts
    # Labels of the test rows are not looked at.
    hidden = dataclasses.replace(test, targets=["?"] * len(test))
    assert answer_by_baseline("classification", train, hidden)[0].texts == outputs.texts


def test_many_labels_and_rows_are_sampled_with_every_label(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.evaluation.baselines._FEWEST_LINEAR_ROWS", 12)
    monkeypatch.setattr("workers.evaluation.baselines._MOST_LABEL_ROWS", 60)
    outputs, how = answer_by_baseline("classification", tickets(90), tickets(30, start=1))
    assert how == "TF-IDF and logistic regression on 20 training rows, drawn from 90"
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
    assert set(small.row_ids) < set(large.row_ids)
    assert Counter(small.targets) == {"often": 89, "seldom": 10, "once": 1}
    plain = [every.sample(limit, 17) for limit in (100, 400)]
    assert set(plain[0].row_ids) < set(plain[1].row_ids)
    assert small.lines == sorted(small.lines)
    assert every.sample(100, 18).row_ids != plain[0].row_ids


def test_byte_frequencies_follow_laplace() -> None:
    numbers = byte_frequency_numbers(["aab"], ["ab", "é"])
    expected = -math.log(3 / 259) - math.log(2 / 259)
    assert numbers[NATS] == pytest.approx([expected, 2 * math.log(259)])
    assert list(numbers[BYTES]) == [2, 2]
