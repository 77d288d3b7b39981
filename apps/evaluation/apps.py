from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    name = "apps.evaluation"
    label = "evaluation"

    def ready(self) -> None:

        from apps.evaluation import receivers  # noqa: F401  (connects them)
        from apps.evaluation.audit_words import ACTIONS
        from apps.evaluation.models import ComparedEvaluation, Comparison, Evaluation
        from apps.workspaces.access.rules import register_object
        from apps.workspaces.audit.words import register_actions
        from apps.workspaces.team.purging import register_contents

        register_object("evaluation", Evaluation)
        register_object("comparison", Comparison)
        register_actions(ACTIONS)
        register_contents(Evaluation)
        register_contents(Comparison)
        register_contents(ComparedEvaluation, path="comparison__workspace")
