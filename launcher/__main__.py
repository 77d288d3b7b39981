"""`python -m launcher [--data-dir DIR] [--host HOST] [--port PORT]`: the same as `manage.py up`."""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import sys
from pathlib import Path

from launcher.console import Console
from launcher.environment import DEFAULT_PORT, NETWORK_FILE, ROOT, LauncherError, Options
from launcher.network import chosen_host
from launcher.stack import Launcher
from workers.shared.private_files import create_files_privately, make_private_folder

REFUSED_IN_PATHS = '*?["\\\n'
LEAST_BYTES = 4 << 20
"""With less room neither the database nor Redis starts, and their own messages do not name the cause."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The launcher's options; each also has an environment variable."""
    parser.add_argument(
        "--data-dir",
        default=os.environ.get("DATA_DIR") or ROOT / "data",
        help="where everything is kept (DATA_DIR)",
    )
    parser.add_argument(
        "--host",
        default=os.environ.get("HOST") or "",
        help="address to listen on (HOST); without one administrators choose it on a page",
    )
    parser.add_argument(
        "--port", default=os.environ.get("PORT") or DEFAULT_PORT, type=int, help="first port to try (PORT)"
    )
    parser.add_argument(
        "--log-all", action="store_true", help="show routine lines too, not only in the log files"
    )


def run(data_dir: str | Path, host: str, port: int, verbose: bool) -> int:
    """Run the studio until it is told to end; return the exit status. Without a host it listens where it was last told to."""
    create_files_privately()
    folder = Path(data_dir).resolve()
    chosen = host or chosen_host(folder / NETWORK_FILE)
    options = Options(data_dir=folder, host=chosen, port=port, may_move=not host)
    try:
        console = _console(options, verbose)
        if shutil.disk_usage(options.data_dir).free < LEAST_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return Launcher(options, console).run()
    except LauncherError as error:
        print(f"\n{error}", file=sys.stderr)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(
            f"\nThe disk that holds {options.data_dir} is full. Make room on it, then start again; nothing is lost.",
            file=sys.stderr,
        )
    return 1


def _console(options: Options, verbose: bool) -> Console:
    """The first that writes to the data folder. Raises LauncherError when that cannot be, or cannot be named to Redis
    and DuckDB, which take some characters for patterns: such a Redis would start with neither port nor password."""
    if refused := sorted(set(str(options.data_dir)) & set(REFUSED_IN_PATHS)):
        raise LauncherError(
            f"The path {options.data_dir} holds {' and '.join(refused)}, which Redis would not take for part of a name. "
            "Choose another folder with DATA_DIR=…"
        )
    try:
        make_private_folder(options.data_dir)
        return Console(options.data_dir / "logs", verbose=verbose)
    except OSError as error:
        raise LauncherError(
            f"Nothing can be kept in {options.data_dir} ({error.strerror}). Choose another folder with DATA_DIR=…"
        ) from error


def main() -> int:
    parser = argparse.ArgumentParser(prog="launcher", description="Start the studio on this machine.")
    add_arguments(parser)
    chosen = parser.parse_args()
    return run(chosen.data_dir, chosen.host, chosen.port, chosen.log_all)


if __name__ == "__main__":
    sys.exit(main())
