"""Builds the documentation site into .build/site: `python -m tools.docs`, with `--serve` to read it while you write.

Needs nothing but Python 3.11: MkDocs gets an environment of its own (.venv-docs), small and quick to install. The build is
strict: a link or an anchor that leads nowhere fails it, and so does a page that would load something from another site.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tools.install import ROOT, SetupError, install_python, make_environment
from tools.pin import docs_declared

ENVIRONMENT = ROOT / ".venv-docs"
QUIET = {"NO_MKDOCS_2_WARNING": "1"}
"""Material prints advice about MkDocs 2, which constraints.txt keeps out."""


def mkdocs(python: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[Any]:
    """Run MkDocs in the root of the repository."""
    return subprocess.run(
        [python, "-m", "mkdocs", *arguments], cwd=ROOT, env={**os.environ, **QUIET}, check=False, **options
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--serve", action="store_true", help="serve on 127.0.0.1:8001 and reload on changes")
    chosen = parser.parse_args()
    python = make_environment(ENVIRONMENT)
    install_python(python, docs_declared(), compiles=False)
    if chosen.serve:
        return mkdocs(python, "serve", "--dev-addr", "127.0.0.1:8001").returncode
    # Not --quiet: MkDocs then drops the warnings before --strict counts them, and a broken link passes.
    result = mkdocs(python, "build", "--strict", capture_output=True, text=True)
    if result.returncode:
        print(result.stdout, result.stderr, sep="")
    else:
        print("The documentation is in .build/site: open index.html")
    return result.returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SetupError as problem:
        sys.exit(f"\n{problem}")
    except KeyboardInterrupt:
        sys.exit(130)
