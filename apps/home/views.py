"""The first page, the set-up page, and importing an example."""

from allauth.account.utils import perform_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET

from apps.core.errors import NotVisible, UserError
from apps.core.htmx import render_page
from apps.datasets import services as datasets
from apps.home import querysets, services
from apps.home.forms import SetUpForm
from apps.jobs.job_pages import page_of
from apps.jobs.queue_order import Queues
from apps.workspaces.access.decorators import in_workspace
from apps.workspaces.access.rules import ANYONE, EDIT, SIGN_IN, rule
from apps.workspaces.requests import WorkspaceRequest
from examples import get_example, list_examples

_CHUNK_BYTES = 1 << 20


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Before set-up: where to find the address. Then: what to do first, and what is going on."""
    if not request.user.is_authenticated and not services.is_set_up():
        return render(request, "home/not_set_up.html")
    return _overview(request)


@in_workspace()
def _overview(request: WorkspaceRequest) -> HttpResponse:
    context = querysets.overview(request.workspace)
    queues = Queues()
    context["jobs"] = [
        {"job": job, "page": page_of(job), "ahead": queues.ahead_of(job)}
        for job in context.pop("active_jobs")
    ]
    context["examples"] = list_examples()
    context["is_new"] = not context["datasets"]
    return render_page(request, "home/home.html", context, partial="activity")


@sensitive_post_parameters("password")
@rule(get=ANYONE, post=ANYONE)
def set_up(request: HttpRequest) -> HttpResponse:
    """Creates the owner and the first workspace; opens only with the token in the printed address."""
    if services.is_set_up():
        return redirect("home:home")
    token = request.POST.get("token") or request.GET.get("token", "")
    if not services.token_is_right(token):
        return render(
            request, "home/not_set_up.html", {"wrong_token": bool(token)}, status=403 if token else 200
        )
    form = SetUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user, _workspace = services.set_up_studio(**form.cleaned_data)
        except UserError as error:
            form.add_user_error(error)
        else:
            signed_in: HttpResponse = perform_login(request, user, redirect_url=reverse("home:home"))
            return signed_in
    status = 422 if form.errors else 200
    return render(request, "home/set_up.html", {"form": form, "token": token}, status=status)


@rule(get=SIGN_IN)
def no_workspace(request: WorkspaceRequest) -> HttpResponse:
    return render(request, "home/no_workspace.html")


@rule(post=EDIT, values="example")
def import_example(request: WorkspaceRequest, name: str) -> HttpResponse:
    """Import an example's file, as if it had been uploaded."""
    try:
        example = get_example(name)
    except KeyError as error:
        raise NotVisible from error
    with example.path.open("rb") as source:
        imported = datasets.start_import(
            actor=request.user,
            workspace=request.workspace,
            filename=example.file,
            name=example.title,
            chunks=iter(lambda: source.read(_CHUNK_BYTES), b""),
        )
    return redirect("datasets:import", imported.pk)
