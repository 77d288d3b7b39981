"""Lists, one evaluation, one comparison: what they show, what they escape, what they refuse."""

import re

import pyarrow as pa
import pytest
from django.urls import reverse

from apps.core.verdicts import verdict_text
from apps.evaluation import services
from apps.evaluation.models import Comparison, Evaluation
from apps.jobs import services as jobs
from apps.training.models import Run
from tests.apps.conftest import (
    LABELS,
    OUTPUT,
    evaluation_result,
    outputs_table,
    parquet,
    primary_buttons,
)
from workers.contracts.events import Failed, Fix
from workers.contracts.job_kinds.comparison import ComparedMetric, ComparisonResult
from workers.contracts.job_kinds.evaluation import MetricValue
from workers.contracts.verdicts import PlanProgress, Verdict, VerdictCode

pytestmark = pytest.mark.django_db
ROWS = 30


def compared_table() -> pa.Table:
    """Rows of a comparison in which the second is best on the last line, and they disagree most on line 9."""
    lines = range(2, ROWS + 2)
    return pa.table(
        {
            "row_id": [f"r{line:05d}" for line in lines],
            "line": pa.array(lines, pa.int64()),
            "input": [f"Question of line {line}." for line in lines],
            "target": ["billing"] * ROWS,
            "output.e0": [OUTPUT] * ROWS,
            "output.e1": ["billing"] * ROWS,
            "score.e0": [0.5] * ROWS,
            "score.e1": [line / 100 for line in lines],
            "disagreement": [1.0 if line == 9 else 0.0 for line in lines],
        }
    )


def compared_metric(name: str, first: float, second: float, p: float, best: list[str]) -> ComparedMetric:
    values = {
        key: MetricValue(value=value, low=value - 0.05, high=value + 0.05, signature="sig|1")
        for key, value in (("e0", first), ("e1", second))
    }
    return ComparedMetric(metric=name, values=values, p={"e0": None, "e1": p}, best=best)


@pytest.fixture
def waiting(owner, make_classifier, make_evaluation) -> Comparison:
    """A comparison whose second evaluation is under way."""
    made = [make_evaluation(make_classifier("base")), make_evaluation(make_classifier(), done=False)]
    return services.compare(actor=owner, evaluations=made)


@pytest.fixture
def compared(waiting, end_evaluation, succeed) -> Comparison:
    """A comparison that the second has won."""
    end_evaluation(Evaluation.objects.get(result__isnull=True), 0.9)
    result = ComparisonResult(
        rows=ROWS,
        metrics=[
            compared_metric("macro_f1", 0.5, 0.9, 0.0004, ["e1"]),
            compared_metric("accuracy", 0.5, 0.6, 0.2, ["e0", "e1"]),
        ],
        deciding_metric="macro_f1",
        winner="e1",
        verdict="",
    )
    job = Comparison.objects.get().job
    assert succeed(job, result, {"rows.parquet": parquet(compared_table())}).state == "succeeded"
    return Comparison.objects.get()


def test_a_model_that_has_not_learned_is_called_so_wherever_it_is_measured(
    client_for, owner, compared, make_run
) -> None:
    measured = compared.compared.last().evaluation
    verdict = Verdict(code=VerdictCode.CONSTANT_ANSWERS, parameters={"rows": 12, "answer": "billing"})
    run = make_run()
    result = run.result | {"verdict": verdict.model_dump(mode="json")}
    Run.objects.filter(pk=run.pk).update(model_version=measured.model_version, result=result)
    badge = verdict_text(result).badge
    for address, arguments in (
        ("evaluation:list", []),
        ("evaluation:detail", [measured.pk]),
        ("evaluation:comparison", [compared.pk]),
    ):
        html = client_for(owner).get(reverse(address, args=arguments)).content.decode()
        assert html.count(f">{badge}</span>") == 1, address
    assert primary_buttons(html) == ["Train again with changes"]
    fix = Fix(label="Train with learning rate 0.002", recipe={"learning_rate": 0.002})
    result["verdict"] = verdict.model_copy(update={"fix": fix}).model_dump(mode="json")
    Run.objects.filter(pk=run.pk).update(result=result)
    html = client_for(owner).get(reverse("evaluation:comparison", args=[compared.pk])).content.decode()
    assert primary_buttons(html) == ["Train with learning rate 0.002"]
    assert "?model=" in html, "publishing stays possible"


