"""The account pages that allauth does not have: profile, sessions one by one, export, deletion."""

import logging

from allauth.account.decorators import reauthentication_required
from allauth.socialaccount.providers.openid_connect import views as openid
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from requests import RequestException

from apps.accounts import services
from apps.accounts.browsers import browser_name
from apps.accounts.export import export_account
from apps.accounts.forms import DeleteAccountForm, ProfileForm
from apps.core.errors import UserError

logger = logging.getLogger(__name__)


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name, language and time zone."""
    user = request.user
    now = {"name": user.name, "language": user.language, "timezone": user.timezone}  # type: ignore[union-attr]
    form = ProfileForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_profile(user=user, **form.cleaned_data)  # type: ignore[arg-type]
        except UserError as error:
            form.add_user_error(error)
        else:
            messages.success(request, _("Your profile is saved."))
            return redirect("account_profile")
    return render(request, "account/profile.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@never_cache
@require_GET
def sessions(request: HttpRequest) -> HttpResponse:
    """Where this person is signed in."""
    rows = [
        {"session": row, "browser": browser_name(row.user_agent), "is_current": row.is_current()}
        for row in UserSession.objects.purge_and_list(request.user)
    ]
    rows.sort(key=lambda row: (not row["is_current"], -row["session"].created_at.timestamp()))
    return render(request, "usersessions/usersession_list.html", {"rows": rows})


@login_required
@require_POST
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    services.end_session(user=request.user, session_id=session_id)  # type: ignore[arg-type]
    messages.success(request, _("That device is signed out."))
    return redirect("usersessions_list")


@login_required
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    services.end_other_sessions(user=request.user, but=request.session.session_key or "")  # type: ignore[arg-type]
    messages.success(request, _("You are signed out everywhere but here."))
    return redirect("usersessions_list")


@login_required
@require_GET
def export(request: HttpRequest) -> HttpResponse:
    return render(request, "account/export.html")


@login_required
@require_POST
@reauthentication_required
def download_export(request: HttpRequest) -> FileResponse:
    archive = export_account(user=request.user)  # type: ignore[arg-type]
    return FileResponse(
        archive, as_attachment=True, filename="maquette-account.zip", content_type="application/zip"
    )


@login_required
@require_http_methods(["GET", "POST"])
@reauthentication_required(allow_get=True)
def delete(request: HttpRequest) -> HttpResponse:
    """Says what goes and what stays, and asks for the address once more."""
    form = DeleteAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["email"].strip().lower() != request.user.email.lower():  # type: ignore[union-attr]
            form.add_error("email", _("This is not the address of your account."))
        else:
            try:
                services.delete_account(user=request.user)  # type: ignore[arg-type]
            except UserError as error:
                form.add_user_error(error)
            else:
                request.session.flush()
                return redirect("account_deleted")
    return render(request, "account/delete.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def deleted(request: HttpRequest) -> HttpResponse:
    return render(request, "account/deleted.html")


def provider_login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """allauth's, which asks the provider where to go first and takes it for granted that it answers."""
    try:
        response: HttpResponse = openid.login(request, provider_id)
    except RequestException:
        logger.exception("The OpenID Connect provider did not answer")
        return render(request, "socialaccount/authentication_error.html", status=503)
    return response
