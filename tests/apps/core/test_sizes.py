"""Sizes are said in one style: decimal units, on every page and in the ledger."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from apps.core.sizes import size_text

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (866_900, "866.9 kB"),
        (999_990, "1.0 MB"),
        (84_200_000, "84.2 MB"),
        (20 * 10**9, "20.0 GB"),
    ],
)
def test_sizes(amount: int, text: str) -> None:
    assert size_text(amount) == text


def test_no_page_says_sizes_in_another_style() -> None:
    templates = [
        *ROOT.glob("templates/**/*.html"),
        *ROOT.glob("static/js/**/*.js"),
        *ROOT.glob("apps/**/*.py"),
    ]
    found = [str(path) for path in templates if re.search(r"filesizeformat|1048576|/ 1024", path.read_text())]
    assert [path for path in found if not path.endswith("static/js/upload.js")] == []
