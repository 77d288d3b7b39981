"""What all viewsets share: a read starts from what the caller may see, a write goes through a service."""

from collections.abc import Iterator
from typing import Any, cast

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import mixins, viewsets
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.core.errors import NotVisible, UserError
from apps.datasets.services import is_upload_id, read_parts, stored_parts
from apps.workspaces import access
from apps.workspaces.access import Action
from apps.workspaces.models import Membership, Workspace

CHUNK_BYTES = 1 << 20


def person_of(request: Request) -> User:
    """The caller. A request without a key and without a session gets no further than the permission classes."""
    return cast("User", request.user)


def workspace_of(request: Request) -> Workspace:
    """The key's workspace, or the one that the signed-in person is in. Raises NotVisible without one."""
    key: Any = request.auth
    if key is not None:
        workspace: Workspace = key.workspace
        access.require(request.user, workspace, Action.VIEW)
        return workspace
    membership: Membership | None = request._request.membership  # type: ignore[attr-defined]
    if not membership:
        raise NotVisible
    return membership.workspace


def find(
    request: Request, queryset: QuerySet[Any], action: Action = Action.VIEW, *, field: str = "", pk: Any
) -> Any:
    """The visible object with this id. Where `field` of the body names one that is not visible, the error is at that field."""
    try:
        return access.get_visible(queryset, request.user, action, pk=pk)
    except NotVisible:
        if field:
            raise UserError(_("Nothing was found with this id."), field=field, code="not_found") from None
        raise


class Pages(LimitOffsetPagination):
    """Lists in pages of a bounded length."""

    max_limit = 200


class ArrayPages(Pages):
    """Pages whose body is a bare array. The header Link leads to the next and the previous page (RFC 8288)."""

    default_limit = Pages.max_limit

    def get_paginated_response(self, data: Any) -> Response:
        """Return `data` with the addresses of its neighbours and, as X-Total-Count, how many there are in all."""
        places = {"next": self.get_next_link(), "prev": self.get_previous_link()}
        links = [f'<{address}>; rel="{place}"' for place, address in places.items() if address]
        headers = {"X-Total-Count": str(self.count)} | ({"Link": ", ".join(links)} if links else {})
        return Response(data, headers=headers)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return schema


class VisibleViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]):
    """Lists and shows what the caller may see, in the workspace of the key or of the session."""

    queryset: Any = None
    lookup_value_converter = "uuid"
    related: tuple[str, ...] = ("job",)
    pagination_class = Pages

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who may not make anything here is refused before their request is read, and learns nothing of its rules."""
        super().initial(request, *args, **kwargs)
        if self.action == "create":
            access.require(request.user, workspace_of(request), Action.EDIT)

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        visible = self.queryset.visible_to(self.request.user)
        if self.action == "list":
            visible = visible.in_workspace(workspace_of(self.request))
        return visible.select_related(*self.related)

    def read(self, serializer_type: Any) -> dict[str, Any]:
        """The checked body."""
        serializer = serializer_type(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def own(self, action: Action = Action.EDIT) -> Any:
        """The object of the address, if the caller may do `action` to it."""
        return find(self.request, self.queryset.select_related(*self.related), action, pk=self.kwargs["pk"])


def chunks_of(user: Any, data: dict[str, Any]) -> Iterator[bytes]:
    """The uploaded file, the parts that came before, or the pasted text, piece by piece. Raises UserError."""
    if "file" in data:
        return iter(data["file"].chunks(CHUNK_BYTES))
    if "upload" in data:
        return _parts_of(user, data["upload"], data["parts"])
    return iter([data["text"].encode()])


def _parts_of(user: Any, upload: str, count: int) -> Iterator[bytes]:
    if not is_upload_id(upload):
        raise UserError(_("There is no upload with this id."), field="upload", code="not_found")
    if stored_parts(actor=user, upload_id=upload) != list(range(count)):
        message = _("Some parts are missing. Read the upload, send the missing parts, then try again.")
        raise UserError(message, field="parts", code="incomplete")
    return read_parts(actor=user, upload_id=upload, count=count)
