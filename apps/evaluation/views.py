"""Lists, one evaluation, one comparison."""

from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import ngettext

from apps.catalog.models import ModelVersion
from apps.core.choices import is_id, pick
from apps.core.errors import UserError
from apps.core.htmx import render_page, wants_partial
from apps.core.listing import NEWEST, OLDEST, Listing, Sort
from apps.core.outputs import shown_output
from apps.datasets.filters import by_task
from apps.datasets.models import DatasetVersion
from apps.evaluation import presentation, services
from apps.evaluation.files import send_comparison_file, send_evaluation_file
from apps.evaluation.forms import EvaluationForm
from apps.evaluation.models import Comparison, Evaluation
from apps.evaluation.rows import compared_listing, compared_rows, output_rows, outputs_listing
from apps.jobs.filters import by_state
from apps.jobs.views import status_context
from apps.workspaces import access
from apps.workspaces.access import Action
from apps.workspaces.access.rules import EDIT, VIEW, rule
from apps.workspaces.requests import WorkspaceRequest
from workers.contracts.job_kinds.evaluation import EvaluatedSplit

TRIVIAL = "trivial"
_EVALUATION = ("job", "model_version__run", "dataset_version__dataset")


EVALUATIONS = Listing(
    searches=("model_version__name", "dataset_version__dataset__name"),
    sorts=(NEWEST, OLDEST, Sort("name", _l("Name"), ("model_version__name", "pk"))),
    filters=(
        by_state(),
        by_task(),
    ),
)
COMPARISONS = Listing(
    searches=("name", "dataset_version__dataset__name"),
    filters=(by_state(),),
    page_size=10,
    prefix="comparisons-",
)


@rule(get=VIEW)
def evaluation_list(request: WorkspaceRequest) -> HttpResponse:
    workspace = request.workspace
    evaluations = Evaluation.objects.in_workspace(workspace).select_related(*_EVALUATION)
    comparisons = Comparison.objects.in_workspace(workspace).select_related("job", "dataset_version__dataset")
    shown = EVALUATIONS.read(request, evaluations)
    context = {
        "list": shown,
        "listed": [(evaluation, _headline(evaluation)) for evaluation in shown.page],
        "comparisons": COMPARISONS.read(request, comparisons.defer("result")),
    }
    return render_page(request, "evaluation/list.html", context)


def _headline(evaluation: Evaluation) -> Any:
    """The deciding metric of an evaluation that is done."""
    rows = presentation.evaluation_rows(evaluation)
    return rows[0] if rows else None


@rule(get=EDIT, post=EDIT, names={"data": "dataset_version", "models": "model"})
def new(request: WorkspaceRequest) -> HttpResponse:
    """Evaluate any models on one test set; several are compared as well."""
    workspace = request.workspace
    versions = DatasetVersion.objects.in_workspace(workspace).ready().select_related("dataset")
    models = ModelVersion.objects.in_workspace(workspace).current()
    sent = request.POST if request.method == "POST" else request.GET
    asked = [*sent.getlist("models"), *sent.getlist("model")]
    learned = models.filter(pk__in=[pk for pk in asked if pk != TRIVIAL and is_id(pk)])
    data = sent.get("data") or learned.values_list("dataset_version", flat=True).first()
    form = EvaluationForm(request.POST or None, initial=_initial(versions, data, asked))
    pick(request, "data", versions, searches=("dataset__name",), chosen=[data] if data else []).offer(
        form.fields["data"], _version_label
    )
    pick(request, "models", models, searches=("name", "dataset_version__dataset__name"), chosen=asked).offer(
        form.fields["models"],
        lambda model: f"{model.name} · {_(model.task.label)}",
        [(TRIVIAL, _("Simple baselines of the task"))],
    )
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(_evaluate(request, form.cleaned_data))
        except UserError as error:
            error.field = "models" if error.field == "model" else error.field
            form.add_user_error(error)
    status = 422 if form.errors else 200
    return render(
        request, "evaluation/new.html", {"form": form, "has_data": versions.exists()}, status=status
    )


