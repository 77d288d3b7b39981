from django.apps import AppConfig


class PublishingConfig(AppConfig):
    name = "apps.publishing"
    label = "publishing"

    def ready(self) -> None:
        from apps.publishing import receivers, rotation  # noqa: F401  (registers them)
