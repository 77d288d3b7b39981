"""The kinds of model architecture."""

from enum import StrEnum


class Family(StrEnum):
    """Model architecture families; a family decides objective, engine backend and starter."""

    CAUSAL = "causal"
    SEQ2SEQ = "seq2seq"
    CLASSIFIER = "classifier"
    LINEAR = "linear"
    """Classifies by its n-grams alone (workers.models.linear_classifier)."""
    ENCODER = "encoder"
    """Fills in hidden tokens: the body of a classifier, before it has labels."""

    @property
    def has_labels(self) -> bool:
        """Whether its models sort texts into labels."""
        return self in (Family.CLASSIFIER, Family.LINEAR)

    @property
    def is_transformer(self) -> bool:
        """Whether models of it can come from elsewhere, and be trained further."""
        return self is not Family.LINEAR
