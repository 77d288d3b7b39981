"""`make tour`: starts a throw-away studio, lets `manage.py tour` do the main job in it once, and ends it."""

from __future__ import annotations

import json
import subprocess
import sys

from launcher.environment import ROOT
from launcher.throwaway import throwaway_studio

OWNER = "tour@example.com"


def main(arguments: list[str]) -> int:
    """Exit status of the tour; `arguments` are handed on to it."""
    print("Starting a throw-away studio …", flush=True)
    with throwaway_studio() as studio:
        token = json.loads(studio.manage("bootstrap", "--owner", OWNER, "--token", "--json"))["token"]
        command = [sys.executable, "manage.py", "tour", "--url", studio.url, "--token", token, *arguments]
        # The studio is on this machine, so no proxy is used.
        environment = {**studio.full_environment(), "NO_PROXY": "127.0.0.1"}
        status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if status:
            print(f"\nThe end of the studio's log:\n{studio.log.read_text()[-3000:]}", file=sys.stderr)
    return status


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
