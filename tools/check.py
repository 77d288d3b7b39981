"""Runs every check that is no test: format, lint, types, import rules, templates, languages, migrations, docs, the deployment file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

CHECKS: dict[str, list[str]] = {
    "types": [str(BIN / "mypy")],  # first: two run at a time, and this one takes as long as all others
    "format": [str(BIN / "ruff"), "format", "--check", "."],
    "lint": [str(BIN / "ruff"), "check", "."],
    "import rules": [str(BIN / "lint-imports")],
    "format of templates": [str(BIN / "djangofmt"), "--check", "templates"],
    "templates": [str(BIN / "djlint"), "--lint", "templates"],
    "languages": [sys.executable, "-m", "tools.messages"],
    "documentation": [sys.executable, "-m", "tools.docs"],
    "system checks": [sys.executable, "manage.py", "check"],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
}

TEAM_DEPLOYMENT = {
    "SITE_URL": "https://studio.example.com",
    "ALLOWED_HOSTS": "studio.example.com",
    "SECRET_KEY": "only for the checks, and long enough to be one: 0123456789abcdefghij",
    "DEBUG": "false",
    "BEHIND_PROXY": "true",
    "FORWARDED_ALLOW_IPS": "10.0.0.2",
}
"""What .env says for a team, as far as Django's deployment checks look at it."""
DEPLOYMENT_CHECK = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]


def compose_command() -> list[str] | None:
    """docker-compose, or docker's own plug-in; None where there is neither."""
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    if (
        shutil.which("docker")
        and not subprocess.run(["docker", "compose", "version"], capture_output=True).returncode
    ):
        return ["docker", "compose"]
    return None


def run_check(title: str, command: list[str], environment: dict[str, str]) -> bool:
    """Run one check; print its output only when it fails."""
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    said = "" if result.returncode == 0 else f"\n{result.stdout}{result.stderr}"
    print(f"{'FAILED' if said else 'ok    '}  {title}{said}", flush=True)
    return not said


def main() -> int:
    environment = {"SECRET_KEY": "checks-only", **os.environ}
    checks = [(title, command, environment) for title, command in CHECKS.items()]
    checks.append(("deployment checks", DEPLOYMENT_CHECK, {**environment, **TEAM_DEPLOYMENT}))
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = list(pool.map(lambda check: run_check(*check), checks))
    if compose := compose_command():
        results.append(
            run_check(
                "deployment file", [*compose, "--env-file", ".env.example", "config", "-q"], environment
            )
        )
    else:
        print("skipped deployment file: Docker Compose is not installed here")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
