"""The engine's HTTP side: authorization, OpenAI's endpoints, scoring, classifying, health."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeVar

import psutil
import torch
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive

from workers.contracts.engine import (
    ClassifyRequest,
    ClassifyResponse,
    EngineHealth,
    LabelScore,
    LoadRequest,
    ScoreRequest,
    ScoreResponse,
)
from workers.contracts.openai import Answer, Usage, Whole, field_of
from workers.models.devices import choose_device
from workers.serving.dispatch import Dispatcher
from workers.serving.errors import EngineError, unsupported
from workers.serving.hosted import HostedModel
from workers.serving.pool import ModelPool
from workers.serving.protocol import ChatRequest, CompletionRequest
from workers.serving.settings import EngineSettings
from workers.serving.work import Classification, End, Event, Generation, Piece, Scores

Body = TypeVar("Body", bound=BaseModel)

_FRAME_SECONDS = 0.02
"""Pause after each chunk of a stream: tokens that come meanwhile travel together. The first one never waits."""
_CHUNKS_PER_SECOND = 200
"""Of all streams together: with many of them the pause grows, or chunks would take the cores from the model."""
_LARGEST_BODY = 8 << 20
_CLIENT_GONE = 499


class Engine:
    """Everything that the handlers share; made when the event loop runs."""

    def __init__(self, settings: EngineSettings, died: Callable[[], None]) -> None:
        self.settings = settings
        self.device = choose_device()
        self.dispatcher = Dispatcher(asyncio.get_running_loop(), threads=settings.threads, died=died)
        self.pool = ModelPool(settings, self.dispatcher.scheduler)
        self.dispatcher.scheduler.start()

    def health(self) -> EngineHealth:
        models = self.pool.models()
        working = "loading" if self.pool.is_loading else "ok"
        return EngineHealth(
            status=working if self.dispatcher.scheduler.is_alive else "failing",
            device=str(self.device),
            device_memory_bytes=_device_memory(self.device),
            memory_budget_bytes=self.settings.memory_bytes,
            memory_used_bytes=self.pool.memory_used,
            running=sum(model.running for model in models),
            waiting=sum(model.waiting for model in models),
            queue_limit=self.settings.queue_limit,
            tokens_per_second=self.dispatcher.scheduler.tokens_per_second,
            models=models,
        )

    async def classify(self, request: ClassifyRequest) -> ClassifyResponse:
        async with self.pool.use(request.model) as hosted:
            work = await asyncio.to_thread(hosted.classification, request.input)
            scores = await self._label_scores(hosted, work)
        ranked = sorted(scores.items(), key=lambda item: -item[1])
        labels = [LabelScore(label=label, score=score) for label, score in ranked]
        return ClassifyResponse(labels=labels, prompt_tokens=len(work.prompt_ids))

    async def score(self, request: ScoreRequest) -> ScoreResponse:
        """The same requests that visitors make: one that is told what to say, one that answers greedily."""
        async with self.pool.use(request.model) as hosted:
            if hosted.loaded.family.has_labels:
                work = Classification(await asyncio.to_thread(hosted.prompt_ids, request.prompt))
                scores = await self._label_scores(hosted, work)
                return ScoreResponse(prompt_ids=work.prompt_ids, log_probabilities=[], label_scores=scores)
            forced = hosted.forced(request.prompt, request.output_ids)
            greedy = hosted.greedy(request.prompt, request.greedy_tokens)
            wanted = [work for work in (forced, greedy) if work.max_new_tokens]
            await asyncio.gather(*(self.dispatcher.finish(hosted, work) for work in wanted))
        return ScoreResponse(
            prompt_ids=forced.prompt_ids,
            log_probabilities=forced.log_probabilities,
            greedy_ids=greedy.said_ids,
        )

    async def _label_scores(self, hosted: HostedModel, work: Classification) -> dict[str, float]:
        events = await self.dispatcher.finish(hosted, work)
        if not isinstance(events[-1], Scores):
            raise EngineError("engine_error", "The engine is shutting down.", status=503)
        return dict(zip(hosted.loaded.manifest.labels, events[-1].probabilities, strict=True))

    async def complete(self, request: ChatRequest | CompletionRequest) -> dict[str, Any]:
        """A whole answer."""
        text, reason, usage = "", "stop", Usage()
        async for piece, end, counted in self._pieces(request):
            text, reason, usage = text + piece, end or reason, counted
        return _answer(request).whole([Whole(text, reason, usage)])

    async def stream(self, request: ChatRequest | CompletionRequest) -> AsyncGenerator[bytes, None]:
        """An answer as server-sent events."""
        answer = _answer(request)
        async with aclosing(self._pieces(request)) as pieces:
            async for text, reason, usage in pieces:
                if text:
                    yield _line(answer.chunk(text))
                if reason is None:
                    await asyncio.sleep(chunk_pause(self.dispatcher.live) if text else 0)
                    continue
                yield _line(answer.chunk(None, finish_reason=reason, usage=usage))
                if request.wants_usage:
                    yield _line(answer.usage_chunk(usage))
        yield b"data: [DONE]\n\n"

    async def _pieces(
        self, request: ChatRequest | CompletionRequest
    ) -> AsyncGenerator[tuple[str, str | None, Usage], None]:
        """(text, finish reason or None, usage so far) as they come."""
        prompt = request.prompt() if isinstance(request, ChatRequest) else request.text()
        async with self.pool.use(request.model) as hosted:
            work: Generation = await asyncio.to_thread(hosted.generation, prompt, request.sampling)
            async with aclosing(self.dispatcher.run(hosted, work)) as batches:
                async for events in batches:
                    usage = Usage(prompt_tokens=len(work.prompt_ids), completion_tokens=len(work.output_ids))
                    yield _text(events), _reason(events), usage


def _answer(request: ChatRequest | CompletionRequest) -> Answer:
    return Answer(chat=isinstance(request, ChatRequest), model=request.model)


def chunk_pause(live: int) -> float:
    """Seconds that each of `live` streams pauses after a chunk."""
    return max(_FRAME_SECONDS, live / _CHUNKS_PER_SECOND)


def _text(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Piece))


def _reason(events: list[Event]) -> str | None:
    return events[-1].finish_reason if isinstance(events[-1], End) else None


def _line(body: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"


def _device_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return int(psutil.virtual_memory().total)


def _refused(error: EngineError) -> JSONResponse:
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else None
    return JSONResponse(error.body(), status_code=error.status, headers=headers)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _unless_gone(receive: Receive, work: Coroutine[Any, Any, None]) -> bool:
    """Run `work`, but cancel it as soon as the client has gone; return whether it came to its end."""
    running = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({running, gone}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
            return True
        return False
    finally:
        for task in (running, gone):
            task.cancel()
        await asyncio.gather(running, gone, return_exceptions=True)


async def _streamed(request: Request, lines: AsyncGenerator[bytes, None]) -> Response:
    """Server-sent events that stop with the client. Raises EngineError for one before the first event, so that it gets
    its HTTP status."""
    first: list[bytes] = []

    async def begin() -> None:
        first.append(await anext(lines))

    try:
        if not await _unless_gone(request.receive, begin()):
            return Response(status_code=_CLIENT_GONE)
    finally:
        if not first:
            await lines.aclose()
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_with_errors(first[0], lines), headers=headers, media_type="text/event-stream")


async def _with_errors(first: bytes, lines: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """`first`, then the other events. An error becomes the last event."""
    async with aclosing(lines):
        yield first
        try:
            async for line in lines:
                yield line
        except EngineError as error:
            yield _line(error.body())


async def _read(request: Request, kind: type[Body]) -> Body:
    """The parsed body. Raises EngineError in the words of the first thing that is wrong with it."""
    raw = bytearray()
    async for part in request.stream():
        raw += part
        if len(raw) > _LARGEST_BODY:
            message = f"The request is larger than {_LARGEST_BODY >> 20} MB. Shorten the input."
            raise EngineError("context_length_exceeded", message, status=400)
    try:
        return kind.model_validate_json(bytes(raw))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = field_of(first["loc"])
        raise unsupported(f"{place}: {first['msg']}" if place else first["msg"], place or None) from error


Handler = Callable[[Engine, Request], Awaitable[Response]]


def _endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Authorize, and turn refusals into OpenAI's errors."""

    async def endpoint(request: Request) -> Response:
        engine: Engine = request.app.state.engine
        given = request.headers.get("authorization", "").encode()
        if not secrets.compare_digest(given, f"Bearer {engine.settings.key}".encode()):
            return _refused(EngineError("invalid_api_key", "The engine key is missing or wrong.", status=401))
        try:
            return await handler(engine, request)
        except EngineError as error:
            return _refused(error)

    return endpoint


