"""Classifiers: waiting requests go through the model together, in batches of bounded size."""

from collections import deque
from collections.abc import Sequence

import torch
from torch.nn.utils.rnn import pad_sequence

from workers.models.loading import LoadedModel
from workers.serving.backends.base import Deliver
from workers.serving.errors import EngineError, engine_error
from workers.serving.packing import memory_of
from workers.serving.work import Classification, Event, Failure, Scores, Work

_BATCH_TOKENS = 4096


class ClassifierBackend:
    """Micro-batching: a request waits only for the batch that is being computed."""

    name = "classifier"

    def __init__(self, loaded: LoadedModel, *, slots: int) -> None:
        self.model, self.device, self.precision = loaded.model, loaded.device, loaded.precision
        self.family = loaded.family
        self.memory_bytes = memory_of(loaded.model)
        self.pad = loaded.tokenizer.pad_token_id or 0
        self.slots = slots
        self.running = 0
        self._waiting: deque[Classification] = deque()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def submit(self, work: Work) -> None:
        assert isinstance(work, Classification)  # noqa: S101
        self._waiting.append(work)

    def step(self, deliver: Deliver) -> None:
        batch, gone = self._next_batch()
        if gone:
            deliver([(work, event) for work in gone for event in work.end("cancelled")])
        if not batch:
            return
        self.running = len(batch)
        try:
            events: list[tuple[Work, Event]] = [
                (work, Scores(row)) for work, row in zip(batch, self._probabilities(batch), strict=True)
            ]
        except Exception as error:
            events = [(work, Failure(engine_error(error))) for work in batch]
        finally:
            self.running = 0
        for work in batch:
            work.ended = True
        deliver(events)

    def fail(self, error: EngineError, deliver: Deliver) -> None:
        gone = list(self._waiting)
        self._waiting.clear()
        deliver([(work, Failure(error)) for work in gone])

    def _next_batch(self) -> tuple[list[Classification], list[Classification]]:
        batch: list[Classification] = []
        gone: list[Classification] = []
        widest = 0
        while self._waiting and len(batch) < self.slots:
            work = self._waiting[0]
            widest = max(widest, len(work.prompt_ids))
            if batch and widest * (len(batch) + 1) > _BATCH_TOKENS:
                break
            (gone if work.cancelled else batch).append(self._waiting.popleft())
        return batch, gone

    @torch.inference_mode()
    def _probabilities(self, batch: Sequence[Classification]) -> list[list[float]]:
        rows = [torch.tensor(work.prompt_ids, device=self.device) for work in batch]
        ids = pad_sequence(rows, batch_first=True, padding_value=self.pad)
        lengths = torch.tensor([len(row) for row in rows], device=self.device)
        mask = torch.arange(ids.shape[1], device=self.device) < lengths[:, None]
        logits = self.model(input_ids=ids, attention_mask=mask.long()).logits
        return logits.float().softmax(dim=-1).tolist()
