from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "apps.training"
    label = "training"

    def ready(self) -> None:

        from apps.training import receivers, services  # noqa: F401  (connects the former)
        from apps.training.audit_words import ACTIONS
        from apps.training.models import Preflight, Run, Sweep, Trial
        from apps.workspaces.access.rules import register_object
        from apps.workspaces.audit.words import register_actions
        from apps.workspaces.models import UsageKind
        from apps.workspaces.team.purging import register_contents
        from apps.workspaces.usage import register_gauge

        register_gauge(UsageKind.RUNS, services.active_runs)
        register_object("preflight", Preflight)
        register_object("run", Run)
        register_object("sweep", Sweep)
        register_actions(ACTIONS)
        register_contents(Preflight)
        register_contents(Run)
        register_contents(Sweep)
        register_contents(Trial, path="sweep__workspace")
