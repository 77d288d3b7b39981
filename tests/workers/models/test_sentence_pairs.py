"""Pairs of passages: about half of them follow each other in a document, and none is longer than it may be."""

import random

import pytest

from workers.models.masking import Passage
from workers.models.sentence_pairs import pairs, sentences

EDGES = ((1,), (2,))


def _document(number: int, count: int, chosen: random.Random) -> list[Passage]:
    begin = number * 10_000
    found = []
    for _ in range(count):
        size = chosen.randint(1, 12)
        found.append(Passage(list(range(begin, begin + size)), [], False, list(range(size))))
        begin += size
    return found


@pytest.fixture(scope="module")
def made():
    chosen = random.Random(4)
    documents = [_document(number, chosen.randint(1, 40), chosen) for number in range(1, 120)]
    return list(pairs(documents, 40, EDGES, random.Random(1)))


def test_pairs_fit_and_have_two_sides(made) -> None:
    for pair in made:
        assert len(pair.input_ids) == len(pair.words) <= 40
        first, second = pair.input_ids[1 : pair.second - 1], pair.input_ids[pair.second : -1]
        assert pair.input_ids[0] == 1
        assert pair.input_ids[pair.second - 1] == pair.input_ids[-1] == 2
        assert first
        assert second


def test_half_of_the_second_sides_follow_and_the_others_are_of_another_document(made) -> None:
    follow = sum(pair.follows for pair in made) / len(made)
    assert 0.4 < follow < 0.6
    for pair in made:
        first, second = pair.input_ids[pair.second - 2], pair.input_ids[pair.second]
        assert (first // 10_000 == second // 10_000) == pair.follows
        if pair.follows and len(pair.input_ids) < 40:
            assert second == first + 1


def test_the_same_documents_make_the_same_pairs() -> None:
    documents = [_document(number, 8, random.Random(2)) for number in range(1, 20)]
    assert list(pairs(documents, 30, EDGES, random.Random(3))) == list(
        pairs(documents, 30, EDGES, random.Random(3))
    )


def test_texts_are_divided_into_sentences() -> None:
    assert sentences("One. Two? Three!\nFour\n\n五。六！") == [
        "One.",
        "Two?",
        "Three!",
        "Four",
        "五。",
        "六！",
    ]
    assert sentences(" \n") == []
