"""No script asks for what the browser stores without expecting to be refused: where cookies are blocked, asking throws."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ASKED = re.compile(r"\b(localStorage|sessionStorage|document\.cookie|indexedDB)\b")


def test_storage_is_asked_for_inside_of_try_alone() -> None:
    for path in [*(ROOT / "static" / "js").rglob("*.js"), *(ROOT / "templates").rglob("*.html")]:
        unguarded = re.sub(r"try \{.*?\}\s*catch", "", path.read_text(), flags=re.DOTALL)
        assert not ASKED.search(unguarded), f"{path.relative_to(ROOT)}: use static/js/storage.js"
