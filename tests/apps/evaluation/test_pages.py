"""Lists, one evaluation, one comparison: what they show, what they escape, what they refuse."""

import re
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from apps.core.verdicts import verdict_text
from apps.evaluation import services
from apps.evaluation.models import Comparison, Evaluation
from apps.jobs import services as jobs
from apps.training.models import Run
from tests.apps.conftest import (
    LABELS,
    evaluation_result,
    outputs_table,
    parquet,
    primary_buttons,
)
from tests.fixtures.page_text import html_of
from workers.contracts.events import Failed, Fix
from workers.contracts.verdicts import PlanProgress, Verdict, VerdictCode

pytestmark = pytest.mark.django_db


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
        html = html_of(client_for(owner).get(reverse(address, args=arguments)))
        assert html.count(f">{badge}</span>") == 1, address
    assert primary_buttons(html) == ["Train again with changes"]
    fix = Fix(label="Train with learning rate 0.002", recipe={"learning_rate": 0.002})
    result["verdict"] = verdict.model_copy(update={"fix": fix}).model_dump(mode="json")
    Run.objects.filter(pk=run.pk).update(result=result)
    html = html_of(client_for(owner).get(reverse("evaluation:comparison", args=[compared.pk])))
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
    html = html_of(client_for(owner).get(reverse("evaluation:comparison", args=[compared.pk])))
    said = "The time limit ended the run after step 12 of 774 (1.6 %)."
    assert html.count(f"Training of “{measured.subject_label}”: {said}") == html.count(said) == 1


def test_the_form_evaluates_several_and_compares_them(client_for, owner, tickets, make_classifier) -> None:
    models = [make_classifier("base"), make_classifier()]
    client, address = client_for(owner), reverse("evaluation:new")
    assert str(tickets) in client.get(address).content.decode()
    sent = {"data": str(tickets.pk), "models": [str(models[1].pk), str(models[0].pk), "trivial"]}
    response = client.post(address, sent)
    comparison = Comparison.objects.get()
    assert response["Location"] == reverse("evaluation:comparison", args=[comparison.pk])
    kinds = [c.evaluation.kind for c in comparison.compared.all()]
    assert kinds == ["base", "tuned", "trivial", "trivial", "trivial"]


def test_the_form_begins_with_the_model_it_came_from_and_its_data(
    client_for, owner, tickets, make_classifier
) -> None:
    model = make_classifier(dataset_version=tickets)
    html = client_for(owner).get(reverse("evaluation:new"), {"model": model.pk}).content.decode()
    assert f'<option value="{tickets.pk}" selected>' in html
    assert re.search(rf'<input[^>]*value="{model.pk}"[^>]*checked', html)
    assert re.search(r'<legend class="form-label required">\s*Models', html)


def test_the_form_evaluates_one(client_for, owner, tickets, make_classifier) -> None:
    sent = {"data": str(tickets.pk), "models": [str(make_classifier().pk)], "max_rows": "7"}
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
    for shown in ("Macro-F1", "0.500", "0.400 – 0.600", "Predictions by label", *LABELS, "never predicted"):
        assert shown in html
    assert "<script>alert" not in html
    assert "&lt;" in html
    address = reverse("evaluation:detail", args=[made.pk])
    response = client_for(owner).get(address, headers={"Accept-Language": "zh-CN"})
    assert "从未预测的标签：“connection”。" in response.content.decode()


def test_the_figures_of_each_label_lead_to_its_rows(client_for, owner, compared) -> None:
    client = client_for(owner)
    one = compared.compared.last().evaluation
    page = client.get(reverse("evaluation:detail", args=[one.pk]))
    shown = {
        row.label: [(value, interval) for _column, value, interval in row.cells]
        for row in page.context["label_rows"]
    }
    assert list(shown) == LABELS
    assert shown[LABELS[0]][1] == ("1.000", "0.398 – 1.000"), "recall of 4 of 4 rows"
    assert shown[LABELS[2]][0] == ("", ""), "no precision: it was never predicted"
    assert f'href="?{urlencode({"expected": LABELS[2]})}#rows"' in html_of(page)

    page = client.get(reverse("evaluation:comparison", args=[compared.pk]))
    rows = page.context["label_rows"]
    names = [each.evaluation.subject_label for each in compared.compared.all()]
    assert [[column for column, *_ in row.cells] for row in rows] == [names] * len(LABELS)
    assert "F1 of each label" in html_of(page)
    assert html_of(page).count('class="table confusion"') == len(names)


def test_results_of_earlier_releases_have_no_figures_of_labels(client_for, owner, compared) -> None:
    for each in compared.compared.all():
        del each.evaluation.result["per_label"]
        each.evaluation.save()
    for name, pk in (("detail", each.evaluation.pk), ("comparison", compared.pk)):
        html = html_of(client_for(owner).get(reverse(f"evaluation:{name}", args=[pk])))
        assert 'id="labels"' not in html


def test_only_a_baseline_says_how_it_answers(client_for, owner, compared) -> None:
    """A model's result holds an empty text there."""
    client = client_for(owner)
    one = compared.compared.last().evaluation
    assert one.result["baseline"] == {"code": "", "params": {}, "text": ""}
    assert "Method:" not in html_of(client.get(reverse("evaluation:detail", args=[one.pk])))
    assert (
        "()"
        not in html_of(client.get(reverse("evaluation:comparison", args=[compared.pk]))).split("<main")[1]
    )


def test_outputs_come_in_pages(client_for, owner, make_evaluation, succeed) -> None:
    made = make_evaluation(None, done=False)
    succeed(made.job, evaluation_result(rows=45), {"outputs.parquet": parquet(outputs_table(45))})
    client, address = client_for(owner), reverse("evaluation:detail", args=[made.pk])
    seen: list[int] = []
    pages = client.get(address).context["list"].page.paginator.num_pages
    for number in range(1, pages + 1):
        seen += [row["line"] for row, _html in client.get(address, {"page": number}).context["rows"]]
    assert seen == list(range(2, 47))
    assert client.get(address, {"page": "none"}).context["list"].page.number == 1


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
    html = html_of(response)
    assert "by Macro-F1: 0.900 against 0.500" in html
    assert "p &lt; 0.001" in html
    assert ">significant<" in html
    assert ">not significant<" in html
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
        reverse("evaluation:comparison", args=[compared.pk]),
        headers={"HX-Request": "true", "HX-Target": "progress"},
    )
    html = html_of(response)
    assert '<div id="progress"><p' in html
    assert "data-reload" in html
    assert len(html) < 1000, "not the whole page every few seconds"


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("disagreement", 9),
        ("line", 2),
        ("worst:e1", 2),
        ("worst:e9", 9),
        ('worst:e1" --', 9),
        ("nonsense", 9),
    ],
)
def test_rows_in_the_order_asked_for(client_for, owner, compared, sort, first) -> None:
    address = reverse("evaluation:comparison", args=[compared.pk])
    response = client_for(owner).get(address, {"sort": sort})
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
