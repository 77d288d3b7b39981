"""The freeze job's view of labels: which spellings are one label, and which rows cannot be learned for their label."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from workers.contracts.excerpts import excerpt
from workers.contracts.texts import Text
from workers.ingest.findings import Gathered
from workers.ingest.labels import combinations_of, first_few, label_key, merge_sentence, merged_spellings
from workers.ingest.missing_labels import missing_labels
from workers.ingest.rejects import RejectedWriter


@dataclass(frozen=True)
class Settled:
    """`keep` masks the staged rows; `renamed` maps spellings to the label that they were read as."""

    keep: npt.NDArray[np.bool_]
    renamed: dict[str, str] = field(default_factory=dict)
    warnings: list[Text] = field(default_factory=list)


def settle_labels(gathered: Gathered, rejected: RejectedWriter, *, merge_case: bool) -> Settled:
    """Reject rows whose label joins several others, and read spellings of one label as one: `gathered` then counts them
    as one."""
    targets = np.asarray(gathered.targets, dtype=np.int64)
    rows = np.bincount(targets, minlength=len(gathered.names))
    counts = {name: int(count) for name, count in zip(gathered.names, rows, strict=True)}
    missing = missing_labels(counts)
    several = combinations_of({name: count for name, count in counts.items() if name not in missing})
    keep = np.ones(len(targets), dtype=bool)
    for number, name in enumerate(gathered.names):
        if name in several or name in missing:
            keep &= targets != number
    for index in np.flatnonzero(~keep):
        name = gathered.names[targets[index]]
        reason = (
            Text("rows.means_no_label", label=excerpt(name, 40))
            if name in missing
            else Text("rows.several_labels", labels=first_few(several[name]))
        )
        rejected.add(gathered.lines[index], reason, name)
    merges = merged_spellings(
        {n: c for n, c in counts.items() if n not in several and n not in missing}, loosely=merge_case
    )
    renamed = {
        spelling: merge.label for merge in merges for spelling in merge.spellings if spelling != merge.label
    }
    lines = {name: " ".join(name.split()) for name in counts if "\n" in name and name not in several}
    renamed = lines | renamed
    _renumber(gathered, renamed)
    return Settled(keep, renamed, [merge_sentence(merges)] if merges else [])


def _renumber(gathered: Gathered, renamed: dict[str, str]) -> None:
    number_of = {name: number for number, name in enumerate(gathered.names)}
    for label in set(renamed.values()) - number_of.keys():
        number_of[label] = len(gathered.names)
        gathered.names.append(label)
    for spelling, label in renamed.items():
        before, after = number_of[spelling], number_of[label]
        for index in np.flatnonzero(np.asarray(gathered.targets, dtype=np.int64) == before):
            gathered.targets[index] = after


def same_label(target: str, *, merge_case: bool) -> str:
    """What two labels share whose rows are copies of one another."""
    return label_key(target, loosely=merge_case)
