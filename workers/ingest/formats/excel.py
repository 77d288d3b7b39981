"""Workbooks of Excel (.xlsx, .xls, .xlsb) and of OpenDocument (.ods)."""

import zipfile
from pathlib import Path

from workers.ingest.formats import IMPORT_FORMATS, ImportFormat
from workers.ingest.readers.excel import read_excel


def _begins(head: bytes, path: Path) -> bool:
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return True
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    return any(name.startswith("xl/") for name in names) or "content.xml" in names


EXCEL = IMPORT_FORMATS.add(ImportFormat(name="excel", read=read_excel, begins=_begins), order=30)
