"""Builds the summarization example: notes of meetings, as somebody typed them along, and the minutes made from them.

The notes hold decisions, proposals that were turned down, tasks that change hands or dates before they stand, and talk.
The minutes keep what stands in the end: first what was decided, then who does what by when, with no word more. What is
bought, mended or carried, and by whom, is drawn afresh for every meeting, so the minutes of a similar meeting are of
little use.
"""

import random

ROWS = 6000
SEED = 52009

_NAMES = [
    "Amira",
    "Bela",
    "Chiara",
    "Dario",
    "Edith",
    "Femi",
    "Gustav",
    "Hana",
    "Imre",
    "Jelena",
    "Karim",
    "Lotte",
    "Marek",
    "Noor",
    "Olga",
    "Pavel",
    "Rosa",
    "Samir",
    "Tilda",
    "Viktor",
]
_DATES = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Easter", "summer", "Advent", "New Year"]
_PLACES = [
    "Repair café",
    "Choir",
    "Rowing club",
    "School garden",
    "Theatre group",
    "Cycling club",
    "Museum friends",
]
_THINGS = [
    "piano",
    "tent",
    "gate",
    "van",
    "stove",
    "ladder",
    "bench",
    "boat",
    "drum",
    "lamp",
    "oven",
    "clock",
    "carpet",
    "curtain",
    "trailer",
    "freezer",
    "projector",
    "microphone",
    "printer",
    "bookcase",
    "cupboard",
    "fence",
    "awning",
    "swing",
    "kayak",
    "stage",
    "tree",
    "pump",
    "camera",
    "speaker",
    "blackboard",
    "flag",
    "banner",
    "sewing-machine",
    "wheelbarrow",
    "coffee-machine",
]
_DECISIONS = [
    "buy",
    "sell",
    "replace",
    "insure",
    "rent out",
    "repaint",
    "give away",
    "move",
    "lend",
    "rebuild",
]
_TASKS = [
    "repair",
    "clean",
    "measure",
    "fetch",
    "test",
    "photograph",
    "oil",
    "return",
    "cover",
    "label",
    "weigh",
    "store",
]
_AGREED = [
    "{who} suggested that we {what}, and everybody was for it.",
    "Should we {what}? {who} asked for a vote: yes.",
    "{who} wanted to {what}; {other} had doubts but gave in.",
    "We will {what}, that was quick.",
]
_REFUSED = [
    "{who} wanted to {what}, but only {other} liked the idea.",
    "Should we {what}? Voted down.",
    "{other} would like to {what}. Put off.",
]
_GIVEN = [
    "{who} will {task} by {date}.",
    "Somebody has to {task}; {who} offered, by {date}.",
    "{who} takes it on to {task}, at the latest by {date}.",
]
_MOVED = [
    "{other} was going to {task}, but is away, so {who} does it by {date}.",
    "{who} still has to {task}, not by {old} but by {date}.",
]
_DONE = ["{other} did {task}, thanks.", "No need to {task} any more, says {other}."]
_TALK = ["{other} came late.", "{other} brought cake.", "Coffee, then the weather.", "Noise from the street."]
_NO_DECISION = "no decision"
_NO_TASK = "no task"


class Secretary:
    """Draws meetings; all chance comes from one seeded generator."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def _filled(self, frames: list[str], **words: str) -> tuple[str, dict[str, str]]:
        """A sentence, and the people and dates in it."""
        who, other = self.random.sample(_NAMES, 2)
        date, old = self.random.sample(_DATES, 2)
        slots = {"who": who, "other": other, "date": date, "old": old, **words}
        return self.random.choice(frames).format(**slots), slots

    def _decision(self, thing: str) -> tuple[str, str]:
        """What the notes say of a proposal, and what the minutes keep of it."""
        what = f"{self.random.choice(_DECISIONS)} the {thing}"
        agreed = self.random.random() < 0.7
        text, _ = self._filled(_AGREED if agreed else _REFUSED, what=what)
        return text, what if agreed else ""

    def _task(self, thing: str) -> tuple[str, str]:
        task = f"{self.random.choice(_TASKS)} the {thing}"
        frames = self.random.choices([_GIVEN, _MOVED, _DONE], [5, 4, 1])[0]
        text, slots = self._filled(frames, task=task)
        return text, "" if frames is _DONE else f"{slots['who']}: {task} by {slots['date']}"

    def meeting(self) -> dict[str, str]:
        """One meeting: its notes and its minutes."""
        things = self.random.sample(_THINGS, 3)
        decision, decided = self._decision(things[0])
        tasks = [self._task(thing) for thing in things[1 : self.random.choice([2, 2, 3])]]
        talk = [self._filled(_TALK)[0]] if self.random.random() < 0.4 else []
        parts = [decision, *(text for text, _ in tasks), *talk]
        # The minutes name the tasks in the order of the notes.
        order = self.random.sample(range(len(parts)), len(parts))
        kept = [tasks[index - 1][1] for index in order if 1 <= index <= len(tasks) and tasks[index - 1][1]]
        return {
            "notes": " ".join([f"{self.random.choice(_PLACES)}.", *(parts[index] for index in order)]),
            "minutes": f"{decided or _NO_DECISION}. {'; '.join(kept) or _NO_TASK}.",
        }


def rows() -> list[dict[str, str]]:
    """Unique meetings, in the order drawn."""
    secretary, seen = Secretary(SEED), set[str]()
    meetings: list[dict[str, str]] = []
    while len(meetings) < ROWS:
        meeting = secretary.meeting()
        key = meeting["notes"].lower()
        if key not in seen:
            seen.add(key)
            meetings.append(meeting)
    return meetings
