"""French grammar of the translation example, against forms written out by hand."""

import re

import pytest

from examples.generators import translation_lexicon as lexicon
from examples.generators import translation_nouns as nouns
from examples.generators.french import (
    adjective,
    agree_participle,
    conjugate,
    finish,
    participle,
    starts_with_vowel,
)
from examples.generators.translation import rows
from examples.generators.translation_phrases import (
    PRONOUNS,
    Subject,
    french_verb,
    noun_phrase,
)

NOUNS = {
    noun.english: noun
    for group in (
        nouns.PEOPLE,
        nouns.FAMILY,
        nouns.READING,
        nouns.THINGS,
        nouns.CLOTHES,
        nouns.FOOD,
        nouns.MASS,
        nouns.PLACES,
        nouns.ANIMALS,
    )
    for noun in group
}


@pytest.mark.parametrize(
    ("verb", "person", "tense", "form"),
    [
        ("acheter", "je", "present", "achète"),
        ("acheter", "nous", "present", "achetons"),
        ("acheter", "il", "future", "achètera"),
        ("appeler", "ils", "present", "appellent"),
        ("appeler", "vous", "future", "appellerez"),
        ("préférer", "il", "present", "préfère"),
        ("préférer", "nous", "present", "préférons"),
        ("nettoyer", "ils", "present", "nettoient"),
        ("nettoyer", "je", "future", "nettoierai"),
        ("envoyer", "il", "future", "enverra"),
        ("manger", "nous", "present", "mangeons"),
        ("choisir", "ils", "present", "choisissent"),
        ("nourrir", "vous", "present", "nourrissez"),
        ("prendre", "ils", "present", "prennent"),
        ("vendre", "il", "present", "vend"),
        ("ouvrir", "je", "present", "ouvre"),
        ("voir", "ils", "future", "verront"),
        ("recevoir", "je", "present", "reçois"),
        ("devoir", "nous", "present", "devons"),
        ("vouloir", "ils", "present", "veulent"),
        ("remercier", "il", "present", "remercie"),
        ("photographier", "nous", "future", "photographierons"),
        ("rester", "il", "present", "reste"),
        ("fermer", "vous", "future", "fermerez"),
    ],
)
def test_conjugation(verb: str, person: str, tense: str, form: str) -> None:
    assert conjugate(verb, person, tense) == form


@pytest.mark.parametrize(
    ("verb", "feminine", "plural", "form"),
    [
        ("prendre", False, True, "pris"),
        ("prendre", True, True, "prises"),
        ("mettre", True, False, "mise"),
        ("donner", True, True, "données"),
        ("recevoir", False, True, "reçus"),
        ("choisir", True, False, "choisie"),
    ],
)
def test_participles_agree(verb: str, feminine: bool, plural: bool, form: str) -> None:
    assert agree_participle(participle(verb), feminine, plural) == form


@pytest.mark.parametrize(
    ("loose", "tight"),
    [
        ("à le marché", "au marché"),
        ("à le hôtel", "à l'hôtel"),
        ("à les agriculteurs", "aux agriculteurs"),
        ("près de le pont", "près du pont"),
        ("près de la école", "près de l'école"),
        ("à côté de les enfants", "à côté des enfants"),
        ("je ai vu", "j'ai vu"),
        ("il ne ouvre pas", "il n'ouvre pas"),
        ("est-ce que elle", "est-ce qu'elle"),
        ("pas de orange", "pas d'orange"),
        ("le hérisson", "le hérisson"),
        ("plus lourd que le onze", "plus lourd que le onze"),
    ],
)
def test_elision_and_contraction(loose: str, tight: str) -> None:
    assert finish(loose) == tight


@pytest.mark.parametrize(
    ("noun", "determiner", "adjective_", "plural", "french"),
    [
        ("computer", "a", "old", False, "un vieil ordinateur"),
        ("hotel", "a", "beautiful", False, "un bel hôtel"),
        ("coat", "a", "new", False, "un nouveau manteau"),
        ("scarf", "my", "", False, "mon écharpe"),
        ("scarf", "my", "blue", True, "mes écharpes bleues"),
        ("hedgehog", "this", "", False, "ce hérisson"),
        ("bird", "this", "", False, "cet oiseau"),
        ("plate", "this", "white", False, "cette assiette blanche"),
        ("newspaper", "some", "old", True, "de vieux journaux"),
        ("newspaper", "some", "", True, "des journaux"),
        ("knife", "three", "clean", True, "trois couteaux propres"),
        ("egg", "many", "fresh", True, "beaucoup d'œufs frais"),
        ("water", "some", "", False, "de l'eau"),
        ("cheese", "some", "good", False, "du bon fromage"),
        ("shoe", "her", "cheap", True, "ses chaussures bon marché"),
        ("sister", "their", "", True, "leurs sœurs"),
    ],
)
def test_noun_phrases(noun: str, determiner: str, adjective_: str, plural: bool, french: str) -> None:
    words = [*lexicon.SIZES, *lexicon.COLOURS, *lexicon.MATTER, *lexicon.TASTE]
    chosen = next((word for word in words if word.english == adjective_), None)
    phrase = noun_phrase(NOUNS[noun], determiner, adjective=chosen, plural=plural)
    assert finish(phrase.french) == french


def test_past_with_etre_agrees_with_its_subject() -> None:
    nurses = Subject("the nurses", "les infirmières", "ils", True, True)
    assert french_verb(nurses, "aller à", "past", False) == "sont allées à"
    assert french_verb(nurses, "acheter", "past", True) == "ne ont pas acheté"
    assert french_verb(PRONOUNS[3], "rester à", "past", True) == "ne est pas restée à"


def test_adjective_forms_by_rule() -> None:
    assert adjective("red", "rouge").forms == ("rouge", "rouge", "rouges", "rouges")
    assert adjective("grey", "gris").forms == ("gris", "grise", "gris", "grises")
    assert adjective("generous", "généreux/généreuse").forms[3] == "généreuses"


def test_a_mute_h_counts_as_a_vowel_and_an_aspirated_one_does_not() -> None:
    assert starts_with_vowel("hôtel")
    assert not starts_with_vowel("hérisson")
    assert not starts_with_vowel("huit")


def test_no_sentence_breaks_a_rule_that_can_be_seen_in_it() -> None:
    wrong = re.compile(
        r"\b(de le|de les|à le|à les|le les|ne ai|je a|de des|des des|si il)\b"
        r"|\b(le|la|de|ne|je|que) [aeiouéèêœ]\w*(?<!onze)\b|  |\{|\}|\bce [aeiouéèê]",
        re.IGNORECASE,
    )
    for row in rows():
        assert not wrong.search(row["french"]), row["french"]
        assert row["french"].endswith((".", " ?"))
        assert row["french"].endswith("?") == row["english"].endswith("?")
