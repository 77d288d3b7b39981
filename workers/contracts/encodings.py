"""Encodings of text files by codec, with the names that people know them by: what is found, and what can be chosen."""

from workers.contracts.i18n import gettext_noop as _

ENCODINGS: dict[str, str] = {
    "utf-8": _("UTF-8"),
    "utf-8-sig": _("UTF-8 with BOM"),
    "utf-16": _("UTF-16"),
    "utf-16-le": _("UTF-16 LE"),
    "utf-16-be": _("UTF-16 BE"),
    "utf-32": _("UTF-32"),
    "cp1252": _("Western European (Windows-1252)"),
    "iso8859-15": _("Western European (ISO 8859-15)"),
    "cp850": _("Western European (DOS, 850)"),
    "mac_roman": _("Western European (Mac)"),
    "cp1250": _("Central European (Windows-1250)"),
    "iso8859-2": _("Central European (ISO 8859-2)"),
    "cp852": _("Central European (DOS, 852)"),
    "cp1257": _("Baltic (Windows-1257)"),
    "cp1251": _("Cyrillic (Windows-1251)"),
    "koi8_r": _("Cyrillic (KOI8-R)"),
    "koi8_u": _("Cyrillic (KOI8-U)"),
    "cp866": _("Cyrillic (DOS, 866)"),
    "mac_cyrillic": _("Cyrillic (Mac)"),
    "iso8859-5": _("Cyrillic (ISO 8859-5)"),
    "cp1253": _("Greek (Windows-1253)"),
    "iso8859-7": _("Greek (ISO 8859-7)"),
    "cp1254": _("Turkish (Windows-1254)"),
    "cp1255": _("Hebrew (Windows-1255)"),
    "iso8859-8": _("Hebrew (ISO 8859-8)"),
    "cp1256": _("Arabic (Windows-1256)"),
    "iso8859-6": _("Arabic (ISO 8859-6)"),
    "cp1258": _("Vietnamese (Windows-1258)"),
    "cp874": _("Thai (Windows-874)"),
    "gb18030": _("Simplified Chinese (GBK, GB18030)"),
    "big5": _("Traditional Chinese (Big5)"),
    "big5hkscs": _("Traditional Chinese (Big5-HKSCS)"),
    "cp932": _("Japanese (Shift-JIS)"),
    "euc_jp": _("Japanese (EUC-JP)"),
    "iso2022_jp": _("Japanese (ISO-2022-JP)"),
    "cp949": _("Korean (EUC-KR)"),
    "johab": _("Korean (Johab)"),
}


def encoding_label(codec: str) -> str:
    """Return the name of a codec for people."""
    return ENCODINGS.get(codec, codec)
