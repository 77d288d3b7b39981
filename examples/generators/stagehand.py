"""Stagehand, an invented language for stage lighting, and the example that teaches it.

    cue "curtain":
      fade spots.left to amber 60% in 3s
      flash strips.back white x2
      wait 5s
      repeat 3:
        dim side.right to 20% in 1s
      end
    end

`rows` pairs a comment that says what should happen, and the first line of the program, with the rest of the
program; `check` parses a program and says where it is wrong.
"""

import random
import re

ROWS = 3600
SEED = 77003

LAMPS = ["spots", "strips", "floods", "lasers", "lanterns", "beams"]
SIDES = ["left", "right", "front", "back", "all"]
COLOURS = ["amber", "white", "red", "blue", "green", "violet", "rose", "teal"]
EVENTS = [
    "curtain",
    "applause",
    "first bell",
    "thunder",
    "duet",
    "entrance",
    "interval",
    "last song",
    "storm",
    "bow",
    "sunrise",
    "chase",
    "dream",
    "whisper",
    "overture",
    "ghost",
    "waltz",
    "market",
]
_LEVELS = [5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90]
_SECONDS = ["1", "2", "3", "4", "5", "6", "8", "10", "12", "15", "0.5", "1.5", "2.5"]
_WORDS = {2: "twice", 3: "three times", 4: "four times", 5: "five times", 6: "six times", 8: "eight times"}
_SIDE_NAMES = {
    "left": "the left {lamp}",
    "right": "the right {lamp}",
    "front": "the {lamp} in front",
    "back": "the {lamp} at the back",
    "all": "all {lamp}",
}
_FADES = [
    "fade {where} to {colour} at {level}% over {time} seconds",
    "take {time} seconds to bring {where} to {level}% {colour}",
    "let {where} turn {colour}, {level}% bright, in {time} seconds",
    "bring up {colour} on {where}, to {level}% within {time} seconds",
]
_DIMS = [
    "dim {where} to {level}% in {time} seconds",
    "over {time} seconds lower {where} to {level}%",
    "turn {where} down to {level}% within {time} seconds",
]
_FLASHES = [
    "flash {where} {times} in {colour}",
    "let {where} blink {colour} {times}",
    "have {colour} flashes from {where}, {times}",
]
_OFFS = ["switch off {where}", "cut {where}", "turn {where} off", "make {where} go dark"]
_WAITS = [
    "wait {time} seconds",
    "pause for {time} seconds",
    "hold for {time} seconds",
    "leave it for {time} seconds",
]
_SWAPS = ["swap {where} with {other}", "exchange {where} and {other}"]
_OPENINGS = ['On "{event}":', 'At cue "{event}",', 'When "{event}" comes,', 'For "{event}",']
_LINKS = [", then", "; then", ", and then", ". Next,", "; after that"]

_GROUP = rf"(?:{'|'.join(LAMPS)})\.(?:{'|'.join(SIDES)})"
_COLOUR = "|".join(COLOURS)
_TIME = r"\d+(?:\.5)?s"
_STATEMENTS = [
    re.compile(rf"fade {_GROUP} to (?:{_COLOUR}) \d+% in {_TIME}"),
    re.compile(rf"dim {_GROUP} to \d+% in {_TIME}"),
    re.compile(rf"flash {_GROUP} (?:{_COLOUR}) x\d"),
    re.compile(rf"off {_GROUP}"),
    re.compile(rf"swap {_GROUP} {_GROUP}"),
    re.compile(rf"wait {_TIME}"),
]
_CUE = re.compile(r'cue "[a-z ]+":')
_REPEAT = re.compile(r"repeat \d:")


def check(program: str) -> list[str]:
    """Return one sentence per error, none for a program that Stagehand would run.

    Grammar: a cue line, statements or repeat blocks indented by two spaces a level, and an `end` for each block.
    """
    errors, depth = [], 0
    for number, line in enumerate(program.splitlines(), start=1):
        if line.startswith("#") or not line.strip():
            continue
        words, indent = line.strip(), len(line) - len(line.lstrip(" "))
        if words == "end":
            depth -= 1
        expected = 2 * depth
        if indent != expected or depth < 0:
            errors.append(f"line {number}: indented by {indent} spaces instead of {expected}")
        if words == "end":
            continue
        opens = _CUE if depth == 0 else _REPEAT
        if opens.fullmatch(words):
            depth += 1
        elif depth == 0 or not any(pattern.fullmatch(words) for pattern in _STATEMENTS):
            errors.append(f"line {number}: not a statement: {words}")
    if depth > 0:
        errors.append(f"{depth} block(s) without an end")
    return errors


class Director:
    """Draws cues; all chance comes from one seeded generator."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def group(self) -> tuple[str, str]:
        """A group of lamps, in words and in Stagehand."""
        lamp, side = self.random.choice(LAMPS), self.random.choice(SIDES)
        return _SIDE_NAMES[side].format(lamp=lamp), f"{lamp}.{side}"

    def step(self) -> tuple[str, str]:
        """One statement: what to do in words, and its line."""
        pick = self.random.choice
        where, group = self.group()
        other, other_group = self.group()
        while other_group == group:
            other, other_group = self.group()
        colour, level, time, times = pick(COLOURS), pick(_LEVELS), pick(_SECONDS), pick(list(_WORDS))
        frames, line = self.random.choices(
            [
                (_FADES, f"fade {group} to {colour} {level}% in {time}s"),
                (_DIMS, f"dim {group} to {level}% in {time}s"),
                (_FLASHES, f"flash {group} {colour} x{times}"),
                (_OFFS, f"off {group}"),
                (_SWAPS, f"swap {group} {other_group}"),
                (_WAITS, f"wait {time}s"),
            ],
            weights=[35, 20, 18, 10, 7, 10],
        )[0]
        words = pick(frames).format(
            where=where, other=other, colour=colour, level=level, time=time, times=_WORDS[times]
        )
        return words.replace(" 1 seconds", " 1 second"), line

    def cue(self) -> dict[str, str]:
        """A description with the program's first line, and the rest of the program."""
        event = self.random.choice(EVENTS)
        steps = [self.step() for _ in range(self.random.choice([1, 2, 2, 3, 3]))]
        words, lines = steps[0][0], [f"  {steps[0][1]}"]
        for sentence, line in steps[1:]:
            words += f"{self.random.choice(_LINKS)} {sentence}"
            lines.append(f"  {line}")
        if self.random.random() < 0.25:
            times = self.random.choice(list(_WORDS))
            sentence, line = self.step()
            words += f". Finally, {_WORDS[times]}: {sentence}"
            lines += [f"  repeat {times}:", f"    {line}", "  end"]
        opening = self.random.choice(_OPENINGS).format(event=event)
        return {
            "prompt": f'# {opening} {words}.\ncue "{event}":\n',
            "completion": "\n".join([*lines, "end"]),
        }


def rows() -> list[dict[str, str]]:
    """Unique cues, in the order drawn."""
    director, seen = Director(SEED), set[str]()
    cues: list[dict[str, str]] = []
    while len(cues) < ROWS:
        cue = director.cue()
        if cue["prompt"].lower() not in seen:
            seen.add(cue["prompt"].lower())
            cues.append(cue)
    return cues