@pytest.mark.parametrize("code", [VerdictCode.LEARNED, VerdictCode.NOTHING_LEARNED])
def test_a_comparison_says_what_share_of_the_plan_each_model_rests_on(
    code, client_for, owner, compared, make_run
) -> None:
    measured, run = compared.compared.last().evaluation, make_run()
    plan = PlanProgress(steps=12, planned_steps=774, ending="time")
    verdict = Verdict(code=code, parameters={"loss": 2.0, "base_loss": 6.0}, plan=plan)
    result = run.result | {"verdict": verdict.model_dump(mode="json")}
    Run.objects.filter(pk=run.pk).update(model_version=measured.model_version, result=result)
    html = client_for(owner).get(reverse("evaluation:comparison", args=[compared.pk])).content.decode()
    said = "The time limit ended the run after 12 of 774 planned steps (1.6 %)."
    assert html.count(f"Training of “{measured.subject_label}”: {said}") == html.count(said) == 1


def test_the_form_evaluates_several_and_compares_them(client_for, owner, tickets, make_classifier) -> None:
    models = [make_classifier("base"), make_classifier()]
    client, address = client_for(owner), reverse("evaluation:new")
    assert str(tickets) in client.get(address).content.decode()
    sent = {"data": str(tickets.pk), "models": [str(models[1].pk), str(models[0].pk), "trivial"]}
    response = client.post(address, sent)
    comparison = Comparison.objects.get()
    assert response["Location"] == reverse("evaluation:comparison", args=[comparison.pk])
    assert [c.evaluation.kind for c in comparison.compared.all()] == ["base", "tuned", "trivial"]


def test_the_form_begins_with_the_model_it_came_from_and_its_data(
    client_for, owner, tickets, make_classifier
) -> None:
    model = make_classifier(dataset_version=tickets)
    html = client_for(owner).get(reverse("evaluation:new"), {"model": model.pk}).content.decode()
    assert f'<option value="{tickets.pk}" selected>' in html
    assert re.search(rf'<input[^>]*value="{model.pk}"[^>]*checked', html)
    assert re.search(r'<legend class="form-label required">\s*Which models\?', html)


def test_the_form_evaluates_one(client_for, owner, tickets) -> None:
    sent = {"data": str(tickets.pk), "models": ["trivial"], "max_rows": "7"}
    response = client_for(owner).post(reverse("evaluation:new"), sent)
    made = Evaluation.objects.get()
    assert made.max_rows == 7
    assert response["Location"] == reverse("evaluation:detail", args=[made.pk])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"models": []}, "models"),
        ({"models": ["nonsense"]}, "models"),
        ({"data": "nonsense"}, "data"),
        ({"max_rows": "0"}, "max_rows"),
        ({"max_rows": "9" * 30}, "max_rows"),
    ],
)
def test_a_wrong_answer_is_said_at_its_field(client_for, owner, tickets, wrong, field) -> None:
    sent = {"data": str(tickets.pk), "models": ["trivial"]} | wrong
    response = client_for(owner).post(reverse("evaluation:new"), sent)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}
    assert not Evaluation.objects.exists()


def test_a_model_that_does_not_fit_is_said_at_the_models_and_nothing_begins(
    client_for, owner, tickets, make_model, make_classifier
) -> None:
    writer = make_model("chat", "causal", name="Writer")
    sent = {"data": str(tickets.pk), "models": [str(make_classifier().pk), str(writer.pk)]}
    response = client_for(owner).post(reverse("evaluation:new"), sent)
    assert response.status_code == 422
    assert "Writer" in response.context["form"].errors["models"][0]
    assert not Evaluation.objects.exists()


def test_without_data_the_form_says_so(client_for, owner) -> None:
    assert "There is no data yet" in client_for(owner).get(reverse("evaluation:new")).content.decode()


