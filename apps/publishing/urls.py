"""Addresses of apps.publishing."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.urls import path

from apps.publishing.consumers import EmbedSocket, PreviewSocket, TrialSocket, VisitorSocket
from apps.publishing.views import bubble, links, public, streams, studio, trial
from apps.workspaces.access.rules import LINK, VIEW, access_rule, declare_rules

_VISIT = "a/<str:token>/"
_EMBED = "e/<str:token>/"
_PREVIEW = "apps/<uuid:app_id>/preview/"


def _as_it_is(view: Any) -> Any:
    """A link needs no account."""
    return view


app_name = "publishing"
urlpatterns = [
    path("apps/", studio.app_list, name="list"),
    path("apps/new/", studio.new, name="new"),
    path("apps/<uuid:app_id>/", studio.detail, name="detail"),
    path("apps/<uuid:app_id>/edit/", studio.edit, name="edit"),
    path("apps/<uuid:app_id>/publish/", studio.publish, name="publish"),
    path("apps/<uuid:app_id>/parity/", studio.check_parity, name="check_parity"),
    path("apps/<uuid:app_id>/archive/", studio.archive, name="archive"),
    path("apps/<uuid:app_id>/restore/", studio.restore, name="restore"),
    path("apps/<uuid:app_id>/delete/", studio.delete, name="delete"),
    path("apps/<uuid:app_id>/links/", links.create_link, name="create_link"),
    path("apps/<uuid:app_id>/links/<uuid:link_id>/revoke/", links.revoke_link, name="revoke_link"),
    path("apps/<uuid:app_id>/links/<uuid:link_id>/password/", links.set_link_password, name="link_password"),
    path("apps/<uuid:app_id>/links/<uuid:link_id>/limits/", links.change_link, name="change_link"),
    path("apps/<uuid:app_id>/links/<uuid:link_id>/embed/", links.embed_link, name="embed_link"),
    path("apps/<uuid:app_id>/links/<uuid:link_id>/pause/", links.pause_link, name="pause_link"),
    path("apps/<uuid:app_id>/links/<uuid:link_id>/resume/", links.resume_link, name="resume_link"),
    path("apps/<uuid:app_id>/keys/", studio.create_key, name="create_key"),
    path("apps/<uuid:app_id>/keys/<uuid:key_id>/revoke/", studio.revoke_key, name="revoke_key"),
    path("try/<uuid:model_id>/", trial.try_model, name="try"),
    path(f"{_VISIT}unlock/", public.unlock, name="visit_unlock"),
    path(f"{_EMBED}unlock/", public.unlock, {"in_frame": True}, name="embed_unlock"),
    path(f"{_EMBED}bubble.js", bubble.bubble, name="embed_script"),
    *(
        path(f"{prefix}{tail}", guard(view), more_arguments, name=f"{name}{more}")
        for prefix, name, act, guard, more_arguments in (
            (_VISIT, "visit", public.act_as_visitor, _as_it_is, {}),
            (_EMBED, "embed", public.act_as_visitor, _as_it_is, {"in_frame": True}),
            (_PREVIEW, "preview", public.act, login_required, {}),
        )
        for tail, view, more in (
            ("", public.visit, ""),
            ("act/", act, "_act"),
            ("c/<uuid:conversation_id>/", public.visit, "_conversation"),
            ("m/<uuid:message_id>/stream/", streams.stream, "_stream"),
        )
    ),
]
websocket_urlpatterns = [
    path("ws/a/<str:token>/", VisitorSocket.as_asgi()),
    path("ws/e/<str:token>/", EmbedSocket.as_asgi()),
    path("ws/apps/<uuid:app_id>/", PreviewSocket.as_asgi()),
    path("ws/try/", TrialSocket.as_asgi()),
]

declare_rules(
    {
        "publishing:preview": access_rule(get=VIEW, of="app"),
        "publishing:preview_act": access_rule(
            post=VIEW, of="app", names={"conversation": "preview_conversation"}
        ),
        "publishing:preview_conversation": access_rule(get=VIEW, of="app preview_conversation", absent=302),
        "publishing:preview_stream": access_rule(get=VIEW, of="app preview_message"),
        "publishing:embed_script": access_rule(get=LINK, of="link_token"),
        **{
            f"publishing:{name}{more}": its_rule
            for name in ("visit", "embed")
            for more, its_rule in {
                "": access_rule(get=LINK, of="link_token"),
                "_unlock": access_rule(post=LINK, of="link_token"),
                "_act": access_rule(post=LINK, of="link_token", names={"conversation": "conversation"}),
                "_conversation": access_rule(get=LINK, of="link_token conversation", absent=302),
                "_stream": access_rule(get=LINK, of="link_token message"),
            }.items()
        },
    }
)
