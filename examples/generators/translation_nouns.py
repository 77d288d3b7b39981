"""Nouns of the translation example, by kind, in both languages."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Noun:
    english: str
    english_plural: str
    french: str
    french_plural: str
    feminine: bool
    kind: str
    preposition: tuple[str, str] = ("", "")


def _plural(word: str) -> str:
    if word.endswith(("s", "x", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def _french_plural(word: str) -> str:
    if word.endswith(("s", "x", "z")):
        return word
    if word.endswith(("eau", "eu")):
        return word + "x"
    return word[:-2] + "aux" if word.endswith("al") else word + "s"


def _nouns(kind: str, lines: str) -> list[Noun]:
    """Lines of `english[/plural], french[/plural] gender [, english preposition, french preposition]`."""
    nouns = []
    for line in filter(None, map(str.strip, lines.splitlines())):
        fields = [field.strip() for field in line.split(",")]
        english, _, english_plural = fields[0].partition("/")
        words, _, gender = fields[1].rpartition(" ")
        french, _, french_plural = words.partition("/")
        preposition = (fields[2], fields[3]) if len(fields) > 3 else ("", "")
        nouns.append(
            Noun(
                english,
                english_plural or _plural(english),
                french,
                french_plural or _french_plural(french),
                gender == "f",
                kind,
                preposition,
            )
        )
    return nouns


PEOPLE = _nouns(
    "person",
    """teacher, professeur m
    neighbour, voisin m
    librarian, bibliothécaire f
    baker, boulanger m
    nurse, infirmière f
    driver, chauffeur m
    student, étudiante f
    tourist, touriste m
    gardener, jardinier m
    waiter, serveur m
    saleswoman/saleswomen, vendeuse f
    doctor, médecin m
    lawyer, avocate f
    engineer, ingénieur m
    musician, musicienne f
    child/children, enfant m
    headmistress/headmistresses, directrice f
    farmer, agriculteur m
    postman/postmen, facteur m
    painter, peintre m
    journalist, journaliste f
    guide, guide m""",
)
FAMILY = _nouns(
    "person",
    """brother, frère m
    sister, sœur f
    mother, mère f
    father, père m
    daughter, fille f
    son, fils m
    aunt, tante f
    uncle, oncle m
    cousin, cousine f
    grandfather, grand-père/grands-pères m
    grandmother, grand-mère/grands-mères f
    friend, ami m
    colleague, collègue m
    nephew, neveu m
    niece, nièce f""",
)
READING = _nouns(
    "reading",
    """book, livre m
    letter, lettre f
    newspaper, journal m
    novel, roman m
    magazine, revue f
    poem, poème m
    report, rapport m
    article, article m
    menu, menu m
    postcard, carte postale/cartes postales f
    dictionary, dictionnaire m
    story, histoire f
    message, message m
    recipe, recette f""",
)
_BY_HAND = {"letter", "novel", "poem", "report", "article", "postcard", "story", "message", "recipe"}
_WITH_PARTS = {
    "lamp",
    "watch",
    "camera",
    "phone",
    "computer",
    "clock",
    "chair",
    "ladder",
    "guitar",
    "bicycle",
    "toy",
}
_REFERENCE = {"dictionary", "menu", "newspaper"}
READING = [replace(noun, kind="reference") if noun.english in _REFERENCE else noun for noun in READING]
WRITING = [noun for noun in READING if noun.english in _BY_HAND]
THINGS = _nouns(
    "thing",
    """key, clé f
    umbrella, parapluie m
    suitcase, valise f
    lamp, lampe f
    bag, sac m
    map, carte f
    watch, montre f
    box, boîte f
    camera, appareil photo/appareils photo m
    phone, téléphone m
    computer, ordinateur m
    clock, horloge f
    vase, vase m
    mirror, miroir m
    chair, chaise f
    bottle, bouteille f
    knife/knives, couteau m
    plate, assiette f
    cup, tasse f
    ladder, échelle f
    guitar, guitare f
    bicycle, vélo m
    pencil, crayon m
    notebook, cahier m
    parcel, colis m
    ticket, billet m
    toy, jouet m
    basket, panier m
    carpet, tapis m
    candle, bougie f""",
)
MACHINES = [noun for noun in THINGS if noun.english in _WITH_PARTS]
CLOTHES = _nouns(
    "clothes",
    """coat, manteau m
    dress, robe f
    shirt, chemise f
    hat, chapeau m
    jacket, veste f
    scarf/scarves, écharpe f
    skirt, jupe f
    sweater, pull m
    shoe, chaussure f
    glove, gant m
    belt, ceinture f""",
)
FOOD = _nouns(
    "food",
    """apple, pomme f
    cake, gâteau m
    orange, orange f
    sandwich, sandwich/sandwichs m
    pear, poire f
    egg, œuf m
    tart, tarte f
    tomato/tomatoes, tomate f
    melon, melon m
    salad, salade f
    pizza, pizza f
    biscuit, biscuit m
    strawberry, fraise f
    mushroom, champignon m
    lemon, citron m
    potato/potatoes, pomme de terre/pommes de terre f""",
)
MASS = _nouns(
    "mass",
    """bread/bread, pain m
    cheese/cheese, fromage m
    milk/milk, lait m
    coffee/coffee, café m
    water/water, eau f
    soup/soup, soupe f
    rice/rice, riz m
    jam/jam, confiture f
    butter/butter, beurre m
    honey/honey, miel m
    tea/tea, thé m
    meat/meat, viande f
    fish/fish, poisson m
    oil/oil, huile f
    chocolate/chocolate, chocolat m
    orange juice/orange juice, jus d'orange m
    salt/salt, sel m
    sugar/sugar, sucre m""",
)
OPENABLE = _nouns(
    "openable",
    """door, porte f
    window, fenêtre f
    drawer, tiroir m
    cupboard, placard m
    gate, portail/portails m
    shutter, volet m
    curtain, rideau m""",
)
PLACES = _nouns(
    "place",
    """station, gare f, at, à
    market, marché m, at, à
    library, bibliothèque f, at, à
    school, école f, at, à
    hotel, hôtel m, at, à
    airport, aéroport m, at, à
    restaurant, restaurant m, at, à
    museum, musée m, at, à
    office, bureau m, at, à
    hospital, hôpital/hôpitaux m, at, à
    post office, poste f, at, à
    theatre, théâtre m, at, à
    swimming pool, piscine f, at, à
    bakery, boulangerie f, at, à
    pharmacy, pharmacie f, at, à
    church, église f, in, dans
    park, parc m, in, dans
    garden, jardin m, in, dans
    kitchen, cuisine f, in, dans
    castle, château m, in, dans
    village, village m, in, dans
    forest, forêt f, in, dans
    shop, magasin m, in, dans
    bookshop, librairie f, in, dans
    street, rue f, in, dans
    bedroom, chambre f, in, dans
    cellar, cave f, in, dans
    farm, ferme f, on, à
    square, place f, on, sur
    bridge, pont m, on, sur
    beach, plage f, on, sur
    terrace, terrasse f, on, sur""",
)
_OUTDOORS = {"park", "garden", "forest", "street", "square", "bridge", "beach", "village", "farm"}
PLACES = [replace(noun, kind="outdoors") if noun.english in _OUTDOORS else noun for noun in PLACES]
_SELLING = {"market", "bakery", "pharmacy", "shop", "bookshop", "museum", "airport", "station"}
_PLEASANT = {
    "market",
    "library",
    "restaurant",
    "museum",
    "theatre",
    "swimming pool",
    "park",
    "garden",
    "castle",
}
SHOPS = [place for place in PLACES if place.english in _SELLING]
SIGHTS = [place for place in PLACES if place.english in _PLEASANT]
ANIMALS = _nouns(
    "animal",
    """dog, chien m
    cat, chat m
    horse, cheval m
    bird, oiseau m
    rabbit, lapin m
    cow, vache f
    goat, chèvre f
    hedgehog, hérisson m
    duck, canard m""",
)
SURFACES = _nouns(
    "surface",
    """table, table f, on, sur
    shelf/shelves, étagère f, on, sur
    desk, bureau m, on, sur
    bench, banc m, on, sur
    drawer, tiroir m, in, dans
    car, voiture f, in, dans
    cupboard, placard m, in, dans
    basket, panier m, in, dans
    bed, lit m, under, sous
    piano, piano m, behind, derrière
    armchair, fauteuil m, under, sous""",
)
EVENTS = _nouns(
    "event",
    """train, train m
    bus, bus m
    film, film m
    concert, concert m
    meeting, réunion f
    lesson, leçon f
    boat, bateau m
    plane, avion m
    exhibition, exposition f
    party, fête f""",
)
