"""Apps in frames of other sites: which sites, and the headers that let a browser show them.

A frame has addresses of its own (`/e/…`), so that the pages of links (`/a/…`) stay closed to frames. Its cookies are
partitioned (CHIPS): a browser that refuses third-party cookies keeps them, apart for each site that shows the app.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.errors import UserError
from apps.core.reachability import is_loopback
from apps.publishing.limits import MOST_EMBED_SITES
from apps.publishing.models import ShareLink
from apps.publishing.tokens import decrypt_token

_USUAL_PORTS = {"http": 80, "https": 443}
_LONGEST_HOST = 253


def cleaned_sites(given: Iterable[str]) -> list[str]:
    """The origins as a browser compares them, each once. Raises UserError (field `embed_sites`)."""
    sites = list(dict.fromkeys(_origin(text.strip()) for text in given if text.strip()))
    if len(sites) > MOST_EMBED_SITES:
        message = _("These are %(count)d sites. At most %(most)d are possible for one link.")
        raise _refused(message % {"count": len(sites), "most": MOST_EMBED_SITES})
    return sites


def _origin(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (ValueError, UnicodeError):
        raise _not_an_origin(text) from None
    is_plain = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    if parts.scheme not in _USUAL_PORTS or not _is_host(host) or not is_plain:
        raise _not_an_origin(text)
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port and port != _USUAL_PORTS[parts.scheme] else "")


def _is_host(host: str) -> bool:
    """Whether it can stand in a policy, which spaces, semicolons and commas would divide."""
    return 0 < len(host) <= _LONGEST_HOST and all(sign.isalnum() or sign in ".-:" for sign in host)


def _not_an_origin(text: str) -> UserError:
    message = _(
        "“%(site)s” is not the address of a site. Enter it as https://www.example.org, without a path, one per line."
    )
    return _refused(message % {"site": text[:100]})


def _refused(message: str) -> UserError:
    return UserError(message, field="embed_sites")


def address_in_frames(link: ShareLink) -> str | None:
    """What a frame shows, or None where it can no longer be decrypted."""
    token = decrypt_token(link.token_encrypted)
    return settings.SITE_URL + reverse("publishing:embed", args=[token]) if token else None


def needs_https() -> bool:
    """Whether browsers would keep no cookie in a frame: those of frames are kept from https and from this computer alone."""
    site = urlsplit(settings.SITE_URL)
    return site.scheme != "https" and not is_loopback(site.hostname or "")


def allow_frames(response: HttpResponse, sites: Sequence[str]) -> None:
    """Let these sites show the page in a frame; none of them where there are none."""
    if not sites:
        return
    response._csp_replace = {"frame-ancestors": list(sites)}  # type: ignore[attr-defined]
    response.xframe_options_exempt = True
    response["Cross-Origin-Resource-Policy"] = "cross-origin"


def is_from_another_page(request: HttpRequest) -> bool:
    """Whether a form was sent by the page around the frame, with the visitor's cookie: to browsers both are one partition."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")
