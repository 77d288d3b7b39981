"""Builds the help-desk example: conversations with Marlow Bridge, an invented public library with six branches.

Answers depend on branch, day, item or service, and most questions ask for two things at once, so that the most
similar known question nearly always has another answer. Some phrasings are kept out of the training file: they
form held_out.jsonl, which shows whether a model understood the question or learned its wording.
"""

import random
from collections.abc import Iterator

ROWS = 3500
HELD_OUT_ROWS = 300
SEED = 31337

Message = dict[str, str]
Row = dict[str, list[Message]]

BRANCHES = {
    "Harbour": "12 Quay Street",
    "Mill Lane": "3 Mill Lane",
    "Northgate": "88 Northgate Road",
    "Riverside": "5 Willow Walk",
    "Castle Hill": "21 Castle Hill",
    "Station Square": "1 Station Square",
}
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

# Opening hours from Monday to Sunday; a dash means closed.
HOURS = {
    "Harbour": "9-18 9-18 9-20 9-18 9-18 10-16 -",
    "Mill Lane": "- 10-17 10-17 10-19 10-17 10-14 -",
    "Northgate": "8-19 8-19 8-19 8-21 8-19 9-17 11-15",
    "Riverside": "10-18 - 10-18 10-18 12-20 10-15 -",
    "Castle Hill": "9-13 9-13 - 13-19 9-13 10-13 -",
    "Station Square": "7-20 7-20 7-20 7-20 7-22 8-18 10-18",
}
# Days of loan, most at a time, renewals, fee in cents a day.
ITEMS = {
    "novel": (28, 12, 3, 20),
    "picture book": (28, 20, 3, 10),
    "magazine": (7, 6, 0, 15),
    "DVD": (10, 5, 1, 50),
    "board game": (14, 2, 1, 75),
    "audiobook": (21, 8, 2, 25),
    "travel guide": (21, 4, 2, 20),
    "music score": (35, 10, 4, 30),
    "comic": (14, 15, 2, 10),
    "e-book": (18, 6, 1, 0),
    "telescope": (5, 1, 0, 200),
    "sewing machine": (9, 1, 0, 150),
}
# Seats, price per hour in euros (0: free), what is in it.
ROOMS = {
    "Harbour": (8, 6, "a projector"),
    "Mill Lane": (4, 0, "a whiteboard"),
    "Northgate": (20, 15, "a stage and a piano"),
    "Riverside": (10, 8, "a kitchen"),
    "Castle Hill": (6, 0, "a long oak table"),
    "Station Square": (14, 12, "two screens"),
}
STORY_TIMES = {
    "Harbour": ("Wednesday", "15:30", "3 to 5"),
    "Mill Lane": ("Saturday", "10:30", "2 to 4"),
    "Northgate": ("Tuesday", "16:00", "5 to 8"),
    "Riverside": ("Friday", "14:15", "4 to 6"),
    "Castle Hill": ("Thursday", "15:00", "6 to 9"),
    "Station Square": ("Sunday", "11:00", "3 to 7"),
}
ACCESS = {
    "Harbour": "has a ramp on the quay side and a lift to both floors",
    "Mill Lane": "is all on the ground floor, with one low step at the door",
    "Northgate": "has automatic doors, a lift and a hearing loop",
    "Riverside": "has a ramp, but the upper gallery can only be reached by stairs",
    "Castle Hill": "has twelve steps; ring the bell and we bring the portable ramp",
    "Station Square": "is step-free from the platform and has an adapted toilet",
}
PARKING = {
    "Harbour": "the fish market car park, two euros an hour",
    "Mill Lane": "the lane itself, free for ninety minutes",
    "Northgate": "our own garage, free with a stamped ticket",
    "Riverside": "the meadow behind the boat house, free all day",
    "Castle Hill": "the foot of the hill, then six minutes on foot",
    "Station Square": "the station's short-stay bays, one euro for half an hour",
}
PRINTS = {
    "black and white A4": "10 cents",
    "colour A4": "35 cents",
    "black and white A3": "25 cents",
    "colour A3": "70 cents",
    "photo": "1.20 euros",
    "poster": "8 euros",
}
SERVICES = {
    "losing a card": "A new card costs 4 euros; block the old one in your account first.",
    "changing an address": "Show a letter with the new address at any desk; it takes a minute.",
    "a book from another library": "Interlibrary loans cost 3 euros and take about nine days.",
    "a lost book": "You pay the price of the book plus 5 euros for handling.",
    "joining": "Joining is free under 18; adults pay 22 euros a year and need an ID.",
    "resetting a PIN": "Tap Forgot PIN on the sign-in page; the link is valid for an hour.",
    "donating books": "We take books from the last five years, at most two bags a visit.",
    "the internet": "The wifi is called MarlowGuest and needs your card number.",
    "home delivery": "Volunteers bring books every second Thursday to readers over 75.",
    "suggesting a book": "Fill in the purple form; we answer within three weeks.",
}


