from django.apps import AppConfig

from workers.contracts.job_kinds.importing import IMPORT


class DatasetsConfig(AppConfig):
    name = "apps.datasets"
    label = "datasets"

    def ready(self) -> None:
        from apps.datasets import receivers, sources  # noqa: F401  (connects receivers)
        from apps.datasets.audit_words import ACTIONS
        from apps.datasets.models import Dataset, DatasetVersion, Import
        from apps.jobs.runner.child import register_source_access
        from apps.workspaces.access.rules import register_object
        from apps.workspaces.audit.words import register_actions
        from apps.workspaces.team.purging import register_contents

        register_source_access(IMPORT, sources.source_access)
        register_object("dataset", Dataset)
        register_object("import", Import)
        register_object("dataset_version", DatasetVersion)
        register_actions(ACTIONS)
        register_contents(Dataset)
        register_contents(Import, folder="imports")
        register_contents(DatasetVersion)
