"""Training objectives by name, one file each: what they fit, their own settings, and what computes their loss.

An objective outside this package is a module that the environment names: `EXTENSIONS=objectives:my_objectives.ranking`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
from workers.contracts.roles import Role
from workers.contracts.tasks import TASKS, Task


def setting(
    default: Any, *, title: str, help_text: str, labels: Mapping[str, str] | None = None, **limits: Any
) -> Any:
    """A setting of an objective. None as default says that the worker chooses, and writes its choice into the run.
    `labels` name the values of a Literal."""
    extra: Any = {"labels": dict(labels)} if labels else {}
    return Field(default, title=title, description=help_text, json_schema_extra=extra, **limits)


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
        title=_("Max answer length (tokens)"),
        help_text=_("For encoder-decoder models. Default: long enough for nearly every row."),
        ge=4,
        le=32768,
    )


@dataclass(frozen=True)
class Figure:
    """A number of each validation round that an objective reports besides the loss (`Objective.report`)."""

    name: str
    label: str
    is_share: bool = False


SETTINGS_WITHOUT_STEPS = frozenset({"recipe_version", "objective", "validation_rows", "sample_rows"})
"""What of a recipe applies to an objective that learns at once."""


@dataclass(frozen=True)
class ObjectiveInfo:
    """How an objective is named, what it fits, what can be set, and what computes it."""

    name: str
    label: str
    families: tuple[Family, ...]
    options: type[ObjectiveOptions]
    implementation: str
    """`module:name` of a subclass of `workers.training.objectives.Objective`, or of a function that returns it. By name,
    because the site does not load what trains models."""
    tasks: frozenset[str] | None = None
    """Names of the tasks it is for; None: all that a model of these families can learn."""
    learns_documents: bool = False
    """Whether rows are documents that nothing answers; else each has an answer."""
    figures: tuple[Figure, ...] = ()
    """What the run page shows of it, besides losses and accuracy."""
    roles: frozenset[Role] = frozenset()
    """Roles that the columns of the data must have, besides those of the task."""
    changes_trained: bool = False
    """Whether it changes what a trained model answers, so that random weights learn nothing from it."""
    learns_at_once: bool = False
    """Whether weights are computed from all rows at once (`Objective.solve`), so that the settings of steps do not apply."""
    model_types: frozenset[str] | None = None
    """Of models from elsewhere, those that it can train, by `model_type` of their config.json; None: all of its families."""

    def __post_init__(self) -> None:
        kind = self.options.model_fields["kind"].annotation
        if get_origin(kind) is not Literal or get_args(kind) != (self.name,):
            raise TypeError(f"{self.options.__name__}.kind must be Literal[{self.name!r}].")

    def has_setting(self, name: str) -> bool:
        """Whether a setting that every recipe has applies to this objective."""
        return not self.learns_at_once or name in SETTINGS_WITHOUT_STEPS

    def fits(
        self, family: Family, task: str, *, roles: Collection[Role] = (), from_random: bool = False
    ) -> bool:
        """Whether a model of this family can be trained so on data whose columns have these roles."""
        return (
            family in self.families
            and TASKS[task].is_corpus == self.learns_documents
            and (self.tasks is None or task in self.tasks)
            and self.roles <= set(roles)
            and not (from_random and self.changes_trained)
        )


OBJECTIVES: Registry[ObjectiveInfo] = Registry("objectives", "workers.contracts.objectives")


def objectives_for(
    family: Family, task: str, *, roles: Collection[Role] = (), from_random: bool = False
) -> list[ObjectiveInfo]:
    """Return the objectives that fit a model, its task and the roles of the data's columns, the usual one first.
    `from_random` says that the model begins with random weights."""
    return [
        objective
        for objective in OBJECTIVES.values()
        if objective.fits(family, task, roles=roles, from_random=from_random)
    ]


def model_types_for(task: Task, family: Family) -> frozenset[str] | None:
    """Return which models from elsewhere of a family can learn a task, by `model_type` of their config.json; None: all of them."""
    found = [
        objective.model_types
        for objective in objectives_for(task.family_from(family), task.name, roles=set(Role))
    ]
    return frozenset().union(*(types for types in found if types)) if found and None not in found else None


def can_learn(task: Task, family: Family, model_type: str = "") -> bool:
    """Whether a model from elsewhere can learn a task. Where its `model_type` is not known, its family decides."""
    types = model_types_for(task, family)
    return family in task.base_families and (types is None or not model_type or model_type in types)


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
