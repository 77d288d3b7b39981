"""Outputs beside their references: labels right or wrong, differences of texts marked without trusting a word of them."""

import html
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.outputs import marked

TEXTS = st.text(st.sampled_from("ab <>&\"'\n/é汉"), max_size=40)


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS)
def test_marked_is_the_output_with_nothing_of_it_taken_for_markup(target: str, output: str) -> None:
    shown = str(marked(target, output))
    assert set(re.findall(r"<[^>]*>", shown)) <= {"<ins>", "</ins>", "<del>", "</del>"}
    without_gone = re.sub(r"<del>.*?</del>", "", shown, flags=re.DOTALL)
    assert html.unescape(re.sub(r"</?ins>", "", without_gone)) == output


def test_what_is_equal_is_not_marked() -> None:
    assert str(marked("the same words", "the same words")) == "the same words"
    assert str(marked("a cat", "a dog")) == "a <del>cat</del><ins>dog</ins>"
    assert "<ins>" not in marked("x" * 5000, "<b>")


def test_a_changed_word_is_marked_whole_in_any_script() -> None:
    assert marked("मैं हिन्दी बोलता हूँ", "मैं हिन्दू बोलती हूँ") == (
        "मैं <del>हिन्दी</del><ins>हिन्दू</ins> <del>बोलता</del><ins>बोलती</ins> हूँ"
    )
    assert marked("图书馆九点开门", "图书馆八点开门") == "图书馆<del>九</del><ins>八</ins>点开门"


def test_two_ways_of_writing_a_letter_are_no_difference() -> None:
    assert "<" not in marked("caf\u00e9", "cafe\u0301")
