"""Simple baselines, which a trained model has to beat: fitted in seconds, on training rows alone."""

import warnings
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from workers.contracts.metrics import BOOTSTRAP_SEED
from workers.contracts.tasks import TASKS, TaskName
from workers.contracts.texts import Text
from workers.contracts.words import words
from workers.evaluation.metrics.likelihood import BYTES, NATS
from workers.evaluation.metrics.protocol import FloatArray
from workers.evaluation.rows import DataRows, Outputs
from workers.evaluation.writing import Writing, writing_of

_MOST_TRAIN_ROWS = 50_000
_MOST_LINEAR_ROWS, _FEWEST_LINEAR_ROWS = 50_000, 5_000
_MOST_LABEL_ROWS = 4_000_000
"""Rows times labels that the logistic regression is fitted on: what bounds its seconds."""
_MOST_FEATURES = 30_000
_MOST_STEPS = 100
_INVERSE_PENALTY = 10.0
_LABELLED_AT_ONCE = 5_000
_LONGEST_TEXT = 2_000
"""Characters of an input that are looked at."""
_CELLS = 20_000_000
"""Similarities held at a time: 80 MB."""

OnProgress = Callable[[int, int], None]


def answer_by_baseline(
    task_type: TaskName, train: DataRows, test: DataRows, on_progress: OnProgress = lambda done, total: None
) -> tuple[Outputs, Text]:
    """Return the simple baseline's outputs for `test`, made from `train` alone, and how it answers, in words.

    Classification: logistic regression over TF-IDF. Other tasks: the nearest training row's answer, and bits per byte of
    the training answers' byte frequencies.
    """
    if TASKS[task_type].has_labels:
        return _classified(train, test, on_progress)
    known = train.sample(_MOST_TRAIN_ROWS, BOOTSTRAP_SEED)
    nearest = nearest_rows(known.inputs, test.inputs, on_progress)
    texts = [known.targets[place] for place in nearest]
    if len(known) < len(train):
        how = Text("evaluation.baseline_nearest_of_drawn", rows=len(known), all_rows=len(train))
    else:
        how = Text("evaluation.baseline_nearest")
    numbers = byte_frequency_numbers(train.targets, test.targets)
    return _outputs(texts, numbers), Text("evaluation.baseline_with_byte_frequencies", how=how)


def _classified(train: DataRows, test: DataRows, on_progress: OnProgress) -> tuple[Outputs, Text]:
    labels = len(set(train.targets))
    most = min(_MOST_LINEAR_ROWS, max(_FEWEST_LINEAR_ROWS, _MOST_LABEL_ROWS // max(1, labels)))
    known = train.sample(most, BOOTSTRAP_SEED, by_target=True)
    texts = classify_linearly(known.inputs, known.targets, test.inputs, on_progress)
    if len(known) < len(train):
        return _outputs(texts, {}), Text(
            "evaluation.baseline_regression_on_drawn", rows=len(known), all_rows=len(train)
        )
    return _outputs(texts, {}), Text("evaluation.baseline_regression", rows=len(known))


def classify_linearly(
    known: Sequence[str],
    labels: Sequence[str],
    asked: Sequence[str],
    on_progress: OnProgress = lambda done, total: None,
) -> list[str]:
    """Return a label for each text in `asked`: logistic regression over the TF-IDF of words and word pairs.

    Equal arguments give equal labels. Texts without any word, and texts of one label alone, get the most frequent label.
    """
    majority = Counter(labels).most_common(1)[0][0]
    vectorizer = _word_vectorizer(writing_of(known))
    try:
        rows = vectorizer.fit_transform([text[:_LONGEST_TEXT] for text in known])
    except ValueError:  # no text holds a word
        return [majority] * len(asked)
    if len(set(labels)) < 2:
        return [majority] * len(asked)
    on_progress(0, len(asked))
    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=_MOST_STEPS, tol=1e-3)
    with warnings.catch_warnings():
        # A fit that is stopped early is a little worse, which a simple baseline may be; it is never slow.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows, list(labels))
    found: list[str] = []
    for start in range(0, len(asked), _LABELLED_AT_ONCE):
        part = [text[:_LONGEST_TEXT] for text in asked[start : start + _LABELLED_AT_ONCE]]
        found += [str(label) for label in model.predict(vectorizer.transform(part))]
        on_progress(len(found), len(asked))
    return found


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


_SHARED = {"sublinear_tf": True, "dtype": np.float32}
_UNSPACED = (Writing.CHINESE, Writing.JAPANESE, Writing.UNSPACED)


def _vectorizers(writing: Writing) -> list[TfidfVectorizer]:
    if writing in _UNSPACED:
        return [TfidfVectorizer(analyzer="char", ngram_range=(1, 3), **_SHARED)]
    by_word = TfidfVectorizer(ngram_range=(1, 2), tokenizer=str.split, token_pattern=None, **_SHARED)
    return [by_word, TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), **_SHARED)]


def _word_vectorizer(writing: Writing) -> TfidfVectorizer:
    """Words and word pairs; up to three characters where words are not separated."""
    shared = {**_SHARED, "max_features": _MOST_FEATURES}
    if writing in _UNSPACED:
        return TfidfVectorizer(analyzer="char", ngram_range=(1, 3), **shared)
    return TfidfVectorizer(ngram_range=(1, 2), tokenizer=words, token_pattern=None, **shared)


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