def test_an_evaluation_shows_metrics_confusion_and_every_output(client_for, owner, make_evaluation) -> None:
    made = make_evaluation(None)
    html = client_for(owner).get(reverse("evaluation:detail", args=[made.pk])).content.decode()
    for shown in ("Macro-F1", "0.500", "0.400 – 0.600", "Predictions by label", *LABELS, "never given"):
        assert shown in html
    assert "<script>alert" not in html
    assert "&lt;" in html
    address = reverse("evaluation:detail", args=[made.pk])
    response = client_for(owner).get(address, headers={"Accept-Language": "zh-CN"})
    assert "从未给出的标签：“connection”。" in response.content.decode()


def test_outputs_come_in_pages(client_for, owner, make_evaluation, succeed) -> None:
    made = make_evaluation(None, done=False)
    succeed(made.job, evaluation_result(rows=45), {"outputs.parquet": parquet(outputs_table(45))})
    client, address = client_for(owner), reverse("evaluation:detail", args=[made.pk])
    seen: list[int] = []
    pages = client.get(address).context["page"].paginator.num_pages
    for number in range(1, pages + 1):
        seen += [row["line"] for row, _html in client.get(address, {"page": number}).context["rows"]]
    assert seen == list(range(2, 47))
    assert client.get(address, {"page": "none"}).context["page"].number == 1


def test_an_evaluation_under_way_and_one_that_failed(client_for, owner, make_evaluation) -> None:
    made = make_evaluation(None, done=False)
    client, address = client_for(owner), reverse("evaluation:detail", args=[made.pk])
    assert "Queued" in client.get(address).content.decode()
    claimed = jobs.claim(job_id=str(made.job_id), worker="w")
    jobs.fail(claimed, Failed(code="x", message="No test rows.", trace="line 7"))
    html = client.get(address).content.decode()
    assert "No test rows." in html
    assert "Try again" in html


def test_a_waiting_comparison_shows_its_evaluations(client_for, owner, waiting) -> None:
    html = client_for(owner).get(reverse("evaluation:comparison", args=[waiting.pk])).content.decode()
    assert "Succeeded" in html
    assert "Queued" in html
    assert 'hx-trigger="every' in html


def test_a_failed_comparison_can_be_tried_again(client_for, owner, waiting, end_evaluation) -> None:
    end_evaluation(Evaluation.objects.get(result__isnull=True))
    job = Comparison.objects.get().job
    jobs.fail(jobs.claim(job_id=str(job.pk), worker="w"), Failed(code="x", message="Disk full."))
    html = client_for(owner).get(reverse("evaluation:comparison", args=[waiting.pk])).content.decode()
    assert "Disk full." in html
    assert reverse("jobs:retry", args=[job.pk]) in html


def test_the_verdict_and_the_table(client_for, owner, compared) -> None:
    response = client_for(owner).get(reverse("evaluation:comparison", args=[compared.pk]))
    html = response.content.decode()
    assert "by Macro-F1: 0.900 against 0.500" in html
    assert "p &lt; 0.001" in html
    assert ">significant <" in html
    assert ">not significant <" in html
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html
    assert "<ins>" not in html, "a label is right or wrong as a whole"
    assert html.count('class="label-') == 2 * len(response.context["rows"])
    assert "Wrong:</span>" in html and "expected: " in html


def test_a_comparison_leads_to_each_of_its_evaluations_and_says_what_the_baseline_did(
    client_for, owner, compared
) -> None:
    trivial = compared.compared.last().evaluation
    trivial.result = trivial.result | {"baseline": "the label of the nearest training row by TF-IDF"}
    trivial.save()
    html = client_for(owner).get(reverse("evaluation:comparison", args=[compared.pk])).content.decode()
    each = html.split('id="each"')[1].split("</p>")[0]
    for one in compared.compared.all():
        assert reverse("evaluation:detail", args=[one.evaluation_id]) in each
    assert "(the label of the nearest training row by TF-IDF)" in each


