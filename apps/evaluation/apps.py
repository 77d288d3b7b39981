from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    name = "apps.evaluation"
    label = "evaluation"

    def ready(self) -> None:
        from django.urls import reverse

        from apps.evaluation import receivers  # noqa: F401  (connects them)
        from apps.evaluation.audit_words import ACTIONS
        from apps.evaluation.models import ComparedEvaluation, Comparison, Evaluation
        from apps.jobs.job_pages import register_page
        from apps.workspaces.access.rules import register_object
        from apps.workspaces.audit.words import register_actions
        from apps.workspaces.team.purging import register_contents
        from workers.contracts.job_kinds.comparison import COMPARISON
        from workers.contracts.job_kinds.evaluation import EVALUATION

        register_page(EVALUATION, "evaluation", lambda made: reverse("evaluation:detail", args=[made.pk]))
        register_page(COMPARISON, "comparison", lambda made: reverse("evaluation:comparison", args=[made.pk]))
        register_object("evaluation", Evaluation)
        register_object("comparison", Comparison)
        register_actions(ACTIONS)
        register_contents(Evaluation)
        register_contents(Comparison)
        register_contents(ComparedEvaluation, path="comparison__workspace")
