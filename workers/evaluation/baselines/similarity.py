"""The nearest training row, and byte frequencies."""

from collections.abc import Collection, Iterable

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from workers.contracts.metrics import BOOTSTRAP_SEED
from workers.contracts.tasks import Task
from workers.contracts.texts import Text
from workers.evaluation.baselines import Answer, OnProgress, outputs_of
from workers.evaluation.metrics.likelihood import BYTES, NATS
from workers.evaluation.metrics.protocol import FloatArray
from workers.evaluation.rows import DataRows
from workers.models.linear import LONGEST_TEXT, VECTORS, text_parts
from workers.models.writing import Writing, writing_of

_MOST_TRAIN_ROWS = 50_000
_COMPARED_AT_ONCE = 1_000
_CELLS = 20_000_000
"""Similarities held at a time: 80 MB."""


def nearest(task: Task, train: DataRows, test: DataRows, on_progress: OnProgress) -> Answer:
    """Return the answer of the nearest training row for each of `test`, and for texts bits per byte of the byte
    frequencies of the training answers."""
    known = train.sample(_MOST_TRAIN_ROWS, BOOTSTRAP_SEED)
    places = nearest_rows(known.inputs, test.inputs, on_progress)
    targets = list(known.targets)
    texts = [targets[place] for place in places]
    if len(known) < len(train):
        how = Text("evaluation.baseline_nearest_of_drawn", rows=len(known), all_rows=len(train))
    else:
        how = Text("evaluation.baseline_nearest")
    if task.has_labels:
        return outputs_of(texts), how
    numbers = byte_frequency_numbers(train.targets, test.targets)
    return outputs_of(texts, numbers), Text("evaluation.baseline_with_byte_frequencies", how=how)


def nearest_rows(
    known: Collection[str], asked: Collection[str], on_progress: OnProgress = lambda done, total: None
) -> list[int]:
    """Return, for each text in `asked`, the place in `known` of the most similar one (the first of equals).

    Similarity is the cosine of TF-IDF vectors of words and word pairs, and of character n-grams, equally weighted.
    """
    vectorizers = _vectorizers(writing_of(known))
    known_texts = [text[:LONGEST_TEXT] for text in known]
    if not any(text.strip() for text in known_texts):
        return [0] * len(asked)
    index = sparse.hstack([v.fit_transform(known_texts) for v in vectorizers], format="csr").T.tocsr()
    found: list[int] = []
    for part in text_parts(asked, min(_COMPARED_AT_ONCE, max(1, _CELLS // len(known)))):
        queries = sparse.hstack([v.transform(part) for v in vectorizers], format="csr")
        found += (queries @ index).toarray().argmax(axis=1).tolist()
        on_progress(len(found), len(asked))
    return found


def _vectorizers(writing: Writing) -> list[TfidfVectorizer]:
    if writing.is_unspaced:
        return [TfidfVectorizer(analyzer="char", ngram_range=(1, 3), **VECTORS)]
    by_word = TfidfVectorizer(ngram_range=(1, 2), tokenizer=str.split, token_pattern=None, **VECTORS)
    return [by_word, TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), **VECTORS)]


def byte_frequency_numbers(train: Iterable[str], test: Iterable[str]) -> dict[str, FloatArray]:
    """Return nats and bytes of `test` under the byte frequencies of `train` (Laplace's rule: each count plus one)."""
    counts = np.ones(256)
    for text in train:
        counts += np.bincount(np.frombuffer(text.encode(), np.uint8), minlength=256)
    nats = -np.log(counts / counts.sum())
    encoded = (np.frombuffer(text.encode(), np.uint8) for text in test)
    found = [(nats[text].sum(), float(len(text))) for text in encoded]
    return {NATS: np.array([one for one, _ in found]), BYTES: np.array([size for _, size in found])}
