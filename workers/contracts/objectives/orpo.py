"""Odds ratio preference optimization: answers and preferences are learned together."""

from typing import Literal

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.objectives import OBJECTIVES, ObjectiveInfo, ObjectiveOptions, setting
from workers.contracts.objectives.preferences import REWARD_FIGURES
from workers.contracts.roles import Role


class OrpoOptions(ObjectiveOptions):
    kind: Literal["orpo"] = "orpo"
    ratio_weight: float = setting(
        0.1,
        title=_("Weight of the preference"),
        help_text=_("How much preferring the chosen answer counts, compared with learning to give it."),
        gt=0,
        le=10,
    )


OBJECTIVES.add(
    ObjectiveInfo(
        name="orpo",
        label=_("Answers and preferences (ORPO)"),
        families=(Family.CAUSAL,),
        options=OrpoOptions,
        implementation="workers.training.objectives.orpo:OddsRatioPreferenceOptimization",
        figures=REWARD_FIGURES,
        roles=frozenset({Role.REJECTED}),
    ),
    order=6,
)
