"""Models in memory: loaded when first asked for, the least recently used ones dropped when memory runs short."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from workers.contracts.engine import EngineModel
from workers.models.memory import is_out_of_memory
from workers.runtime.reporter import JobError
from workers.serving.errors import EngineError, out_of_memory
from workers.serving.hosted import HostedModel
from workers.serving.scheduler import Scheduler
from workers.serving.settings import EngineSettings
from workers.shared.storage import Storage, StorageError

logger = logging.getLogger(__name__)

_SMALLEST_CACHE_BYTES = 64 << 20


@dataclass(eq=False)
class _Place:
    """One model key; `users` counts the requests that hold it, those that wait for its loading included."""

    loading: asyncio.Task[HostedModel]
    users: int = 0
    used_at: float = field(default_factory=time.monotonic)

    @property
    def hosted(self) -> HostedModel | None:
        done = self.loading.done() and not self.loading.cancelled() and self.loading.exception() is None
        return self.loading.result() if done else None


class ModelPool:
    """Belongs to the event loop; only the loading itself runs in a thread, one model at a time."""

    def __init__(self, settings: EngineSettings, scheduler: Scheduler) -> None:
        self._settings = settings
        self._scheduler = scheduler
        self._storage = Storage(settings.storage_url)
        self._places: dict[str, _Place] = {}
        self._one_at_a_time = asyncio.Lock()

    @asynccontextmanager
    async def use(self, key: str) -> AsyncIterator[HostedModel]:
        """Hold a model, loading it first when needed.

        Raises EngineError: queue_full, model_not_found, out_of_memory, engine_error, unsupported.
        """
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = _Place(asyncio.create_task(self._load(key)))
        if place.users >= self._settings.slots + self._settings.queue_limit:
            message = f"{place.users} requests are ahead of this one. Try again in a few seconds."
            raise EngineError("queue_full", message, status=429, retry_after=2)
        place.users += 1
        try:
            # A caller who goes away must not stop the loading that others wait for.
            yield await asyncio.shield(place.loading)
        finally:
            place.users -= 1
            place.used_at = time.monotonic()

    @property
    def memory_used(self) -> int:
        return sum(hosted.backend.memory_bytes for _, hosted in self._loaded())

    @property
    def is_loading(self) -> bool:
        return any(not place.loading.done() for place in self._places.values())

    def models(self) -> list[EngineModel]:
        now = time.monotonic()
        return [
            EngineModel(
                model=key,
                family=hosted.backend.family,
                backend=hosted.backend.name,
                precision=hosted.backend.precision,
                memory_bytes=hosted.backend.memory_bytes,
                running=hosted.backend.running,
                waiting=hosted.backend.waiting,
                last_used_seconds=0.0 if self._places[key].users else now - self._places[key].used_at,
            )
            for key, hosted in self._loaded()
        ]

    def _loaded(self) -> list[tuple[str, HostedModel]]:
        return [(key, place.hosted) for key, place in self._places.items() if place.hosted]

    async def _load(self, key: str) -> HostedModel:
        try:
            async with self._one_at_a_time:
                hosted = await self._load_within_budget(key)
        except BaseException:
            # Forgotten, so that the next request tries again.
            del self._places[key]
            raise
        self._scheduler.add(hosted.backend)
        return hosted

    async def _load_within_budget(self, key: str) -> HostedModel:
        started = time.monotonic()
        estimate = await asyncio.to_thread(self._weights_bytes, key)
        self._make_room(estimate + _SMALLEST_CACHE_BYTES, key)
        hosted = await asyncio.to_thread(self._read, key)
        self._make_room(hosted.backend.memory_bytes, key)
        logger.info("Loaded %s in %.1f s", key, time.monotonic() - started)
        return hosted

    def _weights_bytes(self, key: str) -> int:
        try:
            if not self._storage.is_published(key):
                raise StorageError(f"There is nothing under {key}")
            return sum(
                self._storage.size(name) for name in self._storage.list(key) if name.endswith(".safetensors")
            )
        except StorageError as error:
            raise _not_found(key) from error

    def _read(self, key: str) -> HostedModel:
        settings = self._settings
        try:
            return HostedModel.load(
                self._storage.fetch(key, settings.cache),
                precision=settings.precision,
                slots=settings.slots,
                cache_bytes=max(_SMALLEST_CACHE_BYTES, settings.memory_bytes // 8),
                threads=settings.threads,
            )
        except StorageError as error:
            raise _not_found(key) from error
        except JobError as error:
            raise EngineError("engine_error", error.message, status=500, param="model") from error
        except EngineError:
            raise
        except Exception as error:
            if is_out_of_memory(error):
                raise out_of_memory("There is not enough memory to load this model.") from error
            logger.exception("Loading %s failed", key)
            raise EngineError(
                "engine_error", f"This model could not be opened: {error}", status=500, param="model"
            ) from error

    def _make_room(self, needed: int, key: str) -> None:
        """Drop idle models, the least recently used first. Raises EngineError (out_of_memory)."""
        budget = self._settings.memory_bytes
        if needed > budget:
            raise out_of_memory(
                f"This model needs {needed >> 20} MB, and the engine may use {budget >> 20} MB."
                " Raise ENGINE_MEMORY_MB or choose a smaller model."
            )
        while self.memory_used + needed > budget:
            idle = [
                (place.used_at, other)
                for other, place in self._places.items()
                if other != key and place.users == 0 and place.hosted
            ]
            if not idle:
                raise out_of_memory(
                    "All memory is taken by models that are answering. Try again in a moment."
                )
            self._drop(min(idle)[1])

    def _drop(self, key: str) -> None:
        hosted = self._places.pop(key).hosted
        assert hosted is not None  # noqa: S101
        self._scheduler.remove(hosted.backend)
        logger.info("Dropped %s to make room", key)


def _not_found(key: str) -> EngineError:
    return EngineError("model_not_found", f"There is no model {key}.", status=404, param="model")