def test_publishing_is_the_next_step_only_for_the_best(client_for, owner, compared) -> None:
    address, client = reverse("evaluation:comparison", args=[compared.pk]), client_for(owner)
    undecided = "No significant improvement yet."
    assert undecided not in client.get(address).content.decode()
    undecided_table = [{**metric, "best": ["e1", "e0"]} for metric in compared.result["metrics"]]
    Comparison.objects.update(result={**compared.result, "winner": None, "metrics": undecided_table})
    assert undecided in client.get(address).content.decode()


def test_the_waiting_page_is_reloaded_when_the_result_is_there(client_for, owner, compared) -> None:
    response = client_for(owner).get(
        reverse("evaluation:comparison", args=[compared.pk]), headers={"HX-Request": "true"}
    )
    html = response.content.decode()
    assert '<div id="progress"><p' in html
    assert "data-reload" in html
    assert len(html) < 1000, "not the whole page every few seconds"


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("disagreement", 9),
        ("line", 2),
        ("worst:e1", 2),
        ("worst:e9", 9),
        ('worst:e1" --', 9),
        ("nonsense", 9),
    ],
)
def test_rows_in_the_order_asked_for(client_for, owner, compared, order, first) -> None:
    address = reverse("evaluation:comparison", args=[compared.pk])
    response = client_for(owner).get(address, {"order": order})
    assert response.status_code == 200
    assert response.context["rows"][0][0]["line"] == first


def test_comparing_the_ticked_ones(client_for, owner, make_classifier, make_evaluation) -> None:
    client, address = client_for(owner), reverse("evaluation:compare")
    made = [
        make_evaluation(None),
        make_evaluation(make_classifier()),
        make_evaluation(make_classifier("base")),
    ]
    response = client.post(address, {"evaluation": [str(e.pk) for e in made]})
    assert response["Location"] == reverse("evaluation:comparison", args=[Comparison.objects.get().pk])
    assert [c.evaluation.kind for c in Comparison.objects.get().compared.all()] == [
        "base",
        "tuned",
        "trivial",
    ]
    for ids, status in (([], 400), ([made[0].pk], 400), ([made[0].pk] * 2, 400), (["x", "y"], 404)):
        assert client.post(address, {"evaluation": ids}).status_code == status


def test_did_it_get_better(client_for, owner, make_run) -> None:
    run = make_run()
    response = client_for(owner).post(reverse("evaluation:compare_run", args=[run.model_version_id]))
    assert response["Location"] == reverse("evaluation:comparison", args=[Comparison.objects.get().pk])


def test_deleting_leads_back_to_the_list(client_for, owner, compared) -> None:
    client = client_for(owner)
    evaluation = compared.evaluations.first()
    assert client.post(reverse("evaluation:delete", args=[evaluation.pk])).status_code == 400
    client.post(reverse("evaluation:delete_comparison", args=[compared.pk]))
    response = client.post(reverse("evaluation:delete", args=[evaluation.pk]))
    assert response["Location"] == reverse("evaluation:list")
    assert not Comparison.objects.exists()
    assert Evaluation.objects.count() == 1


def test_lists_cost_the_same_however_long(
    client_for,
    owner,
    make_classifier,
    make_evaluation,
    django_assert_num_queries,
    django_assert_max_num_queries,
) -> None:
    client, address = client_for(owner), reverse("evaluation:list")
    assert "No evaluations yet" in client.get(address).content.decode()
    first, second = make_evaluation(None), make_evaluation(make_classifier())
    services.compare(actor=owner, evaluations=[first, second])
    with django_assert_max_num_queries(10) as counted:
        html = client.get(address).content.decode()
    assert "Macro-F1" in html
    for _ in range(9):
        made = make_evaluation(make_classifier())
        services.compare(actor=owner, evaluations=[first, made])
    with django_assert_num_queries(len(counted)):
        response = client.get(address)
    assert len(response.context["listed"]) == 11
    assert len(response.context["comparisons"].page) == 10


def test_the_page_of_a_comparison_costs_a_bounded_number_of_queries(
    client_for, owner, compared, django_assert_max_num_queries
) -> None:
    client = client_for(owner)
    with django_assert_max_num_queries(12):
        client.get(reverse("evaluation:comparison", args=[compared.pk]))
