"""What people call splits: which values of a column mean training, validation and test.

Names are matched by their words (`train-00000`, `test_matched`, `data/dev.jsonl`), in several languages. Folds of a
cross-validation are numbered: the last fold is test, the one before it validation. A column of yes and no can mark one
split (`is_test`).
"""

import re
from collections.abc import Iterable, Sequence

from workers.contracts.words import runs
from workers.ingest.splits import TEST, TRAIN, VALIDATION
from workers.ingest.vocabulary import plain

SPLIT_COLUMN = "split"
"""The column that readers add where rows come from lists or files that are named after splits."""

_FEWEST_FOLDS, MOST_FOLDS = 3, 20


def _words(text: str) -> frozenset[str]:
    return frozenset(map(plain, text.split()))


_NAMES: dict[int, frozenset[str]] = {
    TRAIN: _words(
        "train training trn trainset trainingset learn learning fit entrainement apprentissage lernen entrenamiento "
        "treino treinamento addestramento обучение обучающая 训练 训练集 訓練 学習 학습 훈련"
    ),
    VALIDATION: _words(
        "validation valid validate val vld dev development devel tune tuning validset valset devset validationset "
        "validierung validacion validacao convalida валидация 验证 验证集 校验 开发集 検証 検証用 개발 검증"
    ),
    TEST: _words(
        "test testing tst testset heldout holdout unseen prueba teste prova тест 测试 测试集 テスト 테스트 시험"
    ),
}
_EVALUATION = _words("eval evaluation evaluate evalset evaluación avaliacao 评估 评测 評価 평가")
"""Test, unless the file has test rows beside it: then validation."""

_COLUMNS = _words(
    "split splits set dataset datasetsplit datasplit dataset partition subset fold folds kfold cv cvfold phase usage mluse "
    "traintest traintestsplit splitname 划分 数据集 数据划分 集合 分割 データ分割"
)
_FOLD_COLUMNS = _words("fold folds kfold cv cvfold split splits partition")
_FLAGS: dict[str, int] = {
    **dict.fromkeys(("istest", "intest", "isheldout", "isholdout", "heldout", "holdout"), TEST),
    **dict.fromkeys(("isval", "isvalidation", "isdev"), VALIDATION),
    **dict.fromkeys(("istrain", "istraining", "intrain"), TRAIN),
}
"""Not `is_valid`, which mostly says that a row is good."""
_YES = frozenset({"true", "yes", "y", "t", "1", "1.0"})
_NO = frozenset({"false", "no", "n", "f", "0", "0.0"})


def split_of_name(name: str) -> int | None:
    """Return the split that a single name means by itself, or None. `eval` counts as test."""
    found = _code_by_words(name)
    return TEST if found == _AMBIGUOUS else found


_AMBIGUOUS = -1


def _code_by_words(name: str) -> int | None:
    words = {plain(part) for part in re.split(r"[\d ]+", " ".join(runs(name))) if part} | {plain(name)}
    found = {code for code, names in _NAMES.items() if words & names}
    if not found and words & _EVALUATION:
        return _AMBIGUOUS
    return found.pop() if len(found) == 1 else None


def codes_of(column: str, values: Iterable[str]) -> dict[str, int]:
    """Return the split that each value means; values that mean none are left out."""
    distinct = [value for value in dict.fromkeys(values) if value.strip()]
    if flags := _flag_codes(column, distinct):
        return flags
    if folds := fold_codes(column, distinct):
        return folds
    found = {value: code for value in distinct if (code := _code_by_words(value)) is not None}
    has_test = TEST in found.values()
    return {
        value: (VALIDATION if has_test else TEST) if code == _AMBIGUOUS else code
        for value, code in found.items()
    }


def _flag_codes(column: str, values: Sequence[str]) -> dict[str, int]:
    """A column of yes and no that is named after one split. What is not test or validation is for training."""
    marked = _FLAGS.get(plain(column))
    if marked is None or not all(value.strip().lower() in _YES | _NO for value in values):
        return {}
    other = TEST if marked == TRAIN else TRAIN
    return {value: marked if value.strip().lower() in _YES else other for value in values}


def fold_codes(column: str, values: Sequence[str]) -> dict[str, int]:
    """Numbered folds: the last is test, the one before it validation, all others are for training."""
    if plain(column) not in _FOLD_COLUMNS or not _FEWEST_FOLDS <= len(values) <= MOST_FOLDS:
        return {}
    numbers = {
        value: re.fullmatch(r"\s*(?:cv|k?fold)?[\s_-]*(\d{1,3})(?:\.0)?\s*", value.lower())
        for value in values
    }
    if not all(numbers.values()):
        return {}
    ordered = sorted(values, key=lambda value: int(numbers[value][1]))  # type: ignore[index]
    return {**dict.fromkeys(ordered[:-2], TRAIN), ordered[-2]: VALIDATION, ordered[-1]: TEST}


def names_splits(column: str, values: Sequence[str]) -> bool:
    """Whether a column says which split each row is in: by its name and values, or by values that name several splits."""
    distinct = [value for value in dict.fromkeys(values) if value.strip()]
    if not distinct or len(distinct) > MOST_FOLDS:
        return False
    codes = codes_of(column, distinct)
    if not codes:
        return False
    unknown = len(distinct) - len(codes)
    is_named = plain(column) in _COLUMNS or plain(column) in _FLAGS
    if is_named:
        return unknown <= len(codes)
    return unknown == 0 and len(set(codes.values())) > 1
