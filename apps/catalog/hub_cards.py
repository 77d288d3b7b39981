"""The search of the Hub on a page: what narrows it, and each model as a card that knows this machine."""

from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.catalog.base_cards import Fit, fit_of, language_names
from apps.catalog.hub import FOUND_AT_ONCE, HubError, HubModel, HubQuery, search_hub
from apps.catalog.models import FAMILY_LABELS
from apps.core.errors import UserError
from apps.core.listing import MAX_SEARCH_CHARACTERS, ShownFilter
from apps.workspaces.models import Workspace
from workers.contracts.memory_needs import least_training_bytes
from workers.contracts.objectives import can_learn
from workers.contracts.recipes import Precision, Tuning, is_hub_id
from workers.contracts.tasks import Task

LEAST_CHARACTERS = 2
_PIPELINES = (
    ("text-generation", _("Text generation")),
    ("summarization", _("Summarization")),
    ("translation", _("Translation")),
    ("text-classification", _("Text classification")),
    ("fill-mask", _("Masked language modelling")),
    ("feature-extraction", _("Feature extraction")),
    ("sentence-similarity", _("Sentence similarity")),
)
_SIZES = (
    ("max:200M", _("up to 200 M parameters")),
    ("max:1B", _("up to 1 B parameters")),
    ("max:4B", _("up to 4 B parameters")),
    ("max:10B", _("up to 10 B parameters")),
)
_LICENCES = (("apache-2.0", "Apache-2.0"), ("mit", "MIT"), ("bsd-3-clause", "BSD-3-Clause"))
_ACCESS = (("open", _("without terms to accept")),)


@dataclass(frozen=True)
class HubCard:
    """A model of the Hub. `suits` says whether it can learn from the data, if the page has any in mind."""

    model: HubModel
    full_bytes: int | None
    lora_bytes: int | None
    fit: Fit
    suits: bool

    @property
    def family_label(self) -> str:
        return str(FAMILY_LABELS[self.model.family]) if self.model.family else ""

    @property
    def languages(self) -> str:
        return language_names(self.model.languages)

    @property
    def is_usable(self) -> bool:
        """Whether nothing that is known keeps it from being a base."""
        return self.model.obstacle is None


@dataclass(frozen=True)
class HubResults:
    """What a search found, or the problem with asking. `typed_id` is the text where it could be the id of a model."""

    cards: list[HubCard]
    problem: str = ""
    typed_id: str = ""

    @property
    def has_more(self) -> bool:
        """Whether the Hub may know more of these: an answer holds no more than this."""
        return len(self.cards) >= FOUND_AT_ONCE


def query_from(given: QueryDict) -> HubQuery:
    """The search that an address asks for; a value that is not offered counts as none."""
    chosen = {one.name: one.value for one in filters_of(given)}
    return HubQuery(
        text=given.get("q", "").replace("\x00", "").strip()[:MAX_SEARCH_CHARACTERS],
        pipeline=chosen["pipeline"],
        size=chosen["size"],
        licence=chosen["licence"],
        is_open=chosen["access"] == "open",
    )


def filters_of(given: QueryDict) -> list[ShownFilter]:
    """The filters as the form draws them, with what is chosen."""
    offered = (
        ("pipeline", _("Task"), _PIPELINES),
        ("size", _("Size"), _SIZES),
        ("licence", _("Licence"), _LICENCES),
        ("access", _("Access"), _ACCESS),
    )
    return [
        ShownFilter(name, label, choices, value if (value := given.get(name, "")) in dict(choices) else "")
        for name, label, choices in offered
    ]


def find_on_hub(
    query: HubQuery, task: Task | None, free_bytes: int | None, *, actor: User, workspace: Workspace
) -> HubResults:
    """Search, and tell what went wrong instead of raising it: the page stays usable without the Hub."""
    typed_id = query.text if is_hub_id(query.text) and "/" in query.text else ""
    if len(query.text) < LEAST_CHARACTERS:
        return HubResults([])
    try:
        found = search_hub(query, actor=actor, workspace=workspace)
    except UserError as error:
        return HubResults([], problem=str(error), typed_id="" if isinstance(error, HubError) else typed_id)
    if typed_id in {model.repo_id for model in found}:
        typed_id = ""
    cards = [hub_card(model, task, free_bytes) for model in found]
    return HubResults(sorted(cards, key=lambda card: not (card.is_usable and card.suits)), typed_id=typed_id)


def hub_card(model: HubModel, task: Task | None, free_bytes: int | None) -> HubCard:
    """A model with the least memory of its training, where the Hub states its number of parameters."""
    full, lora = (
        least_training_bytes(model.parameters, tuning, Precision.FP32) if model.parameters else None
        for tuning in (Tuning.FULL, Tuning.LORA)
    )
    return HubCard(
        model=model,
        full_bytes=full,
        lora_bytes=lora,
        fit=fit_of(model.parameters, free_bytes) if model.parameters else Fit.UNKNOWN,
        suits=task is None or model.family is None or can_learn(task, model.family, model.model_type),
    )
