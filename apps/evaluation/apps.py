from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    name = "apps.evaluation"
    label = "evaluation"

    def ready(self) -> None:
        from django.urls import reverse

        from apps.evaluation import receivers  # noqa: F401  (connects them)
        from apps.jobs.links import register_page
        from workers.contracts.jobs import JobKind

        register_page(JobKind.EVALUATION, lambda job: reverse("evaluation:detail", args=[job.evaluation.pk]))
        register_page(
            JobKind.COMPARISON, lambda job: reverse("evaluation:comparison", args=[job.comparison.pk])
        )
