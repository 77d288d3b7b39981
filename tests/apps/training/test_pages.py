"""The wizard, the card before the start, a run's page while it learns and after."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.datasets.models import DatasetVersion
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.training import querysets
from apps.training.models import Preflight, Run
from tests.apps.conftest import LABELS
from tests.fixtures.page_text import html_of
from workers.contracts.events import Failed, Fix, Log, Metric, Progress, Sample, SampleRow, Started
from workers.contracts.job_kinds.preflight import Finding

pytestmark = [pytest.mark.django_db, pytest.mark.once]
WIZARD = {"base": "starter:classifier:small", "length": "standard", "keep_best": "on"}


def test_the_wizard_first_asks_for_data(client_for, owner, make_data) -> None:
    client = client_for(owner)
    assert "There is no data yet" in client.get(reverse("training:new")).content.decode()
    ready, archived = make_data(), make_data()
    archived.dataset.archived_at = "2026-01-01T00:00Z"
    archived.dataset.save()
    make_data(rows_train=0)
    assert list(client.get(reverse("training:new")).context["list"].page) == [ready]


def test_the_wizard_has_a_right_answer_to_every_question(client_for, owner, tickets) -> None:
    html = html_of(client_for(owner).get(reverse("training:new"), {"data": tickets.pk}))
    assert '<details class="card mb-3">' in html
    checked = re.findall(r'name="(base|length)" value="([^"]+)" checked', html)
    assert checked == [("base", "starter:classifier:small"), ("length", "standard")]
    assert "42 training rows, 12 test rows" in html


def test_a_base_that_is_not_offered_is_said(client_for, owner, tickets) -> None:
    client, said = client_for(owner), "does not fit this data"
    wizard = reverse("training:new")
    gone = "base:00000000-0000-0000-0000-000000000000"
    html = html_of(client.get(wizard, {"data": tickets.pk, "base": gone}))
    assert said in html
    assert 'value="starter:classifier:small" checked' in html
    offered = html_of(client.get(wizard, {"data": tickets.pk, "base": "starter:classifier:tiny"}))
    assert said not in offered


def test_the_wizard_leads_to_the_preflight(client_for, owner, tickets) -> None:
    sent = {"data": str(tickets.pk), **WIZARD, "learning_rate": "0.001"}
    response = client_for(owner).post(reverse("training:new"), sent)
    preflight = Preflight.objects.get()
    assert response["Location"] == reverse("training:preflight", args=[preflight.pk])
    assert preflight.recipe == {"learning_rate": 0.001}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"base": "starter:causal:small"}, "base"),
        ({"length": "for ever"}, "length"),
        ({"learning_rate": "7"}, "learning_rate"),
    ],
)
def test_a_wrong_answer_is_said_at_its_field_and_nothing_is_lost(
    client_for, owner, tickets, wrong, field
) -> None:
    sent = {"data": str(tickets.pk), **WIZARD, "batch_rows": "24", **wrong}
    response = client_for(owner).post(reverse("training:new"), sent)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}
    html = response.content.decode()
    assert 'value="24"' in html
    assert "invalid-feedback" in html
    assert not Preflight.objects.exists()


@pytest.mark.parametrize("value", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_data_that_is_not_there(client_for, owner, value) -> None:
    status = 200 if not value else 404
    assert client_for(owner).get(reverse("training:new"), {"data": value}).status_code == status


def test_the_card_before_the_start(client_for, owner, make_preflight) -> None:
    finding = Finding(blocks=False, message="Rows are <long>.", fix={"max_length": 64})
    preflight = make_preflight(findings=[finding], keep_best=False)
    html = html_of(client_for(owner).get(reverse("training:preflight", args=[preflight.pk])))
    assert "Start training" in html
    assert "Rows are &lt;long&gt;." in html
    assert "<mark>&lt;b&gt;billing&lt;/b&gt;</mark>" in html, "text of rows is no markup"
    change = re.search(r'href="([^"]*max_length[^"]*)"', html)
    answers = parse_qs(urlsplit(change[1].replace("&amp;", "&")).query)
    assert answers["max_length"] == ["64"]
    assert answers["keep_best"] == ["False"]


def test_a_run_over_its_limit_is_offered_with_two_buttons(client_for, owner, make_preflight) -> None:
    client = client_for(owner)
    usual = make_preflight()
    html = html_of(client.get(reverse("training:preflight", args=[usual.pk])))
    assert "Start training</button>" in html
    assert 'name="minutes"' not in html
    limited = make_preflight(max_minutes=1.5)
    times = {"seconds": 100.0, "whole_seconds": 600.0, "offered_minutes": 1.5}
    Preflight.objects.filter(pk=limited.pk).update(result=limited.result | times)
    html = html_of(client.get(reverse("training:preflight", args=[limited.pk])))
    assert "about 1 min 40 s" in html
    assert "all steps would take about 10 min" in html
    assert re.findall(r'name="minutes" value="([^"]+)"', html) == ["1.5", "none"]
    start = reverse("training:start", args=[limited.pk])
    assert client.post(start, {"minutes": "soon"}).status_code == 400
    client.post(start, {"minutes": "none"})
    assert Run.objects.get().recipe["max_minutes"] is None, "let it finish"
    Run.objects.all().delete()
    client.post(start, {"minutes": "1.5"})
    assert Run.objects.get().recipe["max_minutes"] == 1.5


def test_an_old_measurement_offers_another(client_for, owner, make_preflight) -> None:
    preflight, client = make_preflight(keep_best=False, seed=3), client_for(owner)
    address = reverse("training:preflight", args=[preflight.pk])
    assert "Measure again" not in client.get(address).content.decode()
    Job.objects.filter(pk=preflight.job_id).update(ended_at=timezone.now() - timedelta(hours=1))
    html = client.get(address).content.decode()
    form = html[html.index("alert-info") : html.index("Measure again")]
    asked = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    asked.pop("csrfmiddlewaretoken", None)
    response = client.post(reverse("training:new"), asked)
    again = Preflight.objects.exclude(pk=preflight.pk).get()
    assert response["Location"] == reverse("training:preflight", args=[again.pk])
    assert again.recipe == preflight.recipe


def test_the_start_button_says_what_is_missing(client_for, owner, make_preflight) -> None:
    preflight = make_preflight(findings=[Finding(blocks=True, message="Column is empty.")])
    client = client_for(owner)
    html = client.get(reverse("training:preflight", args=[preflight.pk])).content.decode()
    assert "Column is empty." in html
    assert "Fix this first" in html
    assert "Start training" not in html
    response = client.post(reverse("training:start", args=[preflight.pk]))
    assert response.status_code == 400
    assert "Column is empty." in response.content.decode()
    assert not Run.objects.exists()


def test_a_failed_preflight_says_why(client_for, owner, ask) -> None:
    preflight = ask()
    claimed = jobs.claim(job_id=str(preflight.job.pk), worker="w")
    jobs.fail(claimed, Failed(code="no_network", message="The Hub cannot be reached."))
    html = client_for(owner).get(reverse("training:preflight", args=[preflight.pk])).content.decode()
    assert "The Hub cannot be reached." in html
    assert "Try again" in html


def test_starting_leads_to_the_run(client_for, owner, make_preflight) -> None:
    preflight = make_preflight()
    response = client_for(owner).post(reverse("training:start", args=[preflight.pk]), {"name": "Mine"})
    run = Run.objects.get()
    assert response["Location"] == reverse("training:detail", args=[run.pk])
    assert run.name == "Mine"


@pytest.fixture
def learning(make_run) -> Run:
    """A run in the middle of it."""
    run = make_run(done=False)
    claimed = jobs.claim(job_id=str(run.job.pk), worker="w")
    metrics = [
        Metric(step=step, epoch=step / 3, values={"train_loss": 1 / step, "learning_rate": 1e-4})
        for step in range(1, 8)
    ]
    said = [
        Sample(
            step=step,
            rows=[SampleRow(row_id="r1", input="<i>help</i>", target="billing", output=text, share=share)],
        )
        for step, text, share in ((2, "bill", None), (4, "billing (52%)", None), (6, "billing", 0.83))
    ]
    jobs.record_events(
        claimed,
        [
            Started(pid=1, device="cpu", precision="bf16"),
            Progress(phase="Training", done=7, total=9, fraction=0.7, seconds_left=90),
            *metrics,
            Metric(step=7, epoch=2, values={"validation_loss": 0.25, "validation_accuracy": 0.875}),
            *said,
            Log(text="<b>hello</b>"),
        ],
    )
    return Run.objects.get(pk=run.pk)


def test_the_page_of_a_run_that_learns(client_for, owner, learning) -> None:
    response = client_for(owner).get(reverse("training:detail", args=[learning.pk]))
    html = response.content.decode()
    for shown in (
        "cpu · bf16",
        "Training",
        "1 min 30 s left",
        "0.250",
        "87.5 %",
        "0.143",
        "&lt;i&gt;help&lt;/i&gt;",
    ):
        assert shown in html
    assert "<b>hello</b>" not in html
    said = response.context["samples"][0]["outputs"]
    assert [(each.step, each.output) for each in said] == [(4, "billing"), (2, "bill")]
    words = " ".join(re.sub(r"<[^>]*>", " ", html).split())
    assert "Right: billing 83.0 % since step 4" in words
    assert "Wrong: bill" in words
    assert "Stop and keep the best checkpoint" in html


def test_a_text_is_marked_where_it_is_the_expected_one(make_run) -> None:
    run = make_run(done=False)
    said = [("café ", "cafe\u0301"), ("tea", "coffee"), ("", "")]
    rows = [
        {"row_id": f"r{n}", "input": "drink", "output": output, "target": target}
        for n, (output, target) in enumerate(said)
    ]
    type(run.dataset_version).objects.filter(pk=run.dataset_version_id).update(task_type="chat")
    run.job.events.create(seq=900, attempt=1, kind="sample", step=3, data={"step": 3, "rows": rows})
    shown = querysets.sample_rounds(Run.objects.get(pk=run.pk))
    assert [sample["outputs"][0].is_right for sample in shown] == [True, None, None]


def test_the_live_part_alone(client_for, owner, learning) -> None:
    html = html_of(client_for(owner).get(reverse("training:samples", args=[learning.pk])))
    assert html.strip().startswith('<div id="live"')
    assert "since step 4" in html


def test_chart_points_since_the_last_ones(client_for, owner, learning) -> None:
    client, address = client_for(owner), reverse("training:metrics", args=[learning.pk])
    everything = client.get(address).json()
    assert [point[0] for point in everything["points"]] == [1, 2, 3, 4, 5, 6, 7]
    assert set(everything["points"][-1][2]) >= {"train_loss", "validation_loss"}
    later = client.get(address, {"after": everything["last"]}).json()
    assert later == {"last": everything["last"], "points": []}
    for nonsense in ("-1", "²", "9" * 5000, "x"):
        assert len(client.get(address, {"after": nonsense}).json()["points"]) == 7


def test_after_going_on_from_a_checkpoint_every_step_is_there_once(make_run) -> None:
    run = make_run(done=False)

    def learn(steps, loss):
        claimed = jobs.claim(job_id=str(run.job.pk), worker="w")
        jobs.record_events(claimed, [Metric(step=n, values={"train_loss": loss}) for n in steps])
        return claimed

    assert jobs.resume(learn(range(1, 9), 1.0))
    learn(range(5, 7), 2.0)
    answer = querysets.metric_points(Job.objects.get(pk=run.job.pk))
    assert [(step, values["train_loss"]) for step, _epoch, values in answer["points"]] == [
        *((n, 1.0) for n in range(1, 5)),
        *((n, 2.0) for n in range(5, 7)),
    ]


def test_a_long_chart_is_thinned_and_keeps_every_validation(make_run, monkeypatch) -> None:
    monkeypatch.setattr(querysets, "MOST_POINTS", 20)
    run = make_run(done=False)
    claimed = jobs.claim(job_id=str(run.job.pk), worker="w")
    jobs.record_events(
        claimed,
        [
            Metric(step=n, values={"train_loss": 1} | ({"validation_loss": 1} if n % 33 == 0 else {}))
            for n in range(1, 201)
        ],
    )
    points = querysets.metric_points(run.job)["points"]
    assert len(points) < 40
    assert points[-1][0] == 200
    assert sum("validation_loss" in values for _step, _epoch, values in points) == 6


def test_the_page_of_a_run_that_ended(client_for, owner, make_run) -> None:
    html = html_of(client_for(owner).get(reverse("training:detail", args=[make_run().pk])))
    for shown in (
        "Early stopping ended the run after step 9",
        "Compare with the base model",
        "Try side by side",
        "Train again",
        "learning_rate",
    ):
        assert shown in html


def test_the_best_of_a_classifier_is_said_in_rows_right(client_for, owner, make_run) -> None:
    run = make_run()
    address, said = reverse("training:detail", args=[run.pk]), "of the validation rows correctly"
    client = client_for(owner)
    assert said not in client.get(address).content.decode(), "nothing was counted"
    Run.objects.filter(pk=run.pk).update(result=run.result | {"validation_accuracy": 0.875})
    assert f"It classifies 87.5 % {said}" in client.get(address).content.decode()
    last = run.result["recipe"] | {"keep_best": False}
    Run.objects.filter(pk=run.pk).update(result=run.result | {"validation_accuracy": 0.875, "recipe": last})
    assert said not in client.get(address).content.decode(), "the last was kept, whatever it was worth"


@pytest.mark.parametrize("without", ["keep_best", "validation_loss"])
def test_where_the_last_was_kept_the_page_does_not_call_it_the_best(
    client_for, owner, make_run, without
) -> None:
    run = make_run()
    address, client = reverse("training:detail", args=[run.pk]), client_for(owner)
    assert "best checkpoint, step 6, was kept" in client.get(address).content.decode()
    recipe = run.result["recipe"] | ({"keep_best": False} if without == "keep_best" else {})
    loss = None if without == "validation_loss" else 0.3
    Run.objects.filter(pk=run.pk).update(result=run.result | {"recipe": recipe, "validation_loss": loss})
    html = client.get(address).content.decode()
    assert "The last step, 6, was kept." in html
    assert "The best" not in html.split("next-step")[1].split("</p>")[0]


def test_runs_have_an_entry_in_the_navigation(client_for, owner, make_run) -> None:
    client = client_for(owner)
    for address in (reverse("training:new"), reverse("training:detail", args=[make_run().pk])):
        marked = re.findall(
            r'<a class="nav-link" href="([^"]+)" aria-current="page"', client.get(address).content.decode()
        )
        assert marked == [reverse("training:list")]


def test_a_failed_run_offers_the_mend_as_a_button(client_for, owner, make_run) -> None:
    run = make_run(done=False, lora_targets=["q_proj"])
    claimed = jobs.claim(job_id=str(run.job.pk), worker="w")
    fix = Fix(label="Halve the tokens at once", recipe={"tokens_per_microbatch": 512, "batch_rows": None})
    jobs.fail(claimed, Failed(code="out_of_memory", message="Memory ran out.", fix=fix))
    client = client_for(owner)
    html = client.get(reverse("training:detail", args=[run.pk])).content.decode()
    assert "Memory ran out." in html
    assert "Halve the tokens at once" in html
    address = client.post(reverse("training:fix", args=[run.pk]))["Location"]
    mended = Preflight.objects.exclude(pk=run.preflight_id).get()
    assert address == reverse("training:preflight", args=[mended.pk])
    assert mended.recipe == {"tokens_per_microbatch": 512, "lora_targets": ["q_proj"]}
    assert client.post(reverse("training:fix", args=[run.pk]))["Location"] == address
    assert "Tokens per micro-batch: 512" in client.get(address).content.decode(), "what is changed is seen"


def test_a_mend_whose_data_is_gone_leads_to_the_wizard(client_for, owner, make_run) -> None:
    run = make_run(done=False, lora_targets=["q_proj"])
    claimed = jobs.claim(job_id=str(run.job.pk), worker="w")
    fix = Fix(label="Halve the tokens at once", recipe={"tokens_per_microbatch": 512})
    jobs.fail(claimed, Failed(code="out_of_memory", message="Memory ran out.", fix=fix))
    DatasetVersion.objects.update(rows_train=0, rows_validation=0, rows_test=0)
    client = client_for(owner)
    response = client.get(client.post(reverse("training:fix", args=[run.pk]))["Location"])
    assert '<details class="card mb-3" open>' in response.content.decode(), "what is changed is seen"
    form = response.context["form"]
    assert form["tokens_per_microbatch"].value() == "512"
    assert form["lora_targets"].value() == "q_proj"


def test_a_mend_of_settings_that_are_no_more_leads_to_the_wizard(client_for, owner, make_run) -> None:
    run = make_run(done=False)
    Preflight.objects.filter(pk=run.preflight_id).update(recipe={"of_an_old_release": 1})
    response = client_for(owner).post(reverse("training:fix", args=[run.pk]))
    assert response["Location"].startswith(f"{reverse('training:new')}?")


def test_renaming(client_for, owner, make_run) -> None:
    run, client = make_run(done=False), client_for(owner)
    address = reverse("training:rename", args=[run.pk])
    assert client.post(address, {"name": "New <name>"}).status_code == 302
    assert "New &lt;name&gt;" in client.get(reverse("training:detail", args=[run.pk])).content.decode()
    assert client.post(address, {"name": ""}).status_code == 400
    assert client.post(address, {"name": "x" * 151}).status_code == 400
    assert Run.objects.get().name == "New <name>"


def test_the_list_costs_the_same_however_long(
    client_for, owner, make_run, django_assert_num_queries, django_assert_max_num_queries
) -> None:
    client = client_for(owner)
    assert "No runs yet" in client.get(reverse("training:list")).content.decode()
    first = make_run()
    with django_assert_max_num_queries(10) as counted:
        client.get(reverse("training:list"))
    for _ in range(9):
        make_run(preflight=first.preflight)
    with django_assert_num_queries(len(counted)):
        response = client.get(reverse("training:list"))
    assert len(response.context["list"].page) == 10


def test_pages_cost_a_bounded_number_of_queries(
    client_for, owner, learning, django_assert_max_num_queries
) -> None:
    client = client_for(owner)
    client.get(reverse("training:list"))  # the first request of a session notes its browser
    with django_assert_max_num_queries(11):
        client.get(reverse("training:detail", args=[learning.pk]))
    with django_assert_max_num_queries(10):
        client.get(reverse("training:preflight", args=[learning.preflight_id]))


def test_a_viewer_sees_no_buttons(client_for, viewer, learning) -> None:
    html = client_for(viewer).get(reverse("training:detail", args=[learning.pk])).content.decode()
    assert "<form" not in html.split("<main")[1].split("</main")[0]
    assert LABELS[1] in html
