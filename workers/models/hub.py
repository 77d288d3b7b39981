"""Downloads from the Hub: safetensors and tokenizer of one commit, each failure told in plain words."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, ModelInfo, constants, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils.tqdm import tqdm

from workers.contracts.hub_models import CONFIG_NAME, HUB_FILES, config_obstacle, files_obstacle
from workers.contracts.recipes import HubBase
from workers.contracts.texts import Text
from workers.runtime.reporter import JobError

OnBytes = Callable[[int, int], None]
"""Called with the bytes that were downloaded and the bytes of the whole download. What it raises ends the download."""
_CHOSEN: dict[str, Any] = {"allow_patterns": HUB_FILES, "ignore_patterns": "*/*"}
_SECONDS = 20
_USUAL_WAIT = 60


class _NotAHub(Exception):
    """An answer that the Hub does not give, such as the sign-in page of a network."""


def fetch_from_hub(base: HubBase, on_bytes: OnBytes | None = None) -> Path:
    """Download a repository's safetensors and tokenizer, or take them from the cache when the Hub does not answer.

    The token comes from HF_TOKEN and the address from HF_ENDPOINT. Files that are complete are not downloaded again. Raises
    JobError: hub_gated, hub_not_found, hub_busy, hub_not_a_hub, no_network, hub_disk_full, hub_checksum, and what keeps the
    repository from being a base (not_safetensors, only_adapter, only_quantized, remote_code, unknown_type).
    """
    try:
        return _download(base, HfApi(token=os.environ.get("HF_TOKEN") or None), on_bytes)
    except GatedRepoError as error:
        raise JobError("hub_gated", Text("models.hub_gated", name=base.repo_id), field="base") from error
    except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError) as error:
        text = Text("models.hub_not_found", name=base.repo_id, revision=base.revision)
        raise JobError("hub_not_found", text, field="base") from error
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, _NotAHub) as error:
        return _from_cache(base, error)
    except Exception as error:
        # The errors of the Hub client's HTTP library share no base class with OSError.
        if type(error).__module__.startswith(("httpx", "httpcore")):
            return _from_cache(base, error)
        raise


def _download(base: HubBase, api: HfApi, on_bytes: OnBytes | None) -> Path:
    name = base.repo_id
    info = _describe(base, api)
    files, tags = [sibling.rfilename for sibling in info.siblings or []], info.tags or []
    _require_none(files_obstacle(name, files, tags))
    if CONFIG_NAME in files:
        config = json.loads(Path(api.hf_hub_download(name, CONFIG_NAME, revision=info.sha)).read_bytes())
        _require_none(config_obstacle(name, config, tags))
    planned = api.snapshot_download(name, revision=info.sha, dry_run=True, **_CHOSEN)
    missing = {file.filename: file.file_size or 0 for file in planned if file.will_download}
    _require_space(name, sum(missing.values()))
    bar = _counting(on_bytes, sum(missing.values())) if on_bytes and missing else None
    folder = Path(api.snapshot_download(name, revision=info.sha, tqdm_class=bar, **_CHOSEN))
    _require_checksums(name, folder, info, missing)
    _remember(base.revision, folder)
    return folder


def _remember(revision: str, folder: Path) -> None:
    """Note in the cache which commit a branch led to, for the day when the Hub does not answer: the client notes it only
    where it was asked for the branch."""
    ref = folder.parent.parent / "refs" / revision
    if revision != folder.name:
        ref.parent.mkdir(parents=True, exist_ok=True)
        ref.write_text(folder.name)


def _describe(base: HubBase, api: HfApi) -> ModelInfo:
    try:
        return api.model_info(base.repo_id, revision=base.revision, files_metadata=True, timeout=_SECONDS)
    except HFValidationError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise _NotAHub from error


def _require_none(obstacle: Text | None) -> None:
    if obstacle is not None:
        name = obstacle.code.removeprefix("models.")
        raise JobError("not_safetensors" if name == "no_safetensors" else name, obstacle, field="base")


def _require_space(name: str, needed: int) -> None:
    folder = Path(constants.HF_HUB_CACHE)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if needed > free:
        text = Text("models.hub_disk_full", name=name, needed=needed / 1e9, free=free / 1e9)
        raise JobError("hub_disk_full", text, field="base")


def _counting(on_bytes: OnBytes, total: int) -> type[tqdm]:
    """A progress bar that draws nothing and passes on what is written to disk."""
    done = 0

    class Counting(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            # Of three bars, one counts files, and one what comes over the network, compressed.
            self.counts_bytes = kwargs.get("name") == "huggingface_hub.snapshot_download"
            super().__init__(*args, **{**kwargs, "disable": True})  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> None:
            nonlocal done
            if self.counts_bytes:
                done += int(n or 0)
                on_bytes(min(done, total), total)

    return Counting


def _require_checksums(name: str, folder: Path, info: ModelInfo, downloaded: dict[str, int]) -> None:
    """Compare what was downloaded now with the checksums of the Hub, and remove what differs."""
    for sibling in info.siblings or []:
        path = folder / sibling.rfilename
        if sibling.lfs is None or sibling.rfilename not in downloaded or not path.is_file():
            continue
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if digest != sibling.lfs.sha256:
            path.resolve().unlink()
            path.unlink(missing_ok=True)
            text = Text("models.hub_checksum", file=sibling.rfilename, name=name)
            raise JobError("hub_checksum", text, field="base")


def _from_cache(base: HubBase, error: Exception) -> Path:
    try:
        # With the same patterns: a snapshot without the files that are not chosen counts as incomplete.
        return Path(snapshot_download(base.repo_id, revision=base.revision, local_files_only=True, **_CHOSEN))
    except LocalEntryNotFoundError:
        code, text = _reason(base, error)
        raise JobError(code, text, field="base") from error


def _reason(base: HubBase, error: BaseException) -> tuple[str, Text]:
    """Code and message for a Hub that did not answer as it should."""
    if isinstance(error, LocalEntryNotFoundError) and error.__cause__:
        error = error.__cause__
    response = getattr(error, "response", None)
    if response is not None and response.status_code == 429:
        wait = str(response.headers.get("Retry-After", ""))
        return "hub_busy", Text("models.hub_busy", seconds=int(wait) if wait.isdigit() else _USUAL_WAIT)
    if isinstance(error, _NotAHub):
        return "hub_not_a_hub", Text("models.hub_not_a_hub")
    if constants.HF_HUB_OFFLINE:
        return "no_network", Text("models.hub_offline")
    return "no_network", Text("models.hub_unreachable", name=base.repo_id)
