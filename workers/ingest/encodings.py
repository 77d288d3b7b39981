"""Which encoding a text is in. UTF-8 wins where most of what is not ASCII fits it: damaged lines cost themselves only.

Chinese, Japanese and Korean encodings accept almost any bytes, so a decoding counts only when most of what it
yields is text that people write: GB2312 keeps everyday characters in the lead bytes B0 to D7, JIS and Big5 have
similar blocks. What is left goes to charset-normalizer.
"""

import codecs
import io
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from charset_normalizer import CharsetMatch, from_bytes

from workers.contracts.encodings import ENCODINGS
from workers.ingest.alphabets import latin_codec, script_codec
from workers.ingest.readers.lines import split_lines

DAMAGED = "\ufdd0"
"""Stands for a byte that could not be decoded: a code point that Unicode keeps out of interchange."""
DAMAGE_HANDLER = "maquette-damage"
WESTERN_HANDLER = "maquette-western"
"""Reads bytes that are no UTF-8 as Windows-1252: for files that were put together from exports in both."""

_CHUNK = 1 << 20
_SAMPLE = 256 * 1024
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSED = [
    codec
    for codec in ENCODINGS
    if not codec.startswith("utf")
    and codec not in ("iso2022_jp", "gb18030", "big5", "cp932", "euc_jp", "cp949", "johab")
]
"""What charset-normalizer may answer: encodings that people meet, and that the page can name."""
_ENOUGH_LINES = 20_000
_LEAST_MIXED = 3
"""Lines in UTF-8, and lines in Windows-1252, from which on a file was put together from both. Damage makes fewer."""
_LEAST_MIXED_SHARE = 0.02
_SURELY_WESTERN = 0.95
_PREVIEW_LINES, _PREVIEW_CHARACTERS = 3, 200

_CJK_PUNCTUATION = frozenset("、。“”‘’《》「」『』…—·　【】〈〉")

_WESTERN_WORDS = frozenset("àèéóåöÀÈÉÓÅÖ")
"""Words of one letter, as in “il va à Paris”, “c'è” and “på en ö”."""
_WESTERN_PUNCTUATION = frozenset("‘’“”–—…€£°«»¿¡•·§©®™½¼±×÷µ²³\u00a0")


