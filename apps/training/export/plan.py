"""The facts of a run that its export states, for the studio's own trainer and for every other tool."""

import math
from dataclasses import dataclass

from workers.contracts.families import Family
from workers.contracts.job_kinds.run import RunSpec
from workers.contracts.objectives import OBJECTIVES
from workers.contracts.recipes import Precision, Recipe
from workers.contracts.roles import Role
from workers.contracts.tasks import Task

SPEC_NAME = "spec.json"
DATA, BASE, ROWS = "data", "base", "rows"
"""Folders of the export: the studio's rows, the model that training starts from, and the rows as other tools read them."""


@dataclass(frozen=True)
class Plan:
    """A run that can be exported. `steps` is 0 where an earlier release did not record them."""

    name: str
    spec: RunSpec
    objective: str
    """Name of the objective; the recipe may leave it open."""
    steps: int
    train_rows: int
    validation_rows: int
    precision: Precision
    """Precision of the trained model; AUTO before the run has started."""
    masks_answers: bool = False
    """Whether some rows have earlier answers that are context only and not learned."""
    continues: str = ""
    """Name of the run that this one continues; empty for a run from its base model."""

    @property
    def recipe(self) -> Recipe:
        return self.spec.recipe

    @property
    def task(self) -> Task:
        return self.spec.task

    @property
    def family(self) -> Family:
        return self.spec.base.family

    @property
    def learns_preferences(self) -> bool:
        """Whether a row is two answers, of which one is preferred."""
        objective = OBJECTIVES.get(self.objective)
        return objective is not None and Role.REJECTED in objective.roles

    @property
    def round_steps(self) -> int:
        """Steps from one validation round to the next."""
        return max(1, math.ceil(self.steps / self.recipe.validation_rounds))

    @property
    def warmup_steps(self) -> int:
        return round(self.recipe.warmup_share * self.steps)

    @property
    def batch_rows(self) -> int:
        return self.recipe.batch_rows or 1

    @property
    def microbatch_rows(self) -> int:
        """Rows of one micro-batch, for tools that count rows: as many of the longest rows as fit into the tokens of a
        micro-batch, and a divisor of the batch size."""
        longest = self.recipe.max_length or 1
        most = max(1, (self.recipe.tokens_per_microbatch or longest) // longest)
        return max(
            rows for rows in range(1, self.batch_rows + 1) if self.batch_rows % rows == 0 and rows <= most
        )
