"""A toy kind of job: it counts the words of a text, with its spec, its result and the module of its child in one file."""

from pathlib import Path

from pydantic import BaseModel

from workers.contracts.job_kinds import JOB_KINDS, JobKind, Queue
from workers.contracts.specs import JobSpec
from workers.runtime.reporter import Reporter, run_child


class CountSpec(JobSpec):
    """inputs: text, a folder with text.txt."""


class CountResult(BaseModel):
    words: int


COUNT = JOB_KINDS.add(
    JobKind(
        name="count_words",
        label="Word count",
        queue=Queue.DEFAULT,
        module="tests.extension_points.count_words",
    )
)


def count(spec: CountSpec, reporter: Reporter) -> CountResult:
    reporter.started()
    text = (Path(spec.inputs["text"]) / "text.txt").read_text("utf-8")
    return CountResult(words=len(text.split()))


if __name__ == "__main__":
    run_child(CountSpec, count)
