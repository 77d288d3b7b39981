"""File names made of names that people gave, in any script."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from apps.core.filenames import file_stem

_WRITTEN = st.characters(categories=["Lu", "Ll", "Lo", "Mn", "Mc", "Nd"])


@given(st.text())
def test_a_file_name_is_safe_everywhere(name: str) -> None:
    stem = file_stem(name, "data")
    assert stem
    assert len(stem.encode()) <= 180
    assert not stem.startswith(".")
    assert not set(stem) & set('/\\:*?"<>|\0\r\n')


@given(st.text(_WRITTEN, min_size=1, max_size=40))
def test_letters_keep_their_marks(name: str) -> None:
    assert file_stem(name, "data") == unicodedata.normalize("NFC", name)
