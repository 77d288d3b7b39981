"""What a run can start from, as the wizard and the API offer it."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.catalog.base_cards import is_on_this_machine
from apps.catalog.models import BaseModel, ModelVersion
from apps.core.choices import is_id
from apps.core.errors import UserError
from apps.core.joined_names import listed
from apps.core.listing import search
from apps.core.sizes import size_text
from apps.datasets.models import DatasetVersion
from workers.contracts.families import Family
from workers.contracts.objectives import OBJECTIVES, ObjectiveInfo, can_learn, model_types_for, objectives_for
from workers.contracts.packaged_bases import PACKAGED_BASES, PackagedBase
from workers.contracts.recipes import Base, PackageBase, Recipe, StarterBase, StarterSize, VersionBase
from workers.contracts.tasks import TASKS, Task

LINEAR_STARTER = f"starter:{Family.LINEAR.value}:{StarterSize.SMALL.value}"


@dataclass(frozen=True)
class BaseChoice:
    """One base. `value` is how forms and the API name it: starter:<family>:<size>, package:<key>, base:<id> or
    version:<id>."""

    value: str
    label: str
    help: str
    base: Base
    base_model: BaseModel | None = None
    version: ModelVersion | None = None

    @property
    def learns_at_once(self) -> bool:
        """Whether there are no steps, so that most settings do not apply."""
        fitting = [each for each in OBJECTIVES.values() if self.base.family in each.families]
        return bool(fitting) and all(each.learns_at_once for each in fitting)

    def with_usual_method(self, recipe: Recipe) -> Recipe:
        """The recipe with the method that suits a packaged model, unless it names one."""
        if isinstance(self.base, PackageBase) and recipe.tuning is None:
            return recipe.model_copy(update={"tuning": PACKAGED_BASES[self.base.package].tuning})
        return recipe


def _size_label(size: StarterSize) -> str:
    return {
        StarterSize.TINY: _("Tiny starter"),
        StarterSize.SMALL: _("Starter"),
        StarterSize.MEDIUM: _("Larger starter"),
    }[size]


def _size_help(size: StarterSize) -> str:
    return {
        StarterSize.TINY: _("Trains in about a minute. Good for a first look."),
        StarterSize.SMALL: _(
            "Learns only from your data, in minutes and offline. Starts from random weights."
        ),
        StarterSize.MEDIUM: _("Larger and slower. Suits datasets with many rows."),
    }[size]


def _family_label(family: Family) -> str:
    return {
        Family.CAUSAL: _("decoder"),
        Family.SEQ2SEQ: _("encoder-decoder"),
        Family.CLASSIFIER: _("classifier"),
        Family.LINEAR: _("linear"),
        Family.ENCODER: _("encoder"),
    }[family]


def _family_use(family: Family) -> str:
    """What a model that learned from documents is good for."""
    return {
        Family.CAUSAL: _("A base model for chat, text generation and classification."),
        Family.SEQ2SEQ: _("A base model for translation and summarization."),
        Family.CLASSIFIER: "",
        Family.LINEAR: "",
        Family.ENCODER: _("A base model for classification."),
    }[family]


def _starters(task: Task) -> list[BaseChoice]:
    """The default comes first: the recommended family's small starter."""
    sizes = (StarterSize.SMALL, StarterSize.TINY, StarterSize.MEDIUM)
    families = [family for family in task.families if family.is_transformer]
    several = len(families) > 1
    found = [
        BaseChoice(
            value=f"starter:{family.value}:{size.value}",
            label=f"{_size_label(size)} ({_family_label(family)})" if several else _size_label(size),
            help=f"{_size_help(size)} {_family_use(family)}" if task.is_corpus else _size_help(size),
            base=StarterBase(family=family, size=size),
        )
        for family in families
        for size in sizes
    ]
    return [*found, _linear_starter()] if Family.LINEAR in task.families else found