def _hour(text: str) -> str:
    return f"{text}:00"


def _hours_answer(branch: str, day: str) -> str:
    span = HOURS[branch].split()[DAYS.index(day)]
    if span == "-":
        return f"{branch} is closed on {day}s."
    start, end = span.split("-")
    return f"{branch} is open from {_hour(start)} to {_hour(end)} on {day}s."


def _loan_answer(item: str) -> str:
    days, most, _, _ = ITEMS[item]
    return f"{_a(item)} may stay with you for {days} days, {most} at a time.".capitalize().replace(
        "dvd", "DVD"
    )


def _renewal_answer(item: str) -> str:
    times = ITEMS[item][2]
    if not times:
        return f"{_plural(item)} cannot be renewed."
    return f"{_plural(item)} can be renewed {('once', 'twice', 'three times', 'four times')[times - 1]}."


def _fee_answer(item: str) -> str:
    cents = ITEMS[item][3]
    if not cents:
        return f"{_plural(item)} go back by themselves, so there is never a fee."
    return f"A late {item} costs {f'{cents} cents' if cents < 100 else f'{cents / 100:.2f} euros'} a day."


def _room_answer(branch: str) -> str:
    seats, price, extra = ROOMS[branch]
    cost = f"costs {price} euros an hour" if price else "is free"
    return f"The room at {branch} seats {seats}, has {extra} and {cost}."


def _story_answer(branch: str) -> str:
    day, time, ages = STORY_TIMES[branch]
    return f"Story time at {branch} is on {day} at {time}, for ages {ages}."


def _a(item: str) -> str:
    return ("an " if item[0] in "aeiou" else "a ") + item


def _plural(item: str) -> str:
    return f"{item[0].upper()}{item[1:]}s"


# Phrasings per intent; the last one is held out.
PHRASINGS: dict[str, list[str]] = {
    "hours": [
        "when is {branch} open on {day}",
        "what are the hours at {branch} on a {day}",
        "is {branch} open on {day}s",
        "until when can I visit {branch} this {day}",
        "how early can I come to {branch} on {day}",
        "can I drop in at {branch} on {day}",
        "at what time does {branch} close on {day}",
        "{day} at {branch}, which hours",
    ],
    "loan": [
        "how long can I keep {a_item}",
        "for how many days may I borrow {a_item}",
        "what is the loan period for {a_item}",
        "how many {items} can I take home",
        "I want to borrow {a_item}, for how long is that",
        "when do I have to bring back {a_item}",
        "what are the rules for borrowing {items}",
    ],
    "renewal": [
        "can I renew {a_item}",
        "how often can {items} be renewed",
        "is it possible to extend {a_item}",
        "I am not done with {a_item}, can I have it longer",
        "may I prolong my {item}",
        "how many times can I extend {items}",
    ],
    "fee": [
        "what does it cost if {a_item} is late",
        "my {item} is overdue, what do I owe",
        "what is the fine for {a_item}",
        "how much do you charge for late {items}",
        "I forgot to return {a_item}, is that expensive",
        "what is the late fee on {items}",
    ],
    "room": [
        "can I book a room at {branch}",
        "do you have a meeting room at {branch}",
        "what does the group room at {branch} cost",
        "how many people fit into the room at {branch}",
        "we need a room for our club, what is there at {branch}",
        "tell me about the room at {branch}",
    ],
    "story": [
        "when is story time at {branch}",
        "is there anything for children at {branch}",
        "do you read to kids at {branch}",
        "my daughter loves stories, what is on at {branch}",
        "which day is the children's hour at {branch}",
        "from what age is story time at {branch}",
    ],
    "access": [
        "can I get into {branch} with a wheelchair",
        "is {branch} accessible",
        "my mother cannot climb stairs, is {branch} all right",
        "are there steps at {branch}",
        "do you have a lift at {branch}",
        "is there a step-free way into {branch}",
    ],
    "parking": [
        "where can I park near {branch}",
        "is there parking at {branch}",
        "I come by car to {branch}, where do I leave it",
        "what does parking at {branch} cost",
        "where do visitors of {branch} park",
    ],
    "address": [
        "where is {branch}",
        "what is the address of {branch}",
        "how do I find {branch}",
        "which street is {branch} in",
        "can you tell me where to find {branch}",
    ],
    "print": [
        "what does a {print} print cost",
        "how much is a {print} page",
        "can I print in {print}, and for how much",
        "I need a {print} print, what is the price",
        "what do you charge for {print}",
    ],
    "service": [
        "I have a question about {service}",
        "what do I do about {service}",
        "how does it work with {service}",
        "can you help me with {service}",
        "please tell me about {service}",
        "what should I know about {service}",
    ],
}
_BRANCH_INTENTS = ["hours", "hours", "hours", "room", "story", "access", "parking", "address"]
_OPENINGS = [
    "",
    "",
    "",
    "Hello, ",
    "Hi, ",
    "Good morning, ",
    "Excuse me, ",
    "Quick question: ",
    "Hello! I am new here, ",
]
_JOINTS = [" And ", " Also, ", " One more thing: ", " By the way, ", " Oh, and "]
SYSTEM = "You are the help desk of the Marlow Bridge public library. Answer briefly and exactly."


