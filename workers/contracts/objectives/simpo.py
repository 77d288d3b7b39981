"""Simple preference optimization: preferences without a reference model."""

from typing import Literal

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.objectives import OBJECTIVES, ObjectiveInfo, ObjectiveOptions, setting
from workers.contracts.objectives.preferences import REWARD_FIGURES
from workers.contracts.roles import Role


class SimpoOptions(ObjectiveOptions):
    kind: Literal["simpo"] = "simpo"
    beta: float = setting(
        2.0,
        title=_("Beta"),
        help_text=_("Scale of the difference between the mean log-probabilities of the two answers."),
        gt=0,
        le=100,
    )
    margin: float = setting(
        1.0,
        title=_("Target margin (gamma)"),
        help_text=_("By how much the scaled difference should exceed zero. Usually half of beta or less."),
        ge=0,
        le=100,
    )


OBJECTIVES.add(
    ObjectiveInfo(
        name="simpo",
        label=_("Preferences without a reference (SimPO)"),
        families=(Family.CAUSAL,),
        options=SimpoOptions,
        implementation="workers.training.objectives.simpo:SimplePreferenceOptimization",
        figures=REWARD_FIGURES,
        roles=frozenset({Role.REJECTED}),
        changes_trained=True,
    ),
    order=7,
)
