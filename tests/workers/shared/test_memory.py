"""What is left for a process, and the most that it held."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from workers.shared import memory

GIGABYTE = 1 << 30


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty tree of control groups; this process is in `studio/run` of it, whichever the version."""
    own = tmp_path / "own"
    own.write_text("4:cpu,memory:/studio/run\n0::/studio/run\n")
    root = tmp_path / "cgroup"
    monkeypatch.setattr(memory, "_OWN_GROUPS", own)
    monkeypatch.setattr(memory, "_CGROUPS", root)
    return root


def _limit(folder: Path, *, limit: str, used: int, cached: int) -> None:
    """Both versions' files: which of them are read follows from where the folder is."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("memory.max", "memory.limit_in_bytes"):
        (folder / name).write_text(f"{limit}\n")
    for name in ("memory.current", "memory.usage_in_bytes"):
        (folder / name).write_text(f"{used}\n")
    stat = f"anon 1\ninactive_file {cached}\ntotal_inactive_file {cached}\n"
    (folder / "memory.stat").write_text(stat)


@pytest.mark.parametrize(
    "place", ["", "studio", "studio/run", "memory", "memory/studio", "memory/studio/run"]
)
def test_the_limit_of_any_group_around_a_process_is_kept(place: str, groups: Path) -> None:
    without = memory.free()
    assert without > GIGABYTE
    _limit(groups / place, limit=str(GIGABYTE), used=600 << 20, cached=100 << 20)
    assert memory.free() == GIGABYTE - (500 << 20), "cached files are given up for it"
    assert memory.share(0, 2) == memory.Share(memory.LEAST_BYTES, 1), "and imports get a share of that limit"


@pytest.mark.parametrize("at_once", [1, 2, 3, 16])
@pytest.mark.parametrize("limit_mb", [512, 1024, 1536, 2048, 3072, 4096, 8192, 65536])
def test_imports_at_once_never_hold_more_than_all_of_them_may(
    limit_mb: int, at_once: int, groups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sysconf", {"SC_PHYS_PAGES": 1 << 40, "SC_PAGE_SIZE": 4096}.__getitem__)
    _limit(groups / "studio", limit=str(limit_mb << 20), used=0, cached=0)
    for share, together in (
        (memory.share(0, at_once), limit_mb << 19),
        (memory.share(limit_mb, at_once), limit_mb << 20),
    ):
        assert share.bytes * share.at_once <= max(together, memory.LEAST_BYTES)
        assert share.bytes >= memory.LEAST_BYTES
        assert 1 <= share.at_once <= at_once
    assert memory.share(limit_mb, 2).at_once == (2 if limit_mb >= 1536 else 1)


def test_no_limit_and_a_limit_above_the_machine_change_nothing(groups: Path) -> None:
    without = memory.free()
    _limit(groups / "studio", limit="max", used=GIGABYTE, cached=0)
    _limit(groups / "memory" / "studio", limit=str((1 << 63) - 4096), used=GIGABYTE, cached=0)
    assert memory.free() == pytest.approx(without, abs=GIGABYTE)


def test_nothing_is_left_of_a_limit_that_is_used_up(groups: Path) -> None:
    _limit(groups / "studio", limit=str(GIGABYTE), used=GIGABYTE + 4096, cached=0)
    assert memory.free() == 0


_CHILD = """
import json
from workers.shared import memory
before = memory.held()
ballast = bytearray(b"x") * (64 << 20)
held = memory.held()
del ballast
print(json.dumps([before, held, memory.held(), memory.peak()]))
"""


def test_a_process_knows_what_it_holds_and_held_at_most_without_its_parent() -> None:
    # subprocess starts the child by vfork, after which the kernel counts the parent's size as the child's own maximum.
    ballast = bytearray(b"x") * (256 << 20)
    done = subprocess.run([sys.executable, "-c", _CHILD], capture_output=True, text=True, check=True)
    assert len(ballast) == 256 << 20
    before, held, after, peak = json.loads(done.stdout)
    assert held - before == pytest.approx(64 << 20, rel=0.1)
    assert after < held - (60 << 20)
    assert held <= peak < 200 << 20
