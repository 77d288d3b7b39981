"""docs/asvs.md names a test for every requirement, and every test that it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = (ROOT / "docs" / "asvs.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TABLE.splitlines()
    if re.match(r"\| (?:\d+\.\d+|LLM\d\d)", line)
]


def named_tests() -> set[str]:
    return set(re.findall(r"`(tests/[\w/]+\.py::\w+)`", TABLE))


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text()) if path.exists() else ast.Module(body=[], type_ignores=[])
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_named_test_exists() -> None:
    missing = []
    for name in sorted(named_tests()):
        path, function = name.split("::")
        if function not in functions_of(ROOT / path):
            missing.append(name)
    assert not missing
    assert len(named_tests()) > 80


def test_every_requirement_has_a_test_or_says_what_comes_later() -> None:
    assert len(ROWS) > 90
    for number, asked, answer in ROWS:
        assert asked, number
        assert "`tests/" in answer or answer.startswith(("later: ", "operator: ")), f"{number}: {answer}"


def test_every_risk_of_language_models_is_there() -> None:
    assert {row[0] for row in ROWS if row[0].startswith("LLM")} == {
        f"LLM{number:02d}" for number in range(1, 11)
    }


def test_no_requirement_is_there_twice() -> None:
    numbers = [row[0] for row in ROWS]
    assert len(numbers) == len(set(numbers))
