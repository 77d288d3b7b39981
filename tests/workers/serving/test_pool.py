"""Models come into memory when asked for and leave it, least recently used first, when it runs short."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.fixtures.patience import PATIENCE_SECONDS
from tests.workers.serving.models import make_folder
from workers.contracts.engine import Sampling
from workers.contracts.model_folder import PromptMessage
from workers.serving.dispatch import Dispatcher
from workers.serving.errors import EngineError
from workers.serving.pool import ModelPool
from workers.serving.settings import EngineSettings
from workers.serving.work import End
from workers.shared.cache import Cache

PROMPT = [PromptMessage(role="user", content="the book")]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("three")
    for name in ("a", "b", "c"):
        make_folder(root / name, "llama")
    return root


@asynccontextmanager
async def _pool(root: Path, memory_bytes: int, **options: int) -> AsyncIterator[tuple[ModelPool, Dispatcher]]:
    settings = EngineSettings(
        storage_url=f"file://{root}",
        key="k",
        cache=Cache(root / "cache"),
        memory_bytes=memory_bytes,
        slots=2,
        **options,
    )
    dispatcher = Dispatcher(asyncio.get_running_loop())
    dispatcher.scheduler.start()
    yield ModelPool(settings, dispatcher.scheduler), dispatcher
    dispatcher.scheduler.stop(timeout=PATIENCE_SECONDS)


async def _size(root: Path) -> int:
    async with _pool(root, 4 << 30) as (pool, _), pool.use("a") as hosted:
        return hosted.backend.memory_bytes


def _names(pool: ModelPool) -> set[str]:
    return {model.model for model in pool.models()}


async def test_the_least_recently_used_model_leaves_first(three: Path) -> None:
    # Before loading, room is made for the smallest cache a model may get; these models need far less.
    budget = 2 * await _size(three) + (64 << 20)
    async with _pool(three, budget) as (pool, _):
        for key in ("a", "b", "a", "c"):
            async with pool.use(key):
                pass
        assert "c" in _names(pool)
        assert pool.memory_used <= budget
        size = pool.memory_used // len(_names(pool))
        room = budget - (64 << 20)
        assert len(_names(pool)) == room // size == 2
        assert _names(pool) == {"a", "c"}


async def test_a_model_that_answers_is_never_dropped(three: Path) -> None:
    budget = await _size(three) + (64 << 20)
    async with _pool(three, budget) as (pool, dispatcher), pool.use("a") as hosted:
        work = hosted.generation(PROMPT, Sampling(temperature=0, max_tokens=30))
        answer = asyncio.create_task(dispatcher.finish(hosted, work))
        with pytest.raises(EngineError) as refused:
            async with pool.use("b"), pool.use("c"):
                pass
        assert refused.value.code == "out_of_memory"
        assert isinstance((await answer)[-1], End)
        assert "a" in _names(pool)


async def test_a_model_larger_than_the_budget_is_refused_with_numbers(three: Path) -> None:
    async with _pool(three, 1 << 20) as (pool, _):
        with pytest.raises(EngineError, match="1 MB") as refused:
            async with pool.use("a"):
                pass
        assert refused.value.status == 503


async def test_callers_share_one_loading_and_a_failed_one_is_tried_again(three: Path) -> None:
    async with _pool(three, 4 << 30) as (pool, _):
        async with pool.use("a") as one, pool.use("a") as other:
            assert one is other
        with pytest.raises(EngineError, match="no model late"):
            async with pool.use("late"):
                pass
        make_folder(three / "late", "llama")
        async with pool.use("late"):
            assert "late" in _names(pool)


async def test_a_caller_that_goes_does_not_stop_the_loading_for_others(three: Path) -> None:
    async with _pool(three, 4 << 30) as (pool, _):

        async def hold() -> str:
            async with pool.use("a") as hosted:
                return hosted.backend.name

        first, second = asyncio.create_task(hold()), asyncio.create_task(hold())
        await asyncio.sleep(0)
        first.cancel()
        assert await second == "slots"


async def test_no_more_callers_than_slots_and_queue_hold(three: Path) -> None:
    async with _pool(three, 4 << 30, queue_limit=0) as (pool, _), pool.use("a"), pool.use("a"):
        with pytest.raises(EngineError) as refused:
            async with pool.use("a"):
                pass
        assert (refused.value.code, refused.value.status) == ("queue_full", 429)
        assert refused.value.retry_after
