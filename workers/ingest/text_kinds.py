"""Kinds of text files that would be read as lines of prose, and hold something else."""

import re
from collections import Counter

from workers.contracts.texts import Text

_TAG = re.compile(r"\s*<([A-Za-z][\w:.-]*)(?:\s[^<>]*)?>")
_YAML = re.compile(r"\s*(?:-\s+)?[\w\"'-]+:(?:\s+\S.*)?$|\s*-\s+\S.*$|---\s*$|\s*#")
_YAML_FIRST_KEY = re.compile(r"- [a-z_]\w*: ")
_YAML_NEXT_KEY = re.compile(r"  [a-z_]\w*:(?: |$)")
_GETTEXT = re.compile(r'(?:msgid|msgstr(?:\[\d\])?|msgctxt)\s+"|"|#')
_TAG_OF_WORD = re.compile(r"O|[BIESLU]-[\w-]+")
_BETWEEN_CELLS = (",", ";", "|")
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


_TIMING = re.compile(r"(?:\d{1,3}:)?\d\d:\d\d[,.]\d{1,3} *--> *(?:\d{1,3}:)?\d\d:\d\d[,.]\d{1,3}")
_RIGHT_CHOICE = re.compile(r"answer\s*:\s*[A-Z]\s*\.?", re.IGNORECASE)
_CHOICE = re.compile(r"[A-Z][.)]\s*\S")
_GIFT = re.compile(r"\{\s*([^{}]{0,2000}?)\s*\}[^{}\n]*$")
_GIFT_ANSWERS = re.compile(r"[=~%#]|(?:T|F|TRUE|FALSE)$")
_FEWEST = 3


def other_use(sample: str) -> Text | None:
    """Say what a text is that was written for another use, a quiz or subtitles, and what to do; None for other texts."""
    lines = [line.strip() for line in sample.split("\n") if line.strip("\ufeff \t\r")]
    timings = sum(bool(_TIMING.match(line)) for line in lines)
    if timings >= _FEWEST and timings * 8 >= len(lines):
        return Text("files.subtitles")
    right = [index for index, line in enumerate(lines) if _RIGHT_CHOICE.fullmatch(line)]
    if len(right) >= _FEWEST and all(index and _CHOICE.match(lines[index - 1]) for index in right):
        return _quiz("Aiken")
    blocks = [
        block.strip() for block in re.split(r"\n[ \t\r]*\n", sample.strip("\ufeff \r\n")) if block.strip()
    ]
    asked = [block for block in blocks if not block.startswith(("//", "$CATEGORY"))] or blocks
    gift = sum(bool((found := _GIFT.search(block)) and _GIFT_ANSWERS.match(found[1])) for block in asked)
    return _quiz("GIFT") if gift >= _FEWEST and gift >= 0.8 * len(asked) else None


def _quiz(form: str) -> Text:
    return Text("files.quiz", format=form)


def other_kind(sample: str, extension: str) -> Text | None:
    """Return what a text is that is neither a table nor prose, or None."""
    lines = [line.rstrip() for line in sample.split("\n")[:_LINES] if line.strip()]
    if not lines:
        return None
    if tag := _TAG.match(sample):
        is_whole = sample.rstrip().endswith(f"</{tag[1]}>") and sample.count("</") > 5
        if tag[1].lower() in ("table", "html", "body") and (is_whole or extension in _SPREADSHEETS):
            return Text("files.kind_html")
        if extension == ".xml" or (is_whole and tag[1].lower() not in _IN_MARKDOWN):
            return Text("files.kind_xml")
    if sum(line.startswith(("msgid", "msgstr")) for line in lines) > 3 and _share(lines, _GETTEXT) > 0.95:
        return Text("files.kind_po")
    if _share(lines, _YAML) > 0.7 and (extension in (".yaml", ".yml") or _lists_objects(lines)):
        return Text("files.kind_yaml")
    if _lists_tagged_words(lines):
        return Text("files.kind_conll")
    return None


def _lists_objects(lines: list[str]) -> bool:
    """Whether a text is a list of objects as YAML writes them, with several keys each."""
    first, following = _share(lines, _YAML_FIRST_KEY), _share(lines, _YAML_NEXT_KEY)
    return first > 0.1 and following > 0.1 and first + following > 0.9


def _lists_tagged_words(lines: list[str]) -> bool:
    """Whether each line is one word, perhaps its part of speech, and its tag, as O or B-LOC.

    A table of texts that end in such a sign (Vitamin B-12, `O O B-item O`) is none: its lines hold several words, or the
    delimiter of a table, or no word has the tag O.
    """
    if len(lines) <= 5 or sum(any(sign in line for sign in _BETWEEN_CELLS) for line in lines) * 2 > len(
        lines
    ):
        return False
    parts = [line.strip().split("\t" if "\t" in line else None) for line in lines]
    width = Counter(map(len, parts)).most_common(1)[0][0]
    tags = [
        cells[-1]
        for cells in parts
        if len(cells) == width
        and all(len(cell.split()) == 1 for cell in cells)
        and _TAG_OF_WORD.fullmatch(cells[-1])
    ]
    return width > 1 and len(tags) > 0.8 * len(lines) and 0.1 * len(tags) < tags.count("O") < len(tags)


def _share(lines: list[str], form: re.Pattern[str]) -> float:
    return sum(bool(form.match(line)) for line in lines) / len(lines)
