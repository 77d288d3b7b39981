"""Text arrives whole: however it is cut into tokens and pieces, joined it is what decoding everything gives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders
from tokenizers.models import BPE

from tests.workers.serving.models import make_tokenizer
from workers.serving.detokenizer import Detokenizer, StopMatcher, ends_sentence

BYTE_LEVEL = make_tokenizer()


def _byte_fallback() -> Tokenizer:
    """SentencePiece's way: words with a mark for the space before, other characters as bytes."""
    words = ["▁the", "▁book", "s", "▁is", "▁", "é"]
    pieces = [f"<0x{byte:02X}>" for byte in range(256)] + words
    tokenizer = Tokenizer(
        BPE(vocab={piece: i for i, piece in enumerate(pieces)}, merges=[], byte_fallback=True)
    )
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return tokenizer


SENTENCE_PIECE = _byte_fallback()


def _bytes_level(ids: list[int]) -> str:
    return BYTE_LEVEL.decode(ids, skip_special_tokens=True)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_pieces_of_any_text_join_to_it_and_none_is_broken(text: str) -> None:
    ids = BYTE_LEVEL(text, add_special_tokens=False)["input_ids"]
    detokenizer = Detokenizer(_bytes_level)
    pieces = [detokenizer.push(token_id) for token_id in ids]
    assert "".join(pieces) + detokenizer.finish() == _bytes_level(ids)
    if "�" not in text:
        assert not any("�" in piece for piece in pieces)


@settings(deadline=None)
@given(st.lists(st.integers(0, len(BYTE_LEVEL) - 1), max_size=60))
def test_ids_that_are_no_text_lose_nothing_either(ids: list[int]) -> None:
    detokenizer = Detokenizer(_bytes_level)
    pieces = [detokenizer.push(token_id) for token_id in ids]
    assert "".join(pieces) + detokenizer.finish() == _bytes_level(ids)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["▁the", "▁book", "s", "é", "▁", "€", "語", "🙂"]), max_size=20))
def test_a_tokenizer_that_strips_the_first_space_and_falls_back_to_bytes(words: list[str]) -> None:
    ids: list[int] = []
    for word in words:
        known = SENTENCE_PIECE.token_to_id(word)
        ids += [known] if known is not None else list(word.encode())
    detokenizer = Detokenizer(lambda some: SENTENCE_PIECE.decode(list(some)))
    pieces = [detokenizer.push(token_id) for token_id in ids]
    assert "".join(pieces) + detokenizer.finish() == SENTENCE_PIECE.decode(ids)
    assert not any("�" in piece for piece in pieces)


def test_a_character_of_several_tokens_comes_in_one_piece() -> None:
    ids = BYTE_LEVEL("a🙂b", add_special_tokens=False)["input_ids"]
    assert len(ids) > 3
    detokenizer = Detokenizer(_bytes_level)
    assert [piece for token_id in ids if (piece := detokenizer.push(token_id))] == ["a", "🙂", "b"]


@settings(deadline=None)
@given(
    st.lists(st.text("ab.\n", max_size=4), max_size=12),
    st.lists(st.text("ab.\n", min_size=1, max_size=4), max_size=3),
)
def test_text_ends_right_before_the_first_stop_string(pieces: list[str], stops: list[str]) -> None:
    matcher = StopMatcher(stops)
    said, seen = "", ""
    for piece in pieces:
        said += matcher.push(piece)
        seen += piece
        if matcher.stopped:
            break
    starts = [seen.find(stop) for stop in stops if stop in seen]
    assert matcher.stopped == bool(starts)
    assert said + matcher.finish() == (seen[: min(starts)] if starts else seen)


@pytest.mark.parametrize("stops", [["<end>"], ["nd>", "<end>"]])
def test_nothing_of_a_stop_string_slips_out_before_it_is_complete(stops: list[str]) -> None:
    matcher = StopMatcher(stops)
    assert matcher.push("so <e") == "so "
    assert not matcher.stopped
    assert "".join(matcher.push(piece) for piece in ("n", "d", ">")) in ("", "<e")
    assert matcher.stopped


@pytest.mark.parametrize(
    "text", ["Done.", "Really?! ", 'He said "no."', "完了。", "「好。」", "- a point\n", "Wait…"]
)
def test_where_a_sentence_ends(text: str) -> None:
    assert ends_sentence(text)


@pytest.mark.parametrize("text", ["", "Done", "It costs 3.", "a, ", "(see", "a; "])
def test_where_none_ends(text: str) -> None:
    assert not ends_sentence(text)
