"""Every service that writes for somebody leaves an entry in the audit trail, itself or through one that it calls."""

import ast
from pathlib import Path

APPS = Path(__file__).parents[2] / "apps"
QUEUED_FOR_OTHERS = {"enqueue"}
"""Its caller makes the domain row, and the entry with it."""
MADE_FOR_OTHERS = {"create_version", "create_base_version", "create_tuned_version"}
"""Rows of what a run or a pre-flight will leave; the entry is the run's."""

NOTHING_KEPT = {
    "start_trial",
    "stop_trial",
    "find_hub_model",
    "may_follow",
    "may_see",
    "store_part",
    "stored_parts",
    "read_parts",
    "discard_parts",
}
"""Questions to a model by hand and parts of an upload: no row is written."""


def _services() -> list[Path]:
    return [
        *APPS.glob("*/services.py"),
        *(p for p in APPS.glob("*/services/*.py") if p.name != "__init__.py"),
        APPS / "jobs" / "stopping.py",
        *(
            APPS / "workspaces" / f"{name}.py"
            for name in (
                "access/api_keys",
                "team/invitations",
                "team/lifecycle",
                "team/members",
                "team/secrets",
                "usage/ledger",
            )
        ),
    ]


def _functions() -> dict[str, list[ast.FunctionDef]]:
    found: dict[str, list[ast.FunctionDef]] = {}
    for path in _services():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                found.setdefault(node.name, []).append(node)
    return found


def _calls(node: ast.AST) -> set[str]:
    names = set()
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            name = ast.unparse(call.func)
            names.add("audit.record" if name.endswith("audit.record") else name.rsplit(".", 1)[-1])
    return names


def test_every_write_is_in_the_audit_trail() -> None:
    functions = _functions()
    recording = {"audit.record"}
    while True:
        more = {
            name
            for name, nodes in functions.items()
            if name not in recording and all(_calls(node) & recording for node in nodes)
        }
        if not more:
            break
        recording |= more
    writes = {
        name
        for name, nodes in functions.items()
        for node in nodes
        if not name.startswith("_") and any(arg.arg == "actor" for arg in node.args.kwonlyargs)
    }
    assert len(writes) > 25
    assert writes - recording - QUEUED_FOR_OTHERS - MADE_FOR_OTHERS - NOTHING_KEPT == set()
