"""The encoding of a text by the letters of languages: the one under which nearly all letters are those of some language.

Code pages give one byte to different letters: `ì` of Windows-1252 is `ě` of Windows-1250, and a Hebrew letter is a
Cyrillic one. Which letters a language has, and how often, tells them apart where short or repeated lines tell no more.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable
from itertools import combinations

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")

_FRENCH = "éèàêçùâîôûëïüœ"
_ITALIAN = "àèéìòùî"
_WESTERN = (
    "äöüß",
    _FRENCH,
    "áéíóúñü",
    "ãõáéíóúâêôçàü",
    _ITALIAN,
    "åäöé",
    "æøåé",
    "áéíóúýðþæö",
    "áíóúýæøð",
    "ëïéèüöó",
    "àçèéíïòóú",
    "äöõüšž",
    "çëâ",
)
"""German, French, Spanish, Portuguese, Italian, Swedish, Danish, Icelandic, Faroese, Dutch, Catalan, Estonian, Albanian."""
_MIXED = (*_WESTERN[:7], *_WESTERN[9:11])
"""Those that a text may well mix: not Icelandic, Faroese, Estonian and Albanian."""
_CENTRAL = ("cp1250", "iso8859-2", "cp852")
_BALTIC = ("cp1257",)
_DOS_AND_MAC = ("cp850", "mac_roman")
_LIKE_WESTERN = ("áéíóöőúüű", "ăâîşţ", "ąčęėįšųūž", "āčēģīķļņšūž", "çğıöşüâî")
"""Hungarian, Romanian, Lithuanian, Latvian, Turkish: their letters are those of two Western languages, mixed as no text does."""
_OTHERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("áčďéěíňóřšťúůýž", _CENTRAL),
    ("áäčďéíĺľňóôŕšťúýž", _CENTRAL),
    ("ąćęłńóśźż", _CENTRAL),
    ("čćžšđ", _CENTRAL),
    *zip(_LIKE_WESTERN, (_CENTRAL, _CENTRAL, _BALTIC, _BALTIC, ("cp1254",)), strict=True),
    *((alphabet, _DOS_AND_MAC) for alphabet in _WESTERN[:9]),
)
"""Czech, Slovak, Polish, Croatian and Slovene, Hungarian, Romanian, Lithuanian, Latvian, Turkish, and Western ones elsewhere."""
_QUOTES = frozenset("‘’‚“”„–—…‹›«»•·،؛؟\u00a0\u00ad")
_BETWEEN_WORDS = _QUOTES | frozenset("¿¡§©®™°€£¥¢¤†‡ºª¹²³½¼¾±´¨¯`µ¶×÷¬¦ˆ˜‰¸")
_AFTER_WORDS = frozenset("¹²³½¼¾±¯¨ºª")
"""No word begins with these."""
_IN_WORDS = frozenset("’·\u00ad")
_LEAST_LETTERS = 6
_LEAST_OWN = 2
"""Letters that Windows-1252 reads otherwise."""
_CLEAR, _UNCLEAR = 0.97, 0.9
"""Shares of letters that belong to an alphabet: above, a text is of that language; below, it is of none like it."""
_ENOUGH_FRENCH = 20
"""Letters, among which é is missing in no French text."""

_BY_FREQUENCY: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "יוהלאתרבשמנםדחקעפכגטסזןצךףץ\u05b0\u05b4\u05b5\u05b6\u05b7\u05b8\u05b9\u05bb\u05bc\u05c1\u05c2",
        ("cp1255",),
    ),
    (
        "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
        ("cp1251", "koi8_r", "cp866", "iso8859-5", "mac_cyrillic"),
    ),
    ("оанитвеіирсклдмупзьябгчйхцжюшїєщфґ", ("cp1251", "koi8_u", "mac_cyrillic")),
    ("αοιετσνηυρπκμλςωίάδγχόέήύθφώβξζψϊϋΐ", ("cp1253",)),
    ("اليمنوترهبدعفسكقةحجأشصطىخإضذزءثغئظؤآ", ("cp1256", "iso8859-6")),
    ("اینردمهوتبسشلکگخزفقحعجپطصغضئآذظثژچ", ("cp1256",)),
    ("านรกอเงมยลวดทสตะปบคหพชจขผถศซณธญ่้ีิ์ัืุู็แไโใำ", ("cp874",)),
)
"""Letters of Hebrew, Russian, Ukrainian, Greek, Arabic, Persian and Thai, the most frequent first."""
_RARE = math.log(0.00005)
_CAPITAL = math.log(0.1)
_LEAST_SHARE = 0.95
_LEAST_TOGETHER = 0.8
"""The share of letters next to another one of the script."""


def latin_codec(sample: bytes) -> str | None:
    """Return the codec of a text in the letters of some European language in Latin script; None where that is unclear."""
    if _is_together(sample):
        return None
    text = _text(sample, "cp1252")
    western = _letters(text)
    alphabets = [alphabet for alphabet in _WESTERN if not _lacks_chief(western, alphabet)]
    if western.total() < _LEAST_LETTERS or (share := _best_share(western, alphabets)) >= _CLEAR:
        return "cp1252" if western.total() >= _LEAST_LETTERS else None
    if share > _UNCLEAR:
        return None
    mixed = [alphabet for alphabet in _MIXED if alphabet != _ITALIAN or western["à"]]
    is_mixed = _best_share(western, map("".join, combinations(mixed, 2))) > _UNCLEAR
    codecs = dict.fromkeys(codec for _, codecs in _OTHERS for codec in codecs)
    letters = {codec: _letters(other) for codec in codecs if _has_own(other := _text(sample, codec), text)}
    found = [
        (share, codec)
        for alphabet, codecs in _OTHERS
        for codec in codecs
        if not is_mixed or alphabet in _LIKE_WESTERN
        if codec in letters and (share := _best_share(letters[codec], [alphabet])) >= _CLEAR
    ]
    return max(found, key=lambda each: each[0])[1] if found else None


def script_codec(sample: bytes) -> str | None:
    """Return the codec under which a text is most like Hebrew, Russian, Ukrainian, Greek, Arabic, Persian or Thai."""
    if not _is_together(sample):
        return None
    scores: dict[str, float] = {}
    for letters, codecs in _BY_FREQUENCY:
        for codec in codecs:
            high = [sign for sign in _text(sample, codec) if ord(sign) > 127 and sign not in _QUOTES]
            known = sum(sign in letters for sign in map(str.lower, high))
            if len(high) >= _LEAST_LETTERS and known >= _LEAST_SHARE * len(high):
                scores[codec] = max(scores.get(codec, -math.inf), _likelihood(high, letters))
    return max(scores, key=lambda codec: scores[codec], default=None)


def _text(sample: bytes, codec: str) -> str:
    return sample.decode(codec, "replace")


def _is_together(sample: bytes) -> bool:
    """Whether bytes beyond ASCII stand next to one another, as in words of a script that is not Latin."""
    near = zip(b" " + sample, sample, sample[1:] + b" ", strict=False)
    together = [max(before, after) > 127 for before, byte, after in near if byte > 127]
    return sum(together) >= _LEAST_TOGETHER * len(together)


def _has_own(text: str, western: str) -> bool:
    own = [one for one, other in zip(text, western, strict=False) if one != other and one.isalpha()]
    return len(own) >= _LEAST_OWN


def _lacks_chief(western: Counter[str], alphabet: str) -> bool:
    """Whether a text has letters of French and not its most frequent one: Latvian has long vowels there."""
    return alphabet == _FRENCH and western.total() >= _ENOUGH_FRENCH and not western["é"]


def _letters(text: str) -> Counter[str]:
    """Count the letters beyond ASCII, those of capitals with them. A sign or a capital within a word counts as "?"."""
    counts: Counter[str] = Counter()
    for found in _BEYOND_ASCII.finditer(text):
        sign = found[0]
        before, after = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
        is_within = after.isalpha() and (before.isalpha() or sign in _AFTER_WORDS)
        if sign in _BETWEEN_WORDS and (sign in _IN_WORDS or not is_within):
            continue
        is_odd = sign in _BETWEEN_WORDS or (sign.isupper() and before.islower())
        counts["?" if is_odd else sign.lower()] += 1
    return counts


def _best_share(letters: Counter[str], alphabets: Iterable[str]) -> float:
    """The largest share of the letters that one of these alphabets has."""
    total = letters.total()
    best = max((sum(letters[sign] for sign in set(alphabet)) for alphabet in alphabets), default=0)
    return best / total if total >= _LEAST_LETTERS else 0.0


def _likelihood(letters: list[str], by_frequency: str) -> float:
    """The mean logarithm of how likely letters are in a language, by their rank in it. Capitals are rare."""
    whole = sum(1 / (rank + 3) for rank in range(len(by_frequency)))
    total = 0.0
    for sign, count in Counter(letters).items():
        rank = by_frequency.find(sign.lower())
        likely = math.log(1 / (rank + 3) / whole) if rank >= 0 else _RARE
        total += count * (likely + (_CAPITAL if sign != sign.lower() else 0))
    return total / len(letters)
