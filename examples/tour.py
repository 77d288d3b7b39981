"""The main job, done through the public API of a running studio as a newcomer's script would do it."""

import csv
import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx
from httpx_sse import EventSource

from examples import Example
from workers.contracts.metrics import METRICS, SIGNIFICANCE_LEVEL, Direction

POLL_SECONDS = 0.5
ENDED_BADLY = ("failed", "errored", "cancelled", "lost")
BASE, TUNED, BASELINE = "e0", "e1", "e2"
"""A tuned model, its base and the simple baseline are compared in this order: base, tuned, baseline."""


class TourError(Exception):
    """A step that did not work; the message says which and what the studio said."""


@dataclass
class Step:
    name: str
    seconds: float
    text: str


@dataclass
class Outcome:
    """What an example came to. Values are of the deciding metric, on the test split."""

    example: str
    metric: str
    base: float
    tuned: float
    baseline: float
    rows: int
    beats_base: bool
    beats_both: bool
    minutes: float
    answer: str
    steps: list[Step] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Tour:
    """Takes one example from its file to a streamed answer. `say` is called once for each step that is done."""

    def __init__(self, url: str, token: str, *, length: str, base: str, say: Callable[[Step], None]) -> None:
        self.url, self.length, self.base, self.say = url.rstrip("/"), length, base, say
        headers = {"Authorization": f"Bearer {token}"}
        self.client = httpx.Client(base_url=f"{self.url}/api/v1/", headers=headers, timeout=120)
        self.steps: list[Step] = []

    def take(self, example: Example) -> Outcome:
        """Raises TourError."""
        began = time.monotonic()
        self.steps = []
        version = self._data(example)
        run = self._train(version)
        comparison = self._compare(run["model_version"])
        answer = self._publish(example, run["model_version"])
        result = comparison["result"]
        deciding = next(m for m in result["metrics"] if m["metric"] == result["deciding_metric"])
        values = {key: value["value"] for key, value in deciding["values"].items()}
        return Outcome(
            example=example.name,
            metric=result["deciding_metric"],
            base=values[BASE],
            tuned=values[TUNED],
            baseline=values[BASELINE],
            rows=result["rows"],
            beats_base=is_better(deciding),
            beats_both=result["winner"] == TUNED,
            minutes=(time.monotonic() - began) / 60,
            answer=answer,
            steps=self.steps,
        )

    def _data(self, example: Example) -> dict[str, Any]:
        began = time.monotonic()
        with example.path.open("rb") as source:
            files = {"file": (example.file, source)}
            made = self._call("POST", "datasets/", files=files, data={"name": example.title})
        done = self._wait("imports", made)
        proposal = done["result"]["proposal"]
        self._done(
            "upload", began, f"{done['result']['rows']} rows read; it looks like {proposal['task_type']}"
        )
        began = time.monotonic()
        version = self._call("POST", f"imports/{made['id']}/confirm/", json={})
        frozen = self._wait("dataset-versions", version)
        rows = f"{frozen['rows_train']} to learn from, {frozen['rows_validation']} to watch, {frozen['rows_test']} held out"
        self._done("confirm", began, rows)
        return frozen

    def _train(self, version: dict[str, Any]) -> dict[str, Any]:
        began = time.monotonic()
        asked = {"data": version["id"], "length": self.length, "base": self.base}
        preflight = self._wait("preflights", self._call("POST", "preflights/", json=asked))
        result = preflight["result"]
        for finding in result["findings"]:
            if finding["blocks"]:
                raise TourError(f"pre-flight: {finding['message']['text']}")
        text = f"{preflight['base_label']}, {result['parameters']:,} parameters, {result['steps']} steps, about {result['seconds'] / 60:.1f} minutes"
        self._done("pre-flight", began, text)
        began = time.monotonic()
        run = self._wait("runs", self._call("POST", "runs/", json={"preflight": preflight["id"]}))
        loss = run["result"]["validation_loss"]
        self._done("train", began, f"{run['result']['steps']} steps, validation loss {loss:.3f}")
        return run

    def _compare(self, model: str) -> dict[str, Any]:
        began = time.monotonic()
        made = self._call("POST", "comparisons/", json={"model": model})
        while made["job"] is None:
            for pk in made["evaluations"]:
                self._check(self._call("GET", f"evaluations/{pk}/"))
            time.sleep(POLL_SECONDS)
            made = self._call("GET", f"comparisons/{made['id']}/")
        comparison = self._wait("comparisons", made)
        self._done("evaluate", began, comparison["result"]["verdict"])
        return comparison

    def _publish(self, example: Example, model: str) -> str:
        began = time.monotonic()
        app = self._call("POST", "apps/", json={"model": model, "name": example.title})
        link = self._call("POST", f"apps/{app['id']}/links/", json={"name": "tour"})
        page = httpx.get(link["url"], timeout=30, follow_redirects=True)
        if page.status_code != httpx.codes.OK:
            raise TourError(f"publish: the share link answers {page.status_code}")
        self._done("publish", began, link["url"])
        return self._ask(example, app)

    def _ask(self, example: Example, app: dict[str, Any]) -> str:
        began = time.monotonic()
        key = self._call("POST", f"apps/{app['id']}/keys/", json={"name": "tour"})["secret"]
        question = first_question(example)
        body = {"model": app["slug"], "stream": True, "messages": [{"role": "user", "content": question}]}
        pieces = list(self._stream(body, key))
        answer = "".join(pieces)
        if not answer:
            raise TourError("answer: the app streamed nothing")
        self._done("answer", began, f"{question!r} → {answer!r} in {len(pieces)} pieces")
        return answer

    def _stream(self, body: dict[str, Any], key: str) -> Iterator[str]:
        headers = {"Authorization": f"Bearer {key}"}
        url = f"{self.url}/v1/chat/completions"
        with httpx.stream("POST", url, json=body, headers=headers, timeout=120) as response:
            if response.status_code != httpx.codes.OK:
                response.read()
                raise TourError(f"answer: {response.text}")
            for event in EventSource(response).iter_sse():
                if event.data == "[DONE]":
                    continue
                chunk = json.loads(event.data)
                if "error" in chunk:
                    raise TourError(f"answer: {chunk['error']['message']}")
                for choice in chunk["choices"]:
                    if text := choice["delta"].get("content"):
                        yield text

    def _call(self, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
        try:
            response = self.client.request(method, path, **kwargs)
        except httpx.HTTPError as error:
            raise TourError(f"{method} {path}: no answer from {self.url} ({error})") from error
        if response.is_error:
            raise TourError(f"{method} {path}: {response.status_code} {response.text[:500]}")
        return dict(response.json())

    def _wait(self, kind: str, made: dict[str, Any]) -> dict[str, Any]:
        """Read the object until its job has succeeded."""
        while not self._check(made):
            time.sleep(POLL_SECONDS)
            made = self._call("GET", f"{kind}/{made['id']}/")
        return made

    def _check(self, made: dict[str, Any]) -> bool:
        job = made["job"]
        if job["state"] in ENDED_BADLY:
            raise TourError(f"{job['title']}: {job['state']}. {job['error_message']}")
        return bool(job["state"] == "succeeded")

    def _done(self, name: str, began: float, text: str) -> None:
        step = Step(name, time.monotonic() - began, text)
        self.steps.append(step)
        self.say(step)


def first_question(example: Example) -> str:
    """Something to ask the app: the input of the example's first row."""
    line = example.path.read_text(encoding="utf-8")
    if example.path.suffix == ".jsonl":
        row = json.loads(line.splitlines()[0])
        messages = row.get("messages")
        if messages:
            return str(next(m["content"] for m in messages if m["role"] == "user"))
    else:
        row = next(csv.DictReader(io.StringIO(line)))
    return str(row[next(column for column, role in example.roles.items() if role == "input")])


def is_better(deciding: dict[str, Any]) -> bool:
    """Whether the tuned model is significantly better than its base, by a metric of a comparison."""
    base, tuned = (deciding["values"][key]["value"] for key in (BASE, TUNED))
    higher = METRICS[deciding["metric"]].direction is Direction.HIGHER
    return deciding["p"][TUNED] < SIGNIFICANCE_LEVEL and (tuned > base) is higher


def row_of(outcome: Outcome) -> str:
    """One line of the closing table."""
    info = METRICS[outcome.metric]
    values = (f"{value:.{info.decimals}f}" for value in (outcome.baseline, outcome.base, outcome.tuned))
    baseline, base, tuned = values
    sign = "yes" if outcome.beats_both else "NO"
    return f"{outcome.example:20} {info.label:10} {baseline:>8} {base:>8} {tuned:>8}   {sign:4} {outcome.minutes:6.1f}"
