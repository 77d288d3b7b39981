"""Sequence classification."""

from typing import Literal

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.objectives import OBJECTIVES, ObjectiveInfo, ObjectiveOptions


class ClassificationOptions(ObjectiveOptions):
    kind: Literal["classification"] = "classification"


OBJECTIVES.add(
    ObjectiveInfo(
        name="classification",
        label=_("Classification"),
        families=(Family.CLASSIFIER,),
        options=ClassificationOptions,
        implementation="workers.training.objectives.classification:Classification",
    ),
    order=30,
)
