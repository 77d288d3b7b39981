"""Seven modules of `tests/extension_points`, named in EXTENSIONS and nowhere else, make a studio for another kind of data.

From a file of the toy format to an answer of a toy app: the data teaches the toy task, the model learns it for the toy
objective and is measured with the toy metric, and a job of the toy kind counts the words of an answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from launcher.environment import ROOT
from launcher.throwaway import Studio, throwaway_studio
from tests.fixtures.rest import Rest, wait_for
from tests.fixtures.studio import new_database
from workers.contracts.registry import GROUPS

pytestmark = pytest.mark.journey

OWNER = "owner@example.com"
MODULES = {
    "tasks": "titles",
    "objectives": "first_token",
    "metrics": "same_length",
    "baselines": "last_word",
    "import_formats": "question_files",
    "app_kinds": "title_apps",
    "job_kinds": "count_words",
}
ROWS = 60
CONTENT = "".join(
    f"? the {number} boats are back in the harbour\n{number} boats return\n" for number in range(ROWS)
)
COUNT = """
import json, sys, tempfile
from pathlib import Path
from apps.accounts.models import User
from apps.core.storage import storage
from apps.jobs import services
from tests.extension_points.count_words import COUNT, CountSpec

folder = Path(tempfile.mkdtemp())
(folder / "text.txt").write_text("three short words")
storage().publish(folder, "texts/one")
owner = User.objects.get()
made = services.enqueue(
    actor=owner, workspace=owner.memberships.get().workspace, kind=COUNT, title="Count the words",
    spec=CountSpec(inputs={"text": "texts/one"}),
)
print(json.dumps(str(made.pk)))
"""

RESULT = "import json; from apps.jobs.models import Job; print(json.dumps(Job.objects.get(pk='%s').result))"


@pytest.fixture
def extended() -> Iterator[Studio]:
    """A studio of its own with all toy kinds, in each of its processes and their children."""
    assert set(MODULES) == set(GROUPS)
    modules = [f"{group}:tests.extension_points.{module}" for group, module in MODULES.items()]
    variables = {"EXTENSIONS": ",".join(modules), "PYTHONPATH": str(ROOT)}
    with throwaway_studio({**new_database(), **variables}) as running:
        yield running


@pytest.fixture
def toys(extended: Studio) -> Rest:
    printed = json.loads(extended.manage("bootstrap", "--owner", OWNER, "--token", "--json"))
    return Rest(extended.url, printed["token"])


def shell(studio: Studio, code: str) -> Any:
    """Run `code` in the studio's own shell; return what it printed last, from JSON."""
    return json.loads(studio.manage("shell", "--no-imports", "-c", code).splitlines()[-1])


@pytest.mark.timeout(1500)
def test_extension_points_from_a_file_to_an_answer(
    extended: Studio, toys: Rest, tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    version = data_of(toys, tmp_path)
    model = trained(toys, version)["model_version"]
    # Both wait for their workers while the app is published.
    counted = {"id": shell(extended, COUNT)}
    measured = toys.call("POST", "evaluations/", json={"data": version["id"], "model": model})
    answer(toys, open_page, extended.url, model)

    simple = toys.call("POST", "evaluations/", json={"data": version["id"], "baseline": "last_word"})
    assert toys.wait("evaluations", simple)["result"]["baseline"]["text"] == "the last word"
    metrics = toys.wait("evaluations", measured)["result"]["metrics"]
    assert list(metrics) == ["chrf", "exact_match", "same_length"]
    assert words_counted(extended, toys, counted) == 3


def data_of(toys: Rest, folder: Path) -> dict[str, Any]:
    """The rows of a file that only the toy format reads, for the toy task."""
    path = folder / "harbour.txt"
    path.write_text(CONTENT)
    uploaded = toys.upload(path)
    version = toys.confirm(uploaded, task_type="titles", roles={"question": "input", "answer": "target"})
    assert toys.read("imports", uploaded)["result"]["format"] == "questions"
    rows = sum(version[f"rows_{split}"] for split in ("train", "validation", "test"))
    assert (version["task_type"], rows) == ("titles", ROWS)
    return version


def trained(toys: Rest, version: dict[str, Any]) -> dict[str, Any]:
    """A run for the toy objective, with the setting that only this objective has."""
    objective = {"kind": "first_token", "strength": 2.0}
    planned = toys.preflight(
        version, "starter:causal:tiny", objective=objective, max_steps=6, validation_rounds=1, sample_rows=1
    )
    assert planned["recipe"]["objective"] == objective
    assert planned["result"]["learned_tokens"] == version["rows_train"], "one token a row"
    run = toys.wait("runs", toys.start(planned))
    assert run["recipe"]["objective"] == objective
    assert run["result"]["steps"] == 6
    return run


def answer(toys: Rest, open_page: Callable[..., Page], url: str, model: str) -> None:
    """The published app is of the toy kind; its page streams an answer."""
    app, link = toys.publish(model, confirm_verdict=True, name="Headlines", tone="Short:", max_tokens=16)
    assert app["app_type"] == "title_apps"
    assert app["live_version"]["tone"] == "Short:"
    visitor = open_page(url)
    visitor.goto(link)
    expect(visitor.get_by_text("Paste an article.")).to_be_visible()
    visitor.get_by_label("Article", exact=True).fill("the 7 boats are back in the harbour")
    visitor.get_by_role("button", name="Find a title").click()
    written = visitor.locator("#answer")
    expect(written.locator(".figures")).not_to_be_empty()
    expect(written.locator(".text")).to_contain_text(re.compile(r"\w"))


def words_counted(studio: Studio, toys: Rest, made: dict[str, Any]) -> int:
    """The result of the toy job, once it has ended."""

    def ended() -> dict[str, Any] | None:
        found = toys.read("jobs", made)
        return found if found["ended_at"] else None

    job = wait_for(ended, "The end of the toy job")
    assert (job["kind"], job["state"]) == ("count_words", "succeeded"), job
    words: int = shell(studio, RESULT % made["id"])["words"]
    return words
