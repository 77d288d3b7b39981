from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "apps.jobs"
    label = "jobs"

    def ready(self) -> None:
        from apps.jobs import receivers  # noqa: F401  (connects them)
        from apps.jobs.models import Job
        from apps.workspaces.access.rules import register_object

        register_object("job", Job)
