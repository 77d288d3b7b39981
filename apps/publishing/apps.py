from django.apps import AppConfig


class PublishingConfig(AppConfig):
    name = "apps.publishing"
    label = "publishing"

    def ready(self) -> None:
        from apps.publishing import receivers, token_rotation  # noqa: F401  (registers them)
        from apps.publishing.audit_words import ACTIONS
        from apps.publishing.models import App, AppVersion, Conversation, Message, ShareLink
        from apps.workspaces.access.rules import register_object
        from apps.workspaces.audit.words import register_actions
        from apps.workspaces.team.purging import register_contents

        register_object("app", App)
        register_actions(ACTIONS)
        register_contents(App)
        register_contents(AppVersion)
        register_contents(ShareLink)
        register_contents(Conversation, path="app__workspace")
        register_contents(Message, path="conversation__app__workspace")
