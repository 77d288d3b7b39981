"""Words of the translation example: what exists, what can be done with it, and how both languages say it."""

from dataclasses import dataclass

from examples.generators.french import Adjective, adjective


@dataclass(frozen=True)
class Noun:
    english: str
    english_plural: str
    french: str
    french_plural: str
    feminine: bool
    kind: str
    preposition: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Verb:
    """English base, past and participle; French infinitive; kinds of thing it can be done to."""

    base: str
    past: str
    done: str
    french: str
    kinds: tuple[str, ...]


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

COLOURS = [
    adjective("red", "rouge"),
    adjective("blue", "bleu"),
    adjective("green", "vert"),
    adjective("white", "blanc/blanche"),
    adjective("black", "noir"),
    adjective("yellow", "jaune"),
    adjective("grey", "gris"),
]
SIZES = [
    adjective("small", "petit", before=True),
    adjective("big", "grand", before=True),
    adjective("old", "vieux/vieille/vieux/vieilles/vieil", before=True),
    adjective("new", "nouveau/nouvelle/nouveaux/nouvelles/nouvel", before=True),
    adjective("beautiful", "beau/belle/beaux/belles/bel", before=True),
    adjective("pretty", "joli", before=True),
]
MATTER = [
    adjective("heavy", "lourd"),
    adjective("light", "léger/légère"),
    adjective("expensive", "cher/chère"),
    adjective("cheap", "bon marché/bon marché/bon marché/bon marché"),
    adjective("dirty", "sale"),
    adjective("clean", "propre"),
    adjective("solid", "solide"),
    adjective("modern", "moderne"),
    adjective("useful", "utile"),
    adjective("dry", "sec/sèche"),
    adjective("wet", "mouillé"),
]
TEXTUAL = [
    adjective("long", "long/longue", before=True),
    adjective("short", "court"),
    adjective("interesting", "intéressant"),
    adjective("difficult", "difficile"),
    adjective("funny", "drôle"),
    adjective("boring", "ennuyeux/ennuyeuse"),
    adjective("Italian", "italien/italienne"),
    adjective("famous", "célèbre"),
    adjective("sad", "triste"),
]
TASTE = [
    adjective("good", "bon/bonne", before=True),
    adjective("delicious", "délicieux/délicieuse"),
    adjective("fresh", "frais/fraîche"),
    adjective("hot", "chaud"),
    adjective("cold", "froid"),
    adjective("sweet", "sucré"),
    adjective("Spanish", "espagnol"),
]
CHARACTER = [
    adjective("patient", "patient"),
    adjective("generous", "généreux/généreuse"),
    adjective("serious", "sérieux/sérieuse"),
    adjective("curious", "curieux/curieuse"),
    adjective("polite", "poli"),
    adjective("happy", "content"),
    adjective("tired", "fatigué"),
    adjective("nervous", "nerveux/nerveuse"),
    adjective("ready", "prêt"),
    adjective("busy", "occupé"),
    adjective("alone", "seul"),
    adjective("ill", "malade"),
]
PERSONAL = [
    adjective("young", "jeune", before=True),
    *CHARACTER[:5],
    adjective("kind", "gentil/gentille"),
    adjective("famous", "célèbre"),
]
FEELINGS = CHARACTER[5:8]
STATES = CHARACTER[8:]
SINGULAR_ONLY = {"mother", "father"}
SITES = [
    *SIZES,
    adjective("quiet", "calme"),
    adjective("modern", "moderne"),
    adjective("famous", "célèbre"),
    adjective("pleasant", "agréable"),
]
ADJECTIVES: dict[str, list[Adjective]] = {
    "person": PERSONAL,
    "reading": [*SIZES[2:5], *TEXTUAL],
    "thing": [*SIZES, *COLOURS, *MATTER],
    "clothes": [*SIZES, *COLOURS, *MATTER],
    "food": [SIZES[0], SIZES[1], *TASTE],
    "mass": [TASTE[0], TASTE[1]],
    "openable": [*SIZES[:4], *COLOURS],
    "place": SITES,
    "animal": [*SIZES[:3], COLOURS[3], COLOURS[4], COLOURS[6]],
    "surface": [*SIZES[:4], *COLOURS],
    "event": [SIZES[3], TEXTUAL[0], TEXTUAL[2], TEXTUAL[4], TEXTUAL[5]],
}

