"""Builds the ticket example: messages to Fernlake, an invented internet provider, sorted into eight queues.

Nearly every message mentions more than one matter, and the same words are used for what is wanted and for what is
settled already. The label follows from how the matters are spoken of, so counting or matching words is not enough.
"""

import random
import re

ROWS = 5200
SEED = 6113

_MONTHS = ["January", "February", "March", "April", "May", "June", "September", "October", "November"]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
_DEVICES = ["router", "TV box", "modem", "phone", "repeater", "tablet"]
_ROOMS = ["kitchen", "bedroom", "office", "attic", "living room", "hall"]
_PLANS = ["Basic", "Family", "Turbo", "Student", "Office"]
_TIMES = ["morning", "evening", "night", "lunchtime", "weekend"]
_AMOUNTS = ["9.90", "14.50", "19.00", "24.90", "39.00", "45.60", "59.00", "72.30"]

# Each matter: as a noun phrase, and as something that happens.
MATTERS: dict[str, list[tuple[str, str]]] = {
    "billing": [
        ("the double charge on my {month} invoice", "I was charged twice in {month}"),
        ("the late fee of {amount} euros", "there is a late fee of {amount} euros that I do not understand"),
        ("the price of the {device} on my bill", "my bill shows the wrong price for the {device}"),
        (
            "the refund for the technician visit",
            "the refund for the technician visit has not reached my bank",
        ),
        ("the missing discount on the {plan} plan", "the discount for the {plan} plan is not on my invoice"),
        ("the direct debit from {month}", "the direct debit in {month} was higher than agreed"),
        ("the deposit I paid for the {device}", "I am owed the deposit for the {device}"),
        ("the {amount} euros nobody can explain", "{amount} euros were taken from my card without a reason"),
    ],
    "connection": [
        ("the connection dropping every {time}", "the connection drops every {time}"),
        ("the slow internet in the {room}", "the internet in the {room} is painfully slow"),
        ("the {device} losing its signal", "the {device} loses its signal all the time"),
        ("the outage in our street since {day}", "our whole street has been offline since {day}"),
        ("the crackling on the phone line", "the phone line crackles so much that I hear nothing"),
        ("the picture freezing every {time}", "the picture freezes every {time}"),
        ("the {plan} plan not reaching its speed", "the {plan} plan reaches half of its speed at best"),
        ("the weak wifi in the {room}", "there is hardly any wifi in the {room}"),
    ],
    "installation": [
        ("the technician appointment on {day}", "I have to move the technician appointment on {day}"),
        ("the visit on {day} that nobody came to", "I waited all {day} and no technician came"),
        ("the cable to the {room}", "somebody has to lay the cable to the {room}"),
        ("the new socket in the {room}", "I need a socket in the {room} before the {device} can be set up"),
        ("the date for connecting the new flat", "our new flat has no date for being connected"),
        ("the setting up of the {device}", "I need someone to come and set up the {device}"),
        ("the drilling in the {room}", "the drilling in the {room} was never finished"),
        ("the line to the garden house", "the line to the garden house should be laid in {month}"),
    ],
    "equipment": [
        ("the broken {device}", "the {device} is broken and smells of smoke"),
        ("the {device} that does not switch on", "the {device} does not switch on any more"),
        ("the return label for the {device}", "I need a label to send the {device} back"),
        ("the missing power cable", "the power cable was not in the parcel with the {device}"),
        ("the replacement {device}", "the replacement {device} has not arrived"),
        ("the remote for the bedroom TV", "the remote has stopped working after two weeks"),
        ("the wrong {device} in the parcel", "you sent the wrong {device} in the parcel"),
        ("the parcel stuck since {day}", "the parcel with the {device} has been stuck since {day}"),
    ],
    "account": [
        ("the password e-mail that never comes", "the e-mail for a new password never comes"),
        ("the locked account", "my account has been locked since {day}"),
        ("the app refusing my password", "the app refuses my password on the {device}"),
        ("the sign-in code on the old phone", "the sign-in code goes to a phone I no longer have"),
        ("the online invoice I cannot open", "I cannot sign in to see my {month} invoice"),
        ("the user name I have forgotten", "I have forgotten my user name"),
        ("the second login for my wife", "my wife cannot log in with her own address"),
        ("the app asking to sign in every {time}", "the app signs me out every {time}"),
    ],
    "plan change": [
        ("the switch to the {plan} plan", "I would like to switch to the {plan} plan"),
        ("the upgrade for the {month} offer", "I want the faster line from your {month} offer"),
        ("the second line on my contract", "I want a second line on my contract"),
        ("the sports package for the TV box", "please add the sports package to the TV box"),
        ("the cheaper tariff from {month}", "I would like a cheaper tariff from {month}"),
        (
            "the move from {plan} to something smaller",
            "the {plan} plan is too big for me, I want a smaller one",
        ),
        (
            "the longer contract with the free {device}",
            "I would take the longer contract if the {device} is free",
        ),
        ("the extra data for the {device}", "I would like more data for the {device}"),
    ],
    "cancellation": [
        ("the end of my contract in {month}", "my contract should end in {month}"),
        ("the notice I gave in {month}", "nobody confirmed the notice I gave in {month}"),
        ("the cancelling of the {plan} plan", "I want to cancel the {plan} plan"),
        ("the confirmation that I am leaving", "I am leaving and need that in writing"),
        ("the closing of my late father's contract", "my father has died and his contract has to be closed"),
        ("the withdrawal within two weeks", "I withdraw from the order of the {device}"),
        ("the early way out because we move abroad", "we move abroad in {month} and give up the line"),
        ("the stop of the TV package", "please stop the TV package for good in {month}"),
    ],
    "privacy": [
        ("the copy of my stored data", "I ask for a copy of all data stored about me"),
        ("the deletion of my old address", "my old address must be deleted from your files"),
        ("the advertising calls every {time}", "you call me with advertising every {time}, I never agreed"),
        (
            "the stranger's name on my {month} invoice",
            "my {month} invoice shows a stranger's name and address",
        ),
        ("the number in the public directory", "take my number out of the public directory"),
        (
            "the technician who photographed our {room}",
            "the technician photographed our {room} without asking",
        ),
        ("the consent for newsletters", "I take back my consent for newsletters"),
        ("the question who saw my contract", "I want to know who has looked at my contract"),
    ],
}

