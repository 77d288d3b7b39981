"""The serving engine's process: `python -m workers.serving.engine`, configured by environment variables alone.

    STORAGE_URL          where models lie (workers.shared.storage); required
    ENGINE_KEY           what callers must send as `Authorization: Bearer <key>`; required
    ENGINE_HOST          address to listen on, default 127.0.0.1
    ENGINE_PORT          port, default 8100
    DATA_DIR             this host's data folder, default ./data of the program
    CACHE_DIR            where models from a remote store are kept, default cache in DATA_DIR
    CACHE_LIMIT_GB       most that those may take together, default 100; 0: no limit
    ENGINE_MEMORY_MB     most memory for weights and caches of all models, default 4096
    ENGINE_SLOTS         most requests of one model that are computed together, default 32
    ENGINE_QUEUE_LIMIT   most requests of one model that wait beyond those; more get 429, default 64
    ENGINE_THREADS       most processor threads for computing, default 0: as many as torch chooses
    ENGINE_PRECISION     auto (what each model was trained in), fp32 or bf16
    MAQUETTE_WATCH_STDIN 1: end when standard input closes, so that no engine outlives its launcher

SIGTERM closes the port, ends running streams with finish_reason `cancelled`, and exits within five seconds. When the
thread that computes dies, the process exits with status 1, so that its supervisor starts it again.
"""

import logging
import os
import signal
import sys
import threading
import time
from types import FrameType

import uvicorn
from transformers.utils.logging import disable_progress_bar

from workers.serving.http import build_app
from workers.serving.settings import EngineSettings
from workers.shared import kernels
from workers.shared.private_files import create_files_privately

_GRACE_SECONDS = 3


class _Server(uvicorn.Server):
    """Ends open streams when told to stop; uvicorn by itself would wait for them."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        # A model that is being loaded cannot be interrupted, and would be waited for.
        deadline = threading.Timer(_GRACE_SECONDS + 1, os._exit, (0,))
        deadline.daemon = True
        deadline.start()
        engine = getattr(self.config.app.state, "engine", None)  # type: ignore[union-attr]
        if engine is not None:
            engine.dispatcher.cancel_all()


def _exit_with_parent() -> None:
    """Wait for the end of standard input; a killed parent closes it too."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    # Before the server listens, the signal alone ends the process; afterwards its handler does.
    time.sleep(_GRACE_SECONDS + 2)
    os._exit(1)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    create_files_privately()
    disable_progress_bar()
    os.environ.update(kernels.KEPT | os.environ)
    settings = EngineSettings.from_environment()
    if os.environ.get("MAQUETTE_WATCH_STDIN") == "1":
        threading.Thread(target=_exit_with_parent, daemon=True).start()
    # The scheduler gives the interpreter up at every tensor operation; it must get it back soon.
    sys.setswitchinterval(0.001)
    config = uvicorn.Config(
        # The supervisor of the process starts it again; the thread alone could not be restarted safely.
        build_app(settings, died=lambda: os._exit(1)),
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    _Server(config).run()


if __name__ == "__main__":
    main()
