"""No pickle, anywhere: opening one runs whatever its writer wanted."""

from __future__ import annotations

import ast
import io
import json
import pickle
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Exchange, Queue

from tests.fixtures.celery_worker import celery_worker

ROOT = Path(__file__).resolve().parents[2]
OURS = ("apps", "studio", "workers", "launcher", "tools", "benchmarks", "examples", "manage.py")
UNPICKLING = {
    "pickle",
    "_pickle",
    "cPickle",
    "cloudpickle",
    "dill",
    "joblib",
    "jsonpickle",
    "marshal",
    "shelve",
    "pandas",
}
"""Modules that read pickle by themselves. pandas does in read_pickle, and is no dependency."""
CODE_FROM_TEXT = {"eval", "exec", "compile", "__import__"}
SHELLS = ("os.system", "os.popen", "getoutput", "getstatusoutput", "create_subprocess_shell")


def offences(source: str) -> list[str]:
    """What a module does that may read pickle, or run a text as code or in a shell."""
    found = []
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        found += [name for name in names if name.partition(".")[0] in UNPICKLING]
        if isinstance(node, ast.Call):
            found += _offences_of_call(node)
    return found


def _offences_of_call(call: ast.Call) -> list[str]:
    name = ast.unparse(call.func)
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    found = [name] if name in CODE_FROM_TEXT or name.endswith(SHELLS) else []
    if given.get("shell", "False") != "False":
        found.append(name)
    if name.endswith("torch.load") and given.get("weights_only") != "True":
        found.append(name)
    if given.get("allow_pickle", "False") != "False" or name.endswith(("read_pickle", "to_pickle")):
        found.append(name)
    if (
        name in ("yaml.load", "yaml.unsafe_load", "yaml.full_load")
        or given.get("trust_remote_code") == "True"
    ):
        found.append(name)
    return found


def test_no_module_of_ours_reads_pickle_or_runs_text() -> None:
    modules = [
        path
        for name in OURS
        for path in ([ROOT / name] if name.endswith(".py") else (ROOT / name).rglob("*.py"))
    ]
    assert len(modules) > 200
    found = {str(path.relative_to(ROOT)): offences(path.read_text()) for path in modules}
    assert {path: what for path, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import joblib as j",
        "import shelve",
        "import torch; torch.load('x')",
        "torch.load('x', weights_only=False)",
        "np.load('x', allow_pickle=True)",
        "eval('1')",
        "yaml.load(text)",
        "AutoModel.from_pretrained('x', trust_remote_code=True)",
        "subprocess.run(text, shell=True)",
        "os.system(text)",
        "subprocess.getoutput(text)",
        "asyncio.create_subprocess_shell(text)",
    ],
)
def test_an_offence_is_seen(source: str) -> None:
    assert offences(source)


def test_what_is_safe_is_no_offence() -> None:
    assert not offences(
        "import torch; torch.load('x', weights_only=True); np.load('y', allow_pickle=False); yaml.safe_load('')"
    )


def test_an_array_file_with_objects_is_refused(tmp_path: Path) -> None:
    import numpy as np

    sink = io.BytesIO()
    np.save(sink, np.array([object()], dtype=object), allow_pickle=True)
    sink.seek(0)
    with pytest.raises(ValueError, match="allow_pickle"):
        np.load(sink)


class Harm:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.fixture
def opened(redis_server: str) -> Iterator[threading.Event]:
    """Set by a task of a real worker of our application, which takes messages of the real broker's queue `queue_of_tests`."""
    from studio.celery import app

    event = threading.Event()

    @app.task(name="queue_of_tests.open")
    def open_it() -> None:
        event.set()

    with celery_worker(app, "queue_of_tests"):
        yield event
    app.tasks.pop("queue_of_tests.open")


def publish(redis_url: str, body: bytes, content_type: str, encoding: str) -> None:
    with Connection(redis_url) as connection:
        producer = connection.Producer()
        headers = {"task": "queue_of_tests.open", "id": "1", "lang": "py", "argsrepr": "", "kwargsrepr": ""}
        producer.publish(
            body,
            exchange=Exchange("queue_of_tests"),
            routing_key="queue_of_tests",
            declare=[Queue("queue_of_tests", Exchange("queue_of_tests"), routing_key="queue_of_tests")],
            content_type=content_type,
            content_encoding=encoding,
            headers=headers,
        )


def wait_for(condition: Any, seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_a_worker_refuses_a_pickled_message_and_takes_json(
    opened: threading.Event, redis_server: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    touched = tmp_path / "touched"
    body = pickle.dumps(((Harm(touched),), {}, {}))
    publish(redis_server, body, "application/x-python-serialize", "binary")
    assert wait_for(lambda: "Refusing to deserialize" in caplog.text)
    assert not touched.exists()
    assert not opened.is_set()
    publish(redis_server, json.dumps([[], {}, {}]).encode(), "application/json", "utf-8")
    assert wait_for(opened.is_set)


def test_celery_writes_and_reads_json_alone(settings: Any) -> None:
    from studio.celery import app

    conf = app.conf
    assert (conf.accept_content, conf.result_accept_content) == (["json"], ["json"])
    assert {conf.task_serializer, conf.result_serializer, conf.event_serializer} == {"json"}
    assert conf.beat_scheduler == "studio.beat:JsonScheduler"


def test_the_channel_layer_carries_no_pickle() -> None:
    from channels.layers import get_channel_layer
    from channels_redis.serializers import MsgPackSerializer

    layer = get_channel_layer()
    assert layer is not None
    assert type(layer._serializer) is MsgPackSerializer
