"""What a run can start from, as the wizard and the API offer it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.catalog.models import BaseModel, ModelVersion
from apps.core.errors import UserError
from apps.core.lists import listed
from apps.datasets.models import DatasetVersion
from workers.contracts.recipes import Base, StarterBase, StarterSize, VersionBase
from workers.contracts.task_types import Family


@dataclass(frozen=True)
class BaseChoice:
    """One base. `value` is how forms and the API name it: starter:<family>:<size>, base:<id> or version:<id>."""

    value: str
    label: str
    help: str
    base: Base
    base_model: BaseModel | None = None
    version: ModelVersion | None = None


def _size_label(size: StarterSize) -> str:
    return {
        StarterSize.TINY: _("Tiny starter"),
        StarterSize.SMALL: _("Starter"),
        StarterSize.MEDIUM: _("Larger starter"),
    }[size]


def _size_help(size: StarterSize) -> str:
    return {
        StarterSize.TINY: _("Learns in a minute; good for a first look."),
        StarterSize.SMALL: _(
            "Learns from your rows alone, in minutes, without a network. Starts from random weights."
        ),
        StarterSize.MEDIUM: _("More room to learn when there are many rows; slower."),
    }[size]


def _family_label(family: Family) -> str:
    return {
        Family.CAUSAL: _("writes on"),
        Family.SEQ2SEQ: _("reads, then writes"),
        Family.CLASSIFIER: _("sorts"),
    }[family]


def _starters(families: tuple[Family, ...]) -> list[BaseChoice]:
    """The default comes first: the recommended family's small starter."""
    sizes = (StarterSize.SMALL, StarterSize.TINY, StarterSize.MEDIUM)
    several = len(families) > 1
    return [
        BaseChoice(
            value=f"starter:{family.value}:{size.value}",
            label=f"{_size_label(size)} ({_family_label(family)})" if several else _size_label(size),
            help=_size_help(size),
            base=StarterBase(family=family, size=size),
        )
        for family in families
        for size in sizes
    ]


def choices_for(user: User, dataset_version: DatasetVersion) -> list[BaseChoice]:
    """Every base that can learn what this data teaches, the right default first."""
    families = dataset_version.task.families
    brought = BaseModel.objects.visible_to(user).current()
    brought = brought.filter(workspace=dataset_version.workspace, family__in=[f.value for f in families])
    versions = ModelVersion.objects.visible_to(user).tuned()
    versions = versions.filter(workspace=dataset_version.workspace, family__in=[f.value for f in families])
    return [
        *_starters(families),
        *(
            BaseChoice(
                value=model.choice,
                label=model.name,
                help=model.location,
                base=model.base,
                base_model=model,
            )
            for model in brought
        ),
        *(
            BaseChoice(
                value=f"version:{version.pk}",
                label=version.name,
                help=_("A model of this workspace, trained further."),
                base=VersionBase(family=Family(version.family)),
                version=version,
            )
            for version in versions
            if _fits(version, dataset_version)
        ),
    ]


def _fits(version: ModelVersion, dataset_version: DatasetVersion) -> bool:
    """A classifier can only go on with the labels that it has."""
    return version.family != Family.CLASSIFIER.value or version.labels == dataset_version.labels


def find_choice(user: User, dataset_version: DatasetVersion, value: str) -> BaseChoice:
    """The base named `value`. Raises UserError at field `base` when it cannot learn from this data or is not there."""
    for choice in choices_for(user, dataset_version):
        if choice.value == value:
            return choice
    raise UserError(
        _("This base does not fit the data. Choose one of: %(bases)s")
        % {"bases": listed(c.value for c in choices_for(user, dataset_version)[:6])},
        field="base",
    )