async def _answered(request: Request, answer: Coroutine[Any, Any, Any]) -> Response:
    """The JSON of what `answer` returns, unless the client goes first."""
    result: list[Any] = []

    async def keep() -> None:
        result.append(await answer)

    if not await _unless_gone(request.receive, keep()):
        return Response(status_code=_CLIENT_GONE)
    body = result[0]
    return JSONResponse(body.model_dump(mode="json") if isinstance(body, BaseModel) else body)


def _generating(kind: type[ChatRequest] | type[CompletionRequest]) -> Handler:
    async def handler(engine: Engine, request: Request) -> Response:
        body = await _read(request, kind)
        if body.stream:
            return await _streamed(request, engine.stream(body))
        return await _answered(request, engine.complete(body))

    return handler


async def _classify(engine: Engine, request: Request) -> Response:
    return await _answered(request, engine.classify(await _read(request, ClassifyRequest)))


async def _score(engine: Engine, request: Request) -> Response:
    return await _answered(request, engine.score(await _read(request, ScoreRequest)))


async def _load(engine: Engine, request: Request) -> Response:
    body = await _read(request, LoadRequest)
    async with engine.pool.use(body.model):
        model = next(model for model in engine.pool.models() if model.model == body.model)
    return JSONResponse(model.model_dump(mode="json"))


async def _models(engine: Engine, request: Request) -> Response:
    created = int(time.time())
    data = [
        {"id": model.model, "object": "model", "created": created, "owned_by": "maquette"}
        for model in engine.pool.models()
    ]
    return JSONResponse({"object": "list", "data": data})


async def _health(request: Request) -> Response:
    engine: Engine = request.app.state.engine
    health = engine.health()
    return JSONResponse(
        health.model_dump(mode="json"), status_code=503 if health.status == "failing" else 200
    )


def build_app(settings: EngineSettings, died: Callable[[], None]) -> Starlette:
    """The ASGI application; `app.state.engine` exists once its lifespan has begun.

    `died` is called when nothing can be computed any more.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.engine = Engine(settings, died)
        yield
        app.state.engine.dispatcher.scheduler.stop(timeout=1)

    routes = [
        Route("/v1/chat/completions", _endpoint(_generating(ChatRequest)), methods=["POST"]),
        Route("/v1/completions", _endpoint(_generating(CompletionRequest)), methods=["POST"]),
        Route("/v1/models", _endpoint(_models)),
        Route("/classify", _endpoint(_classify), methods=["POST"]),
        Route("/score", _endpoint(_score), methods=["POST"]),
        Route("/load", _endpoint(_load), methods=["POST"]),
        Route("/health", _health),
    ]
    return Starlette(routes=routes, lifespan=lifespan)
