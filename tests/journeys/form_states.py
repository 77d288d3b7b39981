"""Changes of the matrix' world after which a page shows a form that it does not always show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db.models import Model
from django.utils import timezone

from apps.accounts.models import User
from apps.core.storage import storage
from apps.datasets.models import Import
from apps.evaluation.models import Comparison, Evaluation
from apps.jobs.models import Job
from apps.publishing.models import App, AppVersion, ShareLink
from apps.training.models import Run
from apps.workspaces.models import Membership, Role, Workspace
from tests.access.readying import READY
from tests.access.world import World
from tests.apps.conftest import evaluation_result, outputs_table, parquet
from tests.apps.evaluation.conftest import ROWS, compared_metric, compared_table
from workers.contracts.events import Fix
from workers.contracts.job_kinds.comparison import ComparisonResult
from workers.contracts.job_kinds.parity import ParityResult
from workers.contracts.verdicts import Verdict, VerdictCode

LINK_PASSWORD = "a long password"


def first_states(world: World) -> Iterator[tuple[str, str]]:
    """Pages of things that nothing else uses, whose forms are refused on the pages of others; and of an invitation."""
    things = world.ours.things
    yield f"/models/{things['free_model'].pk}/", "owner"
    yield f"/evaluations/{things['free_evaluation'].pk}/", "owner"
    for person in ("anonymous", "administrator"):
        yield f"/workspace/join/{things['invitation_token']}/", person


def states(world: World, settings: Any) -> Iterator[tuple[str, str]]:
    """Path and person of each page, once the world is such that the page shows more than usual. One builds on another."""
    things = {name: getattr(one, "pk", one) for name, one in world.ours.things.items()}
    things["owner"] = world.people["owner"].pk  # type: ignore[union-attr]
    _join(world, "administrator", world.ours.workspace)
    here = settings.SITE_URL
    for address in (here, "http://192.0.2.7:8000"):
        settings.SITE_URL = address
        yield f"/apps/{things['app']}/", "administrator"
    settings.SITE_URL = here
    for change, path, person in STATES:
        change(world)
        yield path.format(**things), person
    yield _unreadable_import(world), "owner"


def _ready(key: str) -> Callable[[World], None]:
    return lambda world: READY[key](world) and None


def _nothing(world: World) -> None:
    pass


def _with(model: type[Model], thing: str, **fields: Any) -> Callable[[World], None]:
    return lambda world: model.objects.filter(pk=world.ours.things[thing].pk).update(**fields) and None


def _join(world: World, person: str, workspace: Workspace) -> None:
    Membership.objects.create(user=world.people[person], workspace=workspace, role=Role.VIEWER)


def _second_workspace(world: World) -> None:
    _join(world, "owner", world.theirs.workspace)


def _unreadable_import(world: World) -> str:
    (pk,) = READY["datasets:import"](world)
    Import.objects.filter(pk=pk).update(result=None)
    Job.objects.filter(dataset_import__pk=pk).update(state="failed")
    return f"/data/imports/{pk}/"


def _sampled(world: World) -> None:
    """The evaluations answered a sample of the rows, and were compared on it."""
    things = world.ours.things
    for name in ("evaluation", "other_evaluation"):
        result = evaluation_result().model_dump(mode="json")
        Evaluation.objects.filter(pk=things[name].pk).update(result=result, max_rows=12)
        _write(things[name].storage_key, "outputs.parquet", outputs_table())
        Job.objects.filter(pk=things[name].job_id).update(state="succeeded")
    compared = ComparisonResult(
        rows=ROWS, metrics=[compared_metric("macro_f1", 0.5, 0.9, 0.0004, ["e1"])],
        deciding_metric="macro_f1", winner="e1", verdict="",
    )  # fmt: skip
    comparison = things["comparison"]
    Comparison.objects.filter(pk=comparison.pk).update(result=compared.model_dump(mode="json"))
    _write(comparison.storage_key, "rows.parquet", compared_table())
    Job.objects.filter(pk=comparison.job_id).update(state="succeeded")


def _write(key: str, name: str, table: Any) -> None:
    storage().write(f"{key}/{name}", iter([parquet(table)]))
    storage().write(f"{key}/.published", iter([b"{}"]))


def _diverged(world: World) -> None:
    run = Run.objects.get(pk=world.ours.things["run"].pk)
    fix = Fix(label="Train with learning rate 0.001", recipe={"learning_rate": 0.001})
    verdict = Verdict(code=VerdictCode.DIVERGED, parameters={"loss": 119, "base_loss": 2, "rate": 1}, fix=fix)
    run.result = {**(run.result or {}), "verdict": verdict.model_dump(mode="json")}
    run.save()


def _lost(world: World) -> None:
    Job.objects.filter(pk=world.ours.things["run"].job_id).update(state="lost", ended_at=timezone.now())


def _second_version(world: World) -> None:
    version = AppVersion.objects.get(pk=world.ours.things["app_version"].pk)
    version.pk, version.number, version.parity_job = None, 2, None
    version.save()


def _differs(world: World) -> None:
    """The engine computes something else than training did."""
    parity = ParityResult(
        rows=8, ids_identical=True, max_nat_per_token=0.4, limit_nat_per_token=0.05, exact_match=0.5,
        passed=False, message="The engine computes something else.",
    )  # fmt: skip
    version = AppVersion.objects.filter(pk=world.ours.things["app_version"].pk)
    Job.objects.filter(parity_of__in=version).update(state="succeeded")
    version.update(parity=parity.model_dump(mode="json"))


def _locked(world: World) -> None:
    link = ShareLink.objects.filter(pk=world.ours.things["share_link"].pk)
    link.update(password=make_password(LINK_PASSWORD))


STATES: list[tuple[Callable[[World], None], str, str]] = [
    (_nothing, "/data/imports/{import}/", "owner"),
    (_nothing, "/evaluations/new/?find-models=a", "owner"),
    (_second_workspace, "/workspace/all/", "owner"),
    (_nothing, "/console/people/?deactivate={owner}", "administrator"),
    (_with(User, "account", is_active=False), "/console/people/?q=person", "administrator"),
    (
        _with(User, "account", is_active=True, is_staff=True, is_superuser=True),
        "/console/people/?q=person&role=administrator",
        "administrator",
    ),
    (_lost, "/console/", "administrator"),
    (_ready("catalog:base_delete"), "/models/", "owner"),
    (_ready("training:fix"), "/runs/{run}/", "owner"),
    (_ready("training:continue"), "/runs/{run}/", "owner"),
    (_ready("jobs:priority"), "/runs/{run}/", "owner"),
    (_ready("jobs:unpause"), "/runs/{run}/", "owner"),
    (_ready("training:sweep_stop"), "/runs/sweeps/{sweep}/", "owner"),
    (_ready("training:sweep_keep_best"), "/runs/sweeps/{sweep}/", "owner"),
    (_diverged, "/runs/{run}/", "owner"),
    (_sampled, "/evaluations/{evaluation}/", "owner"),
    (_nothing, "/evaluations/comparisons/{comparison}/", "owner"),
    (_differs, "/apps/{app}/", "owner"),
    (_second_version, "/apps/{app}/", "owner"),
    (_nothing, "/a/{link_token}/", "without scripts"),
    (_with(App, "app", app_type="chat"), "/a/{link_token}/", "without scripts"),
    (_locked, "/a/{link_token}/", "anonymous"),
    (_ready("publishing:resume_link"), "/apps/{app}/", "owner"),
    (_with(App, "app", live_version=None), "/apps/{app}/", "owner"),
    (_ready("publishing:restore"), "/apps/{app}/", "owner"),
    (_with(Membership, "membership", role=Role.OWNER), "/workspace/settings/", "owner"),
]
"""A change of the world, a path, and who opens it."""