_SETTLED = [
    "{np} is settled, thank you.",
    "This is not about {np}.",
    "No need to look at {np} any more.",
    "Your colleague has taken care of {np}.",
    "{np} can wait.",
    "I wrote to you about {np} last week, that is fine now.",
    "Forget what I said about {np}.",
    "At first I suspected {np}, but that was wrong.",
    "{np} is not the reason for this message.",
    "You do not have to do anything about {np}.",
    "I have no complaint about {np}.",
    "Thanks for sorting out {np} so quickly.",
    "My neighbour wrote to you about {np}, I did not.",
    "Last month I wrote that {clause}; that has been solved.",
    "I told you on the phone that {clause}; you can close that.",
    "You may still have my note that {clause}. Please throw it away.",
    "{np} came up before and was dealt with.",
    "Somebody asked me about {np}, but I have no interest in that.",
]
_WANTED = [
    "I am writing about {np}.",
    "{np} is still not settled.",
    "This is about {np}.",
    "Please have a look at {np}.",
    "Nobody has taken care of {np}.",
    "{np} cannot wait.",
    "I wrote to you about {np} last week and have heard nothing.",
    "Remember what I said about {np}? It is still true.",
    "What I need help with is {np}.",
    "{np} is the reason for this message.",
    "You have to do something about {np}.",
    "My complaint is about {np}.",
    "Thanks in advance for sorting out {np}.",
    "Now {clause}.",
    "I told you on the phone that {clause}; nothing has happened.",
    "The thing is that {clause}.",
    "{clause}.",
    "{clause}.",
    "{np} came up before and was never dealt with.",
    "Could someone call me back about {np}?",
]
_CONTRASTS = [
    "This is not about {no} but about {np}.",
    "I am writing about {np}, not about {no}.",
    "{no} is settled, {np} is not.",
    "{np} is still open, whereas {no} is done.",
    "Rather than {no}, please look at {np} today.",
    "Please look at {np} today rather than at {no}.",
    "You answered me about {no}, but my question was about {np}.",
    "My question was about {np}, and you answered me about {no}.",
    "After {no} was solved, the next thing is {np}.",
]
_GREETINGS = [
    "Hello,",
    "Hi there,",
    "Good morning,",
    "Dear Fernlake team,",
    "Hello again,",
    "To whom it may concern,",
    "Hi,",
]
_FILLERS = [
    "I have been a customer for {years} years.",
    "My customer number is {number}.",
    "We live on the {floor} floor.",
    "I tried the hotline on {day}, the queue was endless.",
    "I work from home, so please be quick.",
    "You can reach me after {hour}.",
    "Sorry for the long message.",
    "The chat on your page sent me here.",
    "I am not very technical, please keep it simple.",
    "This is my {count} message this month.",
]
_CLOSINGS = [
    "Thanks!",
    "Kind regards, {name}",
    "Best wishes, {name}",
    "{name}",
    "Thank you for your help.",
    "Regards",
]
_NAMES = [
    "Ada",
    "Bruno",
    "Carla",
    "Dmitri",
    "Elif",
    "Farid",
    "Greta",
    "Henk",
    "Ines",
    "Jonas",
    "Keiko",
    "Lena",
    "Milan",
    "Nora",
    "Otto",
    "Priya",
]


