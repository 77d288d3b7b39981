"""Whether texts are program code. Prose with a word that programs use as well (return, class, import, =) is not.

A text is code when most of its lines have the form of code, in at least two different ways, and few of its lines are
sentences. A fenced block is code by its fence; what stands around it is judged as any other text.
"""

import re
from collections.abc import Sequence

from workers.contracts.words import UNSPACED, without_marks

_CHARACTERS = 20_000
_LINE_ENDS = 500
"""Characters that are looked at of a longer line, at its beginning and at its end: patterns take long over long lines."""
_FENCED = re.compile(r"^[ \t]*(```|~~~)[^\n]*\n.*?^[ \t]*\1[ \t]*$", re.MULTILINE | re.DOTALL)
_LAID_OUT = frozenset({"tag", "query"})
"""Three lines of these are code without another sign: HTML, SQL."""
_NAME = r"[A-Za-z_$][\w$]*"
_SIGNS: dict[str, re.Pattern[str]] = {
    name: re.compile(pattern)
    for name, pattern in {
        "definition": rf"\s*(?:(?:public|private|protected|static|async|export|default|abstract|final|pub|override)\s+)*"
        rf"(?:(?:def|fn|func|function|sub|fun)\s+{_NAME}\s*[(<]|(?:class|struct|interface|enum|trait|impl|namespace|module)\s+{_NAME}\s*[({{:<]"
        rf"|(?:class|module)\s+[A-Z]\w*\s*$|function\s*\(|(?:[\w<>\[\]]+\s+)+{_NAME}\([^)]*\)\s*\{{)",
        "block": r"\s*(?:\}?\s*else\b|(?:if|elif|else if|for|foreach|while|switch|catch|try|with|except|finally|match|unless)\b.*)[:{]\s*(?:[#/].*)?$|\s*[})\]]+[;,)]*\s*$|\s*(?:end|fi|done|esac|endif|begin)\s*;?\s*$",
        "import": r"\s*(?:from\s+[\w.]+\s+import\s+[\w*{(]|import\s+[\w.*{\"'][\w.*{}, \"']*(?:\s+(?:from|as)\s+.+)?;?\s*$|#include\s*[<\"]|using\s+[\w.]+;|require\(|package\s+[\w.]+;)",
        "assignment": r"\s*(?:(?:let|const|var|val|mut|auto|int|float|double|char|bool|string|String|long)\s+)?[\w.$\[\]\"']+(?:\s*:\s*[\w\[\], .|]+)?\s*(?:[-+*/%|&^]|:|<-)?=(?!=)\s*\S",
        "call": rf"\s*(?:await\s+|print\s)?{_NAME}(?:(?:\.|->|::){_NAME})*\(.*\)\s*[;{{:]?\s*$",
        "return": r"\s*(?:return|yield|throw|raise)\b(?:\s*;|\s+[\w.\"'\[\]]+\s*(?:[-+*/%<>=&|(\[{?.,;]|==|$)|\s+[\[({\"'!-])",
        "semicolon": r".*[\w)\]}\"'+-];\s*(?://.*|/\*.*)?$",
        "operator": r".*(?:===|!==|==|!=|=>|->|::|&&|\|\||\+=|-=|\+\+|<<|>>|:=|\?\.|\*\*|//)",
        "index": rf".*\b{_NAME}\[[\w:\"'-]+\]|.*\b{_NAME}\.{_NAME}\(",
        "query": r"\s*(?:SELECT\b.+|INSERT INTO\s|UPDATE\s+\w+\s+SET\s|DELETE FROM\s|CREATE (?:TABLE|INDEX|VIEW)|ALTER TABLE|FROM\s+\w+|WHERE\s.+|GROUP BY\s|ORDER BY\s|(?:INNER |LEFT )?JOIN\s)",
        "clause": r".*\bSELECT\b.*\bFROM\s+[\w.\"`\[]+|.*\bcount\(\*\)|\s*select\s+(?:\*|[\w.]+(?:\s*,\s*[\w.]+)*)\s+from\s+[\w.]+(?:\s+(?:where|order|group|limit|join)\b.*)?;?\s*$",
        "braces": r".*\{.*\}\s*;?\s*$",
        "comment": r"\s*(?://|/\*|\*/|--\s|#!|\"\"\"|'''|# )",
        "tag": r"\s*</?[A-Za-z][\w-]*(?:\s+[\w:-]+=[\"'][^>]*)?/?>|\s*<\?(?:php|xml)|\s*<!DOCTYPE",
        "shell": r"\s*(?:\$\s+\w+|sudo\s|apt(?:-get)?\s|pip\s+install|npm\s+\w|git\s+\w|docker\s+\w|cd\s+\S+$|curl\s|echo\s+[\"'$]|grep\s+-|\w+\s+--?\w+\s)",
        "indented": r"(?: {2,}|\t)\S",
    }.items()
}
_STRINGS = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`|\s//.*|/\*.*")
"""What a line of a program may say in words: its strings and its comment."""
_SUM_SET_EQUAL = re.compile(r"(?<![\w.\]])\d[\d.,]*\s*(?:[-+*/×·÷:^]\s*\(?\w[\w.,]*\)?\s*)+=(?!=)")
"""“0 + 4 = 4”: a program gives no value to a sum."""
_ROOT = re.compile(r"[^\W\d]\w?\s*=\s*[-+±−]?\d[\d.,/]*(?:\s*[^\W\d]{1,3}²?³?)?")
_BETWEEN_ROOTS = re.compile(r"[;,.]\s|\b(?:or|and)\b|\|\||&&|=>|(?<=[\w,;])\s+(?=[^\W\d]\w?\s*=)|[;,.]$")
"""“x = 4; y = -3;”: what an equation is solved by, and what stands between two of them."""
_SAID_BETWEEN = re.compile(r"(?:[,;(]|(?<=[\w)]))\s*\b(?P<word>[^\W\d_]{2,})\b(?=\s+(?P<next>[\w(]\w*))")
_WORDS_OF_PROGRAMS = frozenset(
    re.findall(
        r"\w+",
        "if else elif for foreach in not and or is as new await async return yield throw raise const let var val "
        "mut static final lambda function def class typeof instanceof delete void unsigned signed int long short "
        "float double char bool boolean string auto ref out using case when then end do while with from where "
        "select order by limit set into values join on group distinct union all exists between like unless until "
        "fun fn sizeof public private protected",
    )
)
_WEAK = frozenset({"comment", "indented", "operator", "index", "semicolon", "braces"})
"""Signs that prose has as well: they make code surer, and alone they prove nothing."""

_STOPS = ".!?。！？।॥؟۔።"
_IN_WORD = r"[^\s,:(){}=<>;]*"
_WORD = rf"[^\W\d_]{_IN_WORD}(?:[,:]+(?![\s,:]|[^\W\d_]){_IN_WORD})*"
"""A comma or a colon within a word is part of it before a digit or a sign, and parts two words before a letter, so that a
line can be read in one way only."""
_WORDS = re.compile(rf"(?:{_WORD}[\s,:]+){{4,}}[^\W\d_][\w’'-]*[{_STOPS}…]?[\"”')]?\s*$")
_TWO_WORDS = re.compile(r"[^\W\d_]{2}\s+[^\W\d_]{2}")
_UNSPACED_WORDS = re.compile(rf"[{UNSPACED}\uac00-\ud7a3]{{6}}")


def code_share(values: Sequence[str]) -> float:
    """Return which share of the texts is program code."""
    return sum(map(is_code, values)) / len(values) if values else 0.0


def is_code(text: str) -> bool:
    """Whether a text is program code, for the most part."""
    text = text[:_CHARACTERS]
    fenced = sum(len(block[0]) for block in _FENCED.finditer(text))
    if fenced:
        return fenced > 0.6 * len(text.strip())
    lines = [_ends(line) for line in text.split("\n") if line.strip()]
    kinds: set[str] = set()
    code = sentences = 0
    for line in lines:
        found = {name for name, sign in _SIGNS.items() if sign.match(line)}
        if _reads_as_sentence(line, found):
            sentences += "comment" not in found
            continue
        kinds |= found
        code += bool(found)
    if len(lines) == 1:
        return bool(kinds - _WEAK) and len(kinds) > 1 and not sentences
    several = len(kinds) > 1 or (len(lines) > 2 and kinds <= _LAID_OUT)
    return bool(kinds - _WEAK) and several and code > 0.5 * len(lines) and code > 2 * sentences


def _reads_as_sentence(line: str, found: set[str]) -> bool:
    """Whether a line is words in a row, and has at most one sign of code (“Import duty is 5 euros.”)."""
    strong = found - _WEAK
    if strong == {"assignment"} and _reads_as_sum(line):
        return True
    if "comment" in found or len(strong) > 1 or (strong and "semicolon" in found):
        return False
    if strong & {"definition", "import"} and line.rstrip().endswith((":", "{", ")", ";")):
        return False
    said = without_marks(line.strip()).rstrip()
    stopped = said[:-1] if said.endswith(('"', "”", "’")) else said
    if stopped.endswith(tuple(_STOPS)) and _TWO_WORDS.search(stopped):
        return True
    return bool(_WORDS.match(said) or _UNSPACED_WORDS.search(said))


def _ends(line: str) -> str:
    return line if len(line) <= 2 * _LINE_ENDS else line[:_LINE_ENDS] + line[-_LINE_ENDS:]


def _reads_as_sum(line: str) -> bool:
    """Whether a line with a “=” is arithmetic in words (“x = 4, because 0 + 4 = 4;”)."""
    line = _STRINGS.sub("", line)
    if _SUM_SET_EQUAL.search(line):
        return True
    roots = [part.strip(" \t,;.") for part in _BETWEEN_ROOTS.split(line.strip())]
    if any(roots) and all(_ROOT.fullmatch(root) for root in roots if root):
        return True
    said = line.partition("=")[2]
    return ";" in line and any(
        found["word"].islower() and not {found["word"], found["next"]} & _WORDS_OF_PROGRAMS
        for found in _SAID_BETWEEN.finditer(said)
    )
