from django.apps import AppConfig
from django.db.models.signals import post_migrate


class WorkspacesConfig(AppConfig):
    name = "apps.workspaces"
    label = "workspaces"

    def ready(self) -> None:
        from apps.workspaces import append_only, closing, receivers, secrets  # noqa: F401  (connects them)

        post_migrate.connect(append_only.install, sender=self)