class Desk:
    """Draws conversations; all chance comes from one seeded generator."""

    def __init__(self, seed: int, *, held_out: bool) -> None:
        self.random = random.Random(seed)
        self.held_out = held_out

    def slots(self) -> dict[str, str]:
        item = self.random.choice(list(ITEMS))
        return {
            "branch": self.random.choice(list(BRANCHES)),
            "day": self.random.choice(DAYS),
            "item": item,
            "a_item": _a(item),
            "items": f"{item}s",
            "print": self.random.choice(list(PRINTS)),
            "service": self.random.choice(list(SERVICES)),
        }

    def intent(self) -> str:
        draw = self.random.random()
        if draw < 0.5:
            return self.random.choice(_BRANCH_INTENTS)
        return self.random.choice(["loan", "renewal", "fee"] if draw < 0.8 else ["print", "service"])

    def question(self, intent: str, slots: dict[str, str]) -> str:
        phrasings = PHRASINGS[intent]
        known, kept = phrasings[:-1], phrasings[-1:]
        return self.random.choice(kept if self.held_out else known).format(**slots) + "?"

    def answer(self, intent: str, slots: dict[str, str]) -> str:
        branch, item = slots["branch"], slots["item"]
        match intent:
            case "hours":
                return _hours_answer(branch, slots["day"])
            case "loan":
                return _loan_answer(item)
            case "renewal":
                return _renewal_answer(item)
            case "fee":
                return _fee_answer(item)
            case "room":
                return _room_answer(branch)
            case "story":
                return _story_answer(branch)
            case "access":
                return f"{branch} {ACCESS[branch]}."
            case "parking":
                return f"For {branch}, park at {PARKING[branch]}."
            case "address":
                return f"{branch} is at {BRANCHES[branch]}."
            case "print":
                return f"A {slots['print']} print costs {PRINTS[slots['print']]}."
        return SERVICES[slots["service"]]

    def turn(self, parts: list[tuple[str, dict[str, str]]], *, first: bool) -> list[Message]:
        questions = [self.question(intent, slots) for intent, slots in parts]
        opening = self.random.choice(_OPENINGS) if first else ""
        text = opening + questions[0] if opening else _capital(questions[0])
        for question in questions[1:]:
            joint = self.random.choice(_JOINTS)
            text += joint + question
        answers = [self.answer(intent, slots) for intent, slots in parts]
        return [
            {"role": "user", "content": text},
            {"role": "assistant", "content": " ".join(answers)},
        ]

    def conversation(self) -> Row:
        """One to two turns; a second turn may lean on the first one's branch or item without naming it."""
        if self.random.random() < 0.3:
            return {"messages": self._follow_up()}
        count = self.random.choices([1, 2, 3], [2, 6, 2])[0]
        return {"messages": self.turn(self.parts(count), first=True)}

    def parts(self, count: int) -> list[tuple[str, dict[str, str]]]:
        """Different matters, each with slots of its own."""
        parts: dict[str, dict[str, str]] = {}
        while len(parts) < count:
            parts.setdefault(self.intent(), self.slots())
        return list(parts.items())

    def _follow_up(self) -> list[Message]:
        first = self.parts(self.random.choice([1, 2]))
        messages = self.turn(first, first=True)
        intent, slots = first[-1]
        if intent in ("loan", "renewal", "fee"):
            options, there = ["loan", "renewal", "fee"], slots
        elif intent in _BRANCH_INTENTS:
            options, there = _BRANCH_INTENTS, {**slots, "day": self.random.choice(DAYS)}
        else:
            return messages + self.turn(self.parts(2), first=False)
        following = self.random.choice([option for option in options if option != intent])
        named = {**there, "branch": "that branch", "a_item": "one", "items": "those", "item": "one"}
        text = _capital(self.question(following, named)).replace("my one", "mine")
        return [
            *messages,
            {"role": "user", "content": text},
            {"role": "assistant", "content": self.answer(following, there)},
        ]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _draw(desk: Desk, count: int) -> Iterator[Row]:
    seen: set[str] = set()
    while len(seen) < count:
        row = desk.conversation()
        key = "\n".join(message["content"].lower() for message in row["messages"][:-1])
        if key not in seen:
            seen.add(key)
            yield row


def rows() -> list[Row]:
    """Unique conversations in known phrasings."""
    return list(_draw(Desk(SEED, held_out=False), ROWS))


def held_out_rows() -> list[Row]:
    """Unique conversations in phrasings that `rows` never uses."""
    return list(_draw(Desk(SEED + 1, held_out=True), HELD_OUT_ROWS))
