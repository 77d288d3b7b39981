"""Writes the data files of the examples: `python -m examples.generators [folder …]`, all of them by default."""

import sys

from examples import ROOT
from examples.generators.files import FILES


def main(folders: list[str]) -> None:
    for name, make in FILES.items():
        if not folders or name.split("/")[0] in folders:
            path = ROOT / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(make())
            print(f"{name}: {path.stat().st_size:,} bytes")


main(sys.argv[1:])
