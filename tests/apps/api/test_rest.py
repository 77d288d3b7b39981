"""The main job over REST: every call does its work, says what is wrong in one shape, and costs what it should."""

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.datasets.models import Dataset, Import
from apps.evaluation.models import Comparison, Evaluation
from apps.jobs.models import Job
from apps.publishing.models import App, ShareLink
from apps.training.models import Preflight, Run
from apps.workspaces.models import ApiKey
from tests.apps.api.conftest import Caller, error_of
from tests.apps.conftest import model_files, preflight_result, run_result
from workers.contracts.baselines import baselines_of
from workers.contracts.job_kinds.export import ExportResult
from workers.contracts.job_kinds.preflight import Finding
from workers.contracts.recipes import Recipe

pytestmark = pytest.mark.django_db
NOWHERE = "00000000-0000-0000-0000-000000000000"
CSV = "text,label\n" + "".join(
    f"my {word} number {n} is lost,{word}\n" for n in range(20) for word in ("card", "key")
)


def upload(caller: Caller, text: str = CSV, **more: str):
    return caller.post("datasets/", {"text": text, "filename": "lost.csv", **more})


def test_upload_read_confirm_and_freeze_with_the_real_jobs(caller, run_job) -> None:
    made = upload(caller, name="Lost things")
    assert made.status_code == 201
    imported = made.json()
    assert imported["job"]["state"] == "queued"
    assert imported["job"]["jobs_ahead"] == 0
    assert error_of(caller.post(f"imports/{imported['id']}/confirm/"))[0] == "not_ready"
    run_job(Job.objects.get(pk=imported["job"]["id"]))
    read = caller.get(f"imports/{imported['id']}/").json()
    assert read["result"]["rows"] == 40
    assert read["result"]["proposal"]["task_type"] == "classification"
    confirmed = caller.post(f"imports/{imported['id']}/confirm/")
    assert confirmed.status_code == 201
    run_job(Job.objects.get(pk=confirmed.json()["job"]["id"]))
    version = caller.get(f"dataset-versions/{confirmed.json()['id']}/").json()
    assert version["is_ready"]
    assert version["rows_train"] + version["rows_validation"] + version["rows_test"] == 40
    assert version["result"]["labels"] == {"card": 20, "key": 20}
    bases = caller.get(f"dataset-versions/{version['id']}/bases/").json()
    assert bases[0]["value"] == "starter:classifier:small"
    again = caller.post(f"imports/{imported['id']}/confirm/")
    assert (again.status_code, error_of(again)[0]) == (400, "already_confirmed")


def test_a_file_comes_as_multipart_and_a_second_one_into_the_same_dataset(caller) -> None:
    file = SimpleUploadedFile("lost.csv", CSV.encode())
    made = caller.send("datasets/", {"file": file, "name": "Lost"}).json()
    assert made["source_bytes"] == len(CSV)
    second = upload(caller, dataset=made["dataset"]).json()
    assert second["dataset"] == made["dataset"]
    shown = caller.get(f"datasets/{made['dataset']}/").json()
    assert set(shown["imports"]) == {made["id"], second["id"]}


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "invalid", "file"),
        ({"text": ""}, "invalid", "text"),
        ({"text": "a", "dataset": "x"}, "invalid", "dataset"),
        ({"text": "a", "dataset": NOWHERE}, "not_found", "dataset"),
        ({"text": "a\u0000b", "filename": "x"}, "invalid", "text"),
        ({"text": "a", "name": "n" * 151}, "invalid", "name"),
    ],
)
def test_a_wrong_upload_is_refused_at_its_field(caller, body, code, field) -> None:
    response = caller.post("datasets/", body)
    assert (response.status_code, error_of(response)) == (400, (code, field))
    assert not Import.objects.exists()


def test_an_empty_file_is_refused(caller) -> None:
    response = caller.send("datasets/", {"file": SimpleUploadedFile("e.csv", b"")})
    assert response.status_code == 400
    assert error_of(response)[1] == "file"


def test_bodies_that_are_none(caller) -> None:
    address = "/api/v1/preflights/"
    for content, kind, status in (
        (b"{not json", "application/json", 400),
        (b"[1, 2]", "application/json", 400),
        (b"x", "text/plain", 415),
    ):
        response = caller.client.post(address, content, content_type=kind)
        assert response.status_code == status
        error_of(response)
    response = caller.client.put(address, b"{}", content_type="application/json")
    assert response.status_code == 405
    assert "POST" in response["Allow"]
    error_of(response)


