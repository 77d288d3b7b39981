"""Two processes that train together, each with half of every step, learn what one process learns, and one of them reports."""

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import accelerate
import pytest
from safetensors.torch import load_file

from tests.fixtures.warm_python import WarmPython, warm_python
from workers.contracts.families import Family
from workers.contracts.job_kinds.run import RunSpec
from workers.training.ranks import ALONE, join_ranks

FAMILIES = [Family.CAUSAL, Family.CLASSIFIER]
EXCHANGE = """
import json
import torch
from workers.training.ranks import join_ranks, leave_ranks

ranks = join_ranks()
summed, taken = torch.tensor([1.0 + ranks.rank]), torch.tensor([10.0 + ranks.rank])
ranks.sum_up([summed])
ranks.take_over([taken])
print(json.dumps({
    "size": ranks.size,
    "part": list(ranks.part(range(5))),
    "total": ranks.total(1, ranks.rank),
    "of_lead": ranks.of_lead(7.5 if ranks.leads else 3),
    "any": [ranks.any(ranks.rank == 1), ranks.any(False)],
    "summed": summed.item(),
    "taken": taken.item(),
    "from_lead": ranks.from_lead(lambda: ["of", ranks.rank]),
    "gathered": ranks.gathered(f"rank {ranks.rank}"),
    "seed": ranks.seed(5),
}))
leave_ranks(ranks)
"""
FAILURE = """
from workers.training.ranks import join_ranks

def fail():
    raise ValueError("out of luck")

join_ranks().from_lead(fail)
"""
MEMORY = """
from workers.training.ranks import join_ranks

ranks = join_ranks()

def work():
    if ranks.rank == 1:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes")

ranks.with_memory(work)
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmPython]:
    folder = tmp_path_factory.mktemp("ranks")
    with warm_python(folder, "workers.training.run", "accelerate", OMP_NUM_THREADS="1") as started:
        yield started


def _start(
    python: WarmPython, arguments: list[str], processes: int
) -> list[subprocess.CompletedProcess[str]]:
    """Run Python in processes that know of each other as torchrun lets them know, and return how each ended."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    own = [{"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(processes)]
    return python.run(arguments, [shared | each for each in own])


def _train(python: WarmPython, spec: RunSpec, processes: int) -> list[list[dict[str, Any]]]:
    """Train what the spec says, and return the events of each process."""
    path = Path(spec.work) / "spec.json"
    path.write_text(spec.model_dump_json())
    ended = _start(python, ["-m", "workers.training.run", str(path)], processes)
    assert [one.returncode for one in ended] == [0] * processes, ended
    return [[json.loads(line) for line in one.stdout.splitlines()] for one in ended]


def _metrics(events: list[dict[str, Any]], name: str) -> dict[int, float]:
    found = [event for event in events if event["type"] == "metric" and name in event["values"]]
    return {event["step"]: event["values"][name] for event in found}


def _logged(events: list[dict[str, Any]], code: str, name: str) -> list[int]:
    """A parameter of each log line with this code."""
    texts = [event["text"] for event in events if event["type"] == "log"]
    return [text["params"][name] for text in texts if text["code"] == code]


def _ranks(events: list[dict[str, Any]]) -> list[int]:
    """How many processes the run counted, where it logged that."""
    return _logged(events, "training.log_ranks", "ranks")


def _weights(spec: RunSpec) -> dict[str, Any]:
    return load_file(Path(spec.work) / "out" / "model.safetensors")


def test_all_ranks_end_where_one_has_too_little_memory(python: WarmPython) -> None:
    ended = _start(python, ["-c", MEMORY], 2)
    assert all(one.returncode == 1 for one in ended), ended
    assert "Another rank ran out of memory" in ended[0].stderr
    assert "DefaultCPUAllocator" in ended[1].stderr


