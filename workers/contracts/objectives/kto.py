"""Kahneman-Tversky optimization: answers that are each rated good or bad."""

from typing import Literal

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.objectives import OBJECTIVES, Figure, ObjectiveInfo, ObjectiveOptions, setting
from workers.contracts.objectives.preferences import REWARD_MARGIN
from workers.contracts.roles import Role


class KtoOptions(ObjectiveOptions):
    kind: Literal["kto"] = "kto"
    beta: float = setting(
        0.1,
        title=_("Beta"),
        help_text=_("How strongly the model is kept close to the base model. A high value keeps it closer."),
        gt=0,
        le=100,
    )
    good_weight: float = setting(
        1.0,
        title=_("Weight of good answers"),
        help_text=_("Raise it if there are fewer good answers than bad ones."),
        gt=0,
        le=100,
    )
    bad_weight: float = setting(
        1.0,
        title=_("Weight of bad answers"),
        help_text=_("Raise it if there are fewer bad answers than good ones."),
        gt=0,
        le=100,
    )


OBJECTIVES.add(
    ObjectiveInfo(
        name="kto",
        label=_("Good and bad answers (KTO)"),
        families=(Family.CAUSAL,),
        options=KtoOptions,
        implementation="workers.training.objectives.kto:KahnemanTverskyOptimization",
        figures=(
            Figure("good_reward", _("Reward of good answers")),
            Figure("bad_reward", _("Reward of bad answers")),
            REWARD_MARGIN,
        ),
        roles=frozenset({Role.FEEDBACK}),
        changes_trained=True,
    ),
    order=8,
)