def test_what_a_program_sends_survives_a_forgotten_slash(caller) -> None:
    response = caller.client.post("/api/v1/datasets", {"text": CSV}, content_type="application/json")
    assert (response.status_code, response["Location"]) == (308, "/api/v1/datasets/")


def test_json_comes_whatever_is_asked_for(caller) -> None:
    for kind in ("application/zip", "text/html", "application/xml;q=0.5"):
        response = caller.client.get("/api/v1/datasets/", headers={"Accept": kind})
        assert (response.status_code, response["Content-Type"]) == (200, "application/json")


def test_preflight_run_and_its_curve(caller, tickets, succeed) -> None:
    asked = {
        "data": str(tickets.pk),
        "length": "quick",
        "recipe": {"learning_rate": 0.01, "keep_best": False},
    }
    response = caller.post("preflights/", asked)
    assert response.status_code == 201
    preflight = response.json()
    assert preflight["recipe"] == {"learning_rate": 0.01, "keep_best": False}
    assert caller.post("preflights/", asked).json()["id"] == preflight["id"]
    refused = caller.post("runs/", {"preflight": preflight["id"]})
    assert (refused.status_code, error_of(refused)[0]) == (400, "invalid")
    row = Preflight.objects.get()
    succeed(row.job, preflight_result(Recipe()), model_files(tickets, trained=False))
    done = caller.get(f"preflights/{preflight['id']}/").json()
    assert done["job"]["state"] == "succeeded"
    assert (done["blocked"], done["result"]["steps"]) == (False, 9)
    made = caller.post("runs/", {"preflight": preflight["id"], "name": "Mine"})
    assert made.status_code == 201
    assert made.json()["recipe"]["epochs"] == 3
    run = Run.objects.get()
    assert caller.get(f"runs/{run.pk}/metrics/", after="x").json() == {"last": 0, "points": []}
    succeed(run.job, run_result(Recipe()), model_files(tickets, trained=True))
    ended = caller.get(f"runs/{run.pk}/").json()
    assert ended["result"]["best_step"] == 6
    model = caller.get(f"models/{ended['model_version']}/").json()
    assert (model["is_ready"], model["kind"], model["parent"]) == (True, "tuned", ended["base_version"])


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"data": NOWHERE}, "not_found", "data"),
        ({"data": "x"}, "invalid", "data"),
        ({"base": "starter:causal:tiny"}, "invalid", "base"),
        ({"length": "long"}, "invalid", "length"),
        ({"recipe": []}, "invalid", "recipe"),
        ({"recipe": {"learning_rate": -1}}, "invalid", "recipe.learning_rate"),
        ({"recipe": {"nonsense": 1}}, "invalid", "recipe.nonsense"),
        ({"recipe": {"objective": "ranking"}}, "invalid", "recipe.objective"),
        (
            {"recipe": {"objective": {"kind": "seq2seq", "max_target_length": 1}}},
            "invalid",
            "recipe.objective.max_target_length",
        ),
        ({"recipe": {"objective": "seq2seq"}}, "invalid", "recipe.objective"),
        ({"recipe": {"lora_targets": ["a\u0000"]}}, "invalid", "recipe.lora_targets.0"),
    ],
)
def test_a_wrong_question_is_refused_at_its_field(caller, tickets, changed, code, field) -> None:
    response = caller.post("preflights/", {"data": str(tickets.pk)} | changed)
    assert (response.status_code, error_of(response)) == (400, (code, field))
    assert not Preflight.objects.exists()


def test_a_blocked_run_says_what_blocks_it(caller, make_preflight) -> None:
    preflight = make_preflight(findings=[Finding(blocks=True, message="Nothing to learn in 3 rows.")])
    assert caller.get(f"preflights/{preflight.pk}/").json()["blocked"] is True
    response = caller.post("runs/", {"preflight": str(preflight.pk)})
    assert response.status_code == 400
    assert "Nothing to learn in 3 rows." in response.json()["error"]["message"]


def test_stopping_a_run_and_trying_its_job_again(caller, make_run) -> None:
    run = make_run(done=False)
    assert caller.post(f"runs/{run.pk}/stop/").json()["job"]["state"] == "cancelled"
    assert caller.post(f"jobs/{run.job_id}/retry/").json()["state"] == "queued"
    assert caller.post(f"jobs/{run.job_id}/stop/").json()["state"] == "cancelled"
    response = caller.post(f"jobs/{make_run(length='quick').job_id}/retry/")
    assert (response.status_code, error_of(response)[0]) == (400, "invalid")