def _mark_damage(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101
    return DAMAGED, error.start + 1


def _read_as_western(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101
    byte = error.object[error.start : error.start + 1]
    try:
        return byte.decode("cp1252"), error.start + 1
    except UnicodeDecodeError:
        return DAMAGED, error.start + 1


codecs.register_error(DAMAGE_HANDLER, _mark_damage)
codecs.register_error(WESTERN_HANDLER, _read_as_western)


@dataclass
class _Scan:
    """What reading the whole file as UTF-8 showed; `legacy` holds lines with undecodable bytes. A line with characters
    beyond ASCII is good when it has no damage: other encodings make a whole line of valid UTF-8 by chance only rarely."""

    damaged: int = 0
    multibyte: int = 0
    good_lines: int = 0
    bad_lines: int = 0
    begun: str = ""
    legacy: bytes = b""

    def count_line(self, line: str) -> None:
        if DAMAGED in line:
            self.bad_lines += 1
        elif not line.isascii():
            self.good_lines += 1

    @property
    def is_utf8(self) -> bool:
        """Valid sequences speak for UTF-8 as damaged bytes speak against it. Chinese in GBK has one by chance for every
        five or six damaged bytes, Western texts have hardly any."""
        return self.damaged <= self.multibyte or self.bad_lines < self.good_lines

    @property
    def is_mixed(self) -> bool:
        """Whether some lines are in UTF-8 and some are not."""
        fewer = min(self.good_lines, self.bad_lines)
        return fewer >= max(_LEAST_MIXED, _LEAST_MIXED_SHARE * (self.good_lines + self.bad_lines))


def detect_encoding(path: Path, on_bytes: Callable[[int], None] = lambda _: None) -> tuple[str, int]:
    """Return the codec name for the text in `path`, and how many of its lines are in Windows-1252 where the others are in
    UTF-8; reads all of it unless a BOM or NUL pattern decides.

    `on_bytes` hears how far reading has come.
    """
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE)
    for bom, codec in _BOMS:
        if head.startswith(bom):
            return codec, 0
    if wide := utf16_without_bom(head):
        return wide, 0
    scan = _scan_utf8(path, on_bytes)
    if scan.is_utf8 and not scan.is_mixed:
        return "utf-8", 0
    legacy = legacy_codec(scan.legacy)
    if scan.is_mixed and legacy == "cp1252" and _western_share(scan.legacy) >= _SURELY_WESTERN:
        return "utf-8", scan.bad_lines
    return "utf-8" if scan.is_utf8 else legacy, 0


def preview(text: str) -> list[str]:
    """The first lines of a text with characters beyond ASCII: where a wrong encoding shows."""
    high = (line for line in split_lines(text) if not line.isascii())
    return [
        line.strip("\ufeff\r\n")[:_PREVIEW_CHARACTERS].replace(DAMAGED, "\ufffd").replace("\0", "\ufffd")
        for line in islice(high, _PREVIEW_LINES)
    ]


def utf16_without_bom(head: bytes) -> str | None:
    if len(head) < 4 or head.count(0) < len(head) // 50:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    codec = "utf-16-le" if odd > even else "utf-16-be"
    if min(even, odd) * 10 > max(even, odd):
        return None
    try:
        text = codecs.getincrementaldecoder(codec)().decode(head)
    except UnicodeDecodeError:
        return None
    return codec if "\0" not in text and ("\n" in text or "\r" in text) else None


def _scan_utf8(path: Path, on_bytes: Callable[[int], None]) -> _Scan:
    scan, decoder = _Scan(), codecs.getincrementaldecoder("utf-8")(DAMAGE_HANDLER)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            text = decoder.decode(chunk)
            on_bytes(stream.tell())
            if text.isascii() and not scan.begun:
                continue
            damaged = text.count(DAMAGED)
            scan.damaged += damaged
            scan.multibyte += len(text) - len(text.encode("ascii", "ignore")) - damaged
            _count_lines(text, scan)
            if damaged and len(scan.legacy) < _SAMPLE:
                scan.legacy += _damaged_lines(chunk)[:_SAMPLE]
            if scan.damaged > 10_000 and not scan.is_utf8 and not scan.is_mixed:
                break
    end = decoder.decode(b"", final=True)
    scan.damaged += end.count(DAMAGED)
    scan.count_line(scan.begun + end)
    if scan.damaged and not scan.legacy:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - _SAMPLE))
            scan.legacy = _damaged_lines(stream.read())
    return scan


def _count_lines(text: str, scan: _Scan) -> None:
    """Count the lines with characters beyond ASCII; in a large text without any damage yet, enough of them."""
    if not scan.damaged and scan.good_lines > _ENOUGH_LINES:
        return
    *ended, rest = text.split("\n")
    for line in ended:
        scan.count_line(scan.begun + line)
        scan.begun = ""
    scan.begun = _marks_of(scan.begun + rest)


def _marks_of(line: str) -> str:
    """What matters of a line that goes on in the next chunk."""
    return "" if line.isascii() else DAMAGED if DAMAGED in line else "é"


def _damaged_lines(chunk: bytes) -> bytes:
    """The lines that are not UTF-8, which the guess is made from."""
    lines = chunk.replace(b"\r", b"\n").split(b"\n")
    return b"\n".join(
        line for line in lines if not line.isascii() and DAMAGED in line.decode("utf-8", DAMAGE_HANDLER)
    )


def legacy_codec(sample: bytes) -> str:
    """Return the codec of lines that are no UTF-8."""
    if codec := latin_codec(sample):
        return "cp1254" if codec == "cp1252" and _is_turkish(sample) else codec
    western = _western_share(sample)
    scores = {codec: _share(sample, codec, everyday) for codec, everyday in _EAST_ASIAN.items()}
    best = max(scores, key=lambda codec: scores[codec])
    if _is_korean(sample):
        return "cp949"
    if scores["gb18030"] >= max(0.85, scores[best] - 0.03):
        return "gb18030"
    if scores[best] >= 0.85 and scores[best] > western:
        return best
    if western >= 0.85:
        return "cp1254" if _is_turkish(sample) else "cp1252"
    if codec := script_codec(sample):
        return codec
    guess = from_bytes(sample, cp_isolation=_GUESSED).best()
    if guess is None or _is_noise(guess):
        return "cp1252" if western >= 0.6 else "utf-8"
    return next(codec for codec in _GUESSED if codecs.lookup(codec) == codecs.lookup(guess.encoding))


