"""A rough guess at the language of a column: by script, and by everyday words for the Latin alphabet."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from workers.contracts.words import words

_SCRIPTS = (
    ("ja", re.compile(r"[\u3041-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7a3]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
)
_WORDS: dict[str, frozenset[str]] = {
    code: frozenset(words.split())
    for code, words in {
        "en": "the a an of and to in is are on with for his her he she it that was by at this you i",
        "fr": "le la les un une des de du et est dans en sur avec pour qui il elle que au aux se son sa ce",
        "de": "der die das ein eine einer einem einen und ist im in auf mit für von zu den dem sich nicht ich wie wo was da sie wir",
        "es": "el la los las un una de y es en con por para que se su del al lo como está son",
        "it": "il lo la i gli le un una di e è in con per che si del della su sono al nel non",
        "pt": "o a os as um uma de e é em com por para que se do da no na são ao não",
        "nl": "de het een van en is in op met voor die dat te zijn aan niet ik",
        "pl": "i w na z się do nie jest to że o jak za po przez",
        "sv": "och i en ett är på med som av för att den det till har inte",
        "da": "og i en et er på med som af for at den det til har ikke jeg hvad efter blev de vi fra",
        "no": "og i en et er på med som av for å den det til har ikke jeg hva etter ble de vi fra",
        "fi": "ja on ei se että hän oli ovat mutta kun niin minä sinä tämä mitä myös joka kanssa",
        "id": "yang dan di ke dari ini itu untuk dengan tidak pada adalah dalam akan saya ada juga kami",
        "tr": "ve bir bu da de için ile çok ne gibi ama daha var değil olarak ben o mi",
        "vi": "và là của có không được cho trong một những người này các đã với tôi ở đi",
        "cs": "a je v na se že to si s do ale jak byl jsem který za pro by",
        "ro": "și în de la cu pe nu este un o că din care mai să pentru a sunt",
        "hu": "a az és hogy nem van egy ez de is meg mint már csak volt ki",
        "sw": "na ya wa kwa ni katika za la cha hii kuwa yake watu si",
        "tl": "ang ng sa na mga at ay ko si hindi ito siya para",
    }.items()
}


def language_of(texts: Iterable[str]) -> str | None:
    """Return the language code that most of the texts speak for, or None when unsure."""
    votes: Counter[str] = Counter()
    read = 0
    for text in texts:
        read += 1
        votes.update({code for code in (_language_of_text(text),) if code})
    if not votes:
        return None
    code, count = votes.most_common(1)[0]
    return code if count >= 0.3 * read and count >= 0.6 * votes.total() else None


def _language_of_text(text: str) -> str | None:
    letters = sum(character.isalpha() for character in text)
    for code, script in _SCRIPTS:
        if letters and len(script.findall(text)) > (0.15 if code == "ja" else 0.4) * letters:
            return code
    alphabet = _script(text)
    if alphabet not in (None, "latin"):
        return alphabet
    read = [word for word in words(text) if word[0].isalpha()]
    scores = {code: sum(word in known for word in read) for code, known in _WORDS.items()}
    best = max(scores, key=lambda code: scores[code])
    return best if scores[best] * 10 >= len(read) and scores[best] else None


_READ_CHARACTERS = 400


def _script(text: str) -> str | None:
    """The script of nearly half the letters or more, as Unicode names it: bengali, georgian, ethiopic, latin."""
    letters = Counter(
        _script_of_letter(character) for character in text[:_READ_CHARACTERS] if character.isalpha()
    )
    if not letters:
        return None
    script, count = letters.most_common(1)[0]
    return script if count > 0.4 * letters.total() else None


@lru_cache(maxsize=10_000)
def _script_of_letter(letter: str) -> str:
    name = unicodedata.name(letter, "unknown").partition(" ")[0].lower()
    return {"hiragana": "kana", "katakana": "kana"}.get(name, name)


_LEAST_WORDS = 3
_LEAST_SHARE = 0.05
_SENTENCE = 7
"""Words of a whole sentence, on average."""


def languages_differ(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether two columns are surely in different languages: in different scripts, or with several everyday words each
    that the language of the other one does not have. Short texts that say one thing again and again prove nothing."""
    one, other = language_of(first), language_of(second)
    if one is None or other is None or one == other:
        return False
    if _common_script(first) != _common_script(second):
        return True
    if asked(first) > 0.5 and asked(second) < 0.5 * asked(first):
        return False
    return one not in _WORDS or other not in _WORDS or _words_differ(first, second)