def test_evaluations_and_their_comparison(caller, make_run, tickets) -> None:
    run = make_run()
    made = caller.post("evaluations/", {"data": str(tickets.pk), "model": str(run.model_version_id)})
    trivial = caller.post("evaluations/", {"data": str(tickets.pk), "baseline": "majority"})
    assert trivial.json()["baseline"] == "majority"
    assert (made.status_code, trivial.status_code) == (201, 201)
    ids = [made.json()["id"], trivial.json()["id"]]
    compared = caller.post("comparisons/", {"evaluations": ids, "name": "Both"})
    assert compared.status_code == 201
    assert compared.json()["evaluations"] == ids
    assert compared.json()["job"] is None
    with_base = caller.post("comparisons/", {"model": str(run.model_version_id)}).json()
    baselines = len(baselines_of(run.model_version.dataset_version.task))
    assert len(with_base["evaluations"]) == 2 + baselines
    for body, field in (
        ({"evaluations": ids[:1]}, None),
        ({"evaluations": [ids[0], ids[0]]}, None),
        ({"evaluations": [ids[0], NOWHERE]}, "evaluations"),
        ({"model": NOWHERE}, "model"),
        ({}, None),
    ):
        response = caller.post("comparisons/", body)
        assert (response.status_code, error_of(response)[1]) == (400, field)
    for body, field in (
        ({"max_rows": 0}, "max_rows"),
        ({"max_rows": 10**30}, "max_rows"),
        ({"model": NOWHERE}, "model"),
        ({"baseline": "lead"}, "baseline"),
    ):
        response = caller.post("evaluations/", {"data": str(tickets.pk)} | body)
        assert (response.status_code, error_of(response)[1]) == (400, field)
    assert (Evaluation.objects.count(), Comparison.objects.count()) == (2 + baselines, 2)


def test_publishing_with_a_link_and_a_key(caller, make_model) -> None:
    model = make_model()
    body = {"model": str(model.pk), "name": "Front desk", "welcome": "Hello", "max_tokens": 50}
    made = caller.post("apps/", body)
    assert made.status_code == 201
    app = made.json()
    assert (app["slug"], app["app_type"]) == ("front-desk", "chat")
    assert (app["live_version"]["welcome"], app["live_version"]["max_tokens"]) == ("Hello", 50)
    link = caller.post(f"apps/{app['id']}/links/", {"name": "Poster"}).json()
    assert "/a/" in link["url"]
    key = caller.post(f"apps/{app['id']}/keys/", {"name": "Site"}).json()
    assert str(ApiKey.objects.by_secret(key["secret"]).app_id) == app["id"]
    assert Caller(key["secret"]).get("apps/").status_code == 401, "it opens /v1, not the workspace"
    assert error_of(caller.post(f"apps/{app['id']}/keys/", {}))[1] == "name"
    assert ShareLink.objects.count() == 1


def test_an_app_that_cannot_be_is_not_left_half_made(caller, make_model) -> None:
    small = make_model(context_length=64)
    response = caller.post("apps/", {"model": str(small.pk), "name": "x", "max_tokens": 64})
    assert (response.status_code, error_of(response)[1]) == (400, "max_tokens")
    unpublished = caller.post("apps/", {"model": str(make_model().pk), "name": "x", "publish": False})
    assert unpublished.json()["live_version"] is None
    assert App.objects.count() == 1


def test_bringing_a_base(caller) -> None:
    body = {"kind": "hub", "name": "", "family": "causal", "location": "org/name"}
    assert error_of(caller.post("base-models/", body))[1] == "name"
    made = caller.post("base-models/", body | {"name": "Theirs"})
    assert made.status_code == 201
    assert made.json()["revision"] == "main"
    twice = caller.post("base-models/", body | {"name": "Theirs"})
    assert (twice.status_code, error_of(twice)[1]) == (400, "location")
    assert caller.get("base-models/").json()["count"] == 1


