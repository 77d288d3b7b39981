"""The trivial baseline answers from training rows alone, and says how."""

import math

import pytest

from workers.contracts.model_folder import PromptMessage
from workers.contracts.task_types import TaskType
from workers.evaluation.metrics.likelihood import BYTES, NATS
from workers.evaluation.rows import DataRows
from workers.evaluation.trivial import answer_trivially, byte_frequency_numbers, nearest_rows


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
    monkeypatch.setattr("workers.evaluation.trivial._CELLS", 90)
    seen: list[int] = []
    assert nearest_rows(known, known, lambda done, total: seen.append(done)) == list(range(40))
    assert seen == list(range(2, 41, 2))


@pytest.mark.parametrize("texts", [["", " "], ["", "a"], ["?", "!"]])
def test_texts_without_words_still_get_an_answer(texts: list[str]) -> None:
    assert len(nearest_rows(texts, ["anything", ""])) == 2


def test_generative_answers_come_from_the_training_rows() -> None:
    train = rows(("red apple", "pomme rouge"), ("green tree", "arbre vert"))
    outputs, how = answer_trivially(TaskType.TRANSLATION, train, rows(("a green tree", "un arbre vert")))
    assert outputs.texts == ["arbre vert"]
    assert "nearest training row" in how


def test_the_nearest_label_is_taken_where_it_is_better() -> None:
    train = rows(("refund please", "refund"), ("money back", "refund"), ("where is my parcel", "delivery"))
    test = rows(("parcel where", "delivery"), ("refund now", "refund"))
    outputs, how = answer_trivially(TaskType.CLASSIFICATION, train, test)
    assert outputs.texts == ["delivery", "refund"]
    assert "nearest" in how


def test_the_majority_is_taken_where_neighbours_mislead() -> None:
    train = rows(("alpha", "a"), ("beta", "b"), ("gamma", "a"), ("delta", "a"))
    test = rows(("beta", "a"), ("beta!", "a"))
    outputs, how = answer_trivially(TaskType.CLASSIFICATION, train, test)
    assert outputs.texts == ["a", "a"]
    assert how == "the most frequent label, a"


def test_byte_frequencies_follow_laplace() -> None:
    numbers = byte_frequency_numbers(["aab"], ["ab", "é"])
    expected = -math.log(3 / 259) - math.log(2 / 259)
    assert numbers[NATS] == pytest.approx([expected, 2 * math.log(259)])
    assert list(numbers[BYTES]) == [2, 2]
