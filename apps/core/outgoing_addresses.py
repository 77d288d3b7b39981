"""Addresses that a person types, looked at before a job is made of them. The job looks again, at what the name leads to.

workers.shared.addresses holds the rules.
"""

from __future__ import annotations

import logging

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.errors import UserError
from workers.shared.addresses import (
    AddressRefused,
    Target,
    checked_addresses,
    is_address,
    parse_target,
    read_allowances,
)

logger = logging.getLogger(__name__)


def check_address(address: str) -> Target:
    """Raises UserError (field `address`) for what is no plain http or https address, and for an IP address that is not public.

    The log says why; the person only hears that it is not open, and learns nothing about the network.
    """
    try:
        allowed = read_allowances(settings.OUTGOING_ALLOW)
        target = parse_target(address, allowed)
        if is_address(target.host):
            checked_addresses(target.host, target.port, allowed=allowed)
    except AddressRefused as refused:
        logger.warning("%s", refused)
        message = _(
            "The studio is not allowed to open this address. Use a public http or https address, or ask an administrator to allow this one."
        )
        raise UserError(message, field="address", code="address_refused") from refused
    return target