def test_a_packed_model_is_streamed(caller, make_run, succeed) -> None:
    model = make_run().model_version
    made = caller.post(f"models/{model.pk}/export/")
    assert made.status_code == 201
    export = made.json()
    early = caller.get(f"exports/{export['id']}/file/")
    assert (early.status_code, error_of(early)[0]) == (400, "not_ready")
    content = b"zip" * 1_000_000
    result = ExportResult(filename="sorter.zip", bytes=len(content), sha256="")
    succeed(Job.objects.get(pk=export["job"]["id"]), result, {"sorter.zip": content})
    response = caller.get(f"exports/{export['id']}/file/")
    assert response.streaming
    assert response["Content-Length"] == str(len(content))
    assert "sorter.zip" in response["Content-Disposition"]

    async def pieces() -> list[bytes]:
        return [piece async for piece in response]

    received = async_to_sync(pieces)()
    assert b"".join(received) == content
    assert len(received) > 1


def test_deleting_a_dataset(caller, editor, owner, key_of, make_run, make_data) -> None:
    needed = make_run().dataset_version.dataset
    assert Caller(key_of(owner)).delete(f"datasets/{needed.pk}/").status_code == 204
    assert caller.get(f"dataset-versions/{needed.versions.get().pk}/").json()["files_deleted_at"]
    others = make_data().dataset
    assert caller.delete(f"datasets/{others.pk}/").status_code == 403, "somebody else made it"
    Dataset.objects.filter(pk=others.pk).update(created_by=editor)
    assert caller.delete(f"datasets/{others.pk}/").status_code == 204
    assert not Dataset.objects.filter(pk=others.pk).exists()


KINDS = ["datasets", "imports", "dataset-versions", "base-models", "preflights", "runs", "models", "exports"]
KINDS += ["evaluations", "comparisons", "apps", "jobs"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_there(caller, kind) -> None:
    for pk in (NOWHERE, "nonsense"):
        assert caller.get(f"{kind}/{pk}/").status_code == 404
    assert error_of(caller.get(f"{kind}/{NOWHERE}/"))[0] == "not_found"


def test_lists_come_in_pages_of_a_bounded_length(caller, new_job) -> None:
    for n in range(7):
        new_job("import", "queued", title=str(n))
    page = caller.get("jobs/", limit=3).json()
    assert (page["count"], len(page["results"])) == (7, 3)
    titles = [job["title"] for job in page["results"]]
    while page["next"]:
        page = caller.client.get(page["next"]).json()
        titles += [job["title"] for job in page["results"]]
    assert sorted(titles) == list("0123456")
    for query in ({"limit": 10**30}, {"offset": 10**30}, {"limit": "x"}, {"limit": -1}):
        assert caller.get("jobs/", **query).status_code == 200
    from apps.api.rest.base import Pages

    assert Pages.max_limit == 200


def test_lists_cost_the_same_however_long(
    caller, make_run, make_evaluation, make_data, make_app, owner, make_model
) -> None:
    from apps.catalog.services import start_export
    from apps.evaluation.services import compare

    def grow() -> None:
        run = make_run(version=make_data())
        make_run(version=make_data(), done=False)
        made = [
            make_evaluation(model, run.dataset_version, done=False) for model in (run.model_version, None)
        ]
        compare(actor=owner, evaluations=made)
        start_export(actor=owner, version=run.model_version)
        make_app()
        caller.post(
            "base-models/", {"kind": "hub", "name": "n", "family": "causal", "location": f"a/b{run.number}"}
        )
        upload(caller)

    def costs() -> dict[str, int]:
        found = {}
        for kind in KINDS:
            with CaptureQueriesContext(connection) as counted:
                assert caller.get(f"{kind}/").json()["count"] > 0, kind
            found[kind] = len(counted)
        return found

    grow()
    caller.get("datasets/")
    before = costs()
    grow()
    grow()
    assert costs() == before
    assert max(before.values()) <= 10


def test_an_apps_settings_are_those_of_its_kind(caller, make_model):
    """Every setting of the form can be set; an app shows the settings of its own kind and no others."""
    body = {"model": str(make_model("translation").pk), "name": "To French"}
    chosen = {"icon": "books", "source_label": "English", "target_label": "French", "repetition_penalty": 1.5}
    made = caller.post("apps/", body | chosen | {"system_prompt": "Not of this kind"}).json()["live_version"]
    assert chosen.items() <= made.items()
    assert "system_prompt" not in made

    for name, value in (("icon", "no icon"), ("suggestions", ["a"] * 7), ("source_label", "x" * 41)):
        response = caller.post("apps/", body | {name: value})
        assert (response.status_code, error_of(response)[1]) == (400, name)
