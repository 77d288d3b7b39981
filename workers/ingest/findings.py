"""What a version holds in numbers, and what its owner should be warned of."""

from array import array
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from workers.contracts.excerpts import excerpt
from workers.contracts.tasks import Task
from workers.contracts.texts import Text
from workers.ingest.examples import BAD_ANSWER, NO_WEIGHT, Example
from workers.ingest.labels import first_few
from workers.ingest.rejects import SAME_ROW, SEVERAL_LABELS
from workers.ingest.splits import TEST, TRAIN, VALIDATION

QUOTED_CHARACTERS = 60
"""Of a text in a finding. One more is kept of it, so that the quote shows a cut."""
_FEW_ROWS = 200
_LONG_CHARACTERS = 20_000


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
    rejected_characters: "array[int]" = field(default_factory=lambda: array("q"))
    bad: "array[int]" = field(default_factory=lambda: array("b"))
    """1 where the target is rated as a bad answer."""
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
        if example.rejected is not None:
            self.rejected_characters.append(len(example.rejected))
        self.bad.append(example.is_good is False)
        self.echoes.append(example.is_echo)
        self.has_unlearned |= any(not message.get("learned", True) for message in example.prompt)

    def only(self, keep: npt.NDArray[np.bool_]) -> "Gathered":
        """Return the rows of a mask."""
        chosen = Gathered(names=self.names, has_splits=self.has_splits)
        numbers = (
            "splits_", "hashes_", "lines", "targets", "input_characters", "target_characters", "rejected_characters",
            "bad", "echoes",
        )  # fmt: skip
        for name in numbers:
            values: array[int] = getattr(self, name)
            if len(values) < len(keep):  # rows have no rejected answers
                continue
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


def warnings_for(
    gathered: Gathered, codes: npt.NDArray[np.int8], reasons: dict[Text, int], *, task: Task
) -> list[Text]:
    """Return what the owner should know, in plain words, the weightiest first."""
    found = [
        *_size(gathered, codes),
        *([] if task.teaches_texts else _long_rows(gathered)),
        *_duplicates(gathered, reasons),
        *_set_aside(reasons),
    ]
    found += _labels(gathered, codes) if task.has_labels else [*_targets(gathered), *_echoes(gathered)]
    return found


def unclear_marks(column: str | None, rows: Counter[str]) -> list[Text]:
    """Say how many rows were learned although their mark says neither good nor bad."""
    if not rows:
        return []
    most = [mark for mark, _ in rows.most_common()]
    return [Text("rows.unclear_marks", column=column, rows=rows.total(), marks=first_few(most))]


def split_findings(gathered: Gathered, codes: npt.NDArray[np.int8], column: str) -> list[Text]:
    """Say what the source's own splits share, and which splits it lacked."""
    found = []
    learned = np.unique(gathered.hashes[codes == TRAIN])
    held_out = {code: gathered.hashes[codes == code] for code in (TEST, VALIDATION)}
    shared = {code: int(np.isin(hashes, learned).sum()) for code, hashes in held_out.items()}
    if shared[TEST]:
        found.append(Text("rows.test_overlaps", rows=shared[TEST], all_rows=len(held_out[TEST])))
    if shared[VALIDATION]:
        found.append(
            Text("rows.validation_overlaps", rows=shared[VALIDATION], all_rows=len(held_out[VALIDATION]))
        )
    if not (codes == TRAIN).any():
        return found
    if VALIDATION not in gathered.splits:
        found.append(Text("rows.validation_drawn", column=column, rows=len(held_out[VALIDATION])))
    if TEST not in gathered.splits:
        found.append(Text("rows.test_drawn", column=column, rows=len(held_out[TEST])))
    return found


def _size(gathered: Gathered, codes: npt.NDArray[np.int8]) -> list[Text]:
    found = []
    rows, test = len(gathered), int((codes == TEST).sum())
    if rows < _FEW_ROWS and (codes == TRAIN).any():
        found.append(Text("rows.few_rows", rows=rows))
    if 0 < test < 20:
        found.append(Text("rows.small_test_split", rows=test))
    return found


def _long_rows(gathered: Gathered) -> list[Text]:
    longest = np.array(gathered.input_characters) + np.array(gathered.target_characters)
    long_rows = int((longest > _LONG_CHARACTERS).sum())
    return [Text("rows.long_rows", rows=long_rows, characters=_LONG_CHARACTERS)] if long_rows else []


def _duplicates(gathered: Gathered, reasons: dict[Text, int]) -> list[Text]:
    same = reasons.get(SAME_ROW, 0)
    if same > 0.1 * (len(gathered) + same):
        return [Text("rows.duplicates_left_out", share=same / (len(gathered) + same))]
    return []


def _set_aside(reasons: dict[Text, int]) -> list[Text]:
    """Say what was set aside for what the file itself says of the rows."""
    found = []
    if several := reasons.get(SEVERAL_LABELS, 0):
        found.append(Text("rows.several_labels_set_aside", rows=several))
    if bad := reasons.get(BAD_ANSWER, 0):
        found.append(Text("rows.bad_set_aside", rows=bad))
    if weightless := reasons.get(NO_WEIGHT, 0):
        found.append(Text("rows.weightless_set_aside", rows=weightless))
    return found


def _echoes(gathered: Gathered) -> list[Text]:
    equal = sum(gathered.echoes)
    if equal < max(3, 0.02 * len(gathered)):
        return []
    return [Text("rows.answers_repeat_questions", equal=equal)]


def _targets(gathered: Gathered) -> list[Text]:
    number, rows = Counter(gathered.targets.tolist()).most_common(1)[0]
    if rows > 0.3 * len(gathered):
        text = gathered.names[number]
        return [Text("rows.same_targets", share=rows / len(gathered), text=excerpt(text, QUOTED_CHARACTERS))]
    return []


def _labels(gathered: Gathered, codes: npt.NDArray[np.int8]) -> list[Text]:
    found = []
    targets = np.array(gathered.targets, dtype=np.int64)
    present, counts = np.unique(targets, return_counts=True)
    most, least = int(counts.max()), int(counts.min())
    if most > 20 * least:
        names = gathered.names
        large, small = names[present[counts.argmax()]], names[present[counts.argmin()]]
        found.append(Text("rows.uneven_labels", large=large, most=most, small=small, least=least))
    untrained = set(present.tolist()) - set(targets[codes == TRAIN].tolist())
    if untrained and (codes == TRAIN).any():
        missing = [gathered.names[number] for number in sorted(untrained)[:5]]
        found.append(Text("rows.untrained_labels", labels=missing))
    conflicts = _conflicts(gathered.hashes, targets)
    if conflicts:
        found.append(Text("rows.conflicting_labels", inputs=conflicts))
    return found


def _conflicts(hashes: npt.NDArray[np.uint64], targets: npt.NDArray[np.int64]) -> int:
    """Count the inputs that occur with more than one label."""
    order = np.lexsort((targets, hashes))
    hashes, targets = hashes[order], targets[order]
    changed = (hashes[1:] == hashes[:-1]) & (targets[1:] != targets[:-1])
    return len(np.unique(hashes[1:][changed]))
