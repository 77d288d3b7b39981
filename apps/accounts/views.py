"""The account pages that allauth does not have, and what some of its pages need around them."""

import logging
from typing import Any
from urllib.parse import urlsplit

from allauth.account import views as account
from allauth.account.decorators import reauthentication_required
from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.providers.openid_connect import views as openid
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.sessions.models import Session
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Case, Exists, OuterRef, When
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from requests import RequestException

from apps.accounts import services
from apps.accounts.browser_names import browser_name
from apps.accounts.device_cookies import remember_device
from apps.accounts.export import export_account
from apps.accounts.forms import DeleteAccountForm, ProfileForm
from apps.accounts.requests import SignedInRequest
from apps.core import mail
from apps.core.access_rules import ANYONE, PERSON, SIGN_IN, rule
from apps.core.downloads import read_chunks, stream_download
from apps.core.errors import UserError
from apps.core.listing import PAGE_SIZE

logger = logging.getLogger(__name__)


class SignUp(account.SignupView):
    """One commit, whether the address has an account or not: the time of the answer tells nothing."""

    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            response: HttpResponse = super().form_valid(form)
        return response


sign_up = SignUp.as_view()


@rule(get=ANYONE, post=ANYONE)
def forgotten_password(request: HttpRequest) -> HttpResponse:
    """Promises an e-mail only where one can arrive."""
    if not mail.reaches_people():
        return render(request, "account/password_reset_by_hand.html")
    response: HttpResponse = account.password_reset(request)
    return response


@rule(get=ANYONE)
def forgotten_password_done(request: HttpRequest) -> HttpResponse:
    return render(request, "account/password_reset_done.html")


@rule(get=ANYONE, post=ANYONE, values="uidb36 reset_key")
def new_password(request: HttpRequest, uidb36: str, key: str) -> HttpResponse:
    """Set a new password. Wrong passwords that others tried do not delay the sign-in after it."""
    response: HttpResponse = account.password_reset_from_key(request, uidb36=uidb36, key=key)
    if email := getattr(request, "has_reset_password_of", ""):
        remember_device(request, response, email)
    return response


@rule(get=SIGN_IN, post=SIGN_IN)
def email_address(request: SignedInRequest) -> HttpResponse:
    """The address changes when a link that was sent to the new one is opened: without e-mails an administrator does it."""
    if not mail.reaches_people():
        return render(request, "account/email_by_hand.html")
    response: HttpResponse = account.email(request)
    return response


@rule(get=SIGN_IN)
@never_cache
def confirm_at_provider(request: SignedInRequest) -> HttpResponse:
    """“Confirm your identity” for users who sign in only at a provider."""
    wanted = get_next_redirect_url(request) or reverse("account_profile")
    if wanted == reverse("account_download_export"):
        wanted = reverse("account_export")  # coming back is a GET
    return render(request, "account/reauthenticate_at_provider.html", {"next": wanted})


@rule(get=SIGN_IN, post=SIGN_IN)
def profile(request: SignedInRequest) -> HttpResponse:
    """Name, language and time zone."""
    user = request.user
    now = {"name": user.name, "language": user.language, "timezone": user.timezone}
    form = ProfileForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_profile(user=user, **form.cleaned_data)
        except UserError as error:
            form.add_user_error(error)
        else:
            messages.success(request, _("Your profile is saved."))
            return redirect("account_profile")
    return render(request, "account/profile.html", {"form": form}, status=422 if form.errors else 200)


@rule(get=SIGN_IN)
@never_cache
def sessions(request: SignedInRequest) -> HttpResponse:
    """Where this person is signed in: here, then where they were last."""
    key = request.session.session_key
    is_open = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=timezone.now())
    own = UserSession.objects.filter(Exists(is_open), user=request.user)
    here_first = Case(When(session_key=key, then=0), default=1)
    page = Paginator(own.order_by(here_first, "-last_seen_at", "pk"), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    rows = [
        {"session": row, "device": browser_name(row.user_agent), "is_current": row.session_key == key}
        for row in page
    ]
    return render(request, "usersessions/usersession_list.html", {"rows": rows, "page": page})


@rule(post=PERSON, of="session")
def end_session(request: SignedInRequest, session_id: int) -> HttpResponse:
    services.end_session(user=request.user, session_id=session_id)
    messages.success(request, _("The device is signed out."))
    return redirect("usersessions_list")


@rule(post=SIGN_IN)
def end_other_sessions(request: SignedInRequest) -> HttpResponse:
    services.end_other_sessions(user=request.user, but=request.session.session_key or "")
    messages.success(request, _("You are signed out on all other devices."))
    return redirect("usersessions_list")


@rule(get=SIGN_IN)
def export(request: SignedInRequest) -> HttpResponse:
    return render(request, "account/export.html")


@rule(post=SIGN_IN)
@reauthentication_required
def download_export(request: SignedInRequest) -> StreamingHttpResponse:
    archive = export_account(user=request.user)
    chunks = read_chunks(archive)
    return stream_download(chunks, filename="maquette-account.zip", content_type="application/zip")


@rule(get=SIGN_IN, post=SIGN_IN)
@reauthentication_required(allow_get=True)
def delete(request: SignedInRequest) -> HttpResponse:
    """Says what goes and what stays, and asks for the address once more."""
    form = DeleteAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["email"].strip().lower() != request.user.email.lower():
            form.add_error("email", _("This is not the e-mail address of your account."))
        else:
            try:
                services.delete_account(user=request.user)
            except UserError as error:
                form.add_user_error(error)
            else:
                request.session.flush()
                return redirect("account_deleted")
    return render(request, "account/delete.html", {"form": form}, status=422 if form.errors else 200)


@rule(get=ANYONE)
def deleted(request: HttpRequest) -> HttpResponse:
    return render(request, "account/deleted.html")


@rule(get=ANYONE, post=ANYONE, values="provider")
def provider_login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """allauth's, which asks the provider where to go first and takes it for granted that it answers.

    Browsers apply form-action to where a form's answer redirects to, and where a provider lets people sign in is known
    only to itself. So the form is answered by a page that leads on.
    """
    try:
        response: HttpResponse = openid.login(request, provider_id)
    except RequestException:
        logger.exception("The OpenID Connect provider did not answer")
        return render(request, "socialaccount/authentication_error.html", status=503)
    address = response.headers.get("Location", "")
    if urlsplit(address).scheme in ("http", "https"):
        return render(request, "socialaccount/leading_on.html", {"address": address})
    return response
