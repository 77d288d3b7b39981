"""CONTRIBUTING.md names the files that a new kind of each registry needs, and no other file knows a kind by itself."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from workers.contracts.baselines import BASELINES
from workers.contracts.metrics import METRICS
from workers.contracts.objectives import OBJECTIVES
from workers.contracts.registry import GROUPS

ROOT = Path(__file__).resolve().parents[2]
ROWS = {
    "tasks": ("task", "workers/contracts/tasks/"),
    "objectives": ("training objective", "workers/contracts/objectives/"),
    "metrics": ("metric", "workers/contracts/metrics/"),
    "baselines": ("simple baseline", "workers/contracts/baselines/"),
    "import_formats": ("import format", "workers/ingest/formats/"),
    "app_kinds": ("kind of app", "apps/publishing/kinds/"),
    "job_kinds": ("kind of job", "workers/contracts/job_kinds/"),
}
"""The row of the table and the package of each registry."""
OWNED = {"job_kinds"}
"""Registries whose kinds are imported by the code that they are made for."""
RULES_ABOUT_CHATS = "workers/ingest/reshaping/grouping.py"


def table() -> dict[str, str]:
    """The rows below "Where to add things": what is added, and the files that change."""
    text = (ROOT / "CONTRIBUTING.md").read_text().split("## Where to add things")[1].split("\n### ")[0]
    return dict(re.findall(r"^\| ([a-z][^|]*?) \| (.*) \|$", text, re.MULTILINE))


def paths_in(row: str) -> list[str]:
    return [path for path in re.findall(r"`([^`\s]+)`", row) if "/" in path and "<" not in path]


def importers(modules: set[str]) -> dict[str, set[str]]:
    """Files of the source tree that import one of these modules, and what they import."""
    found: dict[str, set[str]] = {}
    for path in [*(ROOT / "apps").rglob("*.py"), *(ROOT / "workers").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            if used := modules.intersection(names):
                found.setdefault(path.relative_to(ROOT).as_posix(), set()).update(used)
    return found


@pytest.mark.parametrize("added", table())
def test_every_path_in_the_table_exists(added: str) -> None:
    for path in paths_in(table()[added]):
        assert (ROOT / path).exists() or list(ROOT.glob(f"*/*/{path}")), path


@pytest.mark.parametrize("group", GROUPS)
def test_no_file_beyond_those_of_the_table_imports_a_kind(group: str) -> None:
    added, package = ROWS[group]
    allowed = paths_in(table()[added])
    assert package in allowed
    modules = {
        f"{package.strip('/').replace('/', '.')}.{path.stem}"
        for path in (ROOT / package).glob("*.py")
        if path.stem not in ("__init__", "base")
    }
    assert modules
    if group in OWNED:
        return
    for path, used in importers(modules).items():
        assert path == RULES_ABOUT_CHATS or path.startswith(tuple(allowed)), f"{path} imports {used}"


@pytest.mark.parametrize(
    ("group", "implementations"),
    [
        ("metrics", [metric.implementation for metric in METRICS.values()]),
        ("baselines", [baseline.implementation for baseline in BASELINES.values()]),
        ("objectives", [objective.implementation for objective in OBJECTIVES.values()]),
    ],
)
def test_what_computes_a_kind_is_where_the_table_says(group: str, implementations: list[str]) -> None:
    allowed = tuple(paths_in(table()[ROWS[group][0]]))
    for name in implementations:
        file = Path(import_module(name.partition(":")[0]).__file__ or "")
        assert file.relative_to(ROOT).as_posix().startswith(allowed), name


def test_a_toy_kind_of_every_registry_is_one_module_of_the_tests() -> None:
    text = "".join(path.read_text() for path in (ROOT / "tests/extension_points").glob("*.py"))
    for registry in map(str.upper, GROUPS):
        assert text.count(f"{registry}.add(") == 1, registry
