"""Checks that every text exists in every language: `python -m tools.messages`, and `--update` after texts changed.

Fails on a text that the catalogue lacks, that is empty, fuzzy, or no longer used; on a translation that fills in other
things or holds other tags than its text, or calls a thing otherwise than the glossary beside the catalogue; on a
catalogue that was not compiled; and on words in a page or an error that are not marked for translation. The compiled catalogue is committed, so that a fresh copy speaks every language without a step.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from tools.bare_text import find_bare_text
from tools.extraction import extract

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
FILLED_IN = re.compile(r"%\(\w+\)[.\d]*[a-z]|%[sd%]|\{\w*(?:[:!][^{}]*)?\}")
TAGS = re.compile(r"</?\w+[^>]*>")
ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)
HEADER = "Texts of Maquette. Written by `python -m tools.messages --update`; translate what it leaves empty."


def catalogues() -> list[Path]:
    return sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], charset="utf-8")


def texts(message: Message) -> list[str]:
    """What a translator wrote for a message, one for each plural form."""
    return [
        text or "" for text in (message.string if isinstance(message.string, tuple) else (message.string,))
    ]


def problems_of(message: Message) -> list[str]:
    """What is wrong with a translation."""
    written = texts(message)
    if not all(written):
        return ["is not translated"]
    found = ["is marked fuzzy"] if message.fuzzy else []
    source = message.id[-1] if isinstance(message.id, tuple) else message.id
    for text in written:
        for what, pattern in (("fills in other things", FILLED_IN), ("holds other tags", TAGS)):
            if sorted(pattern.findall(source)) != sorted(pattern.findall(text)):
                found.append(f"{what}: {text}")
        if (source[:1] == "\n", source[-1:] == "\n") != (text[:1] == "\n", text[-1:] == "\n"):
            found.append(f"begins or ends its lines differently: {text!r}")
    return found


@dataclass(frozen=True)
class Glossary:
    """What a language calls things, by the English word in lower case, and the words that it does not use."""

    terms: dict[str, list[str]]
    never: list[str]

    def problems_of(self, message: Message) -> list[str]:
        source = FILLED_IN.sub("", " ".join(message.id) if isinstance(message.id, tuple) else str(message.id))
        found = []
        for text in filter(None, texts(message)):
            for term, names in self.terms.items():
                if re.search(rf"(?<![\w.]){re.escape(term)}s?\b", source, re.IGNORECASE) and not any(
                    name in text for name in names
                ):
                    found.append(f"calls “{term}” otherwise than the glossary: {text}")
            found += [
                f"says “{word}”, which the glossary avoids: {text}" for word in self.never if word in text
            ]
        return found


def glossary_of(path: Path) -> Glossary:
    """The glossary beside a catalogue; an empty one where there is none."""
    file = path.parent.parent / "glossary.toml"
    read_in = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return Glossary(read_in.get("terms", {}), read_in.get("never", {}).get("words", []))


def compare(wanted: Catalog, there: Catalog) -> list[str]:
    """Differences between what the project says and what a catalogue holds, in words."""
    found = []
    for message in wanted:
        if not message.id:
            continue
        translated = there.get(message.id, message.context)
        if translated is None or isinstance(translated.id, tuple) != isinstance(message.id, tuple):
            found.append(f"{message.id!r} is missing")
        else:
            found += [f"{message.id!r} {problem}" for problem in problems_of(translated)]
    unused = [one.id for one in there if one.id and wanted.get(one.id, one.context) is None]
    unused += [one.id for one in there.obsolete.values()]
    return found + [f"{text!r} is no longer used" for text in unused]


def renew(wanted: Catalog, there: Catalog) -> Catalog:
    """The wanted messages with the translations that are there, sorted by text."""
    fresh = Catalog(locale=there.locale, charset="utf-8", fuzzy=False, header_comment=f"# {HEADER}")
    for message in wanted:
        if message.id:
            old = there.get(message.id, message.context)
            fits = old is not None and isinstance(old.id, tuple) == isinstance(message.id, tuple)
            fresh.add(message.id, old.string if old and fits else None, context=message.context)
    return fresh


def as_text(catalog: Catalog) -> bytes:
    """A .po file without dates and places, so that it changes only with its texts."""
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=110, omit_header=True, sort_output=True, no_location=True)
    header = (
        f"# {HEADER}\n"
        'msgid ""\nmsgstr ""\n'
        f'"Language: {catalog.locale}\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {catalog.plural_forms}\\n"\n\n'
    )
    return header.encode() + buffer.getvalue()


def compiled(path: Path) -> bytes:
    """The .mo of a .po file."""
    buffer = io.BytesIO()
    catalog = read(path)
    catalog.creation_date = catalog.revision_date = ANY_DAY  # the same bytes whenever it is made
    write_mo(buffer, catalog)
    return buffer.getvalue()


def update() -> int:
    """Rewrite every catalogue; return how many texts wait for a translation."""
    wanted = extract(ROOT)
    waiting = 0
    for path in catalogues():
        fresh = renew(wanted, read(path))
        path.write_bytes(as_text(fresh))
        path.with_suffix(".mo").write_bytes(compiled(path))
        waiting += sum(not all(texts(message)) for message in fresh if message.id)
    print(f"{len(wanted)} texts, {waiting} not translated")
    return waiting


def check() -> list[str]:
    """Everything that is wrong, one line each."""
    wanted = extract(ROOT)
    found = find_bare_text(ROOT)
    for path in catalogues():
        name, there, glossary = path.relative_to(ROOT), read(path), glossary_of(path)
        found += [f"{name}: {problem}" for problem in compare(wanted, there)]
        found += [f"{name}: {one.id!r} {problem}" for one in there for problem in glossary.problems_of(one)]
        binary = path.with_suffix(".mo")
        if not binary.is_file() or binary.read_bytes() != compiled(path):
            found.append(
                f"{binary.relative_to(ROOT)} is not made from {path.name}: python -m tools.messages --update"
            )
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--update", action="store_true", help="rewrite the catalogues and compile them")
    if parser.parse_args().update:
        update()
        return 0
    found = check()
    print("\n".join(found) or f"{len(extract(ROOT))} texts, in {len(catalogues()) + 1} languages")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
