"""Logistic regression over n-grams: solved from all rows at once."""

from typing import Literal

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.objectives import OBJECTIVES, ObjectiveInfo, ObjectiveOptions, setting


class LinearOptions(ObjectiveOptions):
    kind: Literal["linear"] = "linear"

    inverse_penalty: float = setting(
        10.0,
        title=_("Inverse regularization strength (C)"),
        help_text=_("A lower value keeps the weights smaller, which helps with few or noisy rows."),
        gt=0,
        le=1_000_000,
    )


OBJECTIVES.add(
    ObjectiveInfo(
        name="linear",
        label=_("Logistic regression"),
        families=(Family.LINEAR,),
        options=LinearOptions,
        implementation="workers.training.objectives.linear:Linear",
        learns_at_once=True,
    ),
    order=35,
)
