"""What `manage.py check --deploy` should say beyond Django's own checks."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security, deploy=True)
def hosts_are_named(**_: Any) -> list[CheckMessage]:
    """With every host allowed, a page of another site whose name leads here counts as ours."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    hint = "Name the hosts that people type, separated by commas."
    return [Warning("ALLOWED_HOSTS lets every host in.", hint=hint, id="core.W001")]
