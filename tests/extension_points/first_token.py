"""A toy objective: causal models learn the first token of each answer, and nothing else."""

from typing import Literal

from workers.contracts.families import Family
from workers.contracts.objectives import OBJECTIVES, ObjectiveInfo, ObjectiveOptions, setting


class FirstTokenOptions(ObjectiveOptions):
    kind: Literal["first_token"] = "first_token"
    strength: float = setting(
        1.0, title="Strength", help_text="What the loss is multiplied by.", ge=0.1, le=10
    )


OBJECTIVES.add(
    ObjectiveInfo(
        name="first_token",
        label="First token",
        families=(Family.CAUSAL,),
        tasks=frozenset({"chat", "titles"}),
        options=FirstTokenOptions,
        implementation="tests.extension_points.first_token_loss:FirstToken",
    ),
    order=1,
)
