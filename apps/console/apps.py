from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "apps.console"
    label = "console"

    def ready(self) -> None:
        from apps.console.audit_words import ACTIONS
        from apps.workspaces.audit.words import register_actions

        register_actions(ACTIONS)
