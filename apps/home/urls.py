"""Addresses of apps.home."""

from django.urls import path

from apps.home import views
from apps.workspaces.access.rules import VIEW, access_rule, declare_rules

app_name = "home"
urlpatterns = [
    path("", views.home, name="home"),
    path("setup/", views.set_up, name="set_up"),
    path("welcome/", views.no_workspace, name="no_workspace"),
    path("examples/<slug:name>/", views.import_example, name="import_example"),
]

# Before set-up the first page is open to everyone and says how to set the studio up.
declare_rules({"home:home": access_rule(get=VIEW)})
