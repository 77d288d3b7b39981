"""Adjectives, verbs, times and numbers of the translation example, in both languages."""

from dataclasses import dataclass

from examples.generators.french import Adjective, adjective


@dataclass(frozen=True)
class Verb:
    """English base, past and participle; French infinitive; kinds of thing it can be done to."""

    base: str
    past: str
    done: str
    french: str
    kinds: tuple[str, ...]


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
    "reference": [*SIZES[2:4], MATTER[0], MATTER[2], MATTER[3], MATTER[8], TEXTUAL[6]],
    "place": SITES,
    "outdoors": [*SIZES[:3], SIZES[4], *SITES[6:7], *SITES[8:]],
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