def sentences_differ(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether two columns of whole sentences seem to be in different languages, which few words of a short text prove not."""
    one, other = language_of(first), language_of(second)
    if one is None or other is None or one == other:
        return False
    if asked(first) > 0.5 and asked(second) < 0.5 * asked(first):
        return False
    is_long = all(
        sum(len(words(text)) for text in texts) >= _SENTENCE * len(texts) for texts in (first, second)
    )
    shared = max(_share_of_words(first, second), _share_of_words(second, first))
    return (
        is_long and shared < _SHARED_WORDS and _most_likely(_counted(first)) != _most_likely(_counted(second))
    )


def _words_differ(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether each side has its own everyday words, by all its texts together."""
    said, answered = _counted(first), _counted(second)
    one, other = _most_likely(said), _most_likely(answered)
    if one == other or _share_of_words(first, second) >= _SHARED_WORDS:
        return False
    return _speaks_for(said, one, other) and _speaks_for(answered, other, one)


def _counted(texts: Sequence[str]) -> Counter[str]:
    return Counter(word for text in texts for word in words(text) if word[0].isalpha())


def _most_likely(said: Counter[str]) -> str:
    return max(_WORDS, key=lambda code: sum(times for word, times in said.items() if word in _WORDS[code]))


def _speaks_for(said: Counter[str], code: str, against: str) -> bool:
    """Whether words of the one language, which the other lacks, are several and by far more than the other way round."""
    own = {word: times for word, times in said.items() if word in _WORDS[code] - _WORDS[against]}
    foreign = sum(times for word, times in said.items() if word in _WORDS[against] - _WORDS[code])
    total = sum(own.values())
    return len(own) >= _LEAST_WORDS and total >= 3 * foreign and total >= _LEAST_SHARE * max(1, said.total())


_SHARED_WORDS = 0.35
_QUESTION = re.compile(r"[?？؟;՞፧]\W*$")


def could_translate(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether the second texts may say what the first say in another language, as nothing in them speaks against it.

    `first` and `second` are texts of the same rows. Against it speaks one language on both sides: known by its words, or
    by many words that both sides share. So do questions that are answered, and lengths that have nothing in common.
    """
    a, b = _common_script(first), _common_script(second)
    if a != b:
        return True
    if asked(first) > 0.5 and asked(second) < 0.5 * asked(first):
        return False
    if not 0.4 < _characters(second) / max(1, _characters(first)) < 2.5:
        return False
    one, other = language_of(first), language_of(second)
    if one in _WORDS and other in _WORDS and (one == other or _words_differ(first, second)):
        return one != other
    return min(_share_of_words(first, second), _share_of_words(second, first)) < _SHARED_WORDS


def _common_script(texts: Sequence[str]) -> str | None:
    scripts = Counter(script for text in texts if (script := _script(text)))
    return scripts.most_common(1)[0][0] if scripts else None


def asked(texts: Sequence[str]) -> float:
    """Return which share of texts ends with a question mark."""
    return sum(bool(_QUESTION.search(text)) for text in texts) / max(1, len(texts))


def _characters(texts: Sequence[str]) -> int:
    return sum(map(len, texts))


def _share_of_words(texts: Sequence[str], others: Sequence[str]) -> float:
    """How much of what the texts say is in words that the others use too."""
    known = {word for text in others for word in words(text)}
    said = [word for text in texts for word in words(text) if word[0].isalpha()]
    return sum(word in known for word in said) / max(1, len(said))
