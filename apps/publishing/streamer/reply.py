"""One reply, from request to outcome, through every failure of the engine."""

from __future__ import annotations

import asyncio
import contextlib
import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from apps.publishing.reply_queue import ReplyRequest
from apps.publishing.states import MessageState
from apps.publishing.streamer.log_writer import LogWriter
from apps.publishing.streamer.outcome import Outcome
from apps.publishing.token_log import LostReply
from apps.serving.client import (
    Done,
    EngineBusy,
    EngineClient,
    EngineError,
    EngineUnreachable,
    PromptTooLong,
    Text,
)
from workers.contracts.engine import Sampling

_LOADING_SECONDS = 0.4
"""Silence after which a visitor is told that the model is being loaded, if it is."""


@dataclass(frozen=True)
class Patience:
    """Seconds for which a reply waits for an engine that is away, or full, before it gives up."""

    engine_down: float = 120
    queue_full: float = 300
    longest_pause: float = 3


class Diverged(Exception):
    """Asked again, the model said something else than what the visitor has read already."""


class Reply:
    """Writes the answer to `request` into `log`. A log that has text already is continued: the request is sent
    again with the same seed, and what was said before is passed over as long as it is the same."""

    def __init__(
        self, request: ReplyRequest, log: LogWriter, engine: EngineClient, patience: Patience
    ) -> None:
        self.request = request
        self.stopping = asyncio.Event()
        self._messages = list(request.messages)
        self._log = log
        self._engine = engine
        self._patience = patience
        self._asked_at = request.asked_at or time.time()
        self._first_token_ms: int | None = None
        self._pieces = 0
        self._is_heard = False
        self._loading: asyncio.Task[None] | None = None
        self._left_out = 0
        self._trouble_since: float | None = None

    async def run(self) -> Outcome:
        """Raises LostReply, and CancelledError when the streamer goes down."""
        answering = asyncio.create_task(self._answer())
        stop = asyncio.create_task(self.stopping.wait())
        try:
            await asyncio.wait({answering, stop}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                return answering.result()
            return self._outcome(MessageState.STOPPED, finish_reason="cancelled", output_tokens=self._pieces)
        finally:
            for task in (answering, stop):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await answering

    async def _answer(self) -> Outcome:
        while True:
            try:
                self._is_heard = False
                self._loading = asyncio.create_task(self._say_if_loading())
                if self.request.family.has_labels:
                    return await self._classify()
                return await self._generate()
            except EngineBusy as error:
                if outcome := await self._wait(error, self._patience.queue_full, error.retry_after):
                    return outcome
            except EngineUnreachable as error:
                if outcome := await self._wait(error, self._patience.engine_down, 1.0):
                    return outcome
            except PromptTooLong as error:
                if not self._leave_out_oldest():
                    return self._failed(error, tokens=error.tokens, limit=error.limit)
            except Diverged:
                return self._outcome(MessageState.INTERRUPTED, error={"code": "interrupted"})
            except EngineError as error:
                return self._failed(error)

    async def _say_if_loading(self) -> None:
        """Beside the request, which need not wait for it. Of two writers of states the log keeps the order."""
        # A loaded model has sent something by now, and the engine need not be asked.
        await asyncio.sleep(_LOADING_SECONDS)
        if self._is_heard:
            return
        try:
            health = await self._engine.health()
            state = "" if any(model.model == self.request.model for model in health.models) else "loading"
        except EngineError:
            # The port is open and nothing answers: the process hangs.
            state = "engine_down"
        if state and not self._is_heard:
            with contextlib.suppress(LostReply):
                await self._log.state(state)

    async def _generate(self) -> Outcome:
        said = self._log.text
        heard = ""
        stream = self._engine.chat(
            model=self.request.model, messages=self._messages, sampling=self._sampling()
        )
        async with aclosing(stream) as events:
            async for event in events:
                if isinstance(event, Text):
                    new = event.text
                    if len(heard) < len(said):
                        heard += new
                        if not (said.startswith(heard) or heard.startswith(said)):
                            raise Diverged
                        new = heard[len(said) :]
                    await self._say(new)
                elif event.finish_reason == "cancelled":
                    # Not by us: the engine goes down.
                    break
                else:
                    if len(heard) < len(said):
                        raise Diverged
                    return self._done(event)
        raise EngineUnreachable("The engine ended its answer in the middle.")

    async def _say(self, text: str) -> None:
        self._pieces += 1
        self._is_heard = True
        if not text:
            return
        self._trouble_since = None
        if self._first_token_ms is None:
            self._first_token_ms = self._elapsed_ms()
        await self._log.state("answering")
        self._log.add(text)

    def _done(self, event: Done) -> Outcome:
        return self._outcome(
            MessageState.DONE,
            finish_reason=event.finish_reason,
            prompt_tokens=event.prompt_tokens,
            output_tokens=event.output_tokens,
        )

    async def _classify(self) -> Outcome:
        text = "\n\n".join(message.content for message in self._messages)
        answer = await self._engine.classify(model=self.request.model, text=text)
        self._first_token_ms = self._elapsed_ms()
        if not self._log.text:
            self._log.add(answer.labels[0].label)
        return self._outcome(
            MessageState.DONE,
            finish_reason="stop",
            labels=[label.model_dump() for label in answer.labels],
            prompt_tokens=answer.prompt_tokens,
        )

    async def _wait(self, error: EngineError, limit: float, pause: float) -> Outcome | None:
        """Tell the visitor, and pause before another try; return an outcome when `limit` seconds are over."""
        self._is_heard = True
        now = time.monotonic()
        self._trouble_since = self._trouble_since or now
        if now - self._trouble_since > limit:
            code = error.code if isinstance(error, EngineBusy) else "engine_unreachable"
            state = MessageState.INTERRUPTED if self._log.text else MessageState.FAILED
            return self._outcome(state, error={"code": code, "message": error.message})
        if isinstance(error, EngineBusy):
            await self._log.state("waiting", position=await self._waiting_ahead())
        else:
            await self._log.state("engine_down")
        await asyncio.sleep(min(pause, self._patience.longest_pause))
        return None

    async def _waiting_ahead(self) -> int | None:
        try:
            return (await self._engine.health()).waiting or None
        except EngineError:
            return None

    def _sampling(self) -> Sampling:
        """Earlier turns are not worth an answer that is cut for want of room; the question itself is."""
        sampling = self.request.sampling
        room = sampling.max_tokens if self._has_earlier_turns else None
        return sampling.model_copy(update={"room": room or 0})

    @property
    def _first_turn(self) -> int:
        return 1 if self._messages[0].role == "system" else 0

    @property
    def _has_earlier_turns(self) -> bool:
        return len(self._messages) - self._first_turn >= 3

    def _leave_out_oldest(self) -> bool:
        """Drop the oldest turn but the system prompt; False when only the question is left."""
        if not self._has_earlier_turns:
            return False
        first = self._first_turn
        del self._messages[first : first + 2]
        self._left_out += 2
        return True

    def _failed(self, error: EngineError, **numbers: int | None) -> Outcome:
        details = {"code": error.code, "message": error.message, **numbers}
        return self._outcome(
            MessageState.INTERRUPTED if self._log.text else MessageState.FAILED, error=details
        )

    def _outcome(self, state: MessageState, **fields: Any) -> Outcome:
        self._is_heard = True
        return Outcome(
            state=state.value,
            text=self._log.text,
            first_token_ms=self._first_token_ms,
            total_ms=self._elapsed_ms(),
            left_out=self._left_out,
            **fields,
        )

    def _elapsed_ms(self) -> int:
        return max(0, round((time.time() - self._asked_at) * 1000))
