"""The exported folder is complete: without the studio, it trains to the losses of the run."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from django.urls import reverse

from apps.core.storage import storage
from apps.training import services as training
from apps.training.models import Preflight, Run
from tests.apps.conftest import parquet
from workers.contracts.job_kinds.run import RunSpec

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[4]
_MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string()), ("learned", pa.bool_())])


def _bytes_of(response) -> bytes:
    return b"".join(response.streaming_content) if not response.is_async else _collected(response)


def _collected(response) -> bytes:
    from asgiref.sync import async_to_sync

    async def read() -> bytes:
        return b"".join([chunk async for chunk in response.streaming_content])

    return async_to_sync(read)()


def _opened(client, run: Run) -> zipfile.ZipFile:
    response = client.get(reverse("training:folder", args=[run.pk]))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(_bytes_of(response)))


def _texts(archive: zipfile.ZipFile) -> dict[str, str]:
    """The files by their path in the folder, without those of the base and of the data."""
    found = {}
    for name in archive.namelist():
        _, _, path = name.partition("/")
        if not path.startswith(("base/", "data/")):
            found[path] = archive.read(name).decode()
    return found


def test_a_classifier_is_exported_without_recipes_that_do_not_exist(client_for, owner, make_run) -> None:
    run = make_run()
    archive = _opened(client_for(owner), run)
    texts = _texts(archive)
    assert set(texts) == {"README.md", "spec.json"}
    assert archive.namelist()[0].endswith("/README.md")
    assert texts["README.md"].count("No recipe.") == 3
    spec = RunSpec.model_validate_json(texts["spec.json"])
    assert (spec.inputs, spec.work) == ({"data": "data", "base": "base"}, "work")
    assert spec.labels == run.dataset_version.labels
    assert any(name.endswith("/base/maquette.json") for name in archive.namelist())
    assert not any(".published" in name for name in archive.namelist())


def test_a_conversation_becomes_messages(client_for, owner, make_data, make_run) -> None:
    version = make_data("chat", rows=0)
    earlier = {"role": "assistant", "content": "Which one?", "learned": False}
    prompt = [
        {"role": "user", "content": "Help", "learned": None},
        earlier,
        {"role": "user", "content": "This"},
    ]
    rows = {"row_id": ["a", "b"], "line": [1, 2], "split": ["train", "validation"], "target": ["Done", "好"]}
    table = pa.table({**rows, "prompt": pa.array([prompt, prompt[2:]], pa.list_(_MESSAGE))})
    storage().write(f"{version.storage_key}/data.parquet", iter([parquet(table)]))
    version.rows_train, version.rows_validation = 1, 1
    version.save()
    texts = _texts(_opened(client_for(owner), make_run(version=version)))
    assert {"llama_factory.yaml", "axolotl.yaml", "automodel.yaml", "rows/dataset_info.json"} <= set(texts)
    [row] = map(json.loads, texts["rows/train.jsonl"].splitlines())
    assert row["messages"] == [
        {"role": "user", "content": "Help"},
        {"role": "assistant", "content": "Which one?", "train": False},
        {"role": "user", "content": "This"},
        {"role": "assistant", "content": "Done", "train": True},
    ]
    [row] = map(json.loads, texts["rows/validation.jsonl"].splitlines())
    assert row["messages"][-1]["content"] == "好"
    assert "mask_history: true" in texts["llama_factory.yaml"]


def test_a_run_on_preferences_has_rows_of_two_answers(client_for, owner, make_data, make_run) -> None:
    version = make_data("chat", rows=0)
    prompt = [{"role": "user", "content": "Help", "learned": None}]
    rows = {"row_id": ["a", "b"], "line": [1, 2], "split": ["train"] * 2, "target": ["Done", "Yes"]}
    rows |= {"rejected": ["No", None], "prompt": pa.array([prompt] * 2, pa.list_(_MESSAGE))}
    table = pa.table(rows)
    storage().write(f"{version.storage_key}/data.parquet", iter([parquet(table)]))
    version.roles = {"question": "input", "answer": "target", "worse": "rejected"}
    version.rows_train = 2
    version.save()
    texts = _texts(_opened(client_for(owner), make_run(version=version, objective={"kind": "orpo"})))
    assert "llama_factory.yaml" in texts
    assert not {"axolotl.yaml", "automodel.yaml"} & set(texts)
    assert json.loads(texts["rows/train.jsonl"]) == {
        "messages": [{"role": "user", "content": "Help"}],
        "chosen": {"role": "assistant", "content": "Done"},
        "rejected": {"role": "assistant", "content": "No"},
    }


def test_bad_answers_are_not_given_to_tools_that_learn_every_answer(
    client_for, owner, make_data, make_run
) -> None:
    version = make_data("chat", rows=0)
    prompt = [{"role": "user", "content": "Help", "learned": None}]
    rows = {"row_id": ["a", "b"], "line": [1, 2], "split": ["train"] * 2, "target": ["Done", "Go away"]}
    table = pa.table(
        {**rows, "prompt": pa.array([prompt] * 2, pa.list_(_MESSAGE)), "feedback": [True, False]}
    )
    storage().write(f"{version.storage_key}/data.parquet", iter([parquet(table)]))
    version.rows_train, version.rows_validation = 2, 0
    version.save()
    texts = _texts(_opened(client_for(owner), make_run(version=version)))
    [row] = map(json.loads, texts["rows/train.jsonl"].splitlines())
    assert row["messages"][-1]["content"] == "Done"


def test_the_page_offers_the_folder_while_its_files_are_there(client_for, owner, make_run) -> None:
    run, client = make_run(), client_for(owner)
    page, folder = reverse("training:detail", args=[run.pk]), reverse("training:folder", args=[run.pk])
    assert folder in client.get(page).content.decode()
    run.dataset_version.files_deleted_at = "2026-01-01T00:00Z"
    run.dataset_version.save()
    assert folder not in client.get(page).content.decode()
    response = client.get(folder, follow=True)
    assert "cannot be exported" in response.content.decode()


def test_the_api_sends_the_same_folder(client_for, owner, make_run) -> None:
    run = make_run()
    response = client_for(owner).get(f"/api/v1/runs/{run.pk}/folder/")
    archive = zipfile.ZipFile(io.BytesIO(_bytes_of(response)))
    assert _texts(archive) == _texts(_opened(client_for(owner), run))


@pytest.mark.training
@pytest.mark.parametrize("task", ["chat", "generation", "classification"])
def test_the_folder_trains_to_the_losses_of_the_run(
    task, client_for, owner, make_data, ask, run_job, tmp_path
) -> None:
    base = "starter:classifier:tiny" if task == "classification" else "starter:causal:tiny"
    asked = ask(make_data(task), base=base, max_steps=6, batch_rows=8, validation_rounds=2, precision="fp32")
    assert run_job(asked.job).state == "succeeded"
    run = training.start_run(actor=owner, preflight=Preflight.objects.get(pk=asked.pk))
    job = run_job(run.job)
    assert job.state == "succeeded", job.error_message
    run.refresh_from_db()
    with _opened(client_for(owner), run) as archive:
        archive.extractall(tmp_path)
        folder = tmp_path / archive.namelist()[0].partition("/")[0]
    done = subprocess.run(
        [sys.executable, "-m", "workers.training.run", "spec.json"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert events[-1]["result"]["steps"] == run.result["steps"] == 6
    for name in ("train_loss", "validation_loss", "base_loss"):
        assert events[-1]["result"][name] == pytest.approx(run.result[name], rel=1e-4)
    assert (folder / "work" / "out" / "model.safetensors").is_file()
