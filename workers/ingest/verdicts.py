"""Marks that say whether an answer is a good one, as feedback and KTO files have them, and weights of rows."""

import re

from workers.ingest.vocabulary import plain

WEIGHT_NAMES = re.compile(
    r"(sample|row|example|instance|training|loss)?weights?|gewichte?|gewichtung|poids|pesos?|权重|样本权重|重み|вес"
)
"""Columns that say how much a row counts, by their folded names."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GOOD = _words(
    "true yes y t 1 1.0 +1 good ok correct right accept accepted chosen preferred desirable positive up like liked helpful "
    "thumbs_up thumbsup 👍 ✓ ✔ ✅ 是 好 对 正确 赞 喜欢 ja gut richtig oui bon sí si bueno correcto sim bom да хорошо はい 良い 예"
)
_BAD = _words(
    "false no n f 0 0.0 -1 -1.0 bad wrong incorrect reject rejected undesirable negative down dislike disliked unhelpful "
    "thumbs_down thumbsdown 👎 ✗ ✘ ❌ 否 坏 错 错误 差 踩 不喜欢 nein schlecht falsch non mauvais malo incorrecto não nao ruim нет плохо "
    "いいえ 悪い 아니오"
)


def verdict(mark: str) -> bool | None:
    """Return whether a mark calls an answer good; None when it says neither."""
    word = mark.strip().casefold().replace(" ", "_")
    return True if word in _GOOD else False if word in _BAD else None


def is_weight_column(name: str) -> bool:
    """Whether a column, or the field of an object that it comes from, is named like the weight of a row."""
    return WEIGHT_NAMES.fullmatch(plain(name.rpartition(".")[2])) is not None


def is_no_weight(text: str) -> bool:
    """Whether a cell gives its row no weight at all: 0, or false."""
    if text.strip().casefold() == "false":
        return True
    try:
        return float(text) == 0
    except ValueError:
        return False
