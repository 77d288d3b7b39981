"""The training loop: steps, validation rounds, early stopping, checkpoints. It exists once, for all objectives.

What a loss is, what it weighs and what is reported of it, the objective says. Where several ranks train together, each runs this
loop with its part of every step's rows, and all of them hold the same weights.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from workers.contracts.events import SAVING, TRAINING
from workers.contracts.recipes import Recipe
from workers.models.loading import LoadedModel
from workers.models.prompts import Example
from workers.runtime.reporter import Reporter, StopRequested
from workers.training.automatic import usual_rate
from workers.training.checkpoints import Checkpoints, TrainingState
from workers.training.data import Order, Row
from workers.training.event_log import FigureSink
from workers.training.failures import diverged
from workers.training.hardware import Gauges
from workers.training.objectives import Objective
from workers.training.optimizer import Optimizer, learning_rate
from workers.training.progress import Phases
from workers.training.ranks import ALONE, Ranks
from workers.training.validation import sample_outputs, share_sums, validate

Ending = Literal["finished", "early_stopping", "time", "user"]

CHECKPOINT_SECONDS = 60.0
CHECKPOINT_COST_SHARE = 0.05
"""Between validation rounds, checkpoints take at most this share of the time."""
FEW_LABELS = 100
"""Up to so many validation labels one row is worth a point or more: a pause in accuracy is then mostly chance."""
_RATE_IS_DOWN = 0.1
"""Of the peak: with few labels, early stopping waits until the learning rate has come down to this."""
_METRIC_SECONDS = 0.5


class _Stopped(Exception):
    """The user's wish to stop, in the middle of a step or a validation round."""


class _Paused(Exception):
    """The user's wish to pause, between two steps."""


@dataclass(frozen=True)
class TrainingData:
    """Encoded rows. `watched` are the validation rows behind `validation`, in words, as samples ask them."""

    train: Sequence[Example]
    validation: Sequence[Example]
    watched: Sequence[Row]


def total_steps(recipe: Recipe, order: Order) -> int:
    """Optimizer steps that the recipe asks for; time may end a run before."""
    steps = max(1, round((recipe.epochs or 1.0) * order.steps_per_epoch))
    return min(steps, recipe.max_steps) if recipe.max_steps else steps


