"""Builds the summarization example: notes of meetings, as somebody typed them along, and the minutes made from them.

The notes hold decisions, things that were only talked about, proposals that were turned down, and tasks that
change hands or dates before they stand. The minutes keep what stands in the end: what was decided, who does what by
when. Names, tasks and dates are drawn afresh for every meeting, so the minutes of a similar meeting are of no use.
"""

import random

ROWS = 2600
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
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
_DATES = [*_DAYS, "Easter", "the end of May", "the summer break", "the autumn fair", "Advent", "New Year"]
_MONTHS = ["March", "April", "June", "July", "September", "October"]
_GROUPS = [
    "parents' council",
    "street festival team",
    "school garden group",
    "choir board",
    "rowing club",
    "neighbourhood library",
    "repair café",
    "theatre group",
    "cycling club",
    "museum friends",
]
# What can be decided: as a proposal ("we could ...") and, in the minutes, as its result.
_DECISIONS = [
    "buy {number} folding chairs",
    "move the summer party to {month}",
    "raise the yearly fee to {number} euros",
    "open the hall on {day} evenings",
    "rent a van for the {month} trip",
    "paint the entrance green",
    "invite the mayor in {month}",
    "print {number} posters",
    "start a course for beginners",
    "sell the old piano",
    "give {number} euros to the food bank",
    "close the office on {day}s",
    "plant {number} apple trees",
    "replace the kitchen stove",
    "hold the meeting online in {month}",
    "hire a second trainer",
    "lend the tent to the scouts",
    "limit the concert to {number} guests",
    "build a ramp at the back door",
    "change the insurance in {month}",
    "order {number} lamps for the stage",
    "keep the minutes in one folder",
    "plan a flea market for {month}",
    "cancel the newspaper",
]
_TASKS = [
    "call the plumber",
    "write to the sponsors",
    "book the bus",
    "repair the gate",
    "update the website",
    "count the keys",
    "collect the fees",
    "draft the programme",
    "order the drinks",
    "ask the council for a permit",
    "clean the store room",
    "find a photographer",
    "check the fire extinguishers",
    "send out the invitations",
    "compare three offers",
    "measure the stage",
    "thank the volunteers",
    "translate the leaflet",
    "test the microphones",
    "return the ladders",
    "design the poster",
    "renew the contract",
    "talk to the neighbours",
    "pay the gardener",
]
_AGREED = [
    "{who} suggested that we {what}. Long talk, in the end everybody was for it.",
    "Should we {what}? {who} asked for a vote: {votes} for, two against, so yes.",
    "{who} again proposed to {what}; {other} had doubts about the money but gave in. Agreed.",
    "We will {what}, that was quick. {who} was happy.",
    "Vote on whether to {what}: carried, {other} did not vote.",
]
_REFUSED = [
    "{who} wanted to {what}, but only {other} liked the idea. Dropped.",
    "Should we {what}? Voted down, {votes} against.",
    "The plan to {what} came up again; {who} explained the costs and nobody pursued it.",
    "{other} would like to {what}. Put off without a date.",
]
_GIVEN = [
    "{who} will {task} by {date}.",
    "Somebody has to {task}. {who} offered to have it done by {date}.",
    "{who} takes it on to {task}, at the latest by {date}.",
    "This time it falls to {who} to {task}, due by {date}.",
]
_MOVED = [
    "{other} was going to {task}, but is away, so {who} does it by {date}.",
    "{who} still has to {task}. Not by {old} as planned but by {date}.",
    "First {other} offered to {task}; then {who} said it is on the way, so {who}, by {date}.",
]
_DONE = [
    "{other} did manage to {task} last week, thanks.",
    "No need to {task} any more, says {other}.",
]
_CHATTER = [
    "Coffee machine broken again.",
    "{other} came ten minutes late because of the tram.",
    "Some laughter about the photo from last year.",
    "{other} reported from the district, nothing new for us.",
    "Window open, noise from the street, hard to hear {other}.",
    "Numbers from the treasurer look fine, no questions.",
    "{other} brought cake.",
    "We lost the thread for a while and talked about the weather.",
    "The last minutes were approved as they are.",
    "{other} showed pictures of the trip.",
    "Short break.",
    "Greetings from a former member were read out.",
]
_ENDINGS = [
    "Next meeting on {date}.",
    "We meet again on {date}, same room.",
    "Closed at half past nine; see you on {date}.",
    "End. Next time {date}.",
]


