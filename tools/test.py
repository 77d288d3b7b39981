"""Runs every test: the quick ones on SQLite and, but for those marked `once`, on Postgres; the long ones (journeys,
faults, training) on Postgres.

The last line counts all sessions together. `--database` and `--part` run less; further arguments go to pytest.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.browser import BrowserMissing, find_or_install_browser  # noqa: E402
from tools.postgres import PostgresMissing, postgres_server  # noqa: E402

LONG = "journey or faults or training"
ON_REQUEST = ("models", "fast", "coverage")
"""The parts that run when they are asked for: one downloads 180 MB, the others repeat some of the quick tests."""
FAST = (
    *(f"tests/apps/{name}" for name in ("catalog", "core", "home")),
    *(f"tests/apps/accounts/test_{name}.py" for name in ("profile", "sign_up")),
    *(f"tests/apps/training/test_{name}.py" for name in ("continuation", "objectives", "pages", "services")),
    *(f"tests/apps/jobs/test_{name}.py" for name in ("pages", "queue_order", "sockets")),
    *(f"tests/apps/workspaces/{name}" for name in ("access", "team")),
    *(f"tests/workers/{name}" for name in ("contracts", "runtime", "shared")),
)
"""What runs in `make test-fast`: less than a second each, without a browser, a model library or a job's process."""
NOTHING_COLLECTED = 5


@dataclass(frozen=True)
class Session:
    """One run of pytest. `spread` is how xdist gives the tests to processes, empty for one process alone.

    `paths` empty means all tests; with `marks`, the files alone that have one of them: reading a file costs what it imports.
    """

    title: str
    database: str
    part: str
    markers: str
    spread: str
    paths: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    measured: bool = False
    """Whether a run of all its tests measures their coverage, which must not fall (`fail_under` in pyproject.toml)."""

    def files(self) -> list[str]:
        marked = re.compile(rf"\bmark\.({'|'.join(self.marks)})\b")
        found = sorted((ROOT / "tests").rglob("test_*.py")) if self.marks else []
        return [str(path.relative_to(ROOT)) for path in found if marked.search(path.read_text("utf-8"))]


FAST_SESSION = Session(
    "fast tests on SQLite",
    "sqlite",
    "fast",
    f"not gpu and not models and not once and not ({LONG})",
    "worksteal",
    FAST,
    # To migrate takes each process longer than a fifth of its tests; `make test` does it.
    options=("-p", "tests.fixtures.no_model_library", "--no-migrations"),
)
SESSIONS = (
    Session(
        "quick tests on SQLite", "sqlite", "quick", f"not gpu and not models and not ({LONG})", "worksteal"
    ),
    Session(
        "quick tests of what has a database, on Postgres",
        "postgres",
        "quick",
        f"not gpu and not models and not once and not ({LONG})",
        "worksteal",
        ("tests/access", "tests/apps"),
    ),
    Session(
        "training on Postgres",
        "postgres",
        "training",
        "training and not gpu and not models",
        "",
        marks=("training",),
    ),
    Session(
        "journeys and faults on Postgres",
        "postgres",
        "long",
        "(journey or faults) and not gpu and not training",
        "loadscope",  # by folder: tests/fixtures/studio.py
        marks=("journey", "faults"),
    ),
    Session("pretrained models", "sqlite", "models", "models", "", marks=("models",)),
    FAST_SESSION,
    # Apart, because tracing doubles the time.
    replace(FAST_SESSION, title="coverage of the fast tests", part="coverage", measured=True),
)


def run_session(session: Session, arguments: list[str], environment: dict[str, str], report: Path) -> int:
    """Run pytest once; return its exit status."""
    print(f"\n=== {session.title}", flush=True)
    # In the order of collection: a browser's event loop stays in its process, where asynchronous tests would fail.
    parallel = ["-n", "2", "--dist", session.spread, "--no-loadscope-reorder"] if session.spread else []
    coverage = ["--cov", "--cov-report="] if session.measured and not arguments else []
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            *session.options,
            *coverage,
            "-m",
            session.markers,
            f"--junitxml={report}",
            *parallel,
            *(arguments or session.paths or session.files()),
        ],
        cwd=ROOT,
        env=environment,
    ).returncode


def count(report: Path) -> Counter[str]:
    """Passed, failed and skipped tests of a JUnit report; errors count as failed."""
    total: Counter[str] = Counter()
    for suite in ElementTree.parse(report).getroot().iter("testsuite") if report.exists() else []:  # noqa: S314
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        total.update(failed=bad, skipped=skipped, passed=int(suite.get("tests", 0)) - bad - skipped)
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--database", choices=["sqlite", "postgres"])
    parser.add_argument("--part", choices=sorted({session.part for session in SESSIONS}))
    chosen, arguments = parser.parse_known_args()
    sessions = [
        session
        for session in SESSIONS
        if chosen.database in (None, session.database)
        and (chosen.part == session.part or (chosen.part is None and session.part not in ON_REQUEST))
    ]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    environment.pop("DATABASE_URL", None)
    # Hundreds of processes are started, and each would compile the code again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if any(session.part == "long" for session in sessions):
        environment["CHROMIUM"] = find_or_install_browser()
    total: Counter[str] = Counter(passed=0, failed=0, skipped=0)
    worst = 0
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="maquette-tests-")))
        server = ""
        if any(session.database == "postgres" for session in sessions):
            server = stack.enter_context(postgres_server())
        for number, session in enumerate(sessions):
            report = folder / f"{number}.xml"
            database = {"DATABASE_URL": server} if session.database == "postgres" else {}
            status = run_session(session, arguments, {**environment, **database}, report)
            total.update(count(report))
            if status not in (0, NOTHING_COLLECTED):
                worst = worst or status
    print(f"\n{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped", flush=True)
    return worst or int(total["passed"] == 0)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (BrowserMissing, PostgresMissing) as missing:
        sys.exit(f"\n{missing}")
