"""Numbers as Excel shows them: its number formats applied to the stored value (ECMA-376, part 1, 18.8.30 and 18.8.31)."""

import datetime
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache, partial

Formatter = Callable[[float], str]

_BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm~AM/PM", 19: "h:mm:ss~AM/PM", 20: "h:mm",
    21: "h:mm:ss", 22: "yyyy-mm-dd~h:mm", 37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00", 45: "mm:ss",
    46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0",
    **dict.fromkeys((27, 28, 29, 30, 31, 34, 35, 36, 50, 51, 52, 53, 54, 57, 58), "yyyy-mm-dd"),
    **dict.fromkeys((32, 33, 55, 56), "h:mm:ss"),
}  # fmt: skip
"""A tilde is a space. 14, 22 and the East Asian ones depend on the reader's locale: dates are then written in ISO form."""
_TOKEN = re.compile(
    r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|AM/PM|A/P|General|[yY]+|[mM]+|[dD]+|[hH]+|[sS]+|\.0+|E[+-]0+|[0#?]|[,.%/@]|.',
    re.DOTALL,
)
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LARGEST_DAY = 2_958_466
_DATES_KEPT = 4096
"""Dates of a format that are written once only: most tables repeat their days."""
_CONDITION = re.compile(r"\[(<=|>=|<>|[<>=])\s*(-?\d+(?:\.\d+)?)\]")
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<=": lambda bound, value: value <= bound,
    ">=": lambda bound, value: value >= bound,
    "<>": lambda bound, value: value != bound,
    "<": lambda bound, value: value < bound,
    ">": lambda bound, value: value > bound,
    "=": lambda bound, value: value == bound,
}
_FRACTION = re.compile(r"(?:([#0?]+)\s+)?([#0?]+)/(?:([#0?]+)|(\d+))")
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]$", re.IGNORECASE)


def code_of(number: int, own: dict[int, str]) -> str:
    """The format code that a style's number stands for; empty for General."""
    return own.get(number) or _BUILT_IN.get(number, "").replace("~", " ")