def _decoded(sample: bytes, codec: str) -> str:
    return io.TextIOWrapper(io.BytesIO(sample), encoding=codec, errors=DAMAGE_HANDLER).read()


def _share(sample: bytes, codec: str, everyday: Callable[[str], bool]) -> float:
    """Share of the non-ASCII characters that are everyday ones in this encoding's language."""
    high = [character for character in _decoded(sample, codec) if ord(character) > 127]
    return sum(map(everyday, high)) / len(high) if high else 0.0


def _is_kana(character: str) -> bool:
    return "\u3041" <= character <= "\u30fe"


def _is_cjk_punctuation(character: str) -> bool:
    return character in _CJK_PUNCTUATION or "\uff01" <= character <= "\uff5e"


def _everyday_gb(character: str) -> bool:
    if _is_cjk_punctuation(character):
        return True
    code = character.encode("gb18030", "replace")
    return len(code) == 2 and 0xB0 <= code[0] <= 0xD7 and code[1] >= 0xA1


def _everyday_big5(character: str) -> bool:
    if _is_cjk_punctuation(character):
        return True
    code = character.encode("big5", "replace")
    return len(code) == 2 and 0xA4 <= code[0] <= 0xC6


def _everyday_japanese(character: str) -> bool:
    if _is_cjk_punctuation(character) or _is_kana(character):
        return True
    code = character.encode("euc_jp", "replace")
    return len(code) == 2 and 0xB0 <= code[0] <= 0xCF


def _everyday_korean(character: str) -> bool:
    """Syllables of KS X 1001; the thousands that cp949 adds are rare in Korean, and what Japanese would decode to."""
    if _is_cjk_punctuation(character):
        return True
    code = character.encode("euc_kr", "replace")
    return len(code) == 2 and 0xB0 <= code[0] <= 0xC8


_EAST_ASIAN: dict[str, Callable[[str], bool]] = {
    "gb18030": _everyday_gb,
    "big5": _everyday_big5,
    "cp932": _everyday_japanese,
    "euc_jp": _everyday_japanese,
    "cp949": _everyday_korean,
}


def _is_korean(sample: bytes) -> bool:
    """Korean in EUC-KR is also everyday GB2312; but it never leaves the lead bytes B0 to C8, Chinese soon does."""
    text = _decoded(sample, "cp949")
    high = [character for character in text if ord(character) > 127]
    return len(high) >= 30 and sum(map(_everyday_korean, high)) / len(high) > 0.97


def _is_noise(guess: CharsetMatch) -> bool:
    """Lines that look alike seem chaotic; where most of the letters are as frequent as in some language, they are none."""
    return guess.percent_chaos > 10 and guess.percent_coherence < 50


def _is_turkish(sample: bytes) -> bool:
    """Its own letters are the Icelandic ð, ý, þ and Ý of cp1252; Icelandic also has many others with accents."""
    text = _decoded(sample, "cp1252")
    own, icelandic = (sum(map(text.count, letters)) for letters in ("ðýþÝÞÐ", "áéíóúæÁÉÍÓÚÆ"))
    return own > 4 * icelandic


def _western_share(sample: bytes) -> float:
    """Share of high characters that stand where Western text has them: beside a letter, as a word, or as punctuation."""
    text = f" {_decoded(sample, 'cp1252')} "
    good = total = 0
    for index, character in enumerate(text):
        if ord(character) < 128:
            continue
        total += 1
        near = text[index - 1] + text[index + 1]
        letter = character.isalpha() and any(other.isascii() and other.isalpha() for other in near)
        word = character in _WESTERN_WORDS and not near[0].isalnum() and not near[1].isalnum()
        good += letter or word or character in _WESTERN_PUNCTUATION
    return good / total if total else 0.0
