"""Recommended and packaged bases as cards: what they are, and whether this machine can train them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import connection
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from apps.catalog.model_files import FoundModel, folders_below
from apps.catalog.models import FAMILY_LABELS
from apps.core.joined_names import listed
from apps.core.storage import local_copies
from workers.contracts.memory_needs import least_training_bytes
from workers.contracts.objectives import can_learn
from workers.contracts.packaged_bases import PACKAGED_BASES, PackagedBase
from workers.contracts.recipes import Precision, Tuning
from workers.contracts.recommended import RecommendedBase, recommended_bases
from workers.contracts.tasks import TASKS, Task
from workers.shared import accelerators, memory


class Fit(StrEnum):
    """What the memory of the machine allows. UNKNOWN where runs may train on another machine or on a GPU."""

    FULL = "full"
    LORA = "lora"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class BaseCard:
    """`full_bytes` and `lora_bytes` are what training needs at least, as pre-flight first estimates it."""

    base: RecommendedBase | PackagedBase
    full_bytes: int
    lora_bytes: int
    fit: Fit
    is_recommended: bool
    """For the task of the data. Without data, `tasks` says for which."""
    is_here: bool = False
    """Whether there is nothing left to download."""

    @property
    def family_label(self) -> str:
        return str(FAMILY_LABELS[self.base.family])

    @property
    def tasks(self) -> list[Task]:
        return [TASKS[name] for name in self.base.tasks]

    @property
    def languages(self) -> str:
        return language_names(self.base.languages, self.base.other_languages)


MOST_LANGUAGES = 8


def language_names(codes: Sequence[str], others: int = 0) -> str:
    """The names of languages in the reader's language. Codes that are no language known here are left out."""
    names = [name for code in codes if (name := _language_name(code))]
    others += len(names[MOST_LANGUAGES:])
    shown = names[:MOST_LANGUAGES]
    return listed([*shown, _("%(n)d more") % {"n": others}] if others else shown)


def _language_name(code: str) -> str:
    # Django knows Chinese by its scripts alone.
    if code == "zh":
        return _("Chinese")
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return ""


def fit_of(parameters: int, free_bytes: int | None) -> Fit:
    """The most demanding method for which so much free memory can be enough; None: the memory is not known."""
    if free_bytes is None:
        return Fit.UNKNOWN
    for tuning, fit in ((Tuning.FULL, Fit.FULL), (Tuning.LORA, Fit.LORA)):
        if least_training_bytes(parameters, tuning, Precision.FP32) <= free_bytes:
            return fit
    return Fit.NONE


def free_training_memory() -> int | None:
    """Bytes that a run may take here, as pre-flight measures them; None where that is not known to the site.

    With SQLite all processes share this machine. GPU memory is counted by the model library, which the site does not load.
    """
    if connection.vendor != "sqlite" or accelerators.has_gpu():
        return None
    return memory.free()


def base_cards(task: Task | None, free_bytes: int | None, *, without: Collection[str] = ()) -> list[BaseCard]:
    """Recommended bases that can learn the task, or all. First those that are recommended for it, of these first those that
    fit, else in the order of the list. `without` are Hub ids that are left out."""
    cards = [
        _card(base, task, free_bytes)
        for base in recommended_bases()
        if base.hub_id not in without and (task is None or can_learn(task, base.family, base.model_type))
    ]
    return sorted(cards, key=lambda card: (not card.is_recommended, card.fit is Fit.NONE))


def packaged_cards(task: Task | None, free_bytes: int | None) -> list[BaseCard]:
    """Packaged bases that can learn the task, or all, first those that are recommended for it."""
    bases = PACKAGED_BASES.values()
    cards = [
        _card(base, task, free_bytes)
        for base in bases
        if task is None or can_learn(task, base.family, base.model_type)
    ]
    return sorted(cards, key=lambda card: not card.is_recommended)


@dataclass(frozen=True)
class LocalCard:
    """A model in a folder of the server. `suits` says whether it can learn from the data, if the page has any in mind."""

    model: FoundModel
    suits: bool

    @property
    def family_label(self) -> str:
        return str(FAMILY_LABELS[self.model.family]) if self.model.family else ""


def local_cards(roots: list[str], task: Task | None) -> list[LocalCard]:
    """The models below the roots, first those that can be used."""
    return [
        LocalCard(
            model,
            suits=task is None or model.family is None or can_learn(task, model.family, model.model_type),
        )
        for model in folders_below(roots)
    ]


def is_on_this_machine(base: PackagedBase) -> bool:
    """Whether the model was downloaded before, by a worker that shares the site's disk."""
    return base.folder_in(local_copies().folder).is_dir()


def _card(base: RecommendedBase | PackagedBase, task: Task | None, free_bytes: int | None) -> BaseCard:
    full, lora = (
        least_training_bytes(base.parameters, tuning, Precision.FP32) for tuning in (Tuning.FULL, Tuning.LORA)
    )
    return BaseCard(
        base=base,
        full_bytes=full,
        lora_bytes=lora,
        fit=fit_of(base.parameters, free_bytes),
        is_recommended=task is not None and task.name in base.tasks,
        is_here=isinstance(base, PackagedBase) and is_on_this_machine(base),
    )
