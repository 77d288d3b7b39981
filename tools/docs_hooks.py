"""What MkDocs does beyond Markdown: pages from files of the repository's root, links into the repository, settings.

README, CONTRIBUTING and the like stay where a code host shows them, and are pages of the site without a copy.
"""

from __future__ import annotations

import posixpath
import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ROOT_PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CODE_OF_CONDUCT.md": "code_of_conduct.md",
    "CONTRIBUTING.md": "contributing.md",
    "ROADMAP.md": "roadmap.md",
    "SECURITY.md": "security.md",
}
"""File in the root: page of the site."""
HOME = "index.md"
LINK = re.compile(r"(?P<bang>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s#]*)(?P<anchor>#[^)\s]*)?\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
SETTING = re.compile(r"^(?:# ?)?([A-Z][A-Z0-9_]+)=(.*)$")
SETTINGS_MARK = "<!-- the settings of .env.example -->"
LOADED = re.compile(
    r"<(?:script|img|iframe|source)[^>]+src=[\"']?(?:https?:)?//|<link(?![^>]+rel=[\"']?canonical)[^>]+href=[\"']?(?:https?:)?//"
    r"|url\([\"']?(?:https?:)?//|@import[^;]+//",
    re.IGNORECASE,
)


def on_config(config: Any) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    config.copyright = f"Maquette {version}. Apache License 2.0."


def on_files(files: Any, config: Any) -> Any:
    """Add the files of the root as pages."""
    from mkdocs.structure.files import File

    for source, page in ROOT_PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    uri = page.file.src_uri
    source = next((name for name, target in ROOT_PAGES.items() if target == uri), f"docs/{uri}")
    text = markdown.replace(SETTINGS_MARK, settings_table((ROOT / ".env.example").read_text()))
    return rewrite_links(text, source, uri)


def on_post_build(config: Any) -> None:
    """Refuse a site that loads something from elsewhere. Raises PluginError."""
    from mkdocs.exceptions import PluginError

    site = Path(config.site_dir)
    for file in sorted([*site.rglob("*.html"), *site.rglob("*.css")]):
        if found := LOADED.search(file.read_text()):
            raise PluginError(f"{file.relative_to(site)} loads something from another site: {found[0]}")


def rewrite_links(markdown: str, source: str, page: str) -> str:
    """The text of `source` (a path in the repository) with links as `page` of the site needs them.

    A link to a page of the site leads there. A link to another file of the repository becomes its text. One that leads
    nowhere stays as it is, and the strict build reports it.
    """

    def target_of(match: re.Match[str]) -> str:
        target, anchor = match["target"], match["anchor"] or ""
        if not target or re.match(r"[a-z]+:|/", target):
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        inside = ROOT_PAGES.get(path) or (path[5:] if path.startswith("docs/") else None)
        if path == "README.md":
            inside = HOME
        if inside:
            relative = posixpath.relpath(inside, posixpath.dirname(page) or ".")
            return f"{match['bang']}[{match['text']}]({relative}{anchor})"
        return match["text"] if (ROOT / path).exists() else match[0]

    parts, start = [], 0
    for fence in FENCE.finditer(markdown):
        parts += [LINK.sub(target_of, markdown[start : fence.start()]), fence[0]]
        start = fence.end()
    return "".join([*parts, LINK.sub(target_of, markdown[start:])])


def settings_table(example: str) -> str:
    """A Markdown table of the settings in the text of .env.example: name, value there, the comment above."""
    rows: list[tuple[list[tuple[str, str]], list[str]]] = []
    comment: list[str] = []
    for line in example.splitlines():
        if found := SETTING.match(line):
            if comment or not rows:
                rows.append(([], comment))
            rows[-1][0].append((found[1], found[2]))
            comment = []
        elif line.startswith("#"):
            comment.append(line.lstrip("# "))
        elif not line:
            comment = []
            rows.append(([], []))
    lines = ["| setting and its value in the example | meaning |", "| --- | --- |"]
    for settings, words in rows:
        names = "<br>".join(f"`{name}={value}`" for name, value in settings)
        if settings:
            lines.append(f"| {names} | {' '.join(words).replace('|', chr(92) + '|')} |")
    return "\n".join(lines)
