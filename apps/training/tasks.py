"""Celery tasks: what sweeps do between two trials."""

from celery import shared_task

from apps.training.sweeps import advancing


@shared_task(name=advancing.TASK)
def advance_sweep(sweep_id: str) -> None:
    """A trial of the sweep has ended, or the sweep has just been started."""
    advancing.advance(sweep_id)


@shared_task(name="training.advance_sweeps")
def advance_sweeps() -> int:
    """Prune trials, watch budgets, and make up for lost messages."""
    return advancing.advance_all()
