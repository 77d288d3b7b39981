"""The kinds of model architecture."""

from enum import StrEnum


class Family(StrEnum):
    """Model architecture families; a family decides objective, engine backend and starter."""

    CAUSAL = "causal"
    SEQ2SEQ = "seq2seq"
    CLASSIFIER = "classifier"
    ENCODER = "encoder"
    """Fills in hidden tokens: the body of a classifier, before it has labels."""
