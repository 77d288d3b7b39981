"""French morphology for the translation example: agreement, conjugation, elision and contraction.

Only what the generated sentences need, but that by rule: the rules are those of any school grammar, and
tests/examples checks them against forms written out by hand.
"""

import re
from dataclasses import dataclass

_VOWEL = re.compile(r"^[aeiouyâàäéèêëîïôöûùœæ]", re.IGNORECASE)
_ASPIRATED = (
    "haricot",
    "hall",
    "haut",
    "huit",
    "héros",
    "hamster",
    "hibou",
    "hérisson",
    "onze",
    "yaourt",
    "oui",
)
_ELIDING = re.compile(r"\b(le|la|de|je|ne|que|me|se) (?=(\w+))", re.IGNORECASE)
_CONTRACTIONS = (("de le ", "du "), ("de les ", "des "), ("à le ", "au "), ("à les ", "aux "))

# Present (je, il, nous, vous, ils), past participle, stem of the future.
_IRREGULAR = {
    "aller": ("vais va allons allez vont", "allé", "ir"),
    "attendre": ("attends attend attendons attendez attendent", "attendu", "attendr"),
    "avoir": ("ai a avons avez ont", "eu", "aur"),
    "boire": ("bois boit buvons buvez boivent", "bu", "boir"),
    "devoir": ("dois doit devons devez doivent", "dû", "devr"),
    "dormir": ("dors dort dormons dormez dorment", "dormi", "dormir"),
    "écrire": ("écris écrit écrivons écrivez écrivent", "écrit", "écrir"),
    "envoyer": ("envoie envoie envoyons envoyez envoient", "envoyé", "enverr"),
    "être": ("suis est sommes êtes sont", "été", "ser"),
    "faire": ("fais fait faisons faites font", "fait", "fer"),
    "lire": ("lis lit lisons lisez lisent", "lu", "lir"),
    "mettre": ("mets met mettons mettez mettent", "mis", "mettr"),
    "ouvrir": ("ouvre ouvre ouvrons ouvrez ouvrent", "ouvert", "ouvrir"),
    "partir": ("pars part partons partez partent", "parti", "partir"),
    "perdre": ("perds perd perdons perdez perdent", "perdu", "perdr"),
    "pouvoir": ("peux peut pouvons pouvez peuvent", "pu", "pourr"),
    "prendre": ("prends prend prenons prenez prennent", "pris", "prendr"),
    "recevoir": ("reçois reçoit recevons recevez reçoivent", "reçu", "recevr"),
    "rendre": ("rends rend rendons rendez rendent", "rendu", "rendr"),
    "revenir": ("reviens revient revenons revenez reviennent", "revenu", "reviendr"),
    "sortir": ("sors sort sortons sortez sortent", "sorti", "sortir"),
    "traduire": ("traduis traduit traduisons traduisez traduisent", "traduit", "traduir"),
    "vendre": ("vends vend vendons vendez vendent", "vendu", "vendr"),
    "voir": ("vois voit voyons voyez voient", "vu", "verr"),
    "vouloir": ("veux veut voulons voulez veulent", "voulu", "voudr"),
}
_WITH_ETRE = {"aller", "arriver", "partir", "rentrer", "rester", "revenir", "sortir", "tomber"}
_FUTURE = ("ai", "a", "ons", "ez", "ont")
_PERSONS = ("je", "il", "nous", "vous", "ils")


@dataclass(frozen=True)
class Adjective:
    """English form, the four French ones, the form before a masculine vowel, and whether it precedes the noun."""

    english: str
    forms: tuple[str, str, str, str]
    liaison: str
    before: bool

    def agree(self, feminine: bool, plural: bool) -> str:
        return self.forms[feminine + 2 * plural]


def adjective(english: str, masculine: str, *, before: bool = False) -> Adjective:
    """Build the forms from `m`, `m/f`, or `m/f/mpl/fpl[/liaison]`, by rule where they are left out."""
    parts = masculine.split("/")
    m = parts[0]
    if len(parts) >= 4:
        return Adjective(english, tuple(parts[:4]), parts[4] if len(parts) > 4 else m, before)  # type: ignore[arg-type]
    f = parts[1] if len(parts) > 1 else m if m.endswith("e") else m + "e"
    plural = m if m.endswith(("s", "x")) else m + "s"
    return Adjective(english, (m, f, plural, f + "s"), m, before)


def starts_with_vowel(word: str) -> bool:
    """Whether articles elide before `word`; a mute h counts as a vowel, an aspirated one does not."""
    if word.lower().startswith(_ASPIRATED):
        return False
    return bool(_VOWEL.match(word)) or word[:1].lower() == "h"


def conjugate(verb: str, person: str, tense: str = "present") -> str:
    """One form. `person`: je, il, nous, vous or ils; `tense`: present or future."""
    index = _PERSONS.index(person)
    if tense == "future":
        return _future_stem(verb) + _FUTURE[index]
    if verb in _IRREGULAR:
        return _IRREGULAR[verb][0].split()[index]
    if verb.endswith("ir"):
        return verb[:-1] + ("s", "t", "ssons", "ssez", "ssent")[index]
    stem = verb[:-2]
    if person == "nous" and stem.endswith("g"):
        stem += "e"
    if person == "nous" and stem.endswith("c"):
        stem = stem[:-1] + "ç"
    if person in ("je", "il", "ils"):
        stem = _silent_stem(stem)
    return stem + ("e", "e", "ons", "ez", "ent")[index]


def _silent_stem(stem: str) -> str:
    """Stem before a silent ending: achet- to achèt-, répét- to répèt-, nettoy- to nettoi-, appel- to appell-."""
    if stem.endswith("y"):
        return stem[:-1] + "i"
    if stem == "appel":
        return "appell"
    return re.sub(r"[eé]([tnrvml])$", r"è\1", stem)


def _future_stem(verb: str) -> str:
    if verb in _IRREGULAR:
        return _IRREGULAR[verb][2]
    if verb.endswith("er"):
        stem = verb[:-2]
        return (stem if "é" in stem[-3:] else _silent_stem(stem)) + "er"
    return verb


def participle(verb: str) -> str:
    if verb in _IRREGULAR:
        return _IRREGULAR[verb][1]
    return verb[:-2] + "é" if verb.endswith("er") else verb[:-1]


def agree_participle(form: str, feminine: bool, plural: bool) -> str:
    """`trouvé` to `trouvée`, `trouvés`, `trouvées`; a participle in -s takes no second one."""
    form = form.replace("dû", "du") if feminine or plural else form
    form += "e" if feminine else ""
    return form + ("s" if plural and not form.endswith("s") else "")


def takes_etre(verb: str) -> bool:
    return verb in _WITH_ETRE


def finish(text: str) -> str:
    """Elide, contract and tidy a string of French words: `de le ami` to `de l'ami`, `à le marché` to `au marché`."""

    def elide(match: re.Match[str]) -> str:
        word, following = match.group(1), match.group(2)
        return word[:-1] + "'" if starts_with_vowel(following) else match.group(0)

    text = _ELIDING.sub(elide, re.sub(r"\s+", " ", text).strip())
    for full, short in _CONTRACTIONS:
        text = re.sub(r"(?<!\w)" + full, short, text)
    return re.sub(r"\bsi (?=ils? )", "s'", text)


def sentence(text: str) -> str:
    """`finish`, with a capital letter in front."""
    text = finish(text)
    return text[:1].upper() + text[1:]
