"""Addresses of apps.workspaces."""

from django.urls import path

from apps.workspaces.views import audit, joining, keys, members, secrets, usage, workspaces

app_name = "workspaces"
urlpatterns = [
    path("", members.detail, name="detail"),
    path("members/<uuid:member_id>/role/", members.set_role, name="set_role"),
    path("members/<uuid:member_id>/remove/", members.remove, name="remove_member"),
    path("invitations/", members.invite, name="invite"),
    path("invitations/<uuid:invitation_id>/revoke/", members.revoke_invitation, name="revoke_invitation"),
    path("join/<str:token>/", joining.join, name="join"),
    path("usage/", usage.usage, name="usage"),
    path("settings/", workspaces.workspace_settings, name="settings"),
    path("hand-over/", workspaces.hand_over, name="hand_over"),
    path("leave/", workspaces.leave, name="leave"),
    path("delete/", workspaces.delete, name="delete"),
    path("all/", workspaces.all_workspaces, name="all"),
    path("new/", workspaces.create, name="create"),
    path("switch/", workspaces.switch, name="switch"),
    path("<uuid:workspace_id>/restore/", workspaces.restore, name="restore"),
    path("audit/", audit.trail, name="audit"),
    path("audit/<slug:kind>/", audit.export, name="audit_export"),
    path("hub-token/", secrets.hub_token, name="hub_token"),
    path("secrets/<uuid:secret_id>/remove/", secrets.remove, name="remove_secret"),
    path("keys/", keys.keys, name="keys"),
    path("keys/<uuid:key_id>/revoke/", keys.revoke_key, name="revoke_key"),
]
