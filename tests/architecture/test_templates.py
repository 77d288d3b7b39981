"""Templates are laid out by a formatter, which knows no stylesheet and no script."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STYLES = ROOT / "static" / "css"
TEMPLATES = ROOT / "templates"


PUBLIC = TEMPLATES / "publishing" / "public"
"""Pages of apps, which load public.css alone."""


def classes_that_keep_white_space(*, public: bool) -> list[set[str]]:
    """The classes that an element needs, all of them, for one rule of the stylesheets of these pages that keeps white space
    or asks whether the element is empty."""
    rules = [
        selector.split()[-1]
        for sheet in STYLES.glob("*.css")
        if (sheet.name == "public.css") is public
        for selectors in re.findall(
            r"([^{}]+)\{[^}]*white-space: pre|([^{},]+?)(?::not\()?:empty", sheet.read_text("utf-8")
        )
        for selector in "".join(selectors).split(",")
    ]
    return [classes for rule in rules if (classes := set(re.findall(r"\.([\w-]+)", rule)))]


def test_no_text_begins_with_white_space_that_shows() -> None:
    of_apps, of_studio = (classes_that_keep_white_space(public=public) for public in (True, False))
    assert {"pre-wrap"} in of_studio
    assert {"text"} in of_apps
    assert {"status"} in of_apps
    wrong = []
    for path in TEMPLATES.rglob("*.html"):
        template = path.read_text("utf-8")
        needed = of_apps if path.is_relative_to(PUBLIC) else of_studio
        for tag, attributes in re.findall(r"<(\w+)\s([^<>]*)>\s*\n", template):
            named = re.search(r'class="([^"]*)"', attributes)
            has = set(re.sub(r"\{%.*?%\}", " ", named[1]).split()) if named else set()
            if any(classes <= has for classes in needed):
                wrong.append(f"{path.relative_to(ROOT)}: <{tag} {attributes.strip()}>")
    assert not wrong, "\n".join(wrong)
