"""Sentences of the translation example that say how something is: very heavy, too old, cheaper than the red one."""

from examples.generators import translation_lexicon as lexicon
from examples.generators.french import Adjective, conjugate
from examples.generators.translation_phrases import (
    OBJECTS,
    Pair,
    Subject,
    Writer,
    as_subject,
    noun_phrase,
    pronoun_of,
)

_QUALITIES = {
    "thing": lexicon.MATTER,
    "clothes": [lexicon.MATTER[0], *lexicon.MATTER[2:6]],
    "food": [lexicon.TASTE[0], *lexicon.TASTE[2:6]],
    "reading": lexicon.TEXTUAL[:6],
    "reference": [lexicon.MATTER[0], *lexicon.MATTER[2:5], lexicon.MATTER[8]],
    "place": [*lexicon.SITES[:2], *lexicon.SITES[6:]],
    "outdoors": [lexicon.SITES[0], lexicon.SITES[4], lexicon.SITES[6], lexicon.SITES[8]],
}


def being(writer: Writer) -> Pair:
    """Someone or something is such, too such or not such, with a second clause about somebody who did something."""
    if writer.chance(0.5):
        return _two_qualities(writer)
    subject = writer.subject(pronouns=0.3)
    state = writer.chance(0.5)
    adjective = writer.random.choice(lexicon.STATES if state else lexicon.CHARACTER[:8])
    degrees = _DEGREES[2:] if state else _DEGREES[:4]
    join = writer.random.choice(_JOINS[:1] if adjective not in lexicon.FEELINGS else _JOINS)
    other = writer.transitive("past", subject=pronoun_of(subject))
    english, french = _described(subject, adjective, writer.random.choice(degrees))
    if writer.chance(0.4):
        return f"{english}.", f"{french}."
    return f"{english}{join[0]} {other[0]}.", f"{french}{join[1]} {other[1]}."


def _two_qualities(writer: Writer) -> Pair:
    """The lamp is very heavy, but it is not expensive."""
    kind = writer.random.choice(["thing", "clothes", "food", "reading", "place"])
    noun = writer.random.choice(OBJECTS[kind])
    determiner = writer.random.choice(["the", "this", "your"] if kind != "place" else ["the", "this"])
    extra = (
        writer.random.choice(lexicon.COLOURS) if kind in ("thing", "clothes") and writer.chance(0.4) else None
    )
    subject = as_subject(noun_phrase(noun, determiner, adjective=extra, plural=writer.chance(0.3)))
    first, second = writer.random.sample(_QUALITIES[noun.kind], 2)
    english, french = _described(subject, first, writer.random.choice(_DEGREES[:4]))
    if writer.chance(0.3):
        return f"{english}.", f"{french}."
    it = "they" if subject.plural else "it"
    again = Subject(it, pronoun_of(subject).french, subject.person, subject.feminine, subject.plural)
    word, mot, degree = writer.random.choice(
        [(", but", ", mais", _DEGREES[2]), (" and", " et", _DEGREES[0]), (", but", ", mais", _DEGREES[1])]
    )
    english2, french2 = _described(again, second, degree)
    return f"{english}{word} {english2}.", f"{french}{mot} {french2}."


_DEGREES = [
    ("very", "très"),
    ("too", "trop"),
    ("not", "pas"),
    ("", ""),
    ("still", "encore"),
]
_JOINS = [(", but", ", mais"), (" because", " parce que")]


def _described(subject: Subject, adjective: Adjective, degree: Pair) -> Pair:
    be = {"je": "am", "il": "is"}.get(subject.person, "are")
    verb = conjugate("être", subject.person)
    if degree[0] == "not":
        verb = f"ne {verb}"
    form = adjective.agree(subject.feminine, subject.plural)
    return (
        f"{subject.english} {be} {degree[0]} {adjective.english}",
        f"{subject.french} {verb} {degree[1]} {form}",
    )


def comparing(writer: Writer) -> Pair:
    """The red coat is heavier than the blue jacket."""
    kind = writer.random.choice(["thing", "clothes"])
    adjective = writer.random.choice(
        [word for word in lexicon.MATTER if word.english in lexicon.COMPARATIVES]
    )
    first, second = (
        noun_phrase(
            noun,
            writer.random.choice(["the", "this", "my", "your"]),
            adjective=writer.random.choice([*lexicon.SIZES, *lexicon.COLOURS])
            if writer.chance(0.7)
            else None,
            plural=writer.chance(0.3),
        )
        for noun in writer.random.sample(OBJECTS[kind], 2)
    )
    less = writer.chance(0.3)
    english = f"less {adjective.english}" if less else lexicon.COMPARATIVES[adjective.english]
    verb = conjugate("être", "ils" if first.plural else "il")
    form = adjective.agree(first.feminine, first.plural)
    return (
        f"{first.english} {'are' if first.plural else 'is'} {english} than {second.english}.",
        f"{first.french} {verb} {'moins' if less else 'plus'} {form} que {second.french}.",
    )
