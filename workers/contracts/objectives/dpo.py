"""Direct preference optimization, with the losses that vary it."""

from typing import Literal

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.objectives import OBJECTIVES, ObjectiveInfo, ObjectiveOptions, setting
from workers.contracts.objectives.preferences import REWARD_FIGURES
from workers.contracts.roles import Role


class DpoOptions(ObjectiveOptions):
    kind: Literal["dpo"] = "dpo"
    loss: Literal["sigmoid", "ipo", "hinge", "apo_zero", "apo_down"] = setting(
        "sigmoid",
        title=_("Preference loss"),
        help_text=_(
            "Sigmoid suits most data. IPO overfits less where every pair is clear. Choose APO-zero if the chosen answers are better than the model's own, and APO-down if they are worse."
        ),
        labels={
            "sigmoid": _("sigmoid"),
            "ipo": "IPO",
            "hinge": _("hinge"),
            "apo_zero": "APO-zero",
            "apo_down": "APO-down",
        },
    )
    beta: float = setting(
        0.1,
        title=_("Beta"),
        help_text=_("How strongly the model is kept close to the base model. A high value keeps it closer."),
        gt=0,
        le=100,
    )


OBJECTIVES.add(
    ObjectiveInfo(
        name="dpo",
        label=_("Preferences (DPO)"),
        families=(Family.CAUSAL,),
        options=DpoOptions,
        implementation="workers.training.objectives.dpo:DirectPreferenceOptimization",
        figures=REWARD_FIGURES,
        roles=frozenset({Role.REJECTED}),
        changes_trained=True,
    ),
    order=5,
)
