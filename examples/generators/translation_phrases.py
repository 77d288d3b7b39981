"""Noun phrases, verb groups and clauses of the translation example, each in English and French at once."""

import random
from dataclasses import dataclass

from examples.generators import translation_lexicon as lexicon
from examples.generators import translation_nouns as nouns
from examples.generators.french import (
    Adjective,
    agree_participle,
    conjugate,
    participle,
    starts_with_vowel,
    takes_etre,
)
from examples.generators.translation_lexicon import Verb
from examples.generators.translation_nouns import Noun

Pair = tuple[str, str]
OBJECTS = {
    noun.kind: group
    for group in (
        nouns.READING,
        nouns.THINGS,
        nouns.CLOTHES,
        nouns.FOOD,
        nouns.MASS,
        nouns.OPENABLE,
        nouns.PLACES,
        nouns.ANIMALS,
        nouns.EVENTS,
        [*nouns.PEOPLE, *nouns.FAMILY],
    )
    for noun in group[:1]
} | {"writing": nouns.WRITING, "machine": nouns.MACHINES, "sight": nouns.SIGHTS}
_POSSESSIVES = {
    "my": ("mon", "ma", "mes"),
    "your": ("votre", "votre", "vos"),
    "our": ("notre", "notre", "nos"),
    "their": ("leur", "leur", "leurs"),
    "his": ("son", "sa", "ses"),
    "her": ("son", "sa", "ses"),
}
_OWN = {"I": "my", "you": "your", "we": "our", "they": "their"}


@dataclass(frozen=True)
class Phrase:
    """A noun phrase in both languages, with what agrees with it."""

    english: str
    french: str
    feminine: bool = False
    plural: bool = False
    indefinite: bool = False
    bare: str = ""
    """French without its indefinite article: what follows `pas de`."""


@dataclass(frozen=True)
class Subject:
    english: str
    french: str
    person: str
    feminine: bool = False
    plural: bool = False

    @property
    def third(self) -> bool:
        return self.person == "il"


def as_subject(phrase: Phrase) -> Subject:
    return Subject(
        phrase.english, phrase.french, "ils" if phrase.plural else "il", phrase.feminine, phrase.plural
    )


PRONOUNS = [
    Subject("I", "je", "je"),
    Subject("you", "vous", "vous"),
    Subject("he", "il", "il"),
    Subject("she", "elle", "il", True),
    Subject("we", "nous", "nous", False, True),
    Subject("they", "ils", "ils", False, True),
]


def _article(words: str) -> str:
    return ("an " if words[0].lower() in "aeiou" and not words.startswith("use") else "a ") + words


def _words(noun: Noun, adjective: Adjective | None, plural: bool) -> Pair:
    english = noun.english_plural if plural else noun.english
    french = noun.french_plural if plural else noun.french
    if adjective is None:
        return english, french
    form = adjective.agree(noun.feminine, plural)
    if adjective.before and not plural and not noun.feminine and starts_with_vowel(french):
        form = adjective.liaison
    return f"{adjective.english} {english}", f"{form} {french}" if adjective.before else f"{french} {form}"


def noun_phrase(
    noun: Noun, determiner: str, *, adjective: Adjective | None = None, plural: bool = False
) -> Phrase:
    """`determiner`: a, the, this, some, many, a number of NUMBERS, or a possessive.

    Raises KeyError on anything else.
    """
    english, french = _words(noun, adjective, plural)
    feminine, vowel = noun.feminine, starts_with_vowel(french)
    numbers = dict(lexicon.NUMBERS)
    if determiner == "the":
        article = "les" if plural else "la" if feminine else "le"
        return Phrase(f"the {english}", f"{article} {french}", feminine, plural)
    if determiner == "a":
        return Phrase(
            _article(english), f"{'une' if feminine else 'un'} {french}", feminine, False, True, french
        )
    if determiner == "this":
        article = "ces" if plural else "cette" if feminine else "cet" if vowel else "ce"
        return Phrase(f"{'these' if plural else 'this'} {english}", f"{article} {french}", feminine, plural)
    if determiner == "some":
        if plural:
            article = "de" if adjective is not None and adjective.before else "des"
        else:
            article = "de la" if feminine else "de le"
        return Phrase(f"some {english}", f"{article} {french}", feminine, plural, True, french)
    if determiner == "many":
        return Phrase(f"many {english}", f"beaucoup de {french}", feminine, True)
    if determiner in numbers:
        return Phrase(f"{determiner} {english}", f"{numbers[determiner]} {french}", feminine, True)
    forms = _POSSESSIVES[determiner]
    article = forms[2] if plural else forms[1] if feminine and not vowel else forms[0]
    return Phrase(f"{determiner} {english}", f"{article} {french}", feminine, plural)


