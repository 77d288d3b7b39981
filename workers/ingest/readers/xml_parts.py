"""The parts of a zipped workbook that are written in XML, parsed piece by piece."""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, Any
from xml.parsers import expat

from workers.contracts.texts import Text
from workers.ingest.limits import Limits

_CHUNK = 1 << 16
MOST_MERGED = 200_000

SheetRow = tuple[int, dict[int, str]]


class DamagedSheet(Exception):
    """The workbook is not written as it must be."""


@dataclass(frozen=True)
class Merged:
    """A cell that goes on over the rows below it, in its first column."""

    top: int
    bottom: int
    column: int


@dataclass
class XmlParts:
    """An open archive whose members are read within the limits."""

    archive: zipfile.ZipFile
    limits: Limits

    def _open(self, name: str) -> IO[bytes]:
        try:
            info = self.archive.getinfo(name)
        except KeyError as error:
            raise DamagedSheet(Text("readers.xml_part_missing", part=name)) from error
        # ZipFile hands out no more than a member says that it has.
        self.limits.require_unpacked(info.file_size)
        return self.archive.open(info)

    def _parse(self, name: str, **handlers: Callable[..., Any]) -> None:
        for _ in self._parsing(name, **handlers):
            pass

    def _parsing(
        self,
        name: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> Iterator[None]:
        """Parse a part, stopping after every piece of it."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        ending = end or _pass

        def root(tag: str, attributes: dict[str, str]) -> None:
            """Prefixes are cut off where the part has any: that costs a call for each of millions of elements."""
            if ":" in tag:
                parser.StartElementHandler = lambda tag, attributes: start(local_name(tag), attributes)
                parser.EndElementHandler = lambda tag: ending(local_name(tag))
            else:
                parser.StartElementHandler, parser.EndElementHandler = start, end
            parser.StartElementHandler(local_name(tag), attributes)

        parser.StartElementHandler = root
        if text:
            parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = _refuse_doctype
        try:
            with self._open(name) as stream:
                while piece := stream.read(_CHUNK):
                    parser.Parse(piece, False)
                    self.limits.require_time()
                    yield
                parser.Parse(b"", True)
                yield
        except expat.ExpatError as error:
            raise DamagedSheet(str(error)) from error


@lru_cache(maxsize=1_000)
def local_name(tag: str) -> str:
    """The name of an element or attribute without its namespace's prefix."""
    return tag[tag.find(":") + 1 :]


def _pass(_: str) -> None:
    pass


def _refuse_doctype(*_: Any) -> None:
    raise DamagedSheet(Text("readers.xml_document_type"))
