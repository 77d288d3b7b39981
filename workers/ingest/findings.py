"""What a version holds in numbers, and what its owner should be warned of."""

from array import array
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from workers.contracts.excerpts import excerpt
from workers.ingest.examples import BAD_ANSWER, NO_WEIGHT, Example
from workers.ingest.labels import named as quoted
from workers.ingest.splits import TEST, TRAIN, VALIDATION

QUOTED_CHARACTERS = 60
"""Of a text in a finding. One more is kept of it, so that the quote shows a cut."""
_FEW_ROWS = 200
_LONG_CHARACTERS = 20_000
SEVERAL_LABELS = "The row has several labels; only one per row can be learned"


@dataclass
class Gathered:
    """One number per staged row and quantity. `targets` number the different targets (told apart by their hash);
    `names` holds the beginning of each."""

    name_characters: int = QUOTED_CHARACTERS + 1
    has_splits: bool = False
    """Whether the source says which split each row is in."""
    splits_: "array[int]" = field(default_factory=lambda: array("b"))
    hashes_: "array[int]" = field(default_factory=lambda: array("Q"))
    lines: "array[int]" = field(default_factory=lambda: array("q"))
    targets: "array[int]" = field(default_factory=lambda: array("q"))
    input_characters: "array[int]" = field(default_factory=lambda: array("q"))
    target_characters: "array[int]" = field(default_factory=lambda: array("q"))
    echoes: "array[int]" = field(default_factory=lambda: array("b"))
    """1 where the target says the same as the input."""
    names: list[str] = field(default_factory=list)
    has_unlearned: bool = False
    """Whether some row has an earlier answer that is read and not learned."""
    _numbers: dict[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def hashes(self) -> npt.NDArray[np.uint64]:
        return np.array(self.hashes_, dtype=np.uint64)

    @property
    def splits(self) -> npt.NDArray[np.int8]:
        """The split that the source gives each row; all 0 where it says nothing."""
        return np.array(self.splits_, dtype=np.int8)

    @property
    def can_train(self) -> bool:
        return not self.has_splits or bool((self.splits == TRAIN).any())

    def add(self, example: Example, input_hash: int, line: int, split: int = TRAIN) -> None:
        number = self._numbers.setdefault(hash(example.target), len(self.names))
        if number == len(self.names):
            self.names.append(example.target[: self.name_characters])
        self.splits_.append(split)
        self.hashes_.append(input_hash)
        self.lines.append(line)
        self.targets.append(number)
        self.input_characters.append(example.input_characters)
        self.target_characters.append(len(example.target))
        self.echoes.append(example.is_echo)
        self.has_unlearned |= any(not message.get("learned", True) for message in example.prompt)

    def only(self, keep: npt.NDArray[np.bool_]) -> "Gathered":
        """Return the rows of a mask."""
        chosen = Gathered(names=self.names, has_splits=self.has_splits)
        numbers = (
            "splits_", "hashes_", "lines", "targets", "input_characters", "target_characters", "echoes",
        )  # fmt: skip
        for name in numbers:
            values: array[int] = getattr(self, name)
            setattr(chosen, name, array(values.typecode, np.array(values)[keep].tolist()))
        return chosen


def statistics(lengths: "array[int]") -> dict[str, float]:
    """Return mean, p50, p95 and max of lengths in characters."""
    values = np.array(lengths, dtype=np.int64)
    p50, p95 = np.percentile(values, [50, 95])
    return {
        "mean": round(float(values.mean()), 1),
        "p50": round(float(p50), 1),
        "p95": round(float(p95), 1),
        "max": float(values.max()),
    }


def label_counts(gathered: Gathered) -> dict[str, int]:
    """Return rows per label, most first."""
    counts = Counter(gathered.targets.tolist())
    named = {gathered.names[number]: rows for number, rows in counts.items()}
    return dict(sorted(named.items(), key=lambda item: (-item[1], item[0])))


def share_of_rejects(path: Path) -> str:
    """One sentence on the most frequent reason in a rejects file, or nothing."""
    reasons = (
        Counter(pq.read_table(path, columns=["reason"]).column("reason").to_pylist()) if path.exists() else {}
    )
    if not reasons:
        return ""
    reason, rows = Counter(reasons).most_common(1)[0]
    return f"{sum(reasons.values()):,} were rejected, most often for this reason: {reason} ({rows:,} rows). "


def warnings_for(
    gathered: Gathered, codes: npt.NDArray[np.int8], reasons: dict[str, int], *, classification: bool
) -> list[str]:
    """Return what the owner should know, in plain words, the weightiest first."""
    found = [*_size(gathered, codes), *_duplicates(gathered, reasons), *_set_aside(reasons)]
    found += _labels(gathered, codes) if classification else [*_targets(gathered), *_echoes(gathered)]
    return found


def unclear_marks(column: str | None, rows: Counter[str]) -> list[str]:
    """Say how many rows were learned although their mark says neither good nor bad."""
    if not rows:
        return []
    most = [mark for mark, _ in rows.most_common()]
    return [
        f"“{column}” says neither good nor bad of {rows.total():,} rows ({quoted(most)}). These rows are learned."
    ]


def split_findings(gathered: Gathered, codes: npt.NDArray[np.int8], column: str) -> list[str]:
    """Say what the source's own splits share, and which splits it lacked."""
    found = []
    learned = np.unique(gathered.hashes[codes == TRAIN])
    held_out = {code: gathered.hashes[codes == code] for code in (TEST, VALIDATION)}
    shared = {code: int(np.isin(hashes, learned).sum()) for code, hashes in held_out.items()}
    if shared[TEST]:
        found.append(
            f"{shared[TEST]:,} of {len(held_out[TEST]):,} test rows have the same input as a training row. The file says so and is followed, but test scores are too high. Remove these rows from one of the splits."
        )
    if shared[VALIDATION]:
        found.append(
            f"{shared[VALIDATION]:,} of {len(held_out[VALIDATION]):,} validation rows have the same input as a training row. The file says so and is followed, but training cannot tell learning from memorizing on them."
        )
    if not (codes == TRAIN).any():
        return found
    if VALIDATION not in gathered.splits:
        found.append(
            f"“{column}” names no validation rows, so {len(held_out[VALIDATION]):,} training rows became validation rows."
        )
    if TEST not in gathered.splits:
        found.append(
            f"“{column}” names no test rows, so {len(held_out[TEST]):,} training rows became test rows."
        )
    return found


def _size(gathered: Gathered, codes: npt.NDArray[np.int8]) -> list[str]:
    found = []
    rows, test = len(gathered), int((codes == TEST).sum())
    if rows < _FEW_ROWS and (codes == TRAIN).any():
        found.append(f"Only {rows:,} rows: enough to try, but more rows usually give a better model.")
    if 0 < test < 20:
        found.append(f"The test split has only {test} rows, so its scores will be uncertain.")
    longest = np.array(gathered.input_characters) + np.array(gathered.target_characters)
    long_rows = int((longest > _LONG_CHARACTERS).sum())
    if long_rows:
        found.append(
            f"{long_rows:,} rows have more than {_LONG_CHARACTERS:,} characters and will probably be cut."
        )
    return found


def _duplicates(gathered: Gathered, reasons: dict[str, int]) -> list[str]:
    same = reasons.get("Same as another line", 0)
    if same > 0.1 * (len(gathered) + same):
        return [
            f"{same / (len(gathered) + same):.0%} of the rows were exact copies of others and were left out."
        ]
    return []


def _set_aside(reasons: dict[str, int]) -> list[str]:
    """Say what was set aside for what the file itself says of the rows."""
    found = []
    if several := reasons.get(SEVERAL_LABELS, 0):
        found.append(
            f"{several:,} rows have several labels and were set aside; only one per row can be learned."
        )
    if bad := reasons.get(BAD_ANSWER, 0):
        found.append(f"{bad:,} rows are marked as bad and were set aside.")
    if weightless := reasons.get(NO_WEIGHT, 0):
        found.append(
            f"{weightless:,} rows have the weight 0 in the file and were set aside. Other weights are not followed."
        )
    return found


def _echoes(gathered: Gathered) -> list[str]:
    equal = sum(gathered.echoes)
    if equal < max(3, 0.02 * len(gathered)):
        return []
    return [
        f"{equal:,} answers equal their question: from these a model learns to repeat what it is given. Remove them, or check the columns."
    ]


def _targets(gathered: Gathered) -> list[str]:
    number, rows = Counter(gathered.targets.tolist()).most_common(1)[0]
    if rows > 0.3 * len(gathered):
        text = gathered.names[number]
        return [
            f"{rows / len(gathered):.0%} of the targets are the same: “{excerpt(text, QUOTED_CHARACTERS)}”. Check the column."
        ]
    return []


def _labels(gathered: Gathered, codes: npt.NDArray[np.int8]) -> list[str]:
    found = []
    targets = np.array(gathered.targets, dtype=np.int64)
    present, counts = np.unique(targets, return_counts=True)
    most, least = int(counts.max()), int(counts.min())
    if most > 20 * least:
        names = gathered.names
        large, small = names[present[counts.argmax()]], names[present[counts.argmin()]]
        found.append(
            f"The labels are uneven: “{large}” has {most:,} rows, “{small}” {least:,}. "
            "Rare labels are learned less well; watch macro-F1 rather than accuracy."
        )
    untrained = set(present.tolist()) - set(targets[codes == TRAIN].tolist())
    if untrained and (codes == TRAIN).any():
        missing = ", ".join(f"“{gathered.names[number]}”" for number in sorted(untrained)[:5])
        found.append(f"No training row has the label {missing}, so it cannot be learned. Add rows with it.")
    conflicts = _conflicts(gathered.hashes, targets)
    if conflicts:
        found.append(
            f"{conflicts:,} inputs occur with different labels. Decide on one each for a better model."
        )
    return found


def _conflicts(hashes: npt.NDArray[np.uint64], targets: npt.NDArray[np.int64]) -> int:
    """Count the inputs that occur with more than one label."""
    order = np.lexsort((targets, hashes))
    hashes, targets = hashes[order], targets[order]
    changed = (hashes[1:] == hashes[:-1]) & (targets[1:] != targets[:-1])
    return len(np.unique(hashes[1:][changed]))
