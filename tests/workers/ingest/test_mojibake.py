"""Texts that were encoded twice are repaired, and texts that only hold such characters are not."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workers.ingest.mojibake import repaired

SENTENCES = [
    "I’d like a café table, please",
    "The “new” kettle costs 5 € – nice",
    "crème brûlée à la carte, voilà",
    "Grüße aus Köln, Straße 5",
    "Señor Nuñez, ¿cómo está?",
    "Привет, как дела?",
    "你好，世界",
    "Ελληνικά και עברית",
    "smile 😀",
]
SOUND = [
    "«CITÉ» et «CAFÉ»",
    "IRMÃ, MAÇÃ, CORAÇÃO",
    "«СССР» и «РФ», Рівне",
    "l’été à Angoulême…",
    "Why do I see Ã© instead of é?",
    "5 µm ± 2 °C",
    "À VENDRE : ÉVÉNEMENT»",
    "Łódź ąęść",
    *SENTENCES,
]


def encoded_twice(text: str, codec: str) -> str:
    """What a program shows that reads UTF-8 as `codec`, controls for the bytes that it does not have."""
    signs = [bytes([byte]) for byte in text.encode()]
    return "".join(
        sign.decode(codec) if sign.decode(codec, "replace") != "\ufffd" else sign.decode("latin-1")
        for sign in signs
    )


@pytest.mark.parametrize("codec", ["cp1252", "latin-1", "mac_roman", "cp1251", "cp1250"])
@pytest.mark.parametrize("text", SENTENCES)
def test_what_was_encoded_twice_comes_back(text: str, codec: str) -> None:
    assert repaired(encoded_twice(text, codec)) == text


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(SOUND), min_size=1, max_size=4), st.sampled_from([" ", "\n", ", "]))
def test_a_sound_text_stays(texts: list[str], between: str) -> None:
    assert repaired(between.join(texts)) == between.join(texts)


def test_closing_quotation_marks_that_lost_a_byte() -> None:
    assert repaired("â€œHelloâ€, she said, voilÃ\u00a0!") == "“Hello”, she said, voilà!"


def written(texts: list[str], name: str) -> str:
    if name == "x.jsonl":
        return "\n".join(json.dumps({"text": text, "label": "ab"[n % 2]}) for n, text in enumerate(texts))
    return "text,label\n" + "".join(f'"{text}",{"ab"[n % 2]}\n' for n, text in enumerate(texts))


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl"])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(twice=st.lists(st.booleans(), min_size=30, max_size=30))
def test_cells_are_repaired_and_counted(import_file: Any, name: str, twice: list[bool]) -> None:
    twice = [*twice, *[True] * 6]
    sound = [f"{SENTENCES[n % len(SENTENCES)]} {n}" for n in range(len(twice))]
    texts = [
        encoded_twice(text, "cp1252") if again else text for text, again in zip(sound, twice, strict=True)
    ]
    imported = import_file(written(texts, name), name)
    assert [row["text"] for row in imported.rows] == sound
    assert imported.result.proposal.warnings[0].startswith(f"{sum(twice)} cells were encoded twice")


def test_a_person_can_keep_them(import_file) -> None:
    texts = [f"cafÃ© {n}" for n in range(30)]
    imported = import_file(written(texts, "x.csv"), "x.csv", encoding="utf-8")
    assert [row["text"] for row in imported.rows] == texts
    assert "were read unchanged" in imported.result.proposal.warnings[0]


def test_a_few_among_many_sound_cells_are_told_only(import_file) -> None:
    texts = [f"Schöne Grüße {n}" for n in range(100)] + ["cafÃ©", "crÃ¨me", "voilÃ\u00a0 cafÃ©"]
    imported = import_file(written(texts, "x.csv"), "x.csv")
    assert [row["text"] for row in imported.rows] == texts
    assert imported.result.proposal.warnings[0].startswith("3 cells were possibly encoded twice")


def test_sound_files_are_told_nothing(import_file) -> None:
    imported = import_file(written([f"{text} {n}" for n in range(5) for text in SOUND], "x.csv"), "x.csv")
    assert not any("twice" in warning for warning in imported.result.proposal.warnings)
