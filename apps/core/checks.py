"""What `manage.py check` should say beyond Django's own checks."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from workers.contracts.registry import UnknownKind
from workers.contracts.trackers import named_trackers
from workers.shared.addresses import parse_allowance


@register(Tags.security, deploy=True)
def hosts_are_named(**_: Any) -> list[CheckMessage]:
    """With every host allowed, a page of another site whose name leads here counts as ours."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    hint = "Name the hosts that people type, separated by commas."
    return [Warning("ALLOWED_HOSTS lets every host in.", hint=hint, id="core.W001")]


@register(Tags.security, deploy=True)
def visitors_are_told_apart(**_: Any) -> list[CheckMessage]:
    """Limits and the audit trail know a visitor by the address that a proxy hands on, if the proxy is believed."""
    hint = "Name the proxy's address as the studio sees it (127.0.0.1 for one on the same machine)."
    if settings.BEHIND_PROXY and not settings.FORWARDED_ALLOW_IPS:
        text = "BEHIND_PROXY is set and FORWARDED_ALLOW_IPS is not: all visitors count as one."
        return [Warning(text, hint=hint, id="core.W002")]
    if settings.FORWARDED_ALLOW_IPS == ["*"]:
        text = "FORWARDED_ALLOW_IPS believes everybody: visitors choose the address that limits count."
        return [Warning(text, hint=hint, id="core.W003")]
    return []


@register()
def trackers_are_known(**_: Any) -> list[CheckMessage]:
    """A tracker that is written wrongly would stop every run."""
    try:
        named_trackers(settings.RUN_TRACKERS)
    except UnknownKind as error:
        return [Error(f"RUN_TRACKERS: {error}", id="core.E002")]
    return []


@register(Tags.security)
def allowances_can_be_read(**_: Any) -> list[CheckMessage]:
    """A network that is written wrongly would silently allow nothing, or be taken for a host."""
    found: list[CheckMessage] = []
    for text in settings.OUTGOING_ALLOW:
        try:
            parse_allowance(text)
        except ValueError as error:
            found.append(Error(f"OUTGOING_ALLOW: {error}.", id="core.E001"))
    return found