class Loop:
    """One run. `state` says where it stands; after `run` the best weights are in the model when the recipe wants them."""

    def __init__(
        self,
        loaded: LoadedModel,
        objective: Objective[Any],
        data: TrainingData,
        recipe: Recipe,
        reporter: Reporter,
        phases: Phases,
        checkpoints: Checkpoints,
        ranks: Ranks = ALONE,
    ) -> None:
        self.loaded, self.objective, self.data, self.recipe = loaded, objective, data, recipe
        self.device = loaded.device
        self.reporter, self.phases, self.checkpoints, self.ranks = reporter, phases, checkpoints, ranks
        self.state = TrainingState()
        self.sinks: list[FigureSink] = []
        self._gauges = Gauges(loaded.device)
        self.optimizer = Optimizer(loaded.model, recipe)
        ranks.take_over(self.optimizer.weights.values())
        self.optimizer.publish()
        self.order = objective.order(recipe, len(data.train))
        self.steps = total_steps(recipe, self.order)
        self._round_seconds = 0.0
        self._rate = recipe.learning_rate or 0.0
        self._saved_at = self._metric_at = time.monotonic()
        self._save_seconds = 0.0
        self._saved_step = 0
        self._recent: list[tuple[float, int]] = []

    @property
    def round_steps(self) -> int:
        """Steps from one validation round to the next."""
        return max(1, math.ceil((self.steps - self.state.begun_step) / self.recipe.validation_rounds))

    def run(self) -> Ending:
        """Train until something ends it. Raises JobError (loss_not_finite), StopRequested when stopped before step 1."""
        self.loaded.model.train()
        self._started = time.monotonic() - self.state.seconds
        self.phases.begin(TRAINING)
        try:
            self._measure_base()
            ending = self._run_steps()
        except _Stopped:
            if not self.state.step:
                raise StopRequested from None
            ending = "user"
            self.phases.begin(SAVING)
            self._save_stopped()
        except _Paused:
            self.phases.note(SAVING)
            self._save_stopped()
            raise StopRequested from None
        self.state.seconds = time.monotonic() - self._started
        if self.checkpoints.best is not None:
            self.optimizer.load_weights(self.checkpoints.best)
        return ending

    def _save_stopped(self) -> None:
        """Write a checkpoint of where the stop met the run, so that it can be continued from there."""
        if self.state.step > self._saved_step:
            self._save(best=False)

    def begin_again(self, run: str) -> None:
        """Take the loaded state as the beginning of a run that continues `run`: its steps and its time count from here."""
        if self.state.continues != run:
            self.state.continues = run
            self.state.begun_step, self.state.begun_seconds = self.state.step, self.state.seconds
            self.state.rounds_without_gain = 0

    def _measure_base(self) -> None:
        """Validate once before the first step, so that the end can say whether anything was learned."""
        if self.state.step or self.state.base is not None or not self.data.validation:
            return
        base = validate(self.objective, self.loaded, self.data.validation, self._check_stop, self.ranks)
        self.state.base = base if math.isfinite(base.loss) else None

    def _run_steps(self) -> Ending:
        if self.objective.learns_at_once:
            self._solve()
            return "finished"
        while self.state.step < self.steps:
            if self._minutes_over():
                self._round()
                return "time"
            self._step()
            done = self.state.step - self.state.begun_step
            if done % self.round_steps == 0 or self.state.step == self.steps:
                self._round()
                if self._is_stuck():
                    return "early_stopping"
            elif self._checkpoint_due():
                self._save(best=False)
        return "finished"

    def _solve(self) -> None:
        """The one step of an objective that learns at once. Every rank computes the same weights."""
        if self.state.step:
            return
        begun, rows = time.monotonic(), self.data.train
        loss = self.objective.solve(rows, self._check_stop)
        self.optimizer.take_up()
        state, now = self.state, time.monotonic()
        state.step, state.seconds = 1, now - self._started
        state.train_loss, state.first_loss = loss, None
        state.rows_seen, state.tokens_seen = len(rows), sum(map(self.objective.tokens, rows))
        speed = state.tokens_seen / max(now - begun, 1e-9)
        self._report({"train_loss": loss, "tokens_per_second": speed, **self._gauges.read()})
        self._round()

    def _is_stuck(self) -> bool:
        """Whether early stopping ends the run. With few labels it waits for the learning rate, whose fall often helps."""
        patience, state = self.recipe.early_stopping_rounds, self.state
        if not patience or state.rounds_without_gain < patience:
            return False
        counts_labels = state.last is not None and state.last.accuracy is not None
        if counts_labels and len(self.data.validation) <= FEW_LABELS and self.recipe.schedule != "constant":
            return self._rate <= _RATE_IS_DOWN * (self.recipe.learning_rate or 0.0)
        return True

    def _minutes_over(self) -> bool:
        self.state.seconds = self.ranks.of_lead(time.monotonic() - self._started)
        return self._time_share() >= 1

    def _time_share(self) -> float:
        """Of this run's time limit; a continued run counts from where it began."""
        if not self.recipe.max_minutes:
            return 0.0
        return (self.state.seconds - self.state.begun_seconds) / (self.recipe.max_minutes * 60)

    def _share(self, step: float) -> float:
        """How much of this run is over at `step`: by steps or by time, whichever ends it first."""
        begun = self.state.begun_step
        return max((step - begun) / max(1, self.steps - begun), self._time_share())

    def _scheduled_rate(self) -> float:
        """The rate of the step to come. A continued run joins the schedule of its new length, after a warm-up of its own."""
        share = self._share(self.state.step + 0.5)
        begun = self.state.begun_step / self.steps
        rate = learning_rate(self.recipe, begun + (1 - begun) * share)
        if begun and share < self.recipe.warmup_share:
            rate *= share / self.recipe.warmup_share
        return rate

    def _check_stop(self) -> None:
        """Raise _Stopped in the middle of something: only a process alone may leave it."""
        if self.ranks.alone and self.reporter.should_stop:
            raise _Stopped

    def _step(self) -> None:
        """One optimizer step: the gradient is the mean over everything that its rows teach, however they are grouped."""
        begun = time.monotonic()
        if self.ranks.any(self.reporter.should_stop or self.reporter.should_pause):
            raise _Stopped if self.ranks.any(self.reporter.should_stop) else _Paused
        chosen = self.order.step(self.state.step)
        step = self.state.step
        rows = [
            self.objective.drawn(self.data.train[index], step, index) for index in self.ranks.part(chosen)
        ]
        tokens = sum(self.objective.tokens(row) for row in rows)
        weight, tokens = map(int, self.ranks.total(self.objective.weight(rows), tokens))
        share_sums(self.objective, rows, self.ranks)
        loss = self.ranks.with_memory(lambda: self._gradients(rows, weight))
        self._rate = rate = self._scheduled_rate()
        self.optimizer.sum_up(self.ranks)
        norm = self.optimizer.step(rate)
        [mean] = self.ranks.total(float(loss))
        if not math.isfinite(mean) or not math.isfinite(norm):
            raise diverged(self.recipe, usual_rate(self.loaded, self.recipe))
        self._count(len(chosen), tokens, mean, norm, rate, time.monotonic() - begun)

    def _gradients(self, rows: Sequence[Example], weight: int) -> torch.Tensor:
        """Return the loss of these rows, of everything that `weight` counts. The optimizer has its gradients then."""
        loss = torch.zeros((), device=self.loaded.device)
        for group in self.objective.microbatches(rows):
            self._check_stop()
            part = self.objective.loss_sum(group) / max(1, weight)
            part.backward()
            self.optimizer.collect()
            loss += part.detach()
        return loss

    def _count(self, rows: int, tokens: int, loss: float, norm: float, rate: float, seconds: float) -> None:
        state = self.state
        state.seconds = time.monotonic() - self._started
        state.step += 1
        state.rows_seen += rows
        state.tokens_seen += tokens
        # A running mean over about 20 steps: single steps are noise.
        weight = 1.0 if state.step == 1 else 0.05
        if state.first_loss is None:
            state.first_loss = loss
        state.train_loss += weight * (loss - state.train_loss)
        self._recent = [*self._recent[-19:], (seconds, tokens)]
        spent = sum(part for part, _ in self._recent)
        speed = sum(count for _, count in self._recent) / max(spent, 1e-9)
        steps_left = self.steps - state.step
        left = steps_left * spent / len(self._recent)
        left += math.ceil(steps_left / self.round_steps) * self._round_seconds
        if self.recipe.max_minutes:
            left = min(left, self.recipe.max_minutes * 60 * (1 - self._time_share()))
        share = min(1.0, self._share(state.step))
        self.phases.at(state.step, self.steps, share=share, seconds_left=max(0.0, left))
        now = time.monotonic()
        # Whatever step is kept, its figures are there.
        ends_round = (state.step - state.begun_step) % self.round_steps == 0
        ends = state.step in (state.begun_step + 1, self.steps)
        if ends_round or ends or now - self._metric_at >= _METRIC_SECONDS:
            self._metric_at = now
            values = {
                "train_loss": loss,
                "smoothed_train_loss": state.train_loss,
                "learning_rate": rate,
                "gradient_norm": norm,
                "tokens_per_second": speed,
                **self._gauges.read(),
            }
            self._report(values)

    def _report(self, values: dict[str, float]) -> None:
        """Send the figures of the current step to the studio, and to what else wants them."""
        self.reporter.metric(self.state.step, values, epoch=self.epoch)
        if self.ranks.leads:
            for sink in self.sinks:
                sink.log(self.state.step, values)

    @property
    def epoch(self) -> float:
        return self.state.step / self.order.steps_per_epoch

    def _round(self) -> None:
        """Validate, keep what is best, write a checkpoint, show samples."""
        begun = time.monotonic()
        state = self.state
        best = False
        if self.data.validation:
            now = validate(self.objective, self.loaded, self.data.validation, self._check_stop, self.ranks)
            if not math.isfinite(now.loss):
                raise diverged(self.recipe, usual_rate(self.loaded, self.recipe))
            self._report(self.objective.report(now))
            best = state.best is None or now.beats(state.best)
            learns = best or state.lowest_loss is None or now.loss < state.lowest_loss
            state.lowest_loss = now.loss if state.lowest_loss is None else min(state.lowest_loss, now.loss)
            state.rounds_without_gain = 0 if learns else state.rounds_without_gain + 1
            state.last = now
        if best:
            state.best_step, state.best = state.step, state.last
            self.checkpoints.keep_best(self.optimizer)
        self._save(best=best)
        rows = self.data.watched[: self.recipe.sample_rows]
        if rows and self.ranks.leads:
            self.reporter.sample(state.step, sample_outputs(self.loaded, rows, self._check_stop))
        self._round_seconds = time.monotonic() - begun

    def _checkpoint_due(self) -> bool:
        pause = max(CHECKPOINT_SECONDS, self._save_seconds / CHECKPOINT_COST_SHARE)
        return bool(self.ranks.of_lead(time.monotonic() - self._saved_at >= pause))

    def _save(self, *, best: bool) -> None:
        begun = time.monotonic()
        self.state.seconds = begun - self._started
        folder = self.checkpoints.save(self.state, self.optimizer)
        self._saved_at = time.monotonic()
        self._save_seconds = self._saved_at - begun
        self._saved_step = self.state.step
        self.reporter.checkpoint(folder, self.state.step, best=best)
