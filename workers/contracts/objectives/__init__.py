"""Training objectives by name, one file each: what they fit, their own settings, and what computes their loss.

An objective outside this package is a module that the environment names: `EXTENSIONS=objectives:my_objectives.ranking`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    SerializeAsAny,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    model_serializer,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticKnownError

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.registry import Registry


def setting(default: Any, *, title: str, help_text: str, **limits: Any) -> Any:
    """A setting of an objective. None as default says that the worker chooses, and writes its choice into the run."""
    return Field(default, title=title, description=help_text, json_schema_extra={}, **limits)


class ObjectiveOptions(BaseModel):
    """The settings of one objective. A subclass names it: `kind: Literal["ranking"] = "ranking"`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str = ""

    @classmethod
    def settings(cls) -> dict[str, FieldInfo]:
        """Return what users can set."""
        return {name: field for name, field in cls.model_fields.items() if name != "kind"}

    @model_serializer(mode="wrap")
    def _with_kind(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Also where defaults are left out: without its kind, nothing could read it.
        return {"kind": self.kind, **handler(self)}


class TargetLengthOptions(ObjectiveOptions):
    """The settings of an objective whose answers have a length of their own, apart from that of the input."""

    max_target_length: int | None = setting(
        None,
        title=_("Longest answer, tokens"),
        help_text=_("For models that read and write separately. Left empty, it covers nearly every row."),
        ge=4,
        le=32768,
    )


@dataclass(frozen=True)
class ObjectiveInfo:
    """How an objective is named, what it fits, what can be set, and what computes it."""

    name: str
    label: str
    families: tuple[Family, ...]
    options: type[ObjectiveOptions]
    implementation: str
    """`module:name` of a subclass of `workers.training.objectives.Objective`. By name, because the site does not load
    what trains models."""
    tasks: frozenset[str] | None = None
    """Names of the tasks it is for; None: all that a model of these families can learn."""

    def __post_init__(self) -> None:
        kind = self.options.model_fields["kind"].annotation
        if get_origin(kind) is not Literal or get_args(kind) != (self.name,):
            raise TypeError(f"{self.options.__name__}.kind must be Literal[{self.name!r}].")

    def fits(self, family: Family, task: str) -> bool:
        return family in self.families and (self.tasks is None or task in self.tasks)


OBJECTIVES: Registry[ObjectiveInfo] = Registry("objectives", "workers.contracts.objectives")


def objectives_for(family: Family, task: str) -> list[ObjectiveInfo]:
    """Return the objectives that fit a model and its task, the usual one first."""
    return [objective for objective in OBJECTIVES.values() if objective.fits(family, task)]


def _read(value: Any) -> Any:
    """Options by their `kind`. A name alone stands for the objective with its usual settings."""
    if isinstance(value, str):
        value = {"kind": value}
    if not isinstance(value, Mapping):
        return value
    found = OBJECTIVES.get(str(value.get("kind")))
    if found is None:
        raise PydanticKnownError("literal_error", {"expected": " or ".join(map(repr, OBJECTIVES))})
    return found.options.model_validate(value)


class _UnionSchema:
    """The union of all objectives' options, made when a schema is asked for: only then is the registry complete."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        union: Any = reduce(or_, (objective.options for objective in OBJECTIVES.values()))
        return handler(TypeAdapter(Annotated[union, Field(discriminator="kind")]).core_schema)


AnyOptions = Annotated[SerializeAsAny[ObjectiveOptions], BeforeValidator(_read), _UnionSchema()]
"""The options of any registered objective, as specs and rows hold them."""
