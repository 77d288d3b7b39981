from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "apps.api"
    label = "api"

    def ready(self) -> None:
        from apps.api.access_rules import RULES
        from apps.workspaces.access.rules import declare_rules

        declare_rules(RULES)
