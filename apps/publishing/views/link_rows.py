"""The share links of an app as its page shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import segno
from django.utils.safestring import SafeString, mark_safe

from apps.core.forms import StudioForm
from apps.core.listing import Listing
from apps.publishing.embedding import address_in_frames
from apps.publishing.forms import EmbedForm, LinkLimitsForm
from apps.publishing.models import ShareLink
from apps.publishing.services import links

RefusedForm = tuple[ShareLink, StudioForm]
"""A form of a link that was sent and not accepted."""
LINKS = Listing(searches=("name", "created_by__email"), page_size=5, prefix="links-")


def link_rows(
    shown: Iterable[ShareLink], refused: RefusedForm | None, *, with_forms: bool
) -> list[dict[str, Any]]:
    """A row for each link. The one whose form was refused is always there, first where it is on another page."""
    forms = {refused[0].pk: refused[1]} if refused else {}
    found = list(shown)
    if refused and refused[0] not in found:
        found.insert(0, refused[0])
    return [_row(link, forms.get(link.pk), with_forms) for link in found]


def _row(link: ShareLink, refused: StudioForm | None, with_forms: bool) -> dict[str, Any]:
    address = links.address_of(link)
    row: dict[str, Any] = {"link": link, "address": address, "qr": _qr(address) if address else ""}
    if with_forms:
        row |= {
            "limits": refused if isinstance(refused, LinkLimitsForm) else LinkLimitsForm.of(link),
            "embed": refused if isinstance(refused, EmbedForm) else EmbedForm.of(link),
            "embed_url": address_in_frames(link) if link.embed_sites else None,
        }
    return row


def _qr(address: str) -> SafeString:
    """An SVG without styles or scripts; its colours come from the page's style sheet."""
    code = segno.make(address, error="m", micro=False)
    return mark_safe(  # noqa: S308  (drawn from modules alone: no text of the address gets into it)
        code.svg_inline(scale=4, border=2, svgclass="qr", lineclass="qr-line", omitsize=True)
    )
