"""The wizard, the pre-flight card, and a run's page."""

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from pydantic import ValidationError

from apps.catalog.base_cards import BaseCard, Fit, base_cards, free_training_memory
from apps.catalog.models import BaseModel, ModelVersion
from apps.core.choices import Picked, is_id, search_text
from apps.core.errors import UserError
from apps.core.htmx import render_page
from apps.core.listing import NEWEST, OLDEST, Listing, Sort
from apps.datasets.models import DatasetVersion
from apps.jobs.views import sequence_number, status_context
from apps.training import querysets, services
from apps.training.bases import BaseChoice, choices_for, find_choice, fitting_objectives, has_more, tasks_for
from apps.training.charts import charts_with
from apps.training.continuation import More, continue_run
from apps.training.export.folder import can_export, send_folder
from apps.training.files import send_run_file
from apps.training.forms import LENGTHS, RunNameForm, WizardForm, objective_of, recipe_answers, recipe_words
from apps.training.lineage import lineage_of
from apps.training.models import Preflight, Run, Sweep, Trial
from apps.training.run_comparison import MOST_RUNS, comparison_context
from apps.training.run_list import listed_runs, run_listing
from apps.training.simple_model import simple_model_text
from apps.training.sweeps.page import SWEEPS
from apps.training.wizard import address_of, base_value, own_settings, wizard_address
from apps.workspaces import access
from apps.workspaces.access import Action
from apps.workspaces.access.decorators import in_workspace
from apps.workspaces.access.rules import EDIT, VIEW, rule
from apps.workspaces.models import UsageKind
from apps.workspaces.requests import WorkspaceRequest
from apps.workspaces.usage.report import meter_of
from workers.contracts.packaged_bases import PACKAGED_BASES, PackagedBase
from workers.contracts.recipes import Length, PackageBase, Recipe

# No more: Postgres plans a join of nine tables for 70 ms. What few runs have is read when it is shown.
_RUN_RELATED = ("job", "dataset_version__dataset", "model_version", "preflight")
_LISTED_RELATED = ("job", "dataset_version__dataset", "preflight", "created_by")
BASES_SHOWN = 12
CARDS_SHOWN = 3
DATA = Listing(
    searches=("dataset__name",),
    sorts=(NEWEST, OLDEST, Sort("name", _l("Name"), ("dataset__name", "-number"))),
    page_size=24,
)


@rule(get=VIEW)
def run_list(request: WorkspaceRequest) -> HttpResponse:
    runs = Run.objects.in_workspace(request.workspace).select_related(*_LISTED_RELATED)
    shown = run_listing(request.workspace).read(request, runs)
    sweeps = Sweep.objects.in_workspace(request.workspace).select_related(
        "preflight__dataset_version__dataset", "created_by"
    )
    context = {
        "list": shown,
        "rows": listed_runs(shown.page),
        "sweeps": SWEEPS.read(request, sweeps.annotate(trial_count=Count("trials"))),
    }
    return render_page(request, "training/list.html", context)


@rule(get=VIEW)
def compare(request: WorkspaceRequest) -> HttpResponse:
    """Several runs side by side: charts with a line for each run, results, and settings."""
    ids = {pk for pk in request.GET.getlist("run") if is_id(pk)}
    runs = Run.objects.in_workspace(request.workspace).filter(pk__in=ids)
    shown = runs.select_related(*_LISTED_RELATED).order_by("number")[:MOST_RUNS]
    return render(request, "training/compare.html", comparison_context(list(shown), selected=runs.count()))


