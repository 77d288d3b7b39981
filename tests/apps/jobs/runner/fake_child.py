"""A child that behaves as its spec's `inputs` say: the supervisor is tested with it instead of with a training."""

import os
import resource
import signal
import sys
import time
from pathlib import Path

from pydantic import BaseModel, Field

from workers.contracts.events import SAVING
from workers.contracts.recipes import Recipe
from workers.contracts.specs import JobSpec
from workers.runtime.reporter import JobError, Reporter, run_child
from workers.shared import memory


class FakeSpec(JobSpec):
    behaviour: str = "finish"
    steps: int = 3
    counter: str = ""
    """Where the kernel counts whom it killed for want of memory, for the behaviour `out_of_memory`."""
    recipe: Recipe = Field(default_factory=Recipe)


class FakeResult(BaseModel):
    resumed_from: int | None = None
    steps: int


def work(spec: FakeSpec, reporter: Reporter) -> FakeResult:
    folder = Path(spec.work)
    reporter.started()
    begin = (
        int((Path(spec.inputs["checkpoint"]) / "step").read_text()) if "checkpoint" in spec.inputs else None
    )
    if spec.behaviour == "crash":
        raise RuntimeError("the child fell over")
    if spec.behaviour == "refuse":
        raise JobError("bad_column", "Choose another column.", field="roles")
    if spec.behaviour == "garbage":
        os.write(int(os.environ["MAQUETTE_EVENTS_FD"]), b"this is no event\n\xff\xfe\n{}\n")
    if spec.behaviour == "tell_memory":
        memory.bound()
        told, held_to = os.environ.get(memory.LIMIT_VARIABLE), resource.getrlimit(resource.RLIMIT_DATA)[0]
        reporter.log(f"told {told}, held to {held_to}")
    if spec.behaviour == "disk_full":
        raise OSError(28, "No space left on device")
    for step in range((begin or 0) + 1, spec.steps + 1):
        reporter.progress("working", step, spec.steps, fraction=step / spec.steps)
        reporter.metric(step, {"train_loss": 1 / step})
        if spec.behaviour == "slow":
            time.sleep(0.5)
            continue
        checkpoint = folder / f"checkpoint-{step}"
        checkpoint.mkdir()
        (checkpoint / "step").write_text(str(step))
        reporter.checkpoint(checkpoint, step)
        if spec.behaviour == "die_once" and begin is None and step == 2:
            time.sleep(2.5)
            os.kill(os.getpid(), signal.SIGKILL)
        if spec.behaviour == "out_of_memory":
            Path(spec.counter).write_text("oom 3\noom_kill 1\n")
            os.kill(os.getpid(), signal.SIGKILL)
        if spec.behaviour == "die_always":
            os.kill(os.getpid(), signal.SIGKILL)
    while spec.behaviour == "hang":
        time.sleep(0.05)
    while spec.behaviour == "crash_on_pause" and not reporter.should_pause:
        time.sleep(0.05)
    if spec.behaviour == "crash_on_pause":
        print("a last word", file=sys.stderr, flush=True)
        os._exit(7)
    while spec.behaviour == "wait_for_stop" or (spec.behaviour == "wait_at_first" and begin is None):
        reporter.raise_if_stopping()
        time.sleep(0.05)
    while spec.behaviour == "save_slowly" and not reporter.should_stop:
        time.sleep(0.05)
    if spec.behaviour == "save_slowly":
        reporter.progress(SAVING)
        time.sleep(2)
    if spec.behaviour == "exit":
        sys.stderr.write("a last word\n")
        sys.exit(7)
    (folder / "out" / "result.txt").write_text("done")
    return FakeResult(resumed_from=begin, steps=spec.steps)


if __name__ == "__main__":
    spec = FakeSpec.model_validate_json(Path(sys.argv[1]).read_text())
    if spec.behaviour == "hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if spec.behaviour == "say_nothing":
        signal.pause()
    run_child(FakeSpec, work)
