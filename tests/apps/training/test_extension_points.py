"""A task in one file outside the package goes through upload, a data version, training and evaluation."""

import sys
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.datasets.models import DatasetVersion, Import
from apps.evaluation import services as evaluation
from apps.training import services
from apps.training.bases import choices_for
from apps.training.models import Run
from workers.contracts.recipes import Length, Recipe
from workers.contracts.tasks import TASKS

pytestmark = [pytest.mark.django_db, pytest.mark.training]

MODULE = "tests.extension_points.titles"
ROWS = [f"the {number} boats are back in the harbour,{number} boats return" for number in range(1, 61)]


@pytest.fixture
def titles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The module is named in the environment, as the children see it too, and forgotten after the test."""
    monkeypatch.setenv("EXTENSIONS", f"tasks:{MODULE}")
    monkeypatch.setattr(TASKS, "_is_loaded", False)
    yield
    TASKS._kinds.pop("titles")
    sys.modules.pop(MODULE)


def test_extension_points_task(titles, client_for, editor, run_job) -> None:
    client = client_for(editor)
    content = "\n".join(["article,headline", *ROWS]).encode()
    client.post(reverse("datasets:new"), {"file": SimpleUploadedFile("harbour.csv", content)})
    import_ = Import.objects.get()
    assert run_job(import_.job).state == "succeeded"
    page = reverse("datasets:import", args=[import_.pk])
    html = client.get(page).content.decode()
    assert 'value="titles"' in html
    assert "Finds a title for a text." in html

    client.post(page, {"task_type": "titles", "role-0": "input", "role-1": "target"})
    version = DatasetVersion.objects.get()
    assert run_job(version.job).state == "succeeded"
    version.refresh_from_db()
    assert version.rows == 60
    assert "Titles" in client.get(version.get_absolute_url()).content.decode()

    base = next(found for found in choices_for(editor, version) if found.value == "starter:seq2seq:tiny")
    recipe = Recipe(max_steps=4, sample_rows=1, validation_rounds=1)
    plan = services.request_preflight(
        actor=editor, dataset_version=version, base=base, length=Length.QUICK, recipe=recipe
    )
    assert run_job(plan.job).state == "succeeded"
    plan.refresh_from_db()
    run = services.start_run(actor=editor, preflight=plan)
    assert run_job(run.job).state == "succeeded", run.job.error_message
    run = Run.objects.get(pk=run.pk)
    model = run.model_version
    assert model.task_type == "titles"

    measured = evaluation.evaluate(actor=editor, dataset_version=version, model_version=model)
    assert run_job(measured.job).state == "succeeded"
    measured.refresh_from_db()
    assert list(measured.result["metrics"]) == ["chrf", "exact_match"]
    assert "chrF" in client.get(reverse("evaluation:detail", args=[measured.pk])).content.decode()