VERBS = [
    Verb("buy", "bought", "bought", "acheter", ("reading", "thing", "clothes", "food", "mass")),
    Verb("sell", "sold", "sold", "vendre", ("reading", "thing", "clothes", "food", "mass")),
    Verb("find", "found", "found", "trouver", ("reading", "thing", "clothes", "food", "animal")),
    Verb("lose", "lost", "lost", "perdre", ("reading", "thing", "clothes")),
    Verb("see", "saw", "seen", "voir", ("thing", "person", "animal")),
    Verb(
        "look for",
        "looked for",
        "looked for",
        "chercher",
        ("reading", "thing", "clothes", "person", "animal"),
    ),
    Verb("forget", "forgot", "forgotten", "oublier", ("reading", "thing", "clothes")),
    Verb("borrow", "borrowed", "borrowed", "emprunter", ("reading", "thing")),
    Verb("return", "returned", "returned", "rendre", ("reading", "thing")),
    Verb("read", "read", "read", "lire", ("reading",)),
    Verb("write", "wrote", "written", "écrire", ("writing",)),
    Verb("translate", "translated", "translated", "traduire", ("writing",)),
    Verb("receive", "received", "received", "recevoir", ("reading", "thing")),
    Verb("repair", "repaired", "repaired", "réparer", ("machine", "openable")),
    Verb("clean", "cleaned", "cleaned", "nettoyer", ("thing", "openable", "clothes")),
    Verb("open", "opened", "opened", "ouvrir", ("openable",)),
    Verb("close", "closed", "closed", "fermer", ("openable",)),
    Verb("wash", "washed", "washed", "laver", ("clothes",)),
    Verb("wear", "wore", "worn", "porter", ("clothes",)),
    Verb("choose", "chose", "chosen", "choisir", ("reading", "thing", "clothes", "food")),
    Verb("eat", "ate", "eaten", "manger", ("food",)),
    Verb("prepare", "prepared", "prepared", "préparer", ("food",)),
    Verb("order", "ordered", "ordered", "commander", ("food", "mass", "thing")),
    Verb("photograph", "photographed", "photographed", "photographier", ("animal", "person", "place")),
    Verb("visit", "visited", "visited", "visiter", ("place",)),
    Verb("invite", "invited", "invited", "inviter", ("person",)),
    Verb("help", "helped", "helped", "aider", ("person",)),
    Verb("meet", "met", "met", "rencontrer", ("person",)),
    Verb("thank", "thanked", "thanked", "remercier", ("person",)),
    Verb("call", "called", "called", "appeler", ("person",)),
    Verb("wait for", "waited for", "waited for", "attendre", ("person", "event")),
    Verb("feed", "fed", "fed", "nourrir", ("animal",)),
    Verb("take", "took", "taken", "prendre", ("thing", "clothes", "food", "mass")),
]
PRESENTS = [
    Verb("give it to", "gave it to", "given it to", "donner", ()),
    Verb("send it to", "sent it to", "sent it to", "envoyer", ()),
    Verb("show it to", "showed it to", "shown it to", "montrer", ()),
    Verb("lend it to", "lent it to", "lent it to", "prêter", ()),
    Verb("put it", "put it", "put it", "mettre", ()),
    Verb("forget it", "forgot it", "forgotten it", "oublier", ()),
]
UNWANTED = {"lose", "forget"}
GETTING = {"buy", "find", "borrow", "receive", "choose", "take", "clean", "read"}
GIVING = [
    Verb("give", "gave", "given", "donner", ("reading", "thing", "food")),
    Verb("send", "sent", "sent", "envoyer", ("reading", "thing")),
    Verb("show", "showed", "shown", "montrer", ("reading", "thing", "clothes")),
    Verb("lend", "lent", "lent", "prêter", ("reading", "thing", "clothes")),
    Verb("sell", "sold", "sold", "vendre", ("reading", "thing", "clothes")),
]
MOVING = [
    Verb("go to", "went to", "gone to", "aller à", ()),
    Verb("arrive at", "arrived at", "arrived at", "arriver à", ()),
    Verb("come back from", "came back from", "come back from", "revenir de", ()),
    Verb("stay at", "stayed at", "stayed at", "rester à", ()),
]
PAST = [
    ("yesterday", "hier"),
    ("last week", "la semaine dernière"),
    ("this morning", "ce matin"),
    ("two days ago", "il y a deux jours"),
    ("on Monday", "lundi"),
    ("last night", "hier soir"),
    ("last month", "le mois dernier"),
    ("an hour ago", "il y a une heure"),
    ("on Friday", "vendredi"),
    ("last year", "l'année dernière"),
    ("after lunch", "après le déjeuner"),
]
FUTURE = [
    ("tomorrow", "demain"),
    ("next week", "la semaine prochaine"),
    ("tonight", "ce soir"),
    ("in an hour", "dans une heure"),
    ("on Saturday", "samedi"),
    ("tomorrow morning", "demain matin"),
    ("next month", "le mois prochain"),
    ("in three days", "dans trois jours"),
    ("on Tuesday", "mardi"),
    ("after dinner", "après le dîner"),
    ("before Thursday", "avant jeudi"),
]
HABIT = [
    ("every day", "tous les jours"),
    ("every morning", "chaque matin"),
    ("on Sundays", "le dimanche"),
    ("every week", "chaque semaine"),
    ("on Wednesdays", "le mercredi"),
    ("in summer", "en été"),
    ("in winter", "en hiver"),
    ("every evening", "tous les soirs"),
    ("twice a month", "deux fois par mois"),
]
NEARNESS = [
    ("near", "près de"),
    ("behind", "derrière"),
    ("in front of", "devant"),
    ("next to", "à côté de"),
    ("opposite", "en face de"),
]
NUMBERS = [
    ("two", "deux"),
    ("three", "trois"),
    ("four", "quatre"),
    ("five", "cinq"),
    ("six", "six"),
    ("eight", "huit"),
    ("ten", "dix"),
    ("twelve", "douze"),
    ("twenty", "vingt"),
]
NAMES = [
    ("Marie", True),
    ("Paul", False),
    ("Alice", True),
    ("Hugo", False),
    ("Sophie", True),
    ("Lucas", False),
    ("Nadia", True),
    ("Omar", False),
    ("Claire", True),
    ("Antoine", False),
    ("Inès", True),
    ("Émile", False),
]
LIKING = [
    ("like", "aimer"),
    ("love", "adorer"),
    ("hate", "détester"),
    ("prefer", "préférer"),
]
COMPARATIVES = {
    "heavy": "heavier",
    "light": "lighter",
    "expensive": "more expensive",
    "dirty": "dirtier",
    "clean": "cleaner",
    "solid": "more solid",
    "modern": "more modern",
    "useful": "more useful",
}
HOURS = [
    ("seven", "sept heures"),
    ("eight", "huit heures"),
    ("nine", "neuf heures"),
    ("ten", "dix heures"),
    ("eleven", "onze heures"),
    ("noon", "midi"),
    ("half past two", "deux heures et demie"),
    ("four", "quatre heures"),
    ("five", "cinq heures"),
    ("six", "six heures"),
    ("midnight", "minuit"),
]
DAYS = [
    ("on Mondays", "le lundi"),
    ("on Tuesdays", "le mardi"),
    ("on Wednesdays", "le mercredi"),
    ("on Thursdays", "le jeudi"),
    ("on Fridays", "le vendredi"),
    ("on Saturdays", "le samedi"),
    ("on Sundays", "le dimanche"),
    ("today", "aujourd'hui"),
]
