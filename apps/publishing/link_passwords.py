"""Passwords of share links: guessing slows down, and a signed cookie says that a person knew the password as it is now."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core import signing
from django.http import HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from redis.exceptions import RedisError

from apps.core.client_addresses import limited_as
from apps.core.errors import UserError
from apps.core.passwords import trim
from apps.core.rate_limits import Guessing
from apps.publishing.models import ShareLink
from apps.publishing.visitors import set_visitor_cookie

logger = logging.getLogger(__name__)

# Stored in the cookies of visitors: another name would ask all of them for the password again.
_SALT = "apps.publishing.grants"
GRANTED_SECONDS = 12 * 3600
FROM_ONE_ADDRESS = Guessing(free=10, longest=900)
"""Of one link. A classroom is one address, and some of it mistype; who gets in makes up for those before."""
FROM_ALL = Guessing(free=100, longest=30)
"""Of one link, from however many addresses: slow, but a visitor with the password still gets in."""


def _fingerprint(link: ShareLink) -> str:
    """Changes with the password; its hash has a salt of its own, so the same password again counts as changed."""
    return salted_hmac(_SALT, f"{link.pk}:{link.password}", algorithm="sha256").hexdigest()


def _cookie(link: ShareLink) -> str:
    return f"{settings.COOKIE_PREFIX}link-{link.pk.hex}"


def is_open_to(link: ShareLink, cookies: Mapping[str, str]) -> bool:
    """Whether the link has no password, or the cookies say that its present one was known within the last hours."""
    if not link.password:
        return True
    try:
        known = signing.TimestampSigner(salt=_SALT).unsign(
            cookies.get(_cookie(link), ""), max_age=GRANTED_SECONDS
        )
    except signing.BadSignature:
        return False
    return constant_time_compare(known, _fingerprint(link))


def _is_right(link: ShareLink, password: str) -> bool:
    """Trimmed, as passwords are kept; those that were kept before that are tried as typed too."""
    trimmed = trim(password)
    if check_password(trimmed, link.password):
        return True
    return trimmed != password and check_password(password, link.password)


def check_link_password(*, link: ShareLink, password: str, address: str) -> None:
    """Raises UserError (field `password`): wrong, or too early after a wrong one, then with `retry_after`."""
    here, everywhere = f"link:{link.pk}:{limited_as(address)}", f"link:{link.pk}"
    try:
        wait = FROM_ONE_ADDRESS.begin(here) or FROM_ALL.begin(everywhere)
        if wait:
            message = ngettext(
                "Wait %(seconds)s second before you try again.",
                "Wait %(seconds)s seconds before you try again.",
                wait,
            ) % {"seconds": wait}
            raise UserError(message, field="password", code="too_often", retry_after=wait)
        if _is_right(link, password):
            FROM_ALL.was_right(everywhere, forget=False)
            return FROM_ONE_ADDRESS.was_right(here)
        FROM_ONE_ADDRESS.was_wrong(here)
        FROM_ALL.was_wrong(everywhere)
    except RedisError as error:
        logger.warning("A password could not be checked", exc_info=True)
        message = _("The password cannot be checked at the moment. Try again in a minute.")
        raise UserError(message, field="password", code="unavailable", retry_after=60) from error
    logger.warning("Wrong password for share link %s from %s", link.pk, address)
    raise UserError(_("The password is wrong. Try again."), field="password", code="wrong_password")


def grant(response: HttpResponse, link: ShareLink, *, in_frame: bool = False) -> None:
    """Let the browser that gets `response` in for some hours."""
    value = signing.TimestampSigner(salt=_SALT).sign(_fingerprint(link))
    set_visitor_cookie(response, _cookie(link), value, max_age=GRANTED_SECONDS, in_frame=in_frame)