def _linear_starter() -> BaseChoice:
    return BaseChoice(
        value=LINEAR_STARTER,
        label=_("Linear model"),
        help=_(
            "Trains in seconds and offline. Good for short texts whose words tell the label. Ignores word order (TF-IDF, logistic regression)."
        ),
        base=StarterBase(family=Family.LINEAR),
    )


MOST_OFFERED = 100
"""Of brought models, and as many of the workspace's own: a page or an answer that lists bases holds no more."""


def choices_for(
    user: User,
    dataset_version: DatasetVersion,
    *,
    text: str = "",
    chosen: str = "",
    count: int = MOST_OFFERED,
) -> list[BaseChoice]:
    """Bases that can learn what this data teaches, the right default first: all starters and packaged models, and at most
    `count` brought and `count` own models that `text` finds; always the one named `chosen`, if it can learn this.

    A packaged model that is on this machine and recommended for the task comes first, and starters then come last."""
    task = dataset_version.task
    brought, versions = _brought(user, dataset_version), _own(user, dataset_version)
    packaged = [base for base in PACKAGED_BASES.values() if can_learn(task, base.family, base.model_type)]
    ready = [base for base in packaged if task.name in base.tasks and is_on_this_machine(base)]
    starters = _starters(task)
    found = [
        *(_of_packaged(base, task) for base in ready),
        *([] if ready else starters),
        *(_of_packaged(base, task) for base in packaged if base not in ready),
        *(_of_brought(row, task) for row in search(brought, ("name", "location"), text)[:count]),
        *(
            _of_own(row, task)
            for row in search(versions, ("name", "dataset_version__dataset__name"), text)[:count]
        ),
        *(starters if ready else []),
    ]
    if chosen and all(choice.value != chosen for choice in found):
        asked = _named(user, dataset_version, chosen)
        return [*found, asked] if asked else found
    return found


def has_more(user: User, dataset_version: DatasetVersion, count: int) -> bool:
    """Whether `choices_for` leaves bases out where nothing is searched for."""
    rows = (_brought(user, dataset_version), _own(user, dataset_version))
    return any(row.count() > count for row in rows)


def _brought(user: User, dataset_version: DatasetVersion) -> Any:
    rows = BaseModel.objects.visible_to(user).current().filter(workspace=dataset_version.workspace)
    fitting = Q()
    for family in dataset_version.task.base_families:
        types = model_types_for(dataset_version.task, family)
        any_type = Q() if types is None else Q(model_type__in=["", *types])
        fitting |= Q(family=family.value) & any_type
    return rows.filter(fitting)


def _own(user: User, dataset_version: DatasetVersion) -> Any:
    """Of classifiers those with the same labels: they can only go on with the ones that they have. Where only some types of
    models can learn the task, those that did already: their tokenizers have what it needs."""
    task = dataset_version.task
    families = [family.value for family in task.base_families]
    some_types = [family.value for family in task.base_families if model_types_for(task, family) is not None]
    rows = ModelVersion.objects.visible_to(user).tuned()
    rows = rows.filter(workspace=dataset_version.workspace, family__in=families)
    rows = rows.filter(~Q(family=Family.CLASSIFIER.value) | Q(labels=dataset_version.labels))
    return rows.filter(~Q(family__in=some_types) | Q(task_type=task.name))


def tasks_for(base: BaseModel | ModelVersion | PackagedBase) -> list[Task]:
    """Return the tasks that a base can learn, whatever the data."""
    family = Family(base.family)
    if isinstance(base, BaseModel | PackagedBase):
        return [task for task in TASKS.values() if can_learn(task, family, base.model_type)]
    return [
        task
        for task in TASKS.values()
        if family in task.base_families
        and (model_types_for(task, family) is None or task.name == base.task_type)
    ]