def general(value: float) -> str:
    """A number without a format: whole ones without a point, others with the 15 digits that Excel keeps."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"


@lru_cache(4096)
def formatter(code: str, *, since_1904: bool = False) -> Formatter:
    """Return how numbers are written under a format code. What is not understood is written as General."""
    sections = _sections(code)
    if not code or len(sections) > 4:
        return general
    if any(_CONDITION.search(section) for section in sections):
        return _conditional(sections, since_1904)
    writers = [_section(section, since_1904) for section in sections]

    def write(value: float) -> str:
        if value < 0 and len(writers) > 1:
            return writers[1](-value)
        return writers[2](value) if value == 0 and len(writers) > 2 else writers[0](value)

    return write


def _conditional(sections: list[str], since_1904: bool) -> Formatter:
    """Sections that say for which numbers they are: [=1]"Yes";[=0]"No";General. One without is for all others."""
    writers: list[tuple[Callable[[float], bool], Formatter]] = []
    for section in sections[:3]:
        found = _CONDITION.search(section)
        holds = partial(_COMPARISONS[found[1]], float(found[2])) if found else lambda _: True
        writers.append((holds, _section(_CONDITION.sub("", section), since_1904)))

    def write(value: float) -> str:
        return next((writer(value) for holds, writer in writers if holds(value)), general(value))

    return write


def _sections(code: str) -> list[str]:
    sections = [""]
    for part in _TOKEN.findall(code):
        if part == ";":
            sections.append("")
        else:
            sections[-1] += part
    return sections


def _section(code: str, since_1904: bool) -> Formatter:
    parts = [part for part in _TOKEN.findall(code) if part[0] not in "_*"]
    if any(part[0] in "yYdDhHsS" or part in ("AM/PM", "A/P") or _ELAPSED.match(part) for part in parts) or (
        any(part[0] in "mM" for part in parts) and not any(part in "0#?" for part in parts)
    ):
        return _dates(parts, since_1904)
    if fraction := _FRACTION.fullmatch("".join(map(_literal, parts)).strip()):
        return _fractions(bool(fraction[1]), len(fraction[3] or ""), int(fraction[4] or 0))
    if (
        "/" in parts
        or "@" in parts
        or "General" in parts
        or not any(part in "0#?" or part.startswith(".0") for part in parts)
    ):
        return _plain(parts)
    return _numbers(parts)


def _fractions(has_whole: bool, digits: int, below: int) -> Formatter:
    """Return what writes 1.5 as 1 1/2, with at most so many digits below the line, or a fixed number there."""

    def write(value: float) -> str:
        number = Fraction(repr(abs(value)))
        part = Fraction(round(number * below), below) if below else number.limit_denominator(10**digits - 1)
        over = below or part.denominator
        whole, rest = divmod(round(part * over), over) if has_whole else (0, round(part * over))
        sign = "-" if value < 0 and part else ""
        shown = [str(whole)] if whole or not rest else []
        return sign + " ".join([*shown, f"{rest}/{over}"] if rest else shown)

    return write


def _literal(part: str) -> str:
    if part.startswith('"'):
        return part[1:-1]
    if part.startswith("\\"):
        return part[1:]
    if part.startswith("["):
        return part[2:-1].split("-")[0] if part.startswith("[$") else ""
    return part


def _plain(parts: list[str]) -> Formatter:
    """Fractions and texts as General; a section of literals alone says just these."""
    if any(part in ("/", "@", "General") or part in "0#?" for part in parts):
        return general
    text = "".join(map(_literal, parts))
    return (lambda value: text) if text.strip() else general


def _numbers(parts: list[str]) -> Formatter:
    places = [
        index
        for index, part in enumerate(parts)
        if part in "0#?" or re.match(r"\.0|E[+-]0", part) or part == "."
    ]
    first, last = places[0], places[-1]
    digits = [part for part in parts[first : last + 1] if not part.startswith(('"', "\\", "["))]
    scale = len(re.match(r",*", "".join(parts[last + 1 :]))[0])  # type: ignore[index]
    before = "".join(_literal(part) for part in parts[:first])
    after = "".join(_literal(part) for part in parts[last + 1 + scale :])
    shape = "".join(digits)
    whole, _, rest = shape.partition(".")
    power = re.search(r"E([+-])(0+)", shape)
    fraction = re.sub(r"E[+-]0+.*|[^0#?]", "", rest)
    percent = parts.count("%")
    groups = "," in whole
    least_digits, least_places, most_places = whole.count("0"), fraction.count("0"), len(fraction)

    def write(value: float) -> str:
        number = Decimal(repr(value)) * 100**percent / Decimal(1000) ** scale
        sign = "-" if number < 0 else ""
        if power:
            text = f"{abs(number):.{most_places}E}"
            mantissa, _, exponent = text.partition("E")
            mark = exponent[0] if exponent[0] == "-" or power[1] == "+" else ""
            return f"{before}{sign}{mantissa}E{mark}{exponent[1:].zfill(len(power[2]))}{after}"
        rounded = abs(number).quantize(Decimal(1).scaleb(-most_places), ROUND_HALF_UP)
        units, _, decimals = f"{rounded:f}".partition(".")
        decimals = decimals[:least_places] + decimals[least_places:].rstrip("0")
        units = units.lstrip("0").zfill(least_digits) if least_digits or units.strip("0") else "0"
        units = f"{int(units):,}" if groups and least_digits < 2 else units
        is_zero = not rounded
        return f"{before}{'' if is_zero else sign}{units}{'.' if decimals else ''}{decimals}{after}"

    return write


def _dates(parts: list[str], since_1904: bool) -> Formatter:
    is_foreign = any(
        re.match(r"\[\$-", part) and not re.match(r"\[\$-(x-\w+,)?0*409\]", part, re.I) for part in parts
    )
    names_month = any(re.fullmatch(r"[mM]{3,}|[dD]{3,}", part) for part in parts)
    parts = _with_minutes(parts)
    decimals = max((len(part) - 1 for part in parts if re.fullmatch(r"\.0+", part)), default=0)
    has_halves = any(part in ("AM/PM", "A/P") for part in parts)
    writers = [_date_part(part, has_halves) for part in parts]

    @lru_cache(_DATES_KEPT)
    def write(value: float) -> str:
        moment = moment_of(value, since_1904=since_1904, decimals=decimals)
        if moment is None:
            return general(value)
        if is_foreign and names_month:
            return _iso(moment, value)
        return "".join([each(moment, value) for each in writers]).strip()

    return write


def _with_minutes(parts: list[str]) -> list[str]:
    """Tell minutes from months: they follow hours or stand before seconds. Minutes become `n`."""
    parts = [part.lower() if re.fullmatch(r"[yYmMdDhHsS]+", part) else part for part in parts]
    timed = [
        index for index, part in enumerate(parts) if re.fullmatch(r"[ymdhs]+", part) or _ELAPSED.match(part)
    ]
    for place, index in enumerate(timed):
        if not re.fullmatch(r"m{1,2}", parts[index]):
            continue
        before = parts[timed[place - 1]] if place else ""
        after = parts[timed[place + 1]] if place + 1 < len(timed) else ""
        if before.startswith(("h", "[h")) or after.startswith(("s", "[s")):
            parts[index] = "n" * len(parts[index])
    return parts


def moment_of(value: float, *, since_1904: bool = False, decimals: int = 0) -> datetime.datetime | None:
    """The date that a serial number stands for, rounded to the decimals of a second that are shown. Excel believes that
    1900 had a 29th of February."""
    if not 0 <= value < _LARGEST_DAY:
        return None
    epoch = datetime.datetime(1904, 1, 1) if since_1904 else datetime.datetime(1899, 12, 30)  # noqa: DTZ001
    days = value if since_1904 or value >= 60 else value + 1
    step = 10**decimals
    return epoch + datetime.timedelta(seconds=round(days * 86_400 * step) / step)


def _iso(moment: datetime.datetime, value: float) -> str:
    if value < 1:
        return moment.strftime("%H:%M:%S")
    return moment.strftime("%Y-%m-%d" if float(value).is_integer() else "%Y-%m-%d %H:%M:%S")


_DATE_PARTS: dict[str, Callable[[datetime.datetime], str]] = {
    "y": lambda at: f"{at.year % 100:02}",
    "yyy": lambda at: str(at.year),
    "m": lambda at: str(at.month),
    "mm": lambda at: f"{at.month:02}",
    "mmm": lambda at: _MONTHS[at.month - 1][:3],
    "mmmm": lambda at: _MONTHS[at.month - 1],
    "mmmmm": lambda at: _MONTHS[at.month - 1][0],
    "d": lambda at: str(at.day),
    "dd": lambda at: f"{at.day:02}",
    "ddd": lambda at: _DAYS[at.weekday()][:3],
    "dddd": lambda at: _DAYS[at.weekday()],
    "h": lambda at: str(at.hour),
    "hh": lambda at: f"{at.hour:02}",
    "n": lambda at: str(at.minute),
    "nn": lambda at: f"{at.minute:02}",
    "s": lambda at: str(at.second),
    "ss": lambda at: f"{at.second:02}",
    "AM/PM": lambda at: "AM" if at.hour < 12 else "PM",
    "A/P": lambda at: "A" if at.hour < 12 else "P",
}
_DATE_PARTS |= {"yy": _DATE_PARTS["y"], "yyyy": _DATE_PARTS["yyy"]}
_HALF_DAY_PARTS: dict[str, Callable[[datetime.datetime], str]] = {
    "h": lambda at: str(at.hour % 12 or 12),
    "hh": lambda at: f"{at.hour % 12 or 12:02}",
}


def _date_part(part: str, has_halves: bool) -> Callable[[datetime.datetime, float], str]:
    """Return what writes a part of a date's format; `has_halves` where hours are counted to twelve."""
    if elapsed := _ELAPSED.match(part):
        unit = {"h": 3600, "m": 60, "s": 1}[elapsed[1][0].lower()]
        digits = len(elapsed[1])
        return lambda _at, value: str(round(value * 86_400) // unit).zfill(digits)
    if re.fullmatch(r"\.0+", part):
        places = len(part) - 1
        return lambda at, _value: f"{at.microsecond / 1e6:.{places}f}"[1:]
    known = {**_DATE_PARTS, **(_HALF_DAY_PARTS if has_halves else {})}
    if write := known.get(part):
        return lambda at, _value: write(at)
    text = _literal(part)
    return lambda _at, _value: text
