"""Logistic regression over the TF-IDF of words and word pairs: the simple model that a trained classifier has to beat."""

import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from workers.contracts.words import words
from workers.models.writing import Writing, writing_of

LONGEST_TEXT = 2_000
"""Characters of a text that are looked at."""
VECTORS: dict[str, Any] = {"sublinear_tf": True, "dtype": np.float32}
MOST_FEATURES = 30_000
_MOST_STEPS = 100
INVERSE_PENALTY = 10.0
"""C of the logistic regression."""
IntArray = NDArray[np.int64]
_LABELLED_AT_ONCE = 5_000


def classify_linearly(
    known: Collection[str],
    labels: Collection[str],
    asked: Collection[str],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[str]:
    """Return a label for each text in `asked`: logistic regression over the TF-IDF of words and word pairs.

    Equal arguments give equal labels. Texts without any word, and texts of one label alone, get the most frequent label.
    """
    majority = Counter(labels).most_common(1)[0][0]
    vectorizer = word_vectorizer(writing_of(known))
    try:
        rows = vectorizer.fit_transform([text[:LONGEST_TEXT] for text in known])
    except ValueError:  # no text holds a word
        return [majority] * len(asked)
    if len(set(labels)) < 2:
        return [majority] * len(asked)
    on_progress(0, len(asked))
    model = fit_regression(rows, list(labels))
    found: list[str] = []
    for part in text_parts(asked, _LABELLED_AT_ONCE):
        found += [str(label) for label in model.predict(vectorizer.transform(part))]
        on_progress(len(found), len(asked))
    return found


def fit_regression(
    rows: csr_matrix, labels: Sequence[str] | IntArray, *, inverse_penalty: float = INVERSE_PENALTY
) -> LogisticRegression:
    """Return a logistic regression of at least two different labels, fitted on `rows` [n, features]."""
    model = LogisticRegression(C=inverse_penalty, max_iter=_MOST_STEPS, tol=1e-3)
    with warnings.catch_warnings():
        # A fit that is stopped early is a little worse, which a simple model may be; it is never slow.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(rows, labels)


def word_vectorizer(writing: Writing, most_features: int = MOST_FEATURES) -> TfidfVectorizer:
    """Words and word pairs; up to three characters where words are not separated."""
    shared = {**VECTORS, "max_features": most_features}
    if writing.is_unspaced:
        return TfidfVectorizer(analyzer="char", ngram_range=(1, 3), **shared)
    return TfidfVectorizer(ngram_range=(1, 2), tokenizer=words, token_pattern=None, **shared)


def text_parts(texts: Iterable[str], size: int) -> Iterator[list[str]]:
    """Yield what is looked at of the texts, so many at a time."""
    left = iter(texts)
    while part := [text[:LONGEST_TEXT] for text in islice(left, size)]:
        yield part
