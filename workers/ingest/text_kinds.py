"""Kinds of text files that would be read as lines of prose, and hold something else."""

import re

_TAG = re.compile(r"\s*<([A-Za-z][\w:.-]*)(?:\s[^<>]*)?>")
_YAML = re.compile(r"\s*(?:-\s+)?[\w\"'-]+:(?:\s+\S.*)?$|\s*-\s+\S.*$|---\s*$|\s*#")
_YAML_FIRST_KEY = re.compile(r"- [a-z_]\w*: ")
_YAML_NEXT_KEY = re.compile(r"  [a-z_]\w*:(?: |$)")
_GETTEXT = re.compile(r'(?:msgid|msgstr(?:\[\d\])?|msgctxt)\s+"|"|#')
_WORD_LABEL = re.compile(r"\S+(?:[ \t]+\S+)*[ \t]+(?:O|[BIESLU]-[\w-]+)$")
_IN_MARKDOWN = frozenset(
    (
        "a",
        "b",
        "blockquote",
        "br",
        "center",
        "code",
        "details",
        "div",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "i",
        "img",
        "li",
        "ol",
        "p",
        "pre",
    )
) | {"span", "strong", "sub", "summary", "sup", "table", "u", "ul"}
_SPREADSHEETS = (".xls", ".xlsx", ".html", ".htm")
_LINES = 400


def other_kind(sample: str, extension: str) -> str | None:
    """Return what a text is that is neither a table nor prose, or None."""
    lines = [line.rstrip() for line in sample.split("\n")[:_LINES] if line.strip()]
    if not lines:
        return None
    if tag := _TAG.match(sample):
        is_whole = sample.rstrip().endswith(f"</{tag[1]}>") and sample.count("</") > 5
        if tag[1].lower() in ("table", "html", "body") and (is_whole or extension in _SPREADSHEETS):
            return "a web page (HTML)"
        if extension == ".xml" or (is_whole and tag[1].lower() not in _IN_MARKDOWN):
            return "an XML document"
    if sum(line.startswith(("msgid", "msgstr")) for line in lines) > 3 and _share(lines, _GETTEXT) > 0.95:
        return "a gettext catalogue (PO)"
    if _share(lines, _YAML) > 0.7 and (extension in (".yaml", ".yml") or _lists_objects(lines)):
        return "a YAML document"
    if (
        len(lines) > 5
        and _share(lines, _WORD_LABEL) > 0.8
        and any(re.search(r"\s[BIESLU]-", line) for line in lines)
    ):
        return "a list of words with a label each (CoNLL)"
    return None


def _lists_objects(lines: list[str]) -> bool:
    """Whether a text is a list of objects as YAML writes them, with several keys each."""
    first, following = _share(lines, _YAML_FIRST_KEY), _share(lines, _YAML_NEXT_KEY)
    return first > 0.1 and following > 0.1 and first + following > 0.9


def _share(lines: list[str], form: re.Pattern[str]) -> float:
    return sum(bool(form.match(line)) for line in lines) / len(lines)
