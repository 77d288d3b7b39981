"""What all viewsets share: a read starts from what the caller may see, a write goes through a service."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from django.core.exceptions import PermissionDenied
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
from apps.workspaces.access.rules import MAKER, AccessRule, Need, access_rule
from apps.workspaces.models import Membership, Workspace

CHUNK_BYTES = 1 << 20
Method = TypeVar("Method", bound=Callable[..., Any])


def person_of(request: Request) -> User:
    """The caller. A request without a key and without a session gets no further than the permission classes."""
    return cast("User", request.user)


def workspace_of(request: Request) -> Workspace:
    """The key's workspace, or the one that the signed-in person is in. Raises NotVisible without one."""
    key: Any = request.auth
    if key is not None:
        workspace: Workspace = key.workspace
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


@dataclass(frozen=True)
class Asked:
    """What a method of a viewset asks for: the part of an AccessRule that is its own."""

    need: Need
    inner: str = ""
    values: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


_READS = {"list": Asked(Action.VIEW), "retrieve": Asked(Action.VIEW)}


def asks(
    need: Need, *, inner: str = "", values: str = "", names: Mapping[str, str] | None = None
) -> Callable[[Method], Method]:
    """State what a method of a viewset asks for; the viewset enforces it before the method runs.

    `inner` is the kind of a second object in the address; `values` and `names` are as in `access_rule`. Where the need
    is MAKER, the service that writes decides between the creator and others. Raises ValueError for a need that is not
    enforced here.
    """
    if not isinstance(need, Action) and need != MAKER:
        raise ValueError(f"No method can be opened to {need}")

    def decorate(method: Method) -> Method:
        method.asked = Asked(need, inner, values, names or {})  # type: ignore[attr-defined]
        return method

    return decorate


class RuledViewSet(viewsets.GenericViewSet[Any]):
    """Enforces what its methods ask for. `kind` is what the address of one row names, as in `register_object`."""

    kind = ""
    values = ""
    """Names what in the address of one row is no object."""
    queryset: Any = None
    related: tuple[str, ...] = ()
    opened: Any
    """The object of the address: the caller may do to it what the method asks for."""

    @classmethod
    def asked_by(cls, name: str) -> Asked | None:
        return getattr(getattr(cls, name, None), "asked", None) or _READS.get(name)

    @classmethod
    def access_rule_of(
        cls, actions: Mapping[str, str], *, detail: bool = False, **_: Any
    ) -> AccessRule | None:
        """The rule of an address, whose `actions` are methods of this class by method of HTTP; None where one is missing."""
        asked = {method: cls.asked_by(name) for method, name in actions.items() if method != "head"}
        stated = [one for one in asked.values() if one is not None]
        if len(stated) < len(asked):
            return None
        first = stated[0]
        return access_rule(
            **{method: one.need for method, one in asked.items() if one is not None},  # type: ignore[arg-type]
            of=f"{cls.kind} {first.inner}" if detail else "",
            values=f"{cls.values} {first.values}" if detail else "",
            names={name: kind for one in stated for name, kind in one.names.items()},
        )

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who may not do it is refused before their request is read, and learns nothing of its rules."""
        super().initial(request, *args, **kwargs)
        if self.action in (None, "metadata"):
            # A method that there is not is refused as such, regardless of the role.
            return
        asked = self.asked_by(self.action)
        if asked is None:
            raise PermissionDenied
        action = asked.need if isinstance(asked.need, Action) else Action.VIEW
        if self.detail and self.kind:
            rows = self.queryset.select_related(*self.related)
            self.opened = find(request, rows, action, pk=kwargs["pk"])
        else:
            access.require(request.user, workspace_of(request), action)


class VisibleViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, RuledViewSet):
    """Lists and shows what the caller may see, in the workspace of the key or of the session."""

    lookup_value_converter = "uuid"
    related: tuple[str, ...] = ("job",)
    pagination_class = Pages

    def get_object(self) -> Any:
        return self.opened

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        rows = self.queryset.in_workspace(workspace_of(self.request))
        return rows.visible_to(self.request.user).select_related(*self.related)

    def read(self, serializer_type: Any) -> dict[str, Any]:
        """The checked body."""
        serializer = serializer_type(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


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
