"""What people call splits: which values of a column mean training, validation and test.

Names are matched by their words (`train-00000`, `test_matched`, `data/dev.jsonl`), in several languages. Folds of a
cross-validation are numbered: the last fold is test, the one before it validation. A column of yes and no can mark one
split (`is_test`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from workers.contracts.words import runs
from workers.ingest.splits import TEST, TRAIN, VALIDATION
from workers.ingest.vocabulary import plain

SPLIT_COLUMN = "split"
"""The column that readers add where rows come from lists or files that are named after splits."""

_FEWEST_FOLDS, MOST_FOLDS = 3, 20


def _words(text: str) -> frozenset[str]:
    return frozenset(map(plain, text.split()))


def _marks(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NAMES: dict[int, frozenset[str]] = {
    TRAIN: _words(
        "train training trn trainset trainingset learn learning fit entrainement apprentissage lernen lern entrenamiento "
        "treino treinamento addestramento trening treningowy uczacy egitim "
        "обучение обучающая обучающий тренировочная 训练 训练集 訓練 训 学習 학습 훈련 تدريب"
    ),
    VALIDATION: _words(
        "validation valid validate val vld dev development devel tune tuning validset valset devset validationset "
        "validierung validacion validacao convalida validazione validatie walidacyjny walidacja dogrulama entwicklung "
        "валидация валидационная валидационный проверочная 验证 验证集 校验 开发集 开发 検証 検証用 개발 검증"
    ),
    TEST: _words(
        "test testing tst testset heldout holdout held unseen prueba pruebas teste prova testowy pruf тест тестовая тестовый 测试 测试集 テスト 테스트 시험"
    ),
}
_EVALUATION = _words("eval evaluation evaluate evalset evaluación avaliacao 评估 评测 評価 평가")
"""Test, unless the file has test rows beside it: then validation."""

_COLUMNS = _words(
    "split splits set dataset datasetsplit datasplit partition subset fold folds kfold cv cvfold mluse "
    "traintest traintestsplit splitname settype sampletype datensatz aufteilung teilmenge repartition "
    "conjunto particion particao выборка 划分 数据集 数据划分 数据用途 集合 分割 データ分割 データ区分"
)
_SURE_COLUMNS = _words(
    "split splits datasetsplit datasplit splitname subset fold folds kfold cv cvfold traintest traintestsplit 划分 数据划分 データ分割"
)
"""These name splits even where no row is for training. Other names, such as stage or purpose, stand for much else."""
_NOUNS = re.compile(
    r"(s?(datensatz|daten|data|dataset|set|satz|mengen?|teil|split|rows|samples|examples|flag|only|[kc]orpus)|"
    + "|".join(
        map(
            plain,
            ["数据集", "数据", "样本", "集", "用データ", "データ", "用", "용데이터", "데이터", "용", "세트"],
        )
    )
    + ")$"
)
"""What may follow the name of a split within one word: Trainingsdaten, 测试数据, 学習用."""
_FOLD_COLUMNS = _words("fold folds kfold cv cvfold split splits partition")
_FLAG = re.compile(
    r"(?P<prefix>is|in|for|usefor|usedfor|fur|zum|als|pour|para|per)?(?P<split>train|training|test|testing|heldout|holdout|held|val|validation|dev)"
    r"(set|data|row|rows|only|sample|example|flag)?"
)
"""A column of yes and no that marks the rows of one split. Not `is_valid`, which mostly says that a row is good."""
_VAGUE_FLAGS = frozenset({"val", "held", "dev"})
"""A value, what was held, a developer: as names of yes and no they say nothing of splits."""
_FLAG_SPLITS = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("val", "validation", "dev"), VALIDATION),
}
_SCORED = {"public": VALIDATION, "private": TEST}
"""Parts of the test set of a competition, as its column `Usage` names them."""
_YES = _marks("true yes y t 1 1.0 x ✓ ✔ ✅ ja j oui si sí sim wahr vrai verdadero да 是 はい 예")
_NO = _marks("false no n f 0 0.0 - nein non não nao falsch faux falso нет 否 いいえ 아니오")


def split_of_name(name: str) -> int | None:
    """Return the split that a single name means by itself, or None. `eval` counts as test."""
    found = _code_by_words(name)
    return TEST if found == _AMBIGUOUS else found


_AMBIGUOUS = -1


def _code_by_words(name: str) -> int | None:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)  # PublicTest
    words = {plain(part) for part in re.split(r"[\d ]+", " ".join(runs(spaced))) if part} | {plain(name)}
    words |= {_NOUNS.sub("", word) for word in words}
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
    if plain(column) == "usage" and TRAIN in found.values():
        found |= {value: _SCORED[plain(value)] for value in distinct if plain(value) in _SCORED}
    has_test = TEST in found.values()
    return {
        value: (VALIDATION if has_test else TEST) if code == _AMBIGUOUS else code
        for value, code in found.items()
    }


def flagged_split(column: str) -> int | None:
    """Return the split whose rows a column of yes and no is named after, or None."""
    found = _FLAG.fullmatch(plain(column))
    return _FLAG_SPLITS.get(found["split"], TEST) if found else None


def is_bare_flag(column: str) -> bool:
    """Whether a flag is named like the split alone (`train`): then it may also be a topic or a means of travel."""
    found = _FLAG.fullmatch(plain(column))
    return found is not None and not found["prefix"] and found["split"] == plain(column)


def are_flags(values: Iterable[str]) -> bool:
    """Whether all values say yes or no; an empty one says no."""
    return all(value.strip().casefold() in _YES | _NO for value in values if value.strip())


def _flag_codes(column: str, values: Sequence[str]) -> dict[str, int]:
    """A column of yes and no that is named after one split. What is not test or validation is for training."""
    marked = flagged_split(column)
    if marked is None or not are_flags(values):
        return {}
    other = TEST if marked == TRAIN else TRAIN
    return {value: marked if value.strip().casefold() in _YES else other for value in values}


def names_scored_parts(column: str, values: Iterable[str]) -> bool:
    """Whether a column says which rows of a competition's test set are scored when, and names none for training."""
    said = {plain(value) for value in values if value.strip()}
    return (
        plain(column) == "usage"
        and bool(said)
        and said <= {*_SCORED, "ignored"}
        and bool(said & _SCORED.keys())
    )


def blank_code(column: str, codes: Mapping[str, int]) -> int:
    """Return the split of rows that say nothing: training, but where only a mark says that a row is for training."""
    is_mark = flagged_split(column) == TRAIN and set(codes.values()) == {TRAIN}
    return TEST if is_mark else TRAIN


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
    unknown = len(distinct) - len(codes)
    has_training = TRAIN in codes.values()
    if flagged_split(column) is not None and are_flags(distinct):
        return bool(codes) and plain(column) not in _VAGUE_FLAGS
    if codes and plain(column) in _COLUMNS:
        return unknown <= len(codes) and (has_training or plain(column) in _SURE_COLUMNS)
    return unknown == 0 and has_training and len(set(codes.values())) > 1
