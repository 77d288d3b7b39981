"""The engine's settings, read from the environment once; workers.serving.engine documents each variable."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workers.contracts.recipes import Precision
from workers.shared.cache import DEFAULT_DATA_DIR, DEFAULT_LIMIT_GB, Cache, default_cache_dir


@dataclass(frozen=True)
class EngineSettings:
    """`memory_bytes` bounds weights and caches of all loaded models; `slots` is the largest batch of one model;
    `queue_limit` bounds the requests of one model that wait for a slot."""

    storage_url: str
    key: str
    cache: Cache
    host: str = "127.0.0.1"
    port: int = 8100
    memory_bytes: int = 4096 << 20
    queue_limit: int = 64
    threads: int = 0
    precision: Precision = Precision.AUTO
    slots: int = 32

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "EngineSettings":
        """Raises SystemExit with a plain sentence when a variable is missing or not a number."""
        data_dir = Path(environment.get("DATA_DIR", DEFAULT_DATA_DIR))
        try:
            limit_gb = int(environment.get("CACHE_LIMIT_GB", DEFAULT_LIMIT_GB))
            return cls(
                storage_url=environment["STORAGE_URL"],
                key=environment["ENGINE_KEY"],
                cache=Cache(
                    Path(environment.get("CACHE_DIR", default_cache_dir(data_dir))), limit_gb * 10**9
                ),
                host=environment.get("ENGINE_HOST", cls.host),
                port=int(environment.get("ENGINE_PORT", cls.port)),
                memory_bytes=int(environment.get("ENGINE_MEMORY_MB", cls.memory_bytes >> 20)) << 20,
                queue_limit=int(environment.get("ENGINE_QUEUE_LIMIT", cls.queue_limit)),
                threads=int(environment.get("ENGINE_THREADS", cls.threads)),
                precision=Precision(environment.get("ENGINE_PRECISION", cls.precision)),
                slots=int(environment.get("ENGINE_SLOTS", cls.slots)),
            )
        except KeyError as error:
            raise SystemExit(f"The engine needs the environment variable {error.args[0]}.") from error
        except ValueError as error:
            raise SystemExit(f"A variable of the engine has a value that does not fit: {error}.") from error
