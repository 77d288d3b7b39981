"""docker-compose.yml and Dockerfile fit the code: every command exists, every variable is read, and the other way round."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from workers.contracts.registry import EXTENSIONS_VARIABLE

ROOT = Path(__file__).resolve().parents[2]
OURS = ["web", "streamer", "worker-default", "worker-upkeep", "worker-gpu", "beat", "engine"]
STORES = ["postgres", "redis", "storage"]
# Read by libraries rather than by our settings.
BY_LIBRARIES = {
    "AWS_ACCESS_KEY_ID": "pyarrow",
    "AWS_SECRET_ACCESS_KEY": "pyarrow",
    "PYTHONPATH": "Python",
}
BY_PIP = {"PIP_INDEX_URL"}
"""Workers download packaged base models with it."""


@pytest.fixture(scope="module")
def deployment() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def environment_names(path: Path) -> set[str]:
    """Names of environment variables that a module reads: env.kind("NAME"…), environment["NAME"], environment.get("NAME")."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        owner = key = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            owner, key = node.func.value, node.args[0]
        elif isinstance(node, ast.Subscript):
            owner, key = node.value, node.slice
        is_environment = isinstance(owner, ast.Name) and owner.id in ("env", "environment")
        if is_environment and isinstance(key, ast.Constant) and isinstance(key.value, str):
            names.add(key.value)
    return names


def environment_of(deployment: dict[str, Any], service: str) -> dict[str, str]:
    return deployment["services"][service]["environment"]


def command_of(service: dict[str, Any]) -> list[str]:
    return shlex.split(service["command"])


@pytest.mark.parametrize("files", [["docker-compose.yml"], ["docker-compose.yml", "docker-compose.gpu.yml"]])
def test_compose_accepts_the_files(files: list[str]) -> None:
    if not shutil.which("docker-compose"):
        pytest.skip("docker-compose is not installed")
    arguments = [part for file in files for part in ("-f", file)]
    command = ["docker-compose", "--env-file", ".env.example", *arguments, "config"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert set(OURS + STORES) <= set(yaml.safe_load(result.stdout)["services"])


def test_every_process_and_store_is_there_with_a_health_check(deployment: dict[str, Any]) -> None:
    assert set(deployment["services"]) == {*OURS, *STORES, "prepare"}
    for name in [*OURS, *STORES]:
        assert deployment["services"][name]["healthcheck"]["test"], name


def test_every_image_is_a_target_of_the_one_dockerfile(deployment: dict[str, Any]) -> None:
    targets = set(re.findall(r"^FROM \S+ AS (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    assert {"web", "worker-cpu", "worker-gpu"} <= targets
    cards = yaml.safe_load((ROOT / "docker-compose.gpu.yml").read_text())["services"]
    assert set(cards) <= set(OURS)
    for service in [deployment["services"][name] for name in OURS] + list(cards.values()):
        assert service["build"]["target"] in targets


@pytest.mark.parametrize("name", [*OURS, "prepare"])
def test_the_command_exists(deployment: dict[str, Any], name: str) -> None:
    command = command_of(deployment["services"][name])
    assert command[0] == "python"
    if command[1] == "-m":
        assert importlib.util.find_spec(command[2]), command[2]
    else:
        assert command[1] == "manage.py"
        found = list(ROOT.glob(f"apps/*/management/commands/{command[2]}.py"))
        assert len(found) == 1, f"manage.py {command[2]}"
    for word, following in zip(command, [*command[1:], ""], strict=True):
        target = following if word == "-A" else word.split(":")[0] if word.endswith(":application") else None
        if target:
            assert importlib.util.find_spec(target), target


def test_every_queue_has_its_worker(deployment: dict[str, Any]) -> None:
    from workers.contracts.job_kinds import Queue

    workers = [command_of(deployment["services"][name]) for name in OURS]
    listening = {command[command.index("-Q") + 1] for command in workers if "-Q" in command}
    assert listening == {queue.value for queue in Queue}


def test_every_variable_given_is_read_and_every_variable_read_is_given(deployment: dict[str, Any]) -> None:
    site = set().union(*map(environment_names, (ROOT / "studio/settings").glob("*.py")))
    engine = environment_names(ROOT / "workers/serving/settings.py")
    assert site
    assert engine
    for name in OURS:
        given = set(environment_of(deployment, name)) - set(BY_LIBRARIES) - BY_PIP
        read = site | engine if name == "engine" else site
        assert given <= read | {"STORAGE_URL", "CACHE_DIR", "ENGINE_KEY", EXTENSIONS_VARIABLE}, (
            f"{name} is given what nobody reads"
        )
        assert {*BY_LIBRARIES, EXTENSIONS_VARIABLE} <= set(environment_of(deployment, name)), name
        needed = engine if name == "engine" else site
        assert needed <= given, f"{name} lacks {sorted(needed - given)}"


def variables_of_compose() -> tuple[set[str], dict[str, str]]:
    """What docker-compose.yml asks for, and what has a default there."""
    text = (ROOT / "docker-compose.yml").read_text()
    asked = set(re.findall(r"\$\{([A-Z0-9_]+):\?", text))
    return asked, dict(re.findall(r"\$\{([A-Z0-9_]+):-([^}]*)\}", text))


def test_every_variable_of_compose_is_in_the_example() -> None:
    asked, defaults = variables_of_compose()
    for_building = set(re.findall(r"\b(?:PIP|NPM)_[A-Z_]+", (ROOT / "docker-compose.yml").read_text()))
    lines = (ROOT / ".env.example").read_text().splitlines()
    found = [match for line in lines if (match := re.match(r"(#? ?)([A-Z0-9_]+)=", line))]
    assert {match[2] for match in found if not match[1]} == asked
    assert {match[2] for match in found if match[1]} == set(defaults) | for_building


def test_compose_and_code_have_the_same_defaults() -> None:
    _asked, written = variables_of_compose()
    compared = set()
    for path in (ROOT / "studio/settings").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="env")),
                    args=[ast.Constant(value=str(name)), ast.Constant(value=default), *_],
                ) if name in written:
                    assert written[name].lower() == str(default).lower(), name
                    compared.add(name)
    assert len(compared) > 20


def test_every_argument_for_building_is_taken_by_each_stage_that_fetches() -> None:
    stages = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)[1:]
    for stage in stages:
        if "RUN python tools/install.py" in stage:
            assert "ARG PIP_INDEX_URL" in stage, stage.splitlines()[0]


def test_health_checks_ask_about_their_own_process(deployment: dict[str, Any]) -> None:
    for name in OURS:
        test = deployment["services"][name]["healthcheck"]["test"]
        assert test[:4] == ["CMD", "python", "-m", "launcher.health"]
        assert test[4] == name.removeprefix("worker-")


@pytest.mark.parametrize("process", ["engine", "streamer", "gpu"])
def test_health_of_what_does_not_run_is_bad(process: str, redis_server: str) -> None:
    environment = {**os.environ, "REDIS_URL": redis_server, "ENGINE_PORT": "9"}
    command = [sys.executable, "-m", "launcher.health", process]
    result = subprocess.run(command, cwd=ROOT, env=environment, timeout=60, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (1, "")