def _initial(versions: QuerySet[DatasetVersion], data: Any, models: list[str]) -> dict[str, Any]:
    """What the form begins with: a sample of a large test split, and every row of data that is for testing only."""
    chosen = versions.filter(pk=data).first() if is_id(str(data)) else None
    is_whole = chosen is not None and chosen.is_test_set
    return {
        "data": data,
        "models": models,
        "max_rows": None if is_whole else services.SAMPLE_ROWS,
        "split": "test",
    }


def _version_label(version: DatasetVersion) -> str:
    rows = ngettext("%(n)d test row", "%(n)d test rows", version.rows_test) % {"n": version.rows_test}
    return f"{version} · {version.get_task_type_display()} · {rows}"


def _evaluate(request: WorkspaceRequest, chosen: dict[str, Any]) -> str:
    """Start what the form asks for; return the address of the page to go to."""
    user: Any = request.user
    data = access.get_visible(
        DatasetVersion.objects.select_related("dataset"), user, Action.EDIT, pk=chosen["data"]
    )
    subjects = [
        None
        if value == TRIVIAL
        else access.get_visible(ModelVersion.objects.all(), user, Action.EDIT, pk=value)
        for value in chosen["models"]
    ]
    made = services.evaluate_together(
        actor=user,
        dataset_version=data,
        models=subjects,
        max_rows=chosen["max_rows"],
        split=chosen["split"] or "test",
    )
    page = "comparison" if isinstance(made, Comparison) else "detail"
    return reverse(f"evaluation:{page}", args=[made.pk])


@rule(get=VIEW, of="evaluation", related=_EVALUATION)
def detail(request: WorkspaceRequest, evaluation: Evaluation) -> HttpResponse:
    context: dict[str, Any] = {
        "evaluation": evaluation,
        "rows_used": presentation.rows_used(evaluation),
        "more_rows": evaluation.max_rows is not None,
        "comparison": evaluation.comparisons.first(),
        **status_context(evaluation.job),
    }
    if evaluation.result:
        task, labels = evaluation.dataset_version.task, evaluation.result["labels"]
        found = outputs_listing(task, labels).read(request, output_rows(evaluation.storage_key))
        context |= {
            "result": evaluation.result,
            "metrics": presentation.evaluation_rows(evaluation),
            "label_rows": presentation.label_rows(evaluation.result),
            "label_columns": presentation.PER_LABEL.values(),
            "label_title": _("Figures of each label"),
            "confusion": presentation.confusion_table(evaluation.result)
            if evaluation.result["confusion"]
            else None,
            "list": found,
            "rows": [(row, shown_output(task.name, row["target"], row["output"])) for row in found.page],
        }
    return render(request, "evaluation/detail.html", context)


@rule(get=VIEW, of="evaluation", values="evaluation_file", related=_EVALUATION)
def file(request: WorkspaceRequest, evaluation: Evaluation, name: str) -> HttpResponseBase:
    """Every output as a file: outputs.csv or outputs.parquet."""
    return send_evaluation_file(request, evaluation, name)


@rule(post=EDIT, of="evaluation", related=_EVALUATION)
def delete(request: WorkspaceRequest, evaluation: Evaluation) -> HttpResponse:
    services.delete_evaluation(actor=request.user, evaluation=evaluation)
    return redirect("evaluation:list")


@rule(post=EDIT, of="evaluation", related=(*_EVALUATION, "training_data"))
def evaluate_all_rows(request: WorkspaceRequest, sampled: Evaluation) -> HttpResponse:
    """Evaluate the same model on the same split, on every row."""
    made = services.evaluate(
        actor=request.user,
        dataset_version=sampled.dataset_version,
        model_version=sampled.model_version,
        split=cast("EvaluatedSplit", sampled.split),
        training_data=sampled.training_data,
        baseline=sampled.baseline,
    )
    return redirect("evaluation:detail", made.pk)


