from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "apps.jobs"
    label = "jobs"

    def ready(self) -> None:
        from apps.jobs import receivers  # noqa: F401  (connects them)
        from apps.jobs.audit_words import ACTIONS
        from apps.jobs.models import Job
        from apps.workspaces.access.rules import register_object
        from apps.workspaces.audit.words import register_actions
        from apps.workspaces.team.purging import register_contents

        register_object("job", Job)
        register_actions(ACTIONS)
        register_contents(Job, folder="jobs")
