"""Writes constraints.txt from what is installed here: the declared dependencies with everything that they need.

Run with the interpreter of a complete environment, after `make docs` (`make pin` does both). Hashes and local version suffixes are left out, so that
CPU and CUDA builds of torch both fit.
"""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from pip._vendor.packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "constraints.txt"
DOCS, DOCS_PYTHON = "docs", ROOT / ".venv-docs" / "bin" / "python"
HEADER = "# Every version that Maquette is tested with, indirect ones included. Written by tools/pin.py.\n"
OLDER_PYTHON = {"async-timeout": "5.0.1"}
"""Needed by redis before Python 3.11.3, so not installed here; Debian 12 has 3.11.2."""


def declared() -> list[str]:
    """Requirement lines of pyproject.toml, extras included, without those of `docs_declared`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    return [
        *project["dependencies"],
        *(line for name, lines in extras.items() if name != DOCS for line in lines),
    ]


def docs_declared() -> list[str]:
    """Requirement lines of the documentation site, which has an environment of its own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return list(project["optional-dependencies"][DOCS])


def docs_pins() -> dict[str, str]:
    """The pins of the documentation site, read by its own interpreter. Raises CalledProcessError when it is missing."""
    code = "import json; from tools import pin; print(json.dumps(pin.closure(pin.docs_declared())))"
    return dict(json.loads(subprocess.check_output([DOCS_PYTHON, "-c", code], cwd=ROOT)))


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(lines: list[str]) -> dict[str, str]:
    """Name to version of every installed distribution that `lines` need, without the local version suffix.

    Raises PackageNotFoundError when a declared one is not installed.
    """
    pins: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    queue = [Requirement(line) for line in lines]
    while queue:
        requirement = queue.pop()
        name = _canonical(requirement.name)
        try:
            found = distribution(name)
        except PackageNotFoundError:
            if _canonical(name) in {_canonical(Requirement(line).name) for line in lines}:
                raise
            continue  # an alternative for another platform
        pins[name] = found.version.split("+")[0]
        for extra in ["", *requirement.extras]:
            if (name, extra) not in seen:
                seen.add((name, extra))
                queue += [
                    needed
                    for needed in map(Requirement, found.requires or [])
                    if needed.marker is None or needed.marker.evaluate({"extra": extra})
                ]
    return pins


def main() -> None:
    pins = OLDER_PYTHON | docs_pins() | closure(declared())
    TARGET.write_text(HEADER + "".join(f"{name}=={pins[name]}\n" for name in sorted(pins)))
    print(f"{TARGET.name}: {len(pins)} versions")


if __name__ == "__main__":
    main()
