"""Supervised fine-tuning of causal models."""

from typing import Literal

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.objectives import OBJECTIVES, ObjectiveInfo, ObjectiveOptions


class SftOptions(ObjectiveOptions):
    kind: Literal["sft"] = "sft"


OBJECTIVES.add(
    ObjectiveInfo(
        name="sft",
        label=_("Supervised fine-tuning"),
        families=(Family.CAUSAL,),
        options=SftOptions,
        implementation="workers.training.objectives.sft:SupervisedFineTuning",
    ),
    order=10,
)
