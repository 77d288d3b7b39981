"""The trivial baseline: what a system without learning would answer, which a trained model has to beat."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from workers.contracts.task_types import TaskType
from workers.evaluation.metrics.labels import MacroF1
from workers.evaluation.metrics.likelihood import BYTES, NATS
from workers.evaluation.metrics.protocol import FloatArray, Rows
from workers.evaluation.rows import DataRows, Outputs
from workers.evaluation.scoring import observed
from workers.evaluation.writing import Writing, writing_of

_SEED = 17
_MOST_TRAIN_ROWS = 50_000
_LONGEST_TEXT = 2_000
"""Characters of an input that are looked at."""
_CELLS = 20_000_000
"""Similarities held at a time: 80 MB."""

OnProgress = Callable[[int, int], None]


def answer_trivially(
    task_type: TaskType, train: DataRows, test: DataRows, on_progress: OnProgress = lambda done, total: None
) -> tuple[Outputs, str]:
    """Return the baseline's outputs for `test`, made from `train` alone, and how it answers, in words.

    Classification: the nearest training row's label or the majority class, whichever has the higher macro-F1.
    Other tasks: the nearest training row's answer, and bits per byte of the training answers' byte frequencies.
    """
    known = train.sample(_MOST_TRAIN_ROWS, _SEED)
    nearest = nearest_rows(known.inputs, test.inputs, on_progress)
    texts = [known.targets[place] for place in nearest]
    if len(known) < len(train):
        how = (
            f"the answer of the nearest of {len(known):,} training rows, drawn from {len(train):,}, by TF-IDF"
        )
    else:
        how = "the answer of the nearest training row by TF-IDF"
    if task_type is TaskType.CLASSIFICATION:
        return _better_classifier(train, test, texts)
    numbers = byte_frequency_numbers(train.targets, test.targets)
    return _outputs(texts, numbers), f"{how}; bits per byte: the byte frequencies of the training answers"


def _better_classifier(train: DataRows, test: DataRows, nearest: list[str]) -> tuple[Outputs, str]:
    majority = Counter(train.targets).most_common(1)[0][0]
    constant = [majority] * len(test)
    if _macro_f1(test.targets, nearest) >= _macro_f1(test.targets, constant):
        return _outputs(nearest, {}), "the label of the nearest training row by TF-IDF"
    return _outputs(constant, {}), f"the most frequent label, {majority}"


def _macro_f1(targets: Sequence[str], outputs: Sequence[str]) -> float:
    metric = MacroF1()
    rows = Rows(targets=targets, outputs=outputs, labels=list(dict.fromkeys([*targets, *outputs])))
    return observed(metric, metric.summands(metric.statistics(rows)))


def _outputs(texts: list[str], numbers: dict[str, FloatArray]) -> Outputs:
    return Outputs(texts, [0.0] * len(texts), ["stop"] * len(texts), numbers)


def nearest_rows(
    known: Sequence[str], asked: Sequence[str], on_progress: OnProgress = lambda done, total: None
) -> list[int]:
    """Return, for each text in `asked`, the place in `known` of the most similar one (the first of equals).

    Similarity is the cosine of TF-IDF vectors of words and word pairs, and of character n-grams, equally weighted.
    """
    vectorizers = _vectorizers(writing_of(known))
    known_texts, asked_texts = ([text[:_LONGEST_TEXT] for text in texts] for texts in (known, asked))
    if not any(text.strip() for text in known_texts):
        return [0] * len(asked)
    index = sparse.hstack([v.fit_transform(known_texts) for v in vectorizers], format="csr").T.tocsr()
    queries = sparse.hstack([v.transform(asked_texts) for v in vectorizers], format="csr")
    step = max(1, _CELLS // len(known))
    found: list[int] = []
    for start in range(0, len(asked), step):
        similarity = (queries[start : start + step] @ index).toarray()
        found += similarity.argmax(axis=1).tolist()
        on_progress(len(found), len(asked))
    return found


def _vectorizers(writing: Writing) -> list[TfidfVectorizer]:
    shared = {"sublinear_tf": True, "dtype": np.float32}
    if writing in (Writing.CHINESE, Writing.JAPANESE):
        return [TfidfVectorizer(analyzer="char", ngram_range=(1, 3), **shared)]
    words = TfidfVectorizer(ngram_range=(1, 2), tokenizer=str.split, token_pattern=None, **shared)
    return [words, TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), **shared)]


def byte_frequency_numbers(train: Sequence[str], test: Sequence[str]) -> dict[str, FloatArray]:
    """Return nats and bytes of `test` under the byte frequencies of `train` (Laplace's rule: each count plus one)."""
    counts = np.ones(256)
    for text in train:
        counts += np.bincount(np.frombuffer(text.encode(), np.uint8), minlength=256)
    nats = -np.log(counts / counts.sum())
    encoded = [np.frombuffer(text.encode(), np.uint8) for text in test]
    return {
        NATS: np.array([nats[text].sum() for text in encoded]),
        BYTES: np.array([len(text) for text in encoded], dtype=float),
    }
