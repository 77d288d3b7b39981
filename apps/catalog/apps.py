from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "apps.catalog"
    label = "catalog"

    def ready(self) -> None:
        from apps.catalog import receivers  # noqa: F401  (connects them)
        from apps.catalog.audit_words import ACTIONS
        from apps.catalog.models import UPLOADS_FOLDER, BaseModel, Export, ModelVersion
        from apps.workspaces.access.rules import register_object
        from apps.workspaces.audit.words import register_actions
        from apps.workspaces.team.purging import register_contents

        register_object("base_model", BaseModel)
        register_object("model", ModelVersion)
        register_object("export", Export)
        register_actions(ACTIONS)
        register_contents(BaseModel, folder=UPLOADS_FOLDER)
        register_contents(ModelVersion)
        register_contents(Export)
