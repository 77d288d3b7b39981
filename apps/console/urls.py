"""Addresses of apps.console."""

from django.urls import path

from apps.console.views import network, overview, people

app_name = "console"
urlpatterns = [
    path("", overview.console, name="console"),
    path("jobs/", overview.job_list, name="jobs"),
    path("jobs/<uuid:job_id>/retry/", overview.retry, name="retry"),
    path("jobs/<uuid:job_id>/stop/", overview.stop, name="stop"),
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path(
        "people/invitations/<uuid:invitation_id>/revoke/", people.revoke_invitation, name="revoke_invitation"
    ),
    path("people/<uuid:user_id>/password/", people.reset_password, name="reset_password"),
    path("people/<uuid:user_id>/deactivate/", people.deactivate, name="deactivate"),
    path("people/<uuid:user_id>/reactivate/", people.reactivate, name="reactivate"),
    path("people/<uuid:user_id>/administrator/", people.make_administrator, name="make_administrator"),
    path(
        "people/<uuid:user_id>/administrator/remove/",
        people.remove_administrator,
        name="remove_administrator",
    ),
    path("network/", network.network, name="network"),
]
