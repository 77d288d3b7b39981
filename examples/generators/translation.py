"""Builds the English to French example: sentences from daily life, the library, travel and shops.

Each sentence picks subject, verb, object, adjectives, place and time on its own, so that two sentences seldom
share more than a few words: whoever copies a similar sentence's translation gets most of it wrong.
"""

from collections.abc import Callable

from examples.generators import translation_lexicon as lexicon
from examples.generators import translation_nouns as nouns
from examples.generators.french import (
    agree_participle,
    conjugate,
    finish,
    participle,
    sentence,
    starts_with_vowel,
)
from examples.generators.translation_lexicon import Verb
from examples.generators.translation_phrases import (
    OBJECTS,
    PRONOUNS,
    Pair,
    Phrase,
    Writer,
    as_subject,
    english_verb,
    french_verb,
    noun_phrase,
    pronoun_of,
)
from examples.generators.translation_qualities import being, comparing

ROWS = 7200
SEED = 20417


def _statement(writer: Writer) -> Pair:
    tense = writer.random.choice(["past", "past", "future", "present"])
    english, french = writer.transitive(tense, negative=writer.chance(0.25))
    when, place = writer.timed(tense), writer.place() if writer.chance(0.4) else ("", "")
    if writer.chance(0.25):
        return f"{when[0]}, {english} {place[0]}.", f"{when[1]}, {french} {place[1]}."
    if tense == "present" or writer.chance(0.6):
        return f"{english} {place[0]} {when[0]}.", f"{french} {place[1]} {when[1]}."
    return f"{english} {place[0]}.", f"{french} {place[1]}."


def _joined(writer: Writer) -> Pair:
    """Two short clauses about the same person."""
    subject = writer.subject()
    english, french = writer.transitive("past", negative=writer.chance(0.15), subject=subject)
    word, mot = writer.random.choice([(", but", ", mais"), (" and", " et"), (", then", ", puis")])
    negative = word == ", but"
    english2, french2 = writer.transitive("past", negative=negative, subject=pronoun_of(subject))
    return f"{english}{word} {english2}.", f"{french}{mot} {french2}."


def _passed_on(writer: Writer) -> Pair:
    """Somebody gets a thing and does something with it: the participle agrees with the object before it."""
    subject = writer.subject()
    getting = writer.random.choice([verb for verb in lexicon.VERBS if verb.base in lexicon.GETTING])
    kinds = [kind for kind in getting.kinds if kind in ("reading", "thing", "clothes")]
    noun = writer.random.choice(OBJECTS[writer.random.choice(kinds)])
    adjective = writer.random.choice(lexicon.ADJECTIVES[noun.kind]) if writer.chance(0.5) else None
    plural = writer.chance(0.35)
    thing = noun_phrase(
        noun, "the" if plural else writer.random.choice(["a", "the"]), adjective=adjective, plural=plural
    )
    use = writer.random.choice(lexicon.PRESENTS)
    if use.base.endswith(" to"):
        person = writer.person(subject)
        where = (person.english, f"à {person.french}")
    elif use.french == "mettre":
        surface = writer.random.choice(nouns.SURFACES)
        where = (
            f"{surface.preposition[0]} the {surface.english}",
            f"{surface.preposition[1]} {noun_phrase(surface, 'the').french}",
        )
    else:
        where = writer.place()
    it = "them" if plural else "it"
    object_pronoun = "les" if plural else "la" if thing.feminine else "le"
    form = agree_participle(participle(use.french), thing.feminine, plural)
    again = pronoun_of(subject)
    auxiliary = conjugate("avoir", subject.person)
    elided = object_pronoun if plural or not starts_with_vowel(auxiliary) else "l'"
    return (
        f"{subject.english} {getting.past} {thing.english} and {again.english} {use.past.replace(' it', ' ' + it)} {where[0]}.",
        f"{subject.french} {french_verb(subject, getting.french, 'past', False)} {thing.french} "
        f"et {again.french} {elided} {auxiliary} {form} {where[1]}.".replace("l' ", "l'"),
    )


def _giving(writer: Writer) -> Pair:
    subject, verb = writer.subject(), writer.random.choice(lexicon.GIVING)
    tense = writer.random.choice(["past", "future"])
    thing, person = writer.thing(verb.kinds, subject), writer.person(subject)
    when = writer.timed(tense) if writer.chance(0.6) else ("", "")
    english, french = writer.clause(
        tense, negative=False, subject=subject, verb=verb, rest=(thing.english, thing.french)
    )
    return f"{english} to {person.english} {when[0]}.", f"{french} à {person.french} {when[1]}."


