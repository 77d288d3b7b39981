"""The API keys page."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.core.errors import UserError
from apps.core.listing import Filter, Listing
from apps.workspaces import access
from apps.workspaces.access import Action, api_keys
from apps.workspaces.access.decorators import in_workspace
from apps.workspaces.access.rules import EDIT, MAKER, VIEW, rule
from apps.workspaces.forms import ApiKeyForm
from apps.workspaces.models import ApiKey
from apps.workspaces.requests import WorkspaceRequest

KEYS = Listing(
    searches=("name", "prefix", "created_by__email"),
    filters=(
        Filter(
            "state",
            _("State"),
            (("live", _("Valid")), ("ended", _("Revoked or expired"))),
            lambda keys, value: (
                keys.live() if value == "live" else keys.exclude(pk__in=keys.live().values("pk"))
            ),
        ),
    ),
)


@rule(get=VIEW, post=EDIT)
def keys(request: WorkspaceRequest) -> HttpResponse:
    """Keys for the REST API. A new key's secret is on the page that answers the form, and never again."""
    workspace = request.workspace
    form, secret, status = ApiKeyForm(request.POST or None), "", 200
    if request.method == "POST":
        if form.is_valid():
            try:
                _key, secret = api_keys.create_api_key(
                    actor=request.user,
                    workspace=workspace,
                    **form.cleaned_data,
                )
                form = ApiKeyForm()
            except UserError as error:
                form.add_user_error(error)
        status = 422 if form.errors else 200
    listed = ApiKey.objects.in_workspace(workspace).select_related("created_by", "made_with")
    made = Count("made_keys", filter=Q(made_keys__revoked_at=None))
    shown = KEYS.read(request, listed.annotate(made_with_it=made))
    manages = access.can(request.user, workspace, Action.MANAGE)
    working = set(
        ApiKey.objects.in_workspace(workspace)
        .of_members()
        .filter(pk__in=[key.pk for key in shown.page])
        .values_list("pk", flat=True)
    )
    for key in shown.page:
        key.is_orphaned = key.pk not in working
        key.is_revocable = manages or key.created_by_id == request.user.pk
    return render(
        request, "workspaces/keys.html", {"form": form, "list": shown, "secret": secret}, status=status
    )


@rule(post=MAKER, of="api_key")
@in_workspace()
def revoke_key(request: WorkspaceRequest, key: ApiKey) -> HttpResponse:
    made = api_keys.revoke_api_key(actor=request.user, key=key)
    if made:
        messages.success(
            request,
            ngettext(
                "Revoked the key and %(count)d key that was created with it.",
                "Revoked the key and %(count)d keys that were created with it.",
                len(made),
            )
            % {"count": len(made)},
        )
    return redirect("workspaces:keys")
