from django.apps import AppConfig
from django.db.models.signals import post_migrate


class WorkspacesConfig(AppConfig):
    name = "apps.workspaces"
    label = "workspaces"

    def ready(self) -> None:
        from apps.workspaces.access import revocation  # noqa: F401  (connects its receivers)
        from apps.workspaces.access.rules import register_object
        from apps.workspaces.audit import append_only
        from apps.workspaces.models import (
            ApiKey,
            Counter,
            Invitation,
            Membership,
            Quota,
            WorkspaceSecret,
        )
        from apps.workspaces.team import account_lifecycle, secrets  # noqa: F401  (connect theirs)
        from apps.workspaces.team.purging import register_contents

        # The audit log and the usage ledger stay: they name no content.
        for model in (Membership, Invitation, ApiKey, WorkspaceSecret, Quota, Counter):
            register_contents(model)
        register_object("api_key", ApiKey)
        register_object("invitation", Invitation)
        register_object("secret", WorkspaceSecret)
        post_migrate.connect(append_only.install, sender=self)