def _moving(writer: Writer) -> Pair:
    subject, verb = writer.subject(), writer.random.choice(lexicon.MOVING)
    tense, negative = writer.random.choice(["past", "past", "future"]), writer.chance(0.2)
    place = noun_phrase(
        writer.random.choice([noun for noun in nouns.PLACES if noun.preposition == ("at", "à")]), "the"
    )
    english, french = writer.clause(
        tense, negative=negative, subject=subject, verb=verb, rest=(place.english, place.french)
    )
    companion = writer.person(subject)
    if writer.chance(0.5):
        english, french = f"{english} with {companion.english}", f"{french} avec {companion.french}"
    when = writer.timed(tense)
    if writer.chance(0.3):
        return f"{when[0]}, {english}.", f"{when[1]}, {french}."
    return f"{english} {when[0]}.", f"{french} {when[1]}."


def _liking(writer: Writer) -> Pair:
    """General likes take the definite article in French: she likes Italian novels, elle aime les romans italiens."""
    subject, (verb, french) = writer.subject(), writer.random.choice(lexicon.LIKING)
    things = []
    for kind in writer.random.sample(["reading", "clothes", "food", "mass", "sight", "animal"], 2):
        noun, mass = writer.random.choice(OBJECTS[kind]), kind == "mass"
        adjective = (
            writer.random.choice(lexicon.ADJECTIVES[noun.kind]) if writer.chance(0.5) and not mass else None
        )
        phrase = noun_phrase(noun, "the", adjective=adjective, plural=not mass)
        things.append((phrase.english.removeprefix("the "), phrase.french))
    negative = writer.chance(0.25) and verb == "like"
    group = Verb(verb, verb + "d", verb + "d", french, ())
    english_likes = english_verb(subject, group, "present", negative)
    likes = french_verb(subject, french, "present", negative)
    (one, un), (two, deux) = things
    if negative or writer.chance(0.3):
        return f"{subject.english} {english_likes} {one}.", f"{subject.french} {likes} {un}."
    word, mot = writer.random.choice([("but not", "mais pas"), ("and", "et")])
    return (
        f"{subject.english} {english_likes} {one} {word} {two}.",
        f"{subject.french} {likes} {un} {mot} {deux}.",
    )


def _in_town(writer: Writer) -> Pair:
    """Opening hours, prices and ways."""
    place = noun_phrase(
        writer.random.choice(nouns.PLACES[:15]),
        "the",
        adjective=writer.random.choice(lexicon.SITES[:4]) if writer.chance(0.4) else None,
    )
    draw = writer.random.random()
    if draw < 0.5:
        (hour, heure), (day, jour) = writer.random.choice(lexicon.HOURS), writer.random.choice(lexicon.DAYS)
        verb, verbe = writer.random.choice([("opens", "ouvre"), ("closes", "ferme")])
        if writer.chance(0.3):
            return (
                f"does {place.english} {verb[:-1]} at {hour} {day}?",
                f"est-ce que {place.french} {verbe} à {heure} {jour} ?",
            )
        return f"{place.english} {verb} at {hour} {day}.", f"{place.french} {verbe} à {heure} {jour}."
    if draw < 0.75:
        thing = as_subject(_priced(writer))
        do = "does" if thing.third else "do"
        where = writer.place(nouns.SHOPS) if writer.chance(0.6) else ("", "")
        return (
            f"how much {do} {thing.english} cost {where[0]}?",
            f"combien {conjugate('coûter', thing.person)} {thing.french} {where[1]} ?",
        )
    near, near_fr = writer.random.choice(lexicon.NEARNESS)
    other = noun_phrase(writer.random.choice(nouns.PLACES[15:]), "the")
    if writer.chance(0.4):
        return (
            f"where is {place.english}, {near} {other.english}?",
            f"où est {place.french}, {near_fr} {other.french} ?",
        )
    return f"{place.english} is {near} {other.english}.", f"{place.french} est {near_fr} {other.french}."


def _priced(writer: Writer) -> Phrase:
    """Something with a price tag, pointed at."""
    noun = writer.random.choice(OBJECTS[writer.random.choice(["thing", "clothes", "food"])])
    adjective = writer.random.choice(lexicon.ADJECTIVES[noun.kind]) if writer.chance(0.6) else None
    return noun_phrase(
        noun, writer.random.choice(["this", "the"]), adjective=adjective, plural=writer.chance(0.4)
    )


def _question(writer: Writer) -> Pair:
    subject, verb = writer.subject(pronouns=0.5), writer.verb(willed=True)
    tense = writer.random.choice(["past", "future", "present"])
    thing, when = writer.thing(verb.kinds, subject), writer.timed(tense)
    helper = {"past": "did", "future": "will"}.get(tense, "does" if subject.third else "do")
    ask, demande = writer.random.choice(
        [("", ""), ("", ""), ("where ", "où "), ("why ", "pourquoi "), ("when ", "quand ")]
    )
    if ask == "when ":
        when = writer.place()
    french = f"{subject.french} {french_verb(subject, verb.french, tense, False)}"
    return (
        f"{ask}{helper} {subject.english} {verb.base} {thing.english} {when[0]}?",
        f"{demande}est-ce que {french} {thing.french} {when[1]} ?",
    )


