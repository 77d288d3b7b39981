"""How long web takes from nothing to its first page: `python -m benchmarks.start`.

Web alone, as the launcher starts it, on a migrated database and collected static files; one start to warm the disk's
cache, then the median of five. The clock runs from starting the process to the last byte of GET /.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from launcher.environment import ROOT, Environment, Options, listen
from launcher.guard import die_with_parent

STARTS = 5
LONGEST_SECONDS = 120.0
RESULT = ROOT / "benchmarks" / "results" / "start.json"


def time_to_first_page(environment: Environment, url: str, listener: int) -> float:
    """Seconds from starting web until its first page has been read."""
    command = [sys.executable, "-m", "uvicorn", "studio.asgi:application", "--fd", str(listener)]
    command += ["--ws", "websockets-sansio", "--lifespan", "off", "--no-access-log", "--log-level", "warning"]
    started = time.perf_counter()
    web = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        pass_fds=(listener,),
        preexec_fn=die_with_parent,
        stdin=subprocess.DEVNULL,
    )
    try:
        with urllib.request.urlopen(url, timeout=LONGEST_SECONDS) as response:  # noqa: S310  (our own loopback)
            page = response.read()
        seconds = time.perf_counter() - started
    finally:
        web.terminate()
        web.wait(30)
    if response.status != 200 or b"<html" not in page.lower():
        raise RuntimeError(f"The first page is no page: {response.status}, {page[:200]!r}")
    return seconds


def measure() -> list[float]:
    """Seconds of each start after the first."""
    with (
        tempfile.TemporaryDirectory(prefix="maquette-bench-") as folder,
        listen("127.0.0.1", 8000) as listener,
    ):
        port = listener.getsockname()[1]
        given = {
            name: value for name, value in os.environ.items() if name not in ("DATA_DIR", "DATABASE_URL")
        }
        environment = Environment(Options(Path(folder)), port, given)
        subprocess.run(
            [sys.executable, "manage.py", "prepare"],
            cwd=ROOT,
            env=environment,
            check=True,
            capture_output=True,
        )
        url = f"http://127.0.0.1:{port}/"
        return [time_to_first_page(environment, url, listener.fileno()) for _ in range(STARTS + 1)][1:]


def main() -> None:
    seconds = measure()
    median = statistics.median(seconds)
    result = {
        "what": "web alone, warm disk, process start to the last byte of its first page",
        "seconds": [round(value, 3) for value in seconds],
        "median_seconds": round(median, 3),
        "aim_seconds": 3,
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 2),
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(
        f"web alone to its first page: median {median:.2f} s of {', '.join(f'{value:.2f}' for value in seconds)} s"
    )


if __name__ == "__main__":
    main()
