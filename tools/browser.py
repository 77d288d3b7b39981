"""Finds the browser for journeys and screenshots: $CHROMIUM, the PATH, Playwright's own, else apt's when we are root."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class BrowserMissing(Exception):
    """No Chromium was found; the message says what to install."""


def playwright_browser() -> str | None:
    """The Chromium that `playwright install` left here, if it did."""
    default = Path.home() / ".cache" / "ms-playwright"
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or default)
    found = sorted(folder.glob("chromium-*/chrome-linux*/chrome"))
    found += sorted(folder.glob("chromium-*/chrome-mac*/*.app/Contents/MacOS/*"))
    return str(found[-1]) if found else None


def find_browser() -> str | None:
    """Path of a Chromium, or None."""
    if chosen := os.environ.get("CHROMIUM"):
        if not shutil.which(chosen):
            raise BrowserMissing(f"CHROMIUM names {chosen}, which is not a program.")
        return chosen
    return next((found for name in NAMES if (found := shutil.which(name))), None) or playwright_browser()


def find_or_install_browser() -> str:
    """Path of a Chromium, installed by apt-get if need be and allowed. Raises BrowserMissing."""
    if found := find_browser():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium with apt-get", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-q", "-y", "chromium"]):
            subprocess.run(
                command, env=environment, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False
            )
        if found := find_browser():
            return found
    raise BrowserMissing(
        "The journeys need a Chromium: install it (Debian: apt-get install chromium; anywhere: "
        ".venv/bin/playwright install chromium) or set CHROMIUM to its path."
    )