def test_ranks_exchange_values_and_divide_work(python: WarmPython) -> None:
    ended = _start(python, ["-c", EXCHANGE], 2)
    assert [one.returncode for one in ended] == [0, 0], ended
    zero, one = (json.loads(process.stdout) for process in ended)
    assert (zero.pop("part"), one.pop("part")) == ([0, 2, 4], [1, 3])
    seeds = zero.pop("seed"), one.pop("seed")
    assert seeds[0] == 5 != seeds[1]
    assert zero == one
    assert zero == {
        "size": 2,
        "total": [2, 1],
        "of_lead": 7.5,
        "any": [True, False],
        "summed": 3,
        "taken": 10,
        "from_lead": ["of", 0],
        "gathered": ["rank 0", "rank 1"],
    }


def test_an_error_of_rank_0_ends_the_others_in_silence(python: WarmPython) -> None:
    zero, one = _start(python, ["-c", FAILURE], 2)
    assert (zero.returncode, one.returncode) == (1, 1)
    assert "out of luck" in zero.stderr
    assert "Traceback" not in one.stderr


def test_without_others_nothing_is_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert join_ranks() is ALONE


@pytest.mark.parametrize(("rank", "size"), [(0, 1), (0, 2), (1, 3)])
def test_a_world_of_another_size_is_refused(rank: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that do not find each other would each train on all rows, and nothing would look wrong."""
    for name, value in {"WORLD_SIZE": "2", "RANK": "1"}.items():
        monkeypatch.setenv(name, value)
    found = SimpleNamespace(process_index=rank, num_processes=size, device=None)
    monkeypatch.setattr(accelerate, "PartialState", lambda **_: found)
    with pytest.raises(RuntimeError, match=f"rank {rank} of {size}, not 1 of 2"):
        join_ranks()


@pytest.mark.parametrize("family", FAMILIES)
def test_two_ranks_learn_what_one_process_learns_and_one_of_them_reports(python, family, make_spec) -> None:
    """Steps of 7 rows: their parts are not of one size."""
    options = {"dropout": 0.0, "max_steps": 10, "validation_rounds": 5, "batch_rows": 7}
    alone, together = (make_spec(family, name=name, **options) for name in ("alone", "together"))
    [expected] = _train(python, alone, 1)
    found, silent = _train(python, together, 2)
    assert (_ranks(expected), _ranks(found)) == ([], [2])
    assert silent == []
    assert [event["type"] for event in found].count("finished") == 1
    for name in ("train_loss", "validation_loss", "validation_accuracy", "gradient_norm"):
        steps = _metrics(expected, name).keys() & _metrics(found, name).keys()
        assert len(steps) >= 2 or name == "validation_accuracy"
        for step in steps:
            assert _metrics(found, name)[step] == pytest.approx(_metrics(expected, name)[step], rel=1e-3)
    one, two = expected[-1]["result"], found[-1]["result"]
    for name in ("steps", "best_step", "rows_seen", "tokens_seen"):
        assert two[name] == one[name]
    assert two["verdict"]["code"] == one["verdict"]["code"]
    for name, weight in _weights(together).items():
        assert weight.allclose(_weights(alone)[name], atol=2e-4, rtol=1e-3), name


def test_resumed_ranks_end_with_the_same_bits(python, make_spec) -> None:
    """With dropout, for which each rank has random states of its own. Steps of one row leave one rank without any."""
    options = {"dropout": 0.1, "max_steps": 8, "validation_rounds": 2, "batch_rows": 1}
    whole = make_spec(Family.CAUSAL, name="whole", **options)
    assert _ranks(_train(python, whole, 2)[0]) == [2]
    checkpoint = Path(whole.work) / "checkpoints" / "step-00000004"
    resumed = make_spec(Family.CAUSAL, name="resumed", inputs={"checkpoint": str(checkpoint)}, **options)
    events, _ = _train(python, resumed, 2)
    assert _logged(events, "training.log_going_on", "step") == [4]
    for name, weight in _weights(resumed).items():
        assert weight.equal(_weights(whole)[name]), name
