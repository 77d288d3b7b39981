"""What a job's page says that a worker is at: every phase has words in every language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import override

from apps.core.messages import translate_said

CONSTANTS = ("SAVING", "WAITING_FOR_MEMORY")
WORKERS = Path(__file__).resolve().parents[2] / "workers"


def phases() -> Iterator[str]:
    """Texts where a worker names a phase: what it begins or reports, and tables of phases."""
    for path in WORKERS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func).rsplit(".", 1)[-1]
                named = (
                    node.args[:1]
                    if name in ("progress", "begin")
                    else node.args[1:2]
                    if name == "_progress"
                    else []
                )
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PHASES":
                named = list(node.value.keys) if isinstance(node.value, ast.Dict) else []
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in CONSTANTS:
                named = [node.value, *(node.value.args if isinstance(node.value, ast.Call) else [])]
            else:
                continue
            yield from (
                one.value for one in named if isinstance(one, ast.Constant) and isinstance(one.value, str)
            )


def test_every_phase_is_said_in_chinese() -> None:
    found = set(phases())
    assert {"training", "reading rows", "packing the files", "answering the rows"} <= found
    assert len(found) > 15
    with override("zh-hans"):
        assert [phase for phase in sorted(found) if translate_said(phase) == phase] == []