class Writer:
    """Draws tickets; all chance comes from one seeded generator."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def fill(self, text: str) -> str:
        """Replace slots, each by a fresh draw."""
        pick = self.random.choice
        values = {
            "month": pick(_MONTHS),
            "day": pick(_DAYS),
            "device": pick(_DEVICES),
            "room": pick(_ROOMS),
            "plan": pick(_PLANS),
            "time": pick(_TIMES),
            "amount": pick(_AMOUNTS),
            "years": str(self.random.randint(2, 15)),
            "number": f"{self.random.randint(100, 999)}-{self.random.randint(1000, 9999)}",
            "floor": pick(["ground", "second", "third", "fifth", "top"]),
            "hour": pick(["five", "six", "noon", "eight"]),
            "count": pick(["second", "third", "fourth"]),
            "name": pick(_NAMES),
        }
        return re.sub(r"\{(\w+)\}", lambda match: values[match.group(1)], text)

    def _say(self, frame: str, **matters: tuple[str, str]) -> str:
        for slot, (phrase, _) in matters.items():
            frame = frame.replace("{" + slot + "}", phrase)
        text = self.fill(frame.replace("{clause}", matters["np"][1]))
        return text[:1].upper() + text[1:]

    def ticket(self) -> dict[str, str]:
        """One message and its queue."""
        label, *others = self.random.sample(list(MATTERS), 3)
        wanted, first, second = (self.random.choice(MATTERS[name]) for name in (label, *others))
        draw = self.random.random()
        if draw < 0.25:
            body = [self._say(self.random.choice(_CONTRASTS), np=wanted, no=first)]
        else:
            body = [self._say(self.random.choice(_WANTED), np=wanted)]
            if draw < 0.8:
                body.append(self._say(self.random.choice(_SETTLED), np=first))
        if draw < 0.8 and self.random.random() < 0.25:
            body.append(self._say(self.random.choice(_SETTLED), np=second))
        if self.random.random() < 0.45:
            body.append(self.fill(self.random.choice(_FILLERS)))
        self.random.shuffle(body)
        if self.random.random() < 0.5:
            body.insert(0, self.random.choice(_GREETINGS))
        if self.random.random() < 0.4:
            body.append(self.fill(self.random.choice(_CLOSINGS)))
        return {"text": self._mistype(" ".join(body)), "label": label}

    def _mistype(self, text: str) -> str:
        """People type in a hurry: now and then no capitals, no full stops, two letters swapped."""
        draw = self.random.random()
        if draw < 0.1:
            text = text.lower()
        if draw > 0.9:
            words = text.split(" ")
            place = self.random.randrange(len(words))
            word = words[place]
            if len(word) > 4:
                words[place] = word[:2] + word[3] + word[2] + word[4:]
            text = " ".join(words)
        return text


def rows() -> list[dict[str, str]]:
    """Unique tickets, in the order drawn."""
    writer, seen = Writer(SEED), set[str]()
    tickets: list[dict[str, str]] = []
    while len(tickets) < ROWS:
        ticket = writer.ticket()
        if ticket["text"].lower() not in seen:
            seen.add(ticket["text"].lower())
            tickets.append(ticket)
    return tickets