def _third(verb: str) -> str:
    head, _, tail = verb.partition(" ")
    if head.endswith(("s", "sh", "ch", "o", "x")):
        head += "es"
    elif head.endswith("y") and head[-2] not in "aeiou":
        head = head[:-1] + "ies"
    else:
        head += "s"
    return f"{head} {tail}".strip()


class Writer:
    """Draws sentences; all chance comes from one seeded generator."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def subject(self, *, pronouns: float = 0.4) -> Subject:
        draw = self.random.random()
        if draw < pronouns:
            return self.random.choice(PRONOUNS)
        if draw < pronouns + 0.15:
            name, feminine = self.random.choice(lexicon.NAMES)
            return Subject(name, name, "il", feminine)
        if draw < pronouns + 0.35:
            noun, determiner = self.random.choice(nouns.FAMILY), self.random.choice(["my", "your", "our"])
        else:
            noun, determiner = self.random.choice(nouns.PEOPLE), "the"
        adjective = self.random.choice(lexicon.PERSONAL) if self.chance(0.2) else None
        plural = self.chance(0.2) and noun.english not in lexicon.SINGULAR_ONLY
        return as_subject(noun_phrase(noun, determiner, adjective=adjective, plural=plural))

    def thing(self, kinds: tuple[str, ...], owner: Subject | None = None) -> Phrase:
        kind = self.random.choice(kinds)
        if kind == "person":
            return self.person(owner)
        noun = self.random.choice(OBJECTS[kind])
        adjective = self.random.choice(lexicon.ADJECTIVES[noun.kind]) if self.chance(0.5) else None
        if kind == "mass":
            return noun_phrase(noun, "some", adjective=adjective)
        if kind in ("place", "event"):
            return noun_phrase(noun, self.random.choice(["the", "this"]), adjective=adjective)
        possessive = self._own(owner)
        determiner = self.random.choice(
            ["a", "a", "a", "the", "the", "this", possessive, possessive, "some", "many", "number"]
        )
        if determiner == "number":
            determiner = self.random.choice(lexicon.NUMBERS)[0]
        counted = determiner in dict(lexicon.NUMBERS) or determiner in ("some", "many")
        plural = counted or (determiner != "a" and self.chance(0.3))
        return noun_phrase(noun, determiner, adjective=adjective, plural=plural)

    def _own(self, owner: Subject | None) -> str:
        if owner is None:
            return "my"
        if owner.english in _OWN:
            return _OWN[owner.english]
        return "their" if owner.plural else "her" if owner.feminine else "his"

    def place(self, among: list[Noun] = nouns.PLACES) -> Pair:
        noun = self.random.choice(among)
        adjective = self.random.choice(lexicon.ADJECTIVES[noun.kind]) if self.chance(0.15) else None
        phrase = noun_phrase(noun, "the", adjective=adjective)
        if self.chance(0.25):
            english, french = self.random.choice(lexicon.NEARNESS)
        else:
            english, french = noun.preposition
        return f"{english} {phrase.english}", f"{french} {phrase.french}"

    def person(self, owner: Subject | None = None) -> Phrase:
        if self.chance(0.3):
            others = [name for name in lexicon.NAMES if owner is None or name[0] != owner.english]
            name, feminine = self.random.choice(others)
            return Phrase(name, name, feminine)
        if self.chance(0.5):
            noun = self.random.choice(nouns.FAMILY)
            plural = self.chance(0.2) and noun.english not in lexicon.SINGULAR_ONLY
            return noun_phrase(noun, self._own(owner), plural=plural)
        return noun_phrase(self.random.choice(nouns.PEOPLE), "the", plural=self.chance(0.2))

    def clause(self, tense: str, *, negative: bool, subject: Subject, verb: Verb, rest: Pair) -> Pair:
        """Subject, verb in its tense, negated or not, and whatever follows."""
        return (
            f"{subject.english} {english_verb(subject, verb, tense, negative)} {rest[0]}",
            f"{subject.french} {french_verb(subject, verb.french, tense, negative)} {rest[1]}",
        )

    def verb(self, *, willed: bool) -> Verb:
        """A transitive verb; `willed` leaves out what nobody does on purpose."""
        return self.random.choice(
            [verb for verb in lexicon.VERBS if not (willed and verb.base in lexicon.UNWANTED)]
        )

    def wanted(self, kinds: tuple[str, ...]) -> Phrase:
        """Something one asks for in a shop: a thing, some of it, or a number of them."""
        kind = self.random.choice(kinds)
        noun = self.random.choice(OBJECTS[kind])
        adjective = self.random.choice(lexicon.ADJECTIVES[noun.kind]) if self.chance(0.6) else None
        number = self.random.choice(lexicon.NUMBERS)[0]
        determiner = "some" if kind == "mass" else self.random.choice(["a", "a", number, "some"])
        return noun_phrase(noun, determiner, adjective=adjective, plural=kind != "mass" and determiner != "a")

    def transitive(self, tense: str, *, negative: bool = False, subject: Subject | None = None) -> Pair:
        subject = subject or self.subject()
        verb = self.verb(willed=tense == "future")
        thing = self.thing(verb.kinds, subject)
        english, french = thing.english, thing.french
        if negative and thing.indefinite:
            french = f"de {thing.bare}"
            english = "any " + english[5:] if english.startswith("some ") else english
        return self.clause(tense, negative=negative, subject=subject, verb=verb, rest=(english, french))

    def timed(self, tense: str) -> Pair:
        times = {"past": lexicon.PAST, "future": lexicon.FUTURE, "present": lexicon.HABIT}
        return self.random.choice(times[tense])


def pronoun_of(subject: Subject) -> Subject:
    """The pronoun that takes a subject up again: `the nurses` to they, elles."""
    if subject in PRONOUNS:
        return subject
    if subject.plural:
        return Subject("they", "elles" if subject.feminine else "ils", "ils", subject.feminine, True)
    return PRONOUNS[3] if subject.feminine else PRONOUNS[2]


def english_verb(subject: Subject, verb: Verb, tense: str, negative: bool) -> str:
    """The English verb group: `bought`, `did not buy`, `will not buy`, `buys`, `does not buy`."""
    if tense == "past":
        return f"did not {verb.base}" if negative else verb.past
    if tense == "future":
        return f"will not {verb.base}" if negative else f"will {verb.base}"
    if negative:
        return f"{'does' if subject.third else 'do'} not {verb.base}"
    return _third(verb.base) if subject.third else verb.base


def french_verb(subject: Subject, verb: str, tense: str, negative: bool) -> str:
    """The French verb group, with `ne … pas` around its first word and the participle agreeing after être."""
    infinitive, _, tail = verb.partition(" ")
    if tense == "past":
        etre = takes_etre(infinitive)
        form = participle(infinitive)
        if etre:
            form = agree_participle(form, subject.feminine, subject.plural)
        first, second = conjugate("être" if etre else "avoir", subject.person), form
    else:
        first, second = conjugate(infinitive, subject.person, tense), ""
    group = f"ne {first} pas {second}" if negative else f"{first} {second}"
    return f"{group} {tail}".strip()