# What the notes say, what comes of it (task, decision or nothing), and how the minutes put it.
Part = tuple[str, str, str]


class Secretary:
    """Draws meetings; all chance comes from one seeded generator."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def _slots(self, people: list[str]) -> dict[str, str]:
        who, other = self.random.sample(people, 2)
        date, old = self.random.sample(_DATES, 2)
        votes = self.random.choice(["five", "six", "seven", "eight", "nine"])
        return {"who": who, "other": other, "date": date, "old": old, "votes": votes}

    def _decision(self, frame: str) -> str:
        number = self.random.choice(["twelve", "twenty", "thirty", "fifty", "eighty", "a hundred"])
        return frame.format(number=number, month=self.random.choice(_MONTHS), day=self.random.choice(_DAYS))

    def _tasks(self, people: list[str]) -> list[Part]:
        parts = []
        *standing, done = self.random.sample(_TASKS, self.random.choice([3, 3, 3, 4]))
        for task in standing:
            slots = self._slots(people)
            frame = self.random.choice(_GIVEN if self.random.random() < 0.6 else _MOVED)
            parts.append(
                (frame.format(task=task, **slots), "task", f"{slots['who']}: {task} by {slots['date']}")
            )
        if self.random.random() < 0.5:
            parts.append((self.random.choice(_DONE).format(task=done, **self._slots(people)), "", ""))
        return parts

    def _decisions(self, people: list[str]) -> list[Part]:
        parts = []
        for index, frame in enumerate(self.random.sample(_DECISIONS, self.random.choice([2, 3]))):
            what = self._decision(frame)
            agreed = index == 0 or (index == 1 and self.random.random() < 0.4)
            text = self.random.choice(_AGREED if agreed else _REFUSED).format(
                what=what, **self._slots(people)
            )
            parts.append((text, "decision", what) if agreed else (text, "", ""))
        return parts

    def meeting(self) -> dict[str, str]:
        """One meeting: its notes and its minutes."""
        people = self.random.sample(_NAMES, self.random.randint(4, 6))
        chatter = self.random.sample(_CHATTER, self.random.randint(1, 3))
        parts = [
            *self._tasks(people),
            *self._decisions(people),
            *((text.format(**self._slots(people)), "", "") for text in chatter),
        ]
        self.random.shuffle(parts)
        group, following = self.random.choice(_GROUPS), self.random.choice(_DAYS)
        opening = f"{group[0].upper()}{group[1:]}, {self.random.choice(_DAYS)}. Present: {', '.join(people)}."
        ending = self.random.choice(_ENDINGS).format(date=following)
        decided = "; ".join(result for _, kind, result in parts if kind == "decision")
        tasks = "; ".join(result for _, kind, result in parts if kind == "task")
        return {
            "notes": " ".join([opening, *(text for text, _, _ in parts), ending]),
            "minutes": f"Decided: {decided}. Tasks: {tasks}. Next meeting: {following}.",
        }


def rows() -> list[dict[str, str]]:
    """Unique meetings, in the order drawn."""
    secretary, seen = Secretary(SEED), set[str]()
    meetings: list[dict[str, str]] = []
    while len(meetings) < ROWS:
        meeting = secretary.meeting()
        words = len(meeting["notes"].split())
        if (
            80 <= words <= 200
            and 20 <= len(meeting["minutes"].split()) <= 45
            and meeting["notes"] not in seen
        ):
            seen.add(meeting["notes"])
            meetings.append(meeting)
    return meetings
