"""What pages keep in the browser beyond their cookies."""

from __future__ import annotations

import re
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "static" / "js"
KEPT = {
    "theme.js": {"theme"},
    "studio.js": {"theme"},
    "app/page.js": {"theme"},
    "upload.js": {"memory"},
    "said.js": {"said"},
    "app/drafts.js": {"name", "draft", "edit"},
    "app/outbox.js": {"this.name"},
}
"""The theme; which upload goes on, by its file's name and size, until it is done; what was last said of a job; what
a visitor typed, sent or is editing and the server has not taken yet, until the tab closes."""


def test_pages_keep_in_the_browser_what_is_no_secret() -> None:
    found: dict[str, set[str]] = {}
    for path in sorted(SCRIPTS.rglob("*.js")):
        text = path.read_text()
        assert not re.search(r"indexedDB|caches\.open", text), path
        keys = set(re.findall(r"(?:local|session)Storage\.\w+\(\W*(\w+)", text))
        if "/storage.js" in text:
            keys |= set(re.findall(r"(?<![.\w])(?:keep|recall|forget)\(\W*([\w.]+)", text))
        if keys:
            found[str(path.relative_to(SCRIPTS))] = keys
    assert found == KEPT