_MODALS = [
    ("want to", "wants to", "vouloir"),
    ("can", "can", "pouvoir"),
    ("have to", "has to", "devoir"),
    ("must", "must", "devoir"),
]


def _modal(writer: Writer) -> Pair:
    subject, verb = writer.subject(), writer.verb(willed=True)
    thing, when = writer.thing(verb.kinds, subject), writer.random.choice(lexicon.FUTURE)
    base, third, modal = writer.random.choice(_MODALS)
    place = writer.place() if writer.chance(0.35) else ("", "")
    return (
        f"{subject.english} {third if subject.third else base} {verb.base} {thing.english} {place[0]} {when[0]}.",
        f"{subject.french} {conjugate(modal, subject.person)} {verb.french} {thing.french} {place[1]} {when[1]}.",
    )


def _existence(writer: Writer) -> Pair:
    kind = writer.random.choice(["thing", "animal", "clothes", "reading", "person"])
    noun = writer.random.choice(OBJECTS[kind][: 22 if kind == "person" else None])
    adjective = writer.random.choice(lexicon.ADJECTIVES[kind]) if writer.chance(0.6) else None
    determiner = writer.random.choice(["a", "some", "many", "number", "number"])
    if determiner == "number":
        determiner = writer.random.choice(lexicon.NUMBERS)[0]
    phrase = noun_phrase(noun, determiner, adjective=adjective, plural=determiner != "a")
    place, (when, quand) = writer.place(), writer.random.choice([("", ""), ("today", "aujourd'hui")])
    if kind in ("thing", "clothes", "reading") and writer.chance(0.5):
        surface = writer.random.choice(nouns.SURFACES)
        spot = noun_phrase(surface, writer.random.choice(["the", "my", "our"]))
        place = (f"{surface.preposition[0]} {spot.english}", f"{surface.preposition[1]} {spot.french}")
    be = "are" if phrase.plural else "is"
    if phrase.indefinite and writer.chance(0.25):
        what = "any " + phrase.english[5:] if determiner == "some" else phrase.english
        return (
            f"there {be} not {what} {place[0]} {when}.",
            f"il n'y a pas de {phrase.bare} {place[1]} {quand}.",
        )
    return f"there {be} {phrase.english} {place[0]} {when}.", f"il y a {phrase.french} {place[1]} {quand}."


def _request(writer: Writer) -> Pair:
    if writer.chance(0.5):
        verb = writer.verb(willed=True)
        thing = writer.thing(verb.kinds, PRONOUNS[1])
        english = f"please {verb.base} {thing.english} {{}}."
        french = f"{conjugate(verb.french, 'vous')} {thing.french} {{}}, s'il vous plaît."
        when = writer.random.choice(lexicon.FUTURE)
        return english.format(when[0]), french.format(when[1])
    thing = writer.wanted(("food", "mass", "thing", "clothes"))
    other = writer.wanted(("food", "mass", "clothes"))
    place = writer.place(nouns.SHOPS) if writer.chance(0.5) else ("", "")
    start = writer.random.choice(
        [
            ("I would like", "je voudrais"),
            ("we would like", "nous voudrions"),
            ("I am looking for", "je cherche"),
        ]
    )
    return (
        f"{start[0]} {thing.english} and {other.english} {place[0]}.",
        f"{start[1]} {thing.french} et {other.french} {place[1]}.",
    )


def _label(writer: Writer) -> Pair:
    """What stands under a picture or on a parcel: three old lamps for my aunt."""
    thing = writer.thing(("reading", "thing", "clothes", "food", "animal"))
    if writer.chance(0.4):
        person = writer.person()
        return f"{thing.english} for {person.english}.", f"{thing.french} pour {person.french}."
    place = writer.place() if writer.chance(0.6) else ("", "")
    return f"{thing.english} {place[0]}.", f"{thing.french} {place[1]}."


_BUILDERS: list[tuple[Callable[[Writer], Pair], int]] = [
    (_label, 10),
    (_statement, 26),
    (_joined, 9),
    (_passed_on, 9),
    (_giving, 10),
    (_moving, 8),
    (being, 10),
    (comparing, 6),
    (_liking, 7),
    (_in_town, 7),
    (_question, 12),
    (_modal, 10),
    (_existence, 10),
    (_request, 8),
]


def rows() -> list[dict[str, str]]:
    """Unique sentence pairs of at most 18 English words, in the order drawn."""
    writer, seen = Writer(SEED), set[str]()
    pairs: list[dict[str, str]] = []
    builders, weights = zip(*_BUILDERS, strict=True)
    while len(pairs) < ROWS:
        english, french = writer.random.choices(builders, weights)[0](writer)
        english = " ".join(english.split()).replace(" .", ".").replace(" ?", "?").replace(" ,", ",")
        french = finish(french).replace(" .", ".").replace(" ,", ",")
        english = english[:1].upper() + english[1:]
        if english.lower() in seen or len(english.split()) > 18:
            continue
        seen.add(english.lower())
        pairs.append({"english": english, "french": sentence(french)})
    return pairs
