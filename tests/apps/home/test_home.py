"""The first page: what to do first, what is going on, and examples that come in like any upload."""

import pytest
from django.urls import reverse

from apps.catalog.models import ModelVersion
from apps.core.storage import storage
from apps.datasets.models import Dataset, Import
from apps.jobs import services as jobs
from apps.workspaces import usage
from apps.workspaces.models import Membership
from examples import get_example, list_examples
from tests.fixtures.page_text import html_of

pytestmark = pytest.mark.django_db
HOME = "/"


def test_the_first_page_teaches(client_for, owner) -> None:
    html = client_for(owner).get(HOME).content.decode()
    for shown in (
        "Try an example",
        "Upload your data",
        "Add a base model",
        "Train your own model",
        "Nothing is running",
    ):
        assert shown in html
    for example in list_examples():
        assert reverse("home:import_example", args=[example.name]) in html


def test_a_viewer_has_no_ways_to_begin(client_for, viewer) -> None:
    html = client_for(viewer).get(HOME).content.decode()
    assert "Try an example" not in html
    assert "Current activity" in html


def test_a_visitor_signs_in_first(client_for, owner) -> None:
    assert client_for().get(HOME)["Location"].startswith("/accounts/login/")


def test_somebody_without_a_workspace_is_told(client_for, viewer) -> None:
    Membership.objects.filter(user=viewer).delete()
    client = client_for(viewer)
    assert client.get(HOME)["Location"] == reverse("home:no_workspace")
    assert client.get(reverse("home:no_workspace")).status_code == 200


def test_the_newest_thing_says_what_comes_next(
    client_for, owner, viewer, make_run, make_app, new_job
) -> None:
    client = client_for(owner)
    run = make_run()
    step = client.get(HOME).context["next"]
    assert (step.action, step.url) == ("View model", run.model_version.get_absolute_url())
    app = make_app()
    assert client.get(HOME).context["next"] is None or app.live_version is None
    version = run.dataset_version
    waiting = Import.objects.create(
        workspace=run.workspace,
        dataset=version.dataset,
        filename="n.csv",
        source_bytes=1,
        job=new_job("import"),
    )
    response = client.get(HOME)
    assert response.context["next"].url == reverse("datasets:import", args=[waiting.pk])
    assert "Columns to confirm" in response.content.decode()
    waiting.job.state = "failed"
    waiting.job.save()
    response = client.get(HOME)
    assert response.context["next"].action == "See why"
    assert "Failed" in response.content.decode()
    assert "See why" not in client_for(viewer).get(HOME).content.decode()


def test_what_was_made_and_what_is_going_on(client_for, owner, make_run, make_app) -> None:
    run, app = make_run(name="Sorter <1>", done=False), make_app()
    usage.set_stored(workspace=run.workspace, source=("import", "one"), amount=1001)
    response = client_for(owner).get(HOME)
    html = response.content.decode()
    assert "Sorter &lt;1&gt;" in html
    assert reverse("training:detail", args=[run.pk]) in html
    assert app.name in html
    base = ModelVersion.objects.get(kind="base")
    assert response.context["disk_bytes"] == 1001 + base.bytes


def test_the_activity_alone_for_the_page_that_asks_again(client_for, owner, new_job) -> None:
    new_job("import", "queued", title="Read it")
    html = html_of(client_for(owner).get(HOME, headers={"HX-Request": "true"}))
    assert html.strip().startswith('<section class="card" id="activity"')
    assert "Read it" in html


def test_the_first_page_costs_the_same_with_one_job_and_with_many(
    client_for,
    owner,
    ask,
    make_data,
    make_evaluation,
    django_assert_num_queries,
    django_assert_max_num_queries,
) -> None:
    client = client_for(owner)
    ask()
    make_evaluation(None, make_data(), done=False)
    client.get(HOME)  # once a while it is written down when a session was used
    with django_assert_max_num_queries(16) as counted:
        client.get(HOME)
    for _ in range(5):
        ask(make_data())
        make_evaluation(None, make_data(), done=False)
    with django_assert_num_queries(len(counted)):
        response = client.get(HOME)
    shown = response.context["jobs"]
    assert len(shown) == 12
    assert all(item["page"] for item in shown)
    assert [item["ahead"] for item in shown if item["job"].queue == "gpu"] == [0, 1, 2, 3, 4, 5]


def test_an_example_comes_in_like_an_upload(client_for, owner) -> None:
    example = get_example("support_tickets")
    response = client_for(owner).post(reverse("home:import_example", args=[example.name]))
    made = Import.objects.get()
    assert response["Location"] == reverse("datasets:import", args=[made.pk])
    assert made.source_bytes == example.path.stat().st_size
    assert storage().open(made.source_key).read() == example.path.read_bytes()
    assert Dataset.objects.get().name == example.title


def test_an_example_is_read_and_its_columns_are_proposed_right(client_for, owner, run_job) -> None:
    example = get_example("support_tickets")
    client_for(owner).post(reverse("home:import_example", args=[example.name]))
    job = run_job(Import.objects.get().job)
    assert job.state == "succeeded", job.error_message
    proposal = Import.objects.get().parsed.proposal
    assert proposal.task_type == example.task_type
    assert {k: v for k, v in proposal.roles.items() if v != "ignore"} == example.roles
    assert Import.objects.get().result["rows"] == example.rows


def test_an_example_that_is_none(client_for, owner, viewer) -> None:
    assert client_for(owner).post(reverse("home:import_example", args=["nothing"])).status_code == 404
    assert (
        client_for(viewer).post(reverse("home:import_example", args=["support_tickets"])).status_code == 403
    )
    assert client_for(owner).get(reverse("home:import_example", args=["support_tickets"])).status_code == 405
    assert not Import.objects.exists()


def test_a_job_of_another_workspace_is_not_shown_but_counts_in_the_queue(
    client_for, owner, outsider, new_job
) -> None:
    elsewhere = outsider.memberships.get().workspace
    theirs = new_job("run", "queued", queue="gpu", title="Secret work")
    type(theirs).objects.filter(pk=theirs.pk).update(workspace=elsewhere)
    new_job("run", "queued", queue="gpu", title="Ours")
    response = client_for(owner).get(HOME)
    assert "Secret work" not in response.content.decode()
    assert [(item["job"].title, item["ahead"]) for item in response.context["jobs"]] == [("Ours", 1)]
    assert jobs.claim(job_id=str(theirs.pk), worker="w")
