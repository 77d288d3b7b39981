"""Evaluations are made once, comparisons begin by themselves, and what cannot be compared is refused."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from apps.core.errors import NotVisible, UserError
from apps.core.storage import storage
from apps.datasets.models import DatasetVersion
from apps.evaluation import services
from apps.evaluation.models import Comparison, Evaluation
from apps.jobs import services as jobs
from apps.jobs import stopping
from apps.jobs.models import Job
from apps.jobs.states import State
from apps.workspaces.models import AuditEntry
from tests.apps.conftest import evaluation_result
from workers.contracts.baselines import baselines_of
from workers.contracts.events import Failed
from workers.contracts.job_kinds.comparison import ComparisonResult

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(make_classifier, make_evaluation) -> list[Evaluation]:
    """A base and a tuned model, both evaluated."""
    return [make_evaluation(make_classifier("base")), make_evaluation(make_classifier())]


def fail(job: Job) -> None:
    claimed = jobs.claim(job_id=str(job.pk), worker="w")
    jobs.fail(claimed, Failed(code="x", message="no"))


def test_an_evaluation_is_a_job_on_held_out_rows(owner, tickets, make_classifier) -> None:
    model = make_classifier()
    made = services.evaluate(actor=owner, dataset_version=tickets, model_version=model, max_rows=5)
    spec = made.job.spec
    assert spec["inputs"] == {"data": tickets.storage_key, "model": model.storage_key}
    assert (spec["split"], spec["max_rows"], spec["subject"], spec["family"]) == (
        "test",
        5,
        "model",
        "classifier",
    )
    assert spec["output"] == made.storage_key
    assert made.job.queue == "gpu"
    assert AuditEntry.objects.get(action="evaluation.started").object_id == str(made.pk)


def test_the_same_evaluation_is_not_made_twice(owner, tickets, make_classifier, make_evaluation) -> None:
    model = make_classifier()
    waiting = make_evaluation(model, done=False)
    assert make_evaluation(model, done=False) == waiting
    assert make_evaluation(model, done=False, max_rows=5) != waiting
    assert make_evaluation(None) != waiting
    fail(waiting.job)
    again = make_evaluation(model)
    assert again != waiting
    assert make_evaluation(model, done=False) == again


def test_what_does_not_fit_is_refused_at_its_field(
    owner, tickets, make_data, make_model, make_classifier
) -> None:
    cases = [
        (make_data(rows_train=0, rows_validation=0, rows_test=0), None, "data"),
        (tickets, make_classifier(bytes=0), "model"),
        (tickets, make_model("chat", "causal"), "model"),
        (tickets, make_model("classification", "classifier", labels=["other"]), "model"),
    ]
    for data, model, field in cases:
        with pytest.raises(UserError) as refused:
            services.evaluate(actor=owner, dataset_version=data, model_version=model)
        assert refused.value.field == field
    assert not Evaluation.objects.exists()


def test_a_model_of_another_workspace_is_refused(
    outsider, tickets, make_classifier, workspace, owner
) -> None:
    from apps.workspaces.team.members import add_member

    elsewhere = outsider.memberships.get().workspace
    add_member(actor=outsider, workspace=elsewhere, user=owner, role="editor")
    model = make_classifier()
    type(model).objects.filter(pk=model.pk).update(workspace=elsewhere)
    model.refresh_from_db()
    with pytest.raises(UserError, match="different workspaces"):
        services.evaluate(actor=owner, dataset_version=tickets, model_version=model)


def test_who_may_not(tickets, viewer, outsider, pair) -> None:
    comparison = services.compare(actor=pair[0].created_by, evaluations=pair)
    for user, error in ((viewer, PermissionDenied), (outsider, NotVisible)):
        for call in (
            lambda u=user: services.evaluate(actor=u, dataset_version=tickets, model_version=None),
            lambda u=user: services.compare(actor=u, evaluations=pair),
            lambda u=user: services.compare_with_base(actor=u, model_version=pair[1].model_version),
            lambda u=user: services.delete_comparison(actor=u, comparison=comparison),
            lambda u=user: services.delete_evaluation(actor=u, evaluation=pair[0]),
        ):
            with pytest.raises(error):
                call()


def test_a_comparison_of_what_is_done_begins_at_once(owner, pair) -> None:
    comparison = services.compare(actor=owner, evaluations=pair)
    spec = Comparison.objects.get().job.spec
    assert spec["inputs"] == {"e0": pair[0].storage_key, "e1": pair[1].storage_key}
    assert [(e["key"], e["kind"]) for e in spec["evaluations"]] == [("e0", "base"), ("e1", "tuned")]
    assert services.compare(actor=owner, evaluations=pair) == comparison
    assert services.compare(actor=owner, evaluations=pair[::-1]) != comparison, "the first is the yardstick"


def test_many_evaluations_are_compared_at_once(owner, make_classifier, make_evaluation, pair) -> None:
    many = [*pair, *(make_evaluation(make_classifier()) for _ in range(14))]
    comparison = services.compare(actor=owner, evaluations=many)
    assert list(comparison.job.spec["inputs"]) == [f"e{place}" for place in range(16)]


def test_a_comparison_begins_when_the_last_evaluation_ends(
    owner, make_classifier, make_evaluation, end_evaluation
) -> None:
    made = [make_evaluation(make_classifier(kind), done=False) for kind in ("base", "tuned")]
    comparison = services.compare(actor=owner, evaluations=made)
    assert comparison.job is None
    end_evaluation(made[1])
    assert Comparison.objects.get().job is None
    end_evaluation(made[0])
    assert Comparison.objects.get().job.state == State.QUEUED
    assert Job.objects.filter(kind="comparison").count() == 1


def test_a_failed_evaluation_tried_again_brings_its_comparison(
    owner, make_classifier, make_evaluation, end_evaluation, pair
) -> None:
    late = make_evaluation(make_classifier(), done=False)
    services.compare(actor=owner, evaluations=[*pair, late])
    fail(late.job)
    assert Comparison.objects.get().job is None
    jobs.retry(actor=owner, job=late.job)
    end_evaluation(late)
    assert Comparison.objects.get().job is not None


def test_what_says_nothing_about_each_other_is_not_compared(owner, pair, make_data, make_evaluation) -> None:
    other = make_evaluation(None, make_data())
    every = make_evaluation(None, split="all")
    for evaluations, words in (
        ([pair[0], other], "different test sets"),
        ([pair[0], every], "different test sets"),
        ([pair[0]], "between 2 and 100"),
        ([], "between 2 and 100"),
        ([pair[0], pair[0]], "once"),
    ):
        with pytest.raises(UserError, match=words):
            services.compare(actor=owner, evaluations=evaluations)
    assert not Comparison.objects.exists()


def test_a_comparison_that_failed_is_made_anew(owner, pair) -> None:
    first = services.compare(actor=owner, evaluations=pair)
    fail(first.job)
    assert services.compare(actor=owner, evaluations=pair) != first


def test_a_model_is_compared_with_its_base_and_every_simple_baseline(
    owner, make_run, make_classifier
) -> None:
    run = make_run()
    comparison = services.compare_with_base(actor=owner, model_version=run.model_version)
    shown = [(c.evaluation.kind, c.evaluation.baseline) for c in comparison.compared.all()]
    baselines = [baseline.name for baseline in baselines_of(run.model_version.dataset_version.task)]
    assert shown == [("base", ""), ("tuned", ""), *(("trivial", name) for name in baselines)]
    assert services.compare_with_base(actor=owner, model_version=run.model_version) == comparison
    with pytest.raises(UserError, match="no longer known"):
        services.compare_with_base(actor=owner, model_version=make_classifier())


def test_of_a_large_test_split_a_sample_is_compared_unless_all_is_asked_for(
    owner, make_run, make_model
) -> None:
    run = make_run()
    data = run.model_version.dataset_version
    DatasetVersion.objects.filter(pk=data.pk).update(rows_test=services.SAMPLE_ROWS + 1)
    run.model_version.refresh_from_db()

    def sampled(**chosen: bool) -> set[int | None]:
        made = services.compare_with_base(actor=owner, model_version=run.model_version, **chosen)
        return {one.evaluation.max_rows for one in made.compared.all()}

    assert sampled() == {services.SAMPLE_ROWS}
    assert sampled(all_rows=True) == {None}

    data.refresh_from_db()
    random_weights = make_model("chat", "causal", kind="base")
    assert random_weights.is_starter
    for asked in (None, services.SAMPLE_ROWS):
        answered = services.rows_to_answer(random_weights, data, "test", asked)
        assert answered == services.STARTER_ROWS, "random weights answer nonsense at great length"


def test_several_are_evaluated_together_or_not_at_all(owner, tickets, make_classifier, make_model) -> None:
    tuned, base, wrong = make_classifier(), make_classifier("base"), make_model("chat", "causal")
    with pytest.raises(UserError):
        services.evaluate_together(actor=owner, dataset_version=tickets, models=[tuned, wrong])
    assert not Evaluation.objects.exists()
    made = services.evaluate_together(actor=owner, dataset_version=tickets, models=[None, tuned, base])
    shown = [c.evaluation.baseline or c.evaluation.kind for c in made.compared.all()]
    assert shown == ["base", "tuned", "linear", "nearest", "majority"]
    labels = [c.evaluation.subject_label for c in made.compared.all()][2:]
    assert labels == ["TF-IDF + logistic regression", "Nearest training row", "Most frequent label"]
    alone = services.evaluate_together(actor=owner, dataset_version=tickets, models=[tuned])
    assert isinstance(alone, Evaluation)


def test_a_baseline_is_named_and_asked_once(owner, tickets) -> None:
    def made(name: str) -> Evaluation:
        return services.evaluate(actor=owner, dataset_version=tickets, model_version=None, baseline=name)

    assert made("") == made("linear") != made("majority")
    assert made("majority").job.spec["baseline"] == "majority"
    with pytest.raises(UserError, match="“lead” is no baseline of this task") as refused:
        made("lead")
    assert refused.value.field == "baseline"


def test_deleting(owner, pair, django_capture_on_commit_callbacks) -> None:
    comparison = services.compare(actor=owner, evaluations=pair)
    with pytest.raises(UserError, match="stop it first"):
        services.delete_comparison(actor=owner, comparison=comparison)
    with pytest.raises(UserError, match="delete the comparison first"):
        services.delete_evaluation(actor=owner, evaluation=pair[0])
    stopping.request_stop(actor=owner, job=comparison.job)
    comparison.refresh_from_db()
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_comparison(actor=owner, comparison=Comparison.objects.get())
        services.delete_evaluation(actor=owner, evaluation=pair[0])
    assert not Comparison.objects.exists()
    assert list(Evaluation.objects.all()) == [pair[1]]
    assert not storage().exists(pair[0].storage_key)
    assert storage().exists(pair[1].storage_key)
    assert not Job.objects.filter(pk__in=[comparison.job_id, pair[0].job_id]).exists()
    assert set(AuditEntry.objects.filter(action__endswith=".deleted").values_list("action", flat=True)) == {
        "comparison.deleted",
        "evaluation.deleted",
    }


def test_an_evaluation_under_way_is_not_deleted(owner, make_evaluation) -> None:
    with pytest.raises(UserError, match="still running"):
        services.delete_evaluation(actor=owner, evaluation=make_evaluation(None, done=False))


@pytest.mark.training
def test_the_real_children_evaluate_and_compare(owner, run_job, make_evaluation, make_classifier) -> None:
    """Both kinds of job as workers do them; the second evaluation is one with other outputs on the same rows."""
    trivial, model = make_evaluation(None, done=False), make_evaluation(make_classifier())
    job = run_job(trivial.job)
    assert job.state == State.SUCCEEDED, job.error_message
    trivial.refresh_from_db()
    assert trivial.result["rows"] == 12
    outputs = storage().open(f"{trivial.storage_key}/outputs.parquet").read()
    storage().write(f"{model.storage_key}/outputs.parquet", iter([outputs]))
    comparison = services.compare(actor=owner, evaluations=[model, trivial])
    compared = run_job(comparison.job)
    assert compared.state == State.SUCCEEDED, compared.error_message
    result = ComparisonResult.model_validate(Comparison.objects.get().result)
    assert (result.winner, result.deciding_metric, result.rows) == (None, "macro_f1", 12)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one writer in at a time anyway")
def test_pressed_twice_at_once_it_is_evaluated_once(owner, tickets, make_classifier) -> None:
    model = make_classifier()

    def press(_: int) -> UUID:
        try:
            return services.evaluate(actor=owner, dataset_version=tickets, model_version=model).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(press, range(2)))) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one writer in at a time anyway")
def test_two_evaluations_that_end_at_once_start_one_comparison(
    owner, make_classifier, make_evaluation
) -> None:
    made = [make_evaluation(make_classifier(kind), done=False) for kind in ("base", "tuned")]
    services.compare(actor=owner, evaluations=made)
    claimed = [jobs.claim(job_id=str(e.job_id), worker="w") for e in made]

    def end(job: Job) -> None:
        try:
            jobs.finish(job, result=evaluation_result().model_dump(mode="json"))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(end, claimed))
    assert Comparison.objects.get().job.state == State.QUEUED
    assert Job.objects.filter(kind="comparison").count() == 1