@rule(post=EDIT, names={"evaluation": "evaluation"})
def compare(request: WorkspaceRequest) -> HttpResponse:
    """Compare the evaluations that were ticked in the list, in the order of their numbers."""
    chosen = [
        access.get_visible(Evaluation.objects.select_related(*_EVALUATION), request.user, pk=pk)
        for pk in request.POST.getlist("evaluation")
    ]
    comparison = services.compare(actor=request.user, evaluations=services.in_order(chosen))
    return redirect("evaluation:comparison", comparison.pk)


@rule(post=EDIT, of="model", related=("dataset_version__dataset", "parent"))
def compare_run(request: WorkspaceRequest, model: ModelVersion) -> HttpResponse:
    """The tuned model compared with its base and the simple baselines, on a sample of a large test split unless all_rows is 1."""
    comparison = services.compare_with_base(
        actor=request.user,
        model_version=model,
        all_rows=request.POST.get("all_rows") == "1",
    )
    return redirect("evaluation:comparison", comparison.pk)


@rule(get=VIEW, of="comparison", related=("job", "dataset_version__dataset"))
def comparison(request: WorkspaceRequest, found: Comparison) -> HttpResponse:
    """The verdict, the table with its chart, and the rows with the largest disagreement first."""
    related_of_each = ("evaluation__job", "evaluation__model_version__run")
    compared = [each.evaluation for each in found.compared.select_related(*related_of_each)]
    for evaluation in compared:
        evaluation.dataset_version = found.dataset_version
    context: dict[str, Any] = {"comparison": found, "evaluations": compared}
    if found.job:
        context |= status_context(found.job)
    if found.result:
        if wants_partial(request) and request.headers.get("HX-Target") == "progress":
            # The page that waits for the result is another one than the page that shows it.
            return render(request, "evaluation/_compared.html")
        context |= _compared_context(request, found, compared)
    return render(request, "evaluation/comparison.html", context)


def _compared_context(
    request: WorkspaceRequest, found: Comparison, compared: list[Evaluation]
) -> dict[str, Any]:
    task = found.dataset_version.task
    labels = list(dict.fromkeys(label for e in compared if e.result for label in e.result["labels"]))
    listing = compared_listing(task, labels, [e.subject_label for e in compared])
    shown = listing.read(request, compared_rows(found.storage_key))
    rows = [
        (
            row,
            [
                (e, shown_output(task.name, row["target"], row[f"output.e{i}"], row[f"score.e{i}"]))
                for i, e in enumerate(compared)
            ],
        )
        for row in shown.page
    ]
    best = presentation.best_tuned(found.result, compared)
    sampled = any(e.max_rows is not None for e in compared)
    answered = [(e.result or {}).get("rows", 0) for e in compared]
    most = max(answered, default=0)
    return {
        "result": found.result,
        "rows_used": presentation.rows_used(compared[answered.index(most)]),
        "samples": [
            (e, presentation.rows_used(e))
            for e, rows in zip(compared, answered, strict=True)
            if 0 < rows < most
        ],
        "can_take_all": sampled and compared[-1].dataset_version.is_ready,
        "metrics": presentation.comparison_rows(found.result, compared),
        "label_rows": presentation.compared_label_rows(compared),
        "label_columns": [e.subject_label for e in compared],
        "label_title": _("F1 of each label"),
        "confusions": [
            (e, presentation.confusion_table(e.result))
            for e in compared
            if e.result and e.result["confusion"]
        ],
        "verdict": presentation.verdict(found.result, compared),
        "rows": rows,
        "list": shown,
        "tuned": compared[best].model_version if best is not None else None,
        "baseline_is_as_good": presentation.baseline_is_as_good(found.result, compared),
        "tuned_is_best": presentation.training_won(found.result, compared),
    }


@rule(get=VIEW, of="comparison", values="comparison_file", related=("dataset_version__dataset",))
def comparison_file(request: WorkspaceRequest, found: Comparison, name: str) -> HttpResponseBase:
    """Every row with all outputs as a file: rows.csv or rows.parquet."""
    return send_comparison_file(request, found, name)


@rule(post=EDIT, of="comparison")
def delete_comparison(request: WorkspaceRequest, found: Comparison) -> HttpResponse:
    services.delete_comparison(actor=request.user, comparison=found)
    return redirect("evaluation:list")
