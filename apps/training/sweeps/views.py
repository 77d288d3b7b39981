"""The form that starts a sweep, its page, and what can be done there."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from apps.core.errors import UserError
from apps.core.htmx import render_page
from apps.core.sizes import size_text
from apps.training.models import Preflight, Sweep
from apps.training.sweeps import services
from apps.training.sweeps.forms import SweepForm
from apps.training.sweeps.page import sweep_context
from apps.training.sweeps.trials import best_of, trials_of
from apps.training.wizard import wizard_address
from apps.workspaces.access.rules import EDIT, VIEW, rule
from apps.workspaces.requests import WorkspaceRequest

_RELATED = ("preflight__dataset_version__dataset", "preflight__base_version", "created_by")


@rule(get=EDIT, post=EDIT, of="preflight", related=("job", "dataset_version__dataset", "base_version"))
def new_sweep(request: WorkspaceRequest, preflight: Preflight) -> HttpResponse:
    """What to vary, and for how long."""
    if preflight.result is None:
        messages.warning(request, _("The training plan is not ready yet."))
        return redirect("training:preflight", preflight.pk)
    form = SweepForm(request.POST if request.method == "POST" else None, preflight=preflight)
    if form.is_bound and form.is_valid():
        try:
            sweep = services.start_sweep(actor=request.user, preflight=preflight, **form.request)
        except UserError as error:
            form.add_user_error(error)
        else:
            return redirect("training:sweep", sweep.pk)
    context = {"form": form, "preflight": preflight, "result": preflight.result}
    return render(request, "training/sweep_new.html", context, status=422 if form.errors else 200)


@rule(get=VIEW, of="sweep", related=_RELATED)
def detail(request: WorkspaceRequest, sweep: Sweep) -> HttpResponse:
    """The sweep's progress, its best settings, and its trials."""
    return render_page(request, "training/sweep.html", sweep_context(sweep), partial="live")


@rule(post=EDIT, of="sweep")
def stop(request: WorkspaceRequest, sweep: Sweep) -> HttpResponse:
    services.stop_sweep(actor=request.user, sweep=sweep)
    return redirect("training:sweep", sweep.pk)


@rule(post=EDIT, of="sweep")
def keep_best(request: WorkspaceRequest, sweep: Sweep) -> HttpResponse:
    """Delete the models of all trials but the best."""
    done = services.keep_best(actor=request.user, sweep=sweep)
    messages.success(
        request,
        _("Deleted models: %(n)d. Freed: %(size)s.") % {"n": done.deleted, "size": size_text(done.freed)},
    )
    for reason in done.kept:
        messages.warning(request, reason)
    return redirect("training:sweep", sweep.pk)


@rule(get=EDIT, of="sweep", related=("preflight__base_version",))
def train_best(request: WorkspaceRequest, sweep: Sweep) -> HttpResponse:
    """The wizard with the best settings filled in."""
    best = best_of(trials_of(sweep), maximizes=sweep.maximizes)
    if best is None:
        messages.warning(request, _("No trial is complete yet."))
        return redirect("training:sweep", sweep.pk)
    return redirect(wizard_address(sweep.preflight, best.values))