def _of_packaged(packaged: PackagedBase, task: Task) -> BaseChoice:
    if is_on_this_machine(packaged):
        where = _("It is on this machine.")
    else:
        where = _("Download: %(size)s.") % {"size": size_text(packaged.download_bytes)}
    return BaseChoice(
        value=packaged.choice,
        label=packaged.name,
        help=_help(f"{_(packaged.reason)} {where}", task, packaged.family),
        base=PackageBase(family=task.family_from(packaged.family), package=packaged.key),
    )


def _of_brought(model: BaseModel, task: Task) -> BaseChoice:
    family = Family(model.family)
    return BaseChoice(
        value=model.choice,
        label=model.name,
        help=_help(model.location, task, family),
        base=model.base.model_copy(update={"family": task.family_from(family)}),
        base_model=model,
    )


def _of_own(version: ModelVersion, task: Task) -> BaseChoice:
    return BaseChoice(
        value=version.choice,
        label=version.name,
        help=_help(_("A model of this workspace, trained further."), task, Family(version.family)),
        base=VersionBase(family=task.family_from(Family(version.family))),
        version=version,
    )


def _named(user: User, dataset_version: DatasetVersion, value: str) -> BaseChoice | None:
    """The base with this value, if it can learn from this data."""
    task = dataset_version.task
    kind, _colon, pk = value.partition(":")
    if kind in ("base", "version") and is_id(pk):
        rows = _brought(user, dataset_version) if kind == "base" else _own(user, dataset_version)
        row = rows.filter(pk=pk).first()
        return (_of_brought(row, task) if kind == "base" else _of_own(row, task)) if row else None
    if kind == "package":
        packaged = PACKAGED_BASES.get(pk)
        fits = packaged is not None and can_learn(task, packaged.family, packaged.model_type)
        return _of_packaged(packaged, task) if packaged and fits else None
    return next((starter for starter in _starters(task) if starter.value == value), None)


def _help(text: str, task: Task, family: Family) -> str:
    if family in task.families:
        return text
    if family is Family.CLASSIFIER:
        return _("%(text)s Its classification head is not used.") % {"text": text}
    return _("%(text)s A classification head is added.") % {"text": text}


def find_choice(user: User, dataset_version: DatasetVersion, value: str) -> BaseChoice:
    """The base named `value`. Raises UserError at field `base` when it cannot learn from this data or is not there."""
    found = _named(user, dataset_version, value)
    if found is not None:
        return found
    raise UserError(
        _("This base model does not fit the data. Choose one of these: %(bases)s")
        % {
            "bases": listed(f"{c.label} ({c.value})" for c in choices_for(user, dataset_version, count=6)[:6])
        },
        field="base",
    )


def fitting_objectives(base: BaseChoice, dataset_version: DatasetVersion) -> list[ObjectiveInfo]:
    """Return the objectives by which this base can learn from this data, the usual one first."""
    return objectives_for(
        base.base.family,
        dataset_version.task_type,
        roles=dataset_version.given_roles,
        from_random=isinstance(base.base, StarterBase),
    )


def require_fitting(recipe: Recipe, base: BaseChoice, dataset_version: DatasetVersion) -> None:
    """Refuse an objective that does not fit the base and the data. Raises UserError at field `objective`."""
    fitting = fitting_objectives(base, dataset_version)
    if recipe.objective is not None and recipe.objective.kind not in [each.name for each in fitting]:
        raise UserError(
            _("This objective does not fit the base and the data. Choose one of: %(objectives)s")
            % {"objectives": listed(f"{_(each.label)} ({each.name})" for each in fitting)},
            field="objective",
        )
    chosen = OBJECTIVES[recipe.objective.kind] if recipe.objective else fitting[0] if fitting else None
    given = recipe.model_dump(exclude_defaults=True)
    unused = sorted(name for name in given if chosen is not None and not chosen.has_setting(name))
    if chosen is not None and unused:
        raise UserError(
            _("“%(objective)s” has no setting %(settings)s. Remove it from the recipe.")
            % {"objective": _(chosen.label), "settings": listed(unused)},
            field=unused[0],
        )
