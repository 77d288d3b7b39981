"""Experiment trackers: those that are named get the figures that the studio gets, and none of them ends a run."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from pkgutil import resolve_name
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from workers.contracts.families import Family
from workers.contracts.registry import UnknownKind
from workers.contracts.trackers import TRACKERS, TRACKERS_VARIABLE, named_trackers, tracker_variables
from workers.runtime.reporter import StopRequested
from workers.training.run import run
from workers.training.trackers import TrackedRun, without_secrets


class Library:
    """Stands in for the libraries of all trackers, and keeps what they are told."""

    def __init__(self) -> None:
        self.begun: list[dict[str, Any]] = []
        self.logged: list[tuple[int, dict[str, float]]] = []
        self.ended: list[Any] = []
        self.fails_at: int | None = None
        self.url = "https://key@tracker.example.org/runs/1?token=secret"

    def init(self, **told: Any) -> Library:
        self.begun.append(told)
        return self

    def log(self, values: dict[str, float], step: int) -> None:
        if step == self.fails_at:
            raise ConnectionError("https://key@example.org")
        self.logged.append((step, values))

    def finish(self, exit_code: int | None = None) -> None:
        self.ended.append(exit_code)


@pytest.fixture(params=["wandb", "trackio"])
def library(request, monkeypatch) -> Library:
    """A tracker whose library only keeps what it is told."""
    kept = Library()
    module = ModuleType(request.param)
    module.init, module.Settings = kept.init, dict  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, request.param, module)
    monkeypatch.setenv(TRACKERS_VARIABLE, request.param)
    monkeypatch.setenv("TRACKIO_SERVER_URL", kept.url)
    return kept


def told_addresses(reporter: Any) -> list[str]:
    texts = [event.text for event in reporter.of("log")]
    return [text.params["address"] for text in texts if text.code == "training.tracked_at"]


def reported(reporter: Any) -> list[tuple[int, dict[str, float]]]:
    return [(event.step, event.values) for event in reporter.of("metric")]


def test_a_tracker_gets_the_settings_and_every_figure(library, make_spec, recording) -> None:
    spec, reporter = make_spec(Family.CLASSIFIER), recording()
    run(spec.model_copy(update={"name": "Tickets, run 3", "key": "abc123"}), reporter)
    (begun,) = library.begun
    assert begun["name"].startswith("Tickets, run 3")
    assert begun["config"]["task"] == "classification"
    assert begun["config"]["batch_rows"] is not None, "what the worker chose, too"
    assert library.logged == reported(reporter)
    assert len(library.ended) == 1
    assert library.ended[0] in (0, None)
    assert told_addresses(reporter) == ["https://tracker.example.org/runs/1"], "without what may be a secret"


def test_a_tracker_that_fails_is_left_out_and_the_run_ends_well(library, make_spec, recording) -> None:
    spec, reporter = make_spec(Family.CLASSIFIER), recording()
    library.fails_at = 8
    result = run(spec, reporter)
    assert result.steps > 8
    assert {step for step, _ in library.logged} < {step for step, _ in reported(reporter)}
    (said,) = [event.text for event in reporter.of("log") if "gets no more figures" in event.text]
    assert "ConnectionError" in said
    assert "key@" not in said


def test_a_service_that_hangs_at_the_end_is_left_behind(library, make_spec, recording, monkeypatch) -> None:
    is_over = threading.Event()
    monkeypatch.setattr(library, "finish", lambda exit_code=None: is_over.wait())
    monkeypatch.setattr("workers.training.trackers.LAST_SECONDS", 0.1)
    reporter = recording()
    run(make_spec(Family.CLASSIFIER), reporter)
    is_over.set()
    assert any("TimeoutError" in event.text for event in reporter.of("log"))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:password@host:8080/a?key=1#/b", "https://host:8080/a#/b"),
        ("file:///data/mlruns/#/experiments/1", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_an_address_is_shown_without_what_may_be_a_secret(address, shown) -> None:
    assert without_secrets(address) == shown


def test_a_missing_library_is_said_and_the_run_ends_well(make_spec, recording, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    monkeypatch.setenv(TRACKERS_VARIABLE, "wandb")
    reporter = recording()
    run(make_spec(Family.CLASSIFIER), reporter)
    assert any("Weights & Biases gets no more figures" in event.text for event in reporter.of("log"))


def test_a_run_that_does_not_end_well_is_closed_as_failed(library, make_spec, recording) -> None:
    class Stopping(recording):
        def log(self, *_: Any, **__: Any) -> None:
            raise StopRequested

    with pytest.raises(StopRequested):
        run(make_spec(Family.CLASSIFIER), Stopping())
    assert library.ended in ([1], [None])


class MlflowServer:
    """Keeps what a client of MLflow is asked."""

    tracking_uri = "http://mlflow.example.org/"

    def __init__(self) -> None:
        self.runs: dict[str, str] = {}
        self.metrics: list[tuple[str, float, int]] = []
        self.params: dict[str, str] = {}
        self.ended: list[tuple[str, str]] = []

    def client(self) -> MlflowServer:
        return self

    def get_experiment_by_name(self, _name: str) -> None:
        return None

    def create_experiment(self, name: str) -> str:
        return name

    def search_runs(self, _experiments: list[str], query: str, max_results: int) -> list[Any]:
        found = [made for key, made in self.runs.items() if f"'{key}'" in query]
        return [SimpleNamespace(info=SimpleNamespace(run_id=made)) for made in found[:max_results]]

    def create_run(self, _experiment: str, *, run_name: str, tags: dict[str, str]) -> Any:
        (key,) = tags.values()
        self.runs[key] = run_name
        return SimpleNamespace(info=SimpleNamespace(run_id=run_name))

    def log_batch(self, _run: str, *, metrics: Any = (), params: Any = (), synchronous: bool = True) -> Any:
        assert not (metrics and synchronous), "training waits for no server"
        self.metrics += [(name, value, step) for name, value, _at, step in metrics]
        self.params |= dict(params)
        return SimpleNamespace(wait=lambda: None)

    def set_terminated(self, run: str, status: str) -> None:
        self.ended.append((run, status))

    def update_run(self, run: str, status: str) -> None:
        self.ended.append((run, status))


@pytest.fixture
def mlflow_server(monkeypatch) -> MlflowServer:
    server = MlflowServer()
    module, entities = ModuleType("mlflow"), ModuleType("mlflow.entities")
    module.MlflowClient = server.client  # type: ignore[attr-defined]
    entities.Metric = entities.Param = lambda *parts: parts  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mlflow", module)
    monkeypatch.setitem(sys.modules, "mlflow.entities", entities)
    monkeypatch.setenv(TRACKERS_VARIABLE, "mlflow")
    return server


def test_mlflow_gets_the_settings_and_every_figure_and_finds_a_run_again(
    mlflow_server, make_spec, recording
) -> None:
    spec, reporter = make_spec(Family.CLASSIFIER), recording()
    spec = spec.model_copy(update={"name": "Tickets, run 3", "key": "abc123"})
    run(spec, reporter)
    expected = [(name, value, step) for step, values in reported(reporter) for name, value in values.items()]
    assert mlflow_server.metrics == expected
    assert mlflow_server.params["task"] == "classification"
    assert mlflow_server.ended == [("Tickets, run 3", "FINISHED")]
    (address,) = told_addresses(reporter)
    assert address == "http://mlflow.example.org/#/experiments/maquette/runs/Tickets, run 3"
    about = TrackedRun(key="abc123", name="Another name", settings={}, work=Path(spec.work))
    resolve_name(TRACKERS["mlflow"].implementation)(about).finish(succeeded=False)
    assert mlflow_server.runs == {"abc123": "Tickets, run 3"}, "no second run of the same key"
    assert [status for _run, status in mlflow_server.ended] == ["FINISHED", "RUNNING", "FAILED"]


def test_without_names_nothing_is_opened(library, make_spec, recording, monkeypatch) -> None:
    monkeypatch.delenv(TRACKERS_VARIABLE)
    run(make_spec(Family.CLASSIFIER), recording())
    assert not library.begun


def test_only_the_variables_of_named_trackers_are_passed_on(monkeypatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "w")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow")
    assert tracker_variables([]) == {}
    assert tracker_variables(["mlflow"]).keys() >= {"MLFLOW_TRACKING_URI", TRACKERS_VARIABLE}
    assert "WANDB_API_KEY" not in tracker_variables(["mlflow"])
    assert list(TRACKERS) == ["wandb", "mlflow", "trackio"]
    with pytest.raises(UnknownKind):
        named_trackers(["wandbb"])
