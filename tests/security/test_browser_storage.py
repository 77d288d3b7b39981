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
}
"""The theme; which upload goes on, by its file's name and size, until it is done; what was last said of a job."""


def test_pages_keep_in_the_browser_what_is_no_secret() -> None:
    found: dict[str, set[str]] = {}
    for path in sorted(SCRIPTS.rglob("*.js")):
        text = path.read_text()
        assert not re.search(r"indexedDB|caches\.open", text), path
        if keys := set(re.findall(r"(?:local|session)Storage\.\w+\(\W*(\w+)", text)):
            found[str(path.relative_to(SCRIPTS))] = keys
    assert found == KEPT
