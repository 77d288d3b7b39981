"""The search for better settings, by Optuna.

Optuna keeps no state here: each question builds a study in memory from the trials so far, which are rows of the database. It is
imported by the functions, so that neither the site nor a worker that runs no sweep loads it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from apps.training.sweeps.space import Choices, Domain, Setting, Space
from workers.contracts.recipes import Recipe

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial

RANDOM_TRIALS = 5
"""So many are drawn evenly before the search prefers what did well."""
PRUNING_TRIALS = 3
"""So many complete trials there must be before one is pruned."""
PRUNING_ROUNDS = 2
"""A trial is not pruned before this validation round: until then learning rates are still rising."""
IMPORTANCE_TRIALS = 4
"""So many complete trials there must be before importances say anything."""


@dataclass(frozen=True)
class PastTrial:
    """What the search knows of a trial. `rounds` are the values of the metric in each validation round, in order.

    A trial that was cut short, or failed because of its settings, is `pruned`; one that a fault of the studio ended is `failed`.
    """

    values: dict[str, Any]
    state: Literal["complete", "pruned", "failed", "running"]
    value: float | None = None
    rounds: Sequence[float] = field(default=())


@dataclass(frozen=True)
class Search:
    """The question that all trials of a sweep answer."""

    space: Space
    maximizes: bool
    seed: int

    def propose(self, past: Sequence[PastTrial]) -> dict[str, Any]:
        """Return the values of the next trial. The same trials before it lead to the same values."""
        from optuna.samplers import TPESampler

        # A study of its own for each trial: with one seed for all of them, every random trial would be the same.
        sampler = TPESampler(seed=self._seed(len(past)), n_startup_trials=RANDOM_TRIALS)
        asked = self._study(past, sampler=sampler).ask(self._distributions())
        return {name: self._value(name, value) for name, value in asked.params.items()}

    def is_hopeless(self, trial: PastTrial, past: Sequence[PastTrial]) -> bool:
        """Whether a running trial is worse than the median of the complete ones at the same validation round."""
        from optuna.pruners import MedianPruner

        pruner = MedianPruner(n_startup_trials=PRUNING_TRIALS, n_warmup_steps=PRUNING_ROUNDS)
        return pruner.prune(self._study(past), self._frozen(trial))

    def importances(self, past: Sequence[PastTrial]) -> dict[str, float]:
        """Return the share of each setting in how the complete trials differ; empty while there are too few."""
        from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

        complete = [trial for trial in past if trial.state == "complete"]
        if len(complete) < IMPORTANCE_TRIALS or len({trial.value for trial in complete}) < 2:
            return {}
        found = get_param_importances(self._study(complete), evaluator=PedAnovaImportanceEvaluator())
        return {name: round(share, 4) for name, share in found.items()}

    def _seed(self, number: int) -> int:
        return int.from_bytes(hashlib.sha256(f"{self.seed} {number}".encode()).digest()[:4])

    def _study(self, past: Sequence[PastTrial], **options: Any) -> Study:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        study = optuna.create_study(direction="maximize" if self.maximizes else "minimize", **options)
        study.add_trials(self._frozen(trial) for trial in past)
        return study

    def _frozen(self, trial: PastTrial) -> FrozenTrial:
        from optuna.trial import TrialState, create_trial

        state = {
            "complete": TrialState.COMPLETE,
            "pruned": TrialState.PRUNED,
            "failed": TrialState.FAIL,
            "running": TrialState.RUNNING,
        }[trial.state]
        return create_trial(
            state=state,
            value=trial.value if trial.state == "complete" else None,
            params=trial.values,
            distributions=self._distributions(),
            intermediate_values=dict(enumerate(trial.rounds, start=1)),
        )

    def _distributions(self) -> dict[str, BaseDistribution]:
        return {name: _distribution(_setting(name), domain) for name, domain in self.space.items()}

    def _value(self, name: str, value: Any) -> Any:
        domain = self.space[name]
        if isinstance(domain, Choices):
            return value
        setting = _setting(name)
        within = min(max(setting.rounded(value), domain.low), domain.high)
        return int(within) if setting.is_whole else within


def _setting(name: str) -> Setting:
    return Setting(name, Recipe.model_fields[name])


def _distribution(setting: Setting, domain: Domain) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(domain, Choices):
        return CategoricalDistribution(domain.values)
    if setting.is_whole:
        return IntDistribution(int(domain.low), int(domain.high), log=setting.search.log)
    return FloatDistribution(domain.low, domain.high, log=setting.search.log)
