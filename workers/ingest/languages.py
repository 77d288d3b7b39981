"""A rough guess at the language of a column: by script, and by everyday words for the Latin alphabet."""

import re
from collections import Counter
from collections.abc import Iterable

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
        "de": "der die das ein eine einer einem einen und ist im in auf mit für von zu den dem sich nicht ich",
        "es": "el la los las un una de y es en con por para que se su del al lo como está son",
        "it": "il lo la i gli le un una di e è in con per che si del della su sono al nel non",
        "pt": "o a os as um uma de e é em com por para que se do da no na são ao não",
        "nl": "de het een van en is in op met voor die dat te zijn aan niet ik",
        "pl": "i w na z się do nie jest to że o jak za po przez",
        "sv": "och i en ett är på med som av för att den det till har inte",
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
    read = [word for word in words(text) if word[0].isalpha()]
    scores = {code: sum(word in known for word in read) for code, known in _WORDS.items()}
    best = max(scores, key=lambda code: scores[code])
    return best if scores[best] * 10 >= len(read) and scores[best] else None