@rule(get=EDIT, post=EDIT, names={"data": "dataset_version"}, by_view=True)
def new(request: WorkspaceRequest) -> HttpResponse:
    """Three questions. The first is answered by where the person came from, or by choosing here."""
    version_id = request.POST.get("data") or request.GET.get("data", "")
    if not version_id:
        return _choose_data(request)
    version = access.open_object(
        request, DatasetVersion.objects.select_related("dataset"), Action.EDIT, pk=version_id
    )
    if version.files_deleted_at:
        messages.warning(request, _("The rows of this data were deleted. Choose other data."))
        return _choose_data(request)
    if version.is_test_set:
        messages.warning(request, _("This data is for testing only. Choose data with training rows."))
        return _choose_data(request)
    text = search_text(request, "base")
    asked = request.POST.get("base") or request.GET.get("base", "")
    choices = choices_for(request.user, version, text=text, chosen=asked, count=BASES_SHOWN)
    # An address can only say "False", which a checkbox would take for yes.
    initial = {
        name: value != "False" and value
        for name, value in request.GET.items()
        if name not in ("data", "find-base")
    }
    form = WizardForm(
        request.POST or None,
        bases=[(c.value, c.label) for c in choices],
        objectives={c.value: fitting_objectives(c, version) for c in choices},
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        try:
            preflight = services.request_preflight(
                actor=request.user,
                dataset_version=version,
                base=find_choice(request.user, version, form.cleaned_data["base"]),
                length=Length(form.cleaned_data["length"]),
                recipe=form.cleaned_data["recipe"],
            )
        except UserError as error:
            form.add_user_error(error)
        else:
            return redirect("training:preflight", preflight.pk)
    asked = form["base"].value()
    is_offered = any(choice.value == asked for choice in choices)
    context = {
        "form": form,
        "version": version,
        "choices": choices,
        "picked": Picked("base", [], text, has_more(request.user, version, BASES_SHOWN)),
        "chosen": asked if is_offered else choices[0].value,
        "recommended": _recommended_cards(version, choices),
        "has_settings": bool(initial.keys() - {"base", "length"}),
        "base_is_missing": bool(asked) and not is_offered and not form.errors,
        "lengths": [(length.value, label, text) for length, (label, text) in LENGTHS.items()],
        "chosen_length": form["length"].value() or Length.STANDARD.value,
    }
    return render(request, "training/new.html", context, status=422 if form.errors else 200)


def _recommended_cards(version: DatasetVersion, choices: list[BaseChoice]) -> list[BaseCard]:
    """The first bases that are recommended for the task, fit this machine and are no choice yet."""
    offered = {choice.base_model.location for choice in choices if choice.base_model}
    packages = [choice.base.package for choice in choices if isinstance(choice.base, PackageBase)]
    offered |= {PACKAGED_BASES[package].hub_id for package in packages}
    cards = base_cards(version.task, free_training_memory(), without=offered)
    return [card for card in cards if card.is_recommended and card.fit is not Fit.NONE][:CARDS_SHOWN]


@in_workspace(Action.EDIT)
def _choose_data(request: WorkspaceRequest) -> HttpResponse:
    versions = DatasetVersion.objects.in_workspace(request.workspace)
    ready = versions.current().trainable().select_related("dataset")
    base = _given_base(request)
    if base is None:
        return render_page(request, "training/choose_data.html", {"list": DATA.read(request, ready)})
    learns = tasks_for(base)
    context = {
        "base": base,
        "learns": learns,
        "list": DATA.read(request, ready.filter(task_type__in=[info.name for info in learns])),
        "has_other_data": ready.exists(),
    }
    return render_page(request, "training/choose_data.html", context)


def _given_base(request: WorkspaceRequest) -> BaseModel | ModelVersion | PackagedBase | None:
    """The model that is waiting for data: ?base=base:<id>, version:<id> or package:<key>. Raises NotVisible when it is not
    there."""
    kind, _colon, pk = request.GET.get("base", "").partition(":")
    if kind == "package":
        return PACKAGED_BASES.get(pk)
    if kind == "base":
        brought: BaseModel = access.open_object(request, BaseModel.objects.current(), pk=pk)
        return brought
    if kind == "version":
        own: ModelVersion = access.open_object(request, ModelVersion.objects.tuned(), pk=pk)
        return own
    return None


@rule(get=VIEW, of="preflight", related=("job", "dataset_version__dataset", "base_version"))
def preflight(request: WorkspaceRequest, found: Preflight) -> HttpResponse:
    """What the run would do, and the button that starts it."""
    change = {
        "data": found.dataset_version_id,
        "length": found.length,
        "base": base_value(found),
        **recipe_answers(found.recipe),
    }
    fixes = [
        {**finding, "change": address_of({**change, **finding["fix"]})}
        for finding in (found.result or {}).get("findings", [])
    ]
    objective = objective_of((found.result or {}).get("recipe", {}))
    context = {
        "preflight": found,
        "name_form": RunNameForm(),
        "result": found.result,
        "findings": fixes,
        "change": address_of(change),
        "learns_at_once": objective is not None and objective.learns_at_once,
        "length_label": LENGTHS[Length(found.length)][0],
        "changed": recipe_words(found.recipe),
        "is_stale": services.is_stale(found),
        "asked": _asked_again(change),
        "hours_left": meter_of(found.workspace, UsageKind.ACCELERATOR).left_text,
        **status_context(found.job),
    }
    return render(request, "training/preflight.html", context)


def _asked_again(answers: dict[str, Any]) -> list[tuple[str, str]]:
    """The wizard's fields with these answers, to be posted: the same question, measured again."""
    given = {name: ", ".join(v) if isinstance(v, list) else v for name, v in answers.items()}
    # A checkbox that is off is not posted at all.
    return [(name, str(value)) for name, value in given.items() if value is not None and value is not False]


@rule(post=EDIT, of="preflight", related=("job", "dataset_version__dataset", "base_version"))
def start(request: WorkspaceRequest, found: Preflight) -> HttpResponse:
    run = services.start_run(
        actor=request.user,
        preflight=found,
        name=request.POST.get("name", ""),
        time_limit=_time_limit(request.POST.get("minutes", "")),
    )
    return redirect("training:detail", run.pk)


def _time_limit(answer: str) -> services.TimeLimit | None:
    """Of the two buttons: a number of minutes, or "none" to let it finish. Without either the recipe's limit holds."""
    if not answer:
        return None
    try:
        return services.TimeLimit(None if answer == "none" else float(answer))
    except ValueError as error:
        raise UserError(_("Enter the time limit as a number of minutes."), field="minutes") from error


@rule(get=VIEW, of="run", related=_RUN_RELATED)
def detail(request: WorkspaceRequest, run: Run) -> HttpResponse:
    """The run's story, from top to bottom: what it is doing, how it is going, what it says, what it cost."""
    more = _more_offered(run)
    context = {
        "run": run,
        "trial": Trial.objects.filter(run=run).select_related("sweep").first(),
        "name_form": RunNameForm(),
        "lineage": lineage_of(run),
        **_figures(run),
        "charts": charts_with(querysets.figures_of(run)),
        "more": more,
        "simple": simple_model_text(run, can_continue=more is not None),
        "can_export": can_export(run),
        "log": querysets.log_lines(run.job),
        "trackers": querysets.tracker_links(run.job),
        "recipe": recipe_words(run.recipe),
        **status_context(run.job),
    }
    return render(request, "training/detail.html", context)


def _figures(run: Run) -> dict[str, Any]:
    """Cards and samples: the newest of a run that learns, the kept step's of one that has ended."""
    until = run.result["best_step"] if run.result else None
    latest = querysets.shown_values(run)
    return {
        "latest": latest,
        "figures": querysets.own_figures(run, latest),
        "samples": querysets.sample_rounds(run, until=until),
    }


def _more_offered(run: Run) -> dict[str, Any] | None:
    """What the form for continuing begins with: the rest of the plan, else as many epochs again."""
    if not run.can_continue or not run.result["epochs"]:
        return None
    result = run.result
    per_epoch = result["steps"] / result["epochs"]
    left = run.steps_left if result["stopped"] != "early_stopping" else 0
    epochs = max(0.1, round(left / per_epoch, 1) if left else round(result["epochs"], 1))
    seconds = result["seconds"] / max(1e-9, result["epochs"]) * epochs
    return {"epochs": epochs, "seconds": seconds, "is_rest": bool(left)}


@rule(get=VIEW, of="run", related=("job",))
def metrics(request: WorkspaceRequest, run: Run) -> JsonResponse:
    """Chart points since ?after=<sequence number>."""
    after = sequence_number(request.GET.get("after", ""))
    return JsonResponse(querysets.metric_points(run.job, after=after))


@rule(get=VIEW, of="run", values="run_file", related=("job", "workspace"))
def file(request: WorkspaceRequest, run: Run, name: str) -> HttpResponseBase:
    """The figures of every step as a file: metrics.csv or events.out.tfevents."""
    return send_run_file(request, run, name)


@rule(get=VIEW, of="run", related=("job", "dataset_version"))
def samples(request: WorkspaceRequest, run: Run) -> HttpResponse:
    """The live part of the page below the chart: figures, sample outputs, log."""
    context: dict[str, Any] = {
        "run": run,
        "job": run.job,
        **_figures(run),
        "log": querysets.log_lines(run.job),
    }
    return render(request, "training/detail.html#live", context)


@rule(get=VIEW, of="run", related=(*_RUN_RELATED, "base_version", "continues"))
def folder(request: WorkspaceRequest, run: Run) -> HttpResponseBase:
    """The run as a zip file that trains without the studio."""
    return send_folder(request, run)


@rule(post=EDIT, of="run")
def rename(request: WorkspaceRequest, run: Run) -> HttpResponse:
    form = RunNameForm(request.POST)
    if not form.is_valid():
        raise UserError(str(form.errors["name"][0]), field="name")
    services.rename_run(actor=request.user, run=run, name=form.cleaned_data["name"])
    return redirect("training:detail", run.pk)


@rule(get=EDIT, of="run", related=("preflight",))
def again(request: WorkspaceRequest, run: Run) -> HttpResponse:
    """The wizard with this run's answers filled in."""
    return redirect(wizard_address(run.preflight, own_settings(run)))


@rule(post=EDIT, of="run", related=("preflight", "job", "dataset_version"))
def apply_fix(request: WorkspaceRequest, run: Run) -> HttpResponse:
    """What the run offered that failed or learned nothing: the same again with the recipe fields that would have saved it, ready to start. Where
    data, base or settings are gone, the wizard says so."""
    offered = run.job.error_fix or ((run.result or {}).get("verdict") or {}).get("fix") or {}
    fix = offered.get("recipe", {})
    preflight, version = run.preflight, run.dataset_version
    try:
        fixed = services.request_preflight(
            actor=request.user,
            dataset_version=version,
            base=find_choice(request.user, version, base_value(preflight)),
            length=Length(preflight.length),
            recipe=Recipe.model_validate({**own_settings(run), **fix}),
        )
    except (UserError, ValidationError):
        return redirect(wizard_address(preflight, {**own_settings(run), **fix}))
    return redirect("training:preflight", fixed.pk)


@rule(post=EDIT, of="run", related=_RUN_RELATED)
def continue_training(request: WorkspaceRequest, run: Run) -> HttpResponse:
    """Train on from where the run ended, for more epochs or minutes."""
    try:
        amount = float(request.POST.get("amount", ""))
    except ValueError as error:
        raise UserError(_("Enter how many more epochs or minutes to train."), field="amount") from error
    more = More(minutes=amount) if request.POST.get("unit") == "minutes" else More(epochs=amount)
    made = continue_run(actor=request.user, run=run, more=more)
    return redirect("training:detail", made.pk)
