"""Baselines that answer with a label: of a logistic regression, or the most frequent one."""

import warnings
from collections import Counter
from collections.abc import Collection

from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from workers.contracts.metrics import BOOTSTRAP_SEED
from workers.contracts.tasks import Task
from workers.contracts.texts import Text
from workers.contracts.words import words
from workers.evaluation.baselines import Answer, OnProgress, outputs_of
from workers.evaluation.baselines.similarity import LONGEST_TEXT, UNSPACED, VECTORS, text_parts
from workers.evaluation.rows import DataRows
from workers.evaluation.writing import Writing, writing_of

_MOST_LINEAR_ROWS, _FEWEST_LINEAR_ROWS = 50_000, 5_000
_MOST_LABEL_ROWS = 4_000_000
"""Rows times labels that the logistic regression is fitted on: what bounds its seconds."""
_MOST_FEATURES = 30_000
_MOST_STEPS = 100
_INVERSE_PENALTY = 10.0
_LABELLED_AT_ONCE = 5_000


def linear(task: Task, train: DataRows, test: DataRows, on_progress: OnProgress) -> Answer:
    """Return the labels of a logistic regression, fitted on a sample of many rows that keeps the shares of the labels."""
    labels = len(set(train.targets))
    most = min(_MOST_LINEAR_ROWS, max(_FEWEST_LINEAR_ROWS, _MOST_LABEL_ROWS // max(1, labels)))
    known = train.sample(most, BOOTSTRAP_SEED, by_target=True)
    outputs = outputs_of(classify_linearly(known.inputs, known.targets, test.inputs, on_progress))
    if len(known) < len(train):
        return outputs, Text("evaluation.baseline_regression_on_drawn", rows=len(known), all_rows=len(train))
    return outputs, Text("evaluation.baseline_regression", rows=len(known))


def majority(task: Task, train: DataRows, test: DataRows, on_progress: OnProgress) -> Answer:
    """Return the label that most training rows have, the first of equals."""
    label, rows = Counter(train.targets).most_common(1)[0]
    how = Text("evaluation.baseline_majority", label=label, rows=rows, all_rows=len(train))
    return outputs_of([label] * len(test)), how


def classify_linearly(
    known: Collection[str],
    labels: Collection[str],
    asked: Collection[str],
    on_progress: OnProgress = lambda done, total: None,
) -> list[str]:
    """Return a label for each text in `asked`: logistic regression over the TF-IDF of words and word pairs.

    Equal arguments give equal labels. Texts without any word, and texts of one label alone, get the most frequent label.
    """
    majority = Counter(labels).most_common(1)[0][0]
    vectorizer = _word_vectorizer(writing_of(known))
    try:
        rows = vectorizer.fit_transform([text[:LONGEST_TEXT] for text in known])
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
    for part in text_parts(asked, _LABELLED_AT_ONCE):
        found += [str(label) for label in model.predict(vectorizer.transform(part))]
        on_progress(len(found), len(asked))
    return found


def _word_vectorizer(writing: Writing) -> TfidfVectorizer:
    """Words and word pairs; up to three characters where words are not separated."""
    shared = {**VECTORS, "max_features": _MOST_FEATURES}
    if writing in UNSPACED:
        return TfidfVectorizer(analyzer="char", ngram_range=(1, 3), **shared)
    return TfidfVectorizer(ngram_range=(1, 2), tokenizer=words, token_pattern=None, **shared)
