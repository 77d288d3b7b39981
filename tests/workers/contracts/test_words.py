"""Words of any script stay whole, with their marks."""

import unicodedata
from hashlib import sha256

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from workers.contracts.metrics import SCORING_VERSION
from workers.contracts.words import pieces, runs, without_marks, words

CHARACTERS = (
    "नमस्तेहिन्दीकखूँऽ" "বাংলাদেশ" "தமிழ்" "ทำไมน้ำเย็น" "ພາສາລາວ" "ភាសាខ្មែរ" "မြန်မာ" "שָׁלוֹם" "العَرَبِيَّة" "می\u200cخواهم"
    "e\u0301o\u0308u\u0323\u0302" "你好ばガ" "한국어" "a1_x.,!? \n\t" "👩\u200d💻❤\ufe0f🏴1\ufe0f\u20e3"
)  # fmt: skip
INDIC = ("[\u094d\u09cd]", "[\u0915-\u0939\u0995-\u09b9]")
BELOW = ("[\u1039\u17d2]", "[\u1000-\u102a\u1780-\u17b3]")
STRAY = regex.compile(
    "|".join(
        rf"(?<!{letter}[\p{{M}}\u200d]*){sign}|{sign}(?=[\p{{M}}\u200d]*{other})"
        for (sign, letter), (_, other) in ((INDIC, BELOW), (BELOW, INDIC))
    )
)
"""Signs that join two letters, after none of their scripts or before one of another: no text has them. By the standard
(UAX 29, GB9c) they join nothing after no letter; regex joins whatever follows."""
TEXTS = st.text(st.sampled_from(CHARACTERS) | st.characters(categories=("L", "M", "N", "P", "S", "Zs")))


def _ends(parts: list[str]) -> set[int]:
    ends, position = set(), 0
    for part in parts:
        position += len(part)
        ends.add(position)
    return ends


@given(st.text(st.sampled_from(CHARACTERS)).map(lambda text: STRAY.sub("", text)))
@example("क्षत्रिय বিদ্যুৎ សួស្ដី ဒက္ခိဏ")
@example("नमस्ते दुनिया \u0301")
@example("🇩🇪🇫🇷 👩🏽\u200d💻")
def test_no_piece_ends_within_a_character_as_people_see_it(text: str) -> None:
    assert _ends(pieces(text)) <= _ends(regex.findall(r"\X", text))


@given(TEXTS)
def test_pieces_are_all_of_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


@given(TEXTS)
def test_no_word_or_part_of_a_name_begins_with_a_mark(text: str) -> None:
    for word in (*words(text), *runs(text)):
        assert unicodedata.category(word[0])[0] in "LN"


@pytest.mark.parametrize(
    "sentence",
    [
        "मैं हिन्दी बोलता हूँ",
        "আমি বাংলায় কথা বলি",
        "நான் தமிழ் பேசுகிறேன்",
        "من فارسی صحبت می\u200cکنم",
        "אֲנִי מְדַבֵּר עִבְרִית",
        unicodedata.normalize("NFD", "très fière über façade"),
    ],
)
def test_words_between_spaces_are_whole(sentence: str) -> None:
    assert words(sentence) == unicodedata.normalize("NFC", sentence).split()
    assert [piece for piece in pieces(sentence) if piece.strip()] == runs(sentence) == sentence.split()


def test_a_text_without_marks_has_its_letters_left() -> None:
    assert without_marks("re\u0301sume\u0301") == "resume"
    assert without_marks("plain") == "plain"


def test_scores_of_other_words_have_another_version() -> None:
    """Scores that are stored are compared with new ones of the same version: raise it with every change of words."""
    found = " ".join(
        words(CHARACTERS.replace("क", "क ") + " ខ្ញុំចូលចិត្ត ສະບາຍ ນ້ຳ น้ำ ꦄꦏ꧀ꦱꦫ ကမ္ဘာ বিদ্যুৎ 👩🏽\u200d💻 3.5 it's")
    )
    assert (SCORING_VERSION, sha256(found.encode()).hexdigest()[:12]) == (3, "0ac36f1c4ff4")
