"""Sequence-to-sequence training."""

from typing import Literal

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.objectives import OBJECTIVES, ObjectiveInfo, TargetLengthOptions


class Seq2SeqOptions(TargetLengthOptions):
    kind: Literal["seq2seq"] = "seq2seq"


OBJECTIVES.add(
    ObjectiveInfo(
        name="seq2seq",
        label=_("Sequence to sequence"),
        families=(Family.SEQ2SEQ,),
        options=Seq2SeqOptions,
        implementation="workers.training.objectives.seq2seq:Seq2Seq",
    ),
    order=20,
)
