"""Finds the browser for journeys and screenshots: $CHROMIUM, the PATH, Playwright's own, else apt's when we are root."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

SHELL = "chromium-headless-shell"
"""Chromium without its own windows and without a profile's preferences: a page takes a quarter less processor time."""
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
        _apt_get("update")
        _apt_get("install", "-y", "chromium")
        if found := find_browser():
            return found
    raise BrowserMissing(
        "The journeys need a Chromium: install it (Debian: apt-get install chromium; anywhere: "
        ".venv/bin/playwright install chromium) or set CHROMIUM to its path."
    )


def find_or_install_shell() -> str:
    """Path of the headless shell, installed like the browser; that of the browser where there is none, as on Ubuntu."""
    browser = find_or_install_browser()
    if not shutil.which(SHELL) and os.geteuid() == 0 and shutil.which("apt-get"):
        _apt_get("install", "-y", SHELL)
    return shutil.which(SHELL) or browser


def _apt_get(action: str, *arguments: str) -> None:
    """Run apt-get without questions or output, whatever comes of it."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", action, "-q", *arguments]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False)
