"""Which split a row is in: a keyed hash of its normalized input, so that it never changes sides.

The hash is read as a fraction u of 2^64: test is u < test_share, validation the next validation_share, train the
rest. Where so few inputs are below a bound that a split would nearly be empty, the bound rises to take in the
smallest two. More rows can only lower such a bound again: a training row never becomes a test row.
"""

import hmac
import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from workers.contracts.specs import Split

SPLITS: tuple[Split, ...] = ("train", "validation", "test")
TRAIN, VALIDATION, TEST = range(3)

Hashes = npt.NDArray[np.uint64]


def normalized_input(text: str) -> str:
    """Fold what does not make another input: width and composition (NFKC), case, white space."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def input_hash(key: bytes, text: str) -> int:
    """Return the first 64 bits of HMAC-SHA256(key, normalized input)."""
    return int.from_bytes(hmac.digest(key, normalized_input(text).encode(), "sha256")[:8], "big")


def row_id(key: bytes, parts: Sequence[str]) -> str:
    """Return 16 bytes of HMAC-SHA256 over the row's exact texts, as hex: equal exactly when the rows are."""
    return hmac.digest(key, "\x1f".join(parts).encode(), "sha256")[:16].hex()


def split_codes(hashes: Hashes, validation_share: float, test_share: float) -> npt.NDArray[np.int8]:
    """Return per row 0 (train), 1 (validation) or 2 (test); equal hashes get equal codes."""
    distinct = np.unique(hashes)
    least = 2 if len(distinct) >= 8 else 1
    test_bound = _bound(distinct, test_share, least)
    above = distinct[distinct >= test_bound]
    validation_bound = _bound(above, test_share + validation_share, least if validation_share else 0)
    codes = np.full(len(hashes), TRAIN, dtype=np.int8)
    codes[hashes < max(validation_bound, test_bound)] = VALIDATION
    codes[hashes < test_bound] = TEST
    return codes


def completed_codes(
    supplied: npt.NDArray[np.int8], hashes: Hashes, validation_share: float, test_share: float
) -> npt.NDArray[np.int8]:
    """Return the splits that the source gives, with those that it lacks drawn from its training rows by their hash."""
    codes = supplied.copy()
    training = supplied == TRAIN
    if training.any():
        codes[training] = split_codes(
            hashes[training], *missing_shares(supplied, validation_share, test_share)
        )
    return codes


def missing_shares(
    supplied: npt.NDArray[np.int8], validation_share: float, test_share: float
) -> tuple[float, float]:
    """Return the shares of training rows that become validation and test rows: 0 for a split that the source has."""
    present = set(supplied.tolist())
    return 0.0 if VALIDATION in present else validation_share, 0.0 if TEST in present else test_share


def _bound(ascending: Hashes, share: float, least: int) -> np.uint64:
    bound = np.uint64(min(share, 1.0) * (2.0**64 - 2048))
    if share > 0 and 0 < least <= len(ascending):
        bound = max(bound, ascending[least - 1] + np.uint64(1))
    return np.uint64(bound)
