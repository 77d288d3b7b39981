"""The Recipe: every setting of a run. The form, its help, the API schema and the worker's validation come from here."""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.objectives import AnyOptions, TargetLengthOptions

RECIPE_VERSION: Literal[1] = 1
MOST_EPOCHS = 1000


class Tuning(StrEnum):
    FULL = "full"
    LORA = "lora"


class Precision(StrEnum):
    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"


class Batching(StrEnum):
    """How padding is avoided. Packing puts several rows into one sequence; they never see each other."""

    AUTO = "auto"
    PACKING = "packing"
    LENGTH_GROUPING = "length_grouping"
    PADDING = "padding"


class Length(StrEnum):
    """The wizard's third question. What each means in epochs depends on the data; see workers/training/preflight."""

    QUICK = "quick"
    STANDARD = "standard"
    THOROUGH = "thorough"


def _field(default: Any, *, title: str, help_text: str, group: str, auto: bool = False, **limits: Any) -> Any:
    """A recipe field. `auto` says that None means: chosen by the worker, and written back into the run's result."""
    return Field(
        default,
        title=title,
        description=help_text,
        json_schema_extra={"group": group, "auto": auto},
        **limits,
    )


LayerName = Annotated[str, Field(pattern=r"^[\w.-]+$", max_length=200)]


class Recipe(BaseModel):
    """Complete settings of one run. None means that the worker chooses; what it chose is kept with the run."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    recipe_version: Literal[1] = RECIPE_VERSION

    objective: AnyOptions | None = _field(
        None,
        title=_("Objective"),
        help_text=_(
            "What the model is trained for, with the settings of that objective alone. Left empty, it fits the base and the data."
        ),
        group="objective",
        auto=True,
    )

    tuning: Tuning | None = _field(
        None,
        title=_("What is trained"),
        help_text=_(
            "Full changes every weight; LoRA adds small adapters and needs less memory. Left empty: full for starters and models under 300 million parameters, LoRA above."
        ),
        group="length",
        auto=True,
    )
    epochs: float | None = _field(
        None,
        title=_("Epochs"),
        help_text=_("How often the training rows are gone through. Early stopping may end before."),
        group="length",
        auto=True,
        gt=0,
        le=MOST_EPOCHS,
    )
    max_steps: int | None = _field(
        None,
        title=_("Most optimizer steps"),
        help_text=_("Ends the run after this many steps, regardless of the number of epochs."),
        group="length",
        ge=1,
    )
    max_minutes: float | None = _field(
        None,
        title=_("Most minutes"),
        help_text=_(
            "Ends the run after this time. The learning rate is planned so that it has come down by then."
        ),
        group="length",
        gt=0,
        le=60 * 24 * 30,
    )
    early_stopping_rounds: int = _field(
        3,
        title=_("Early stopping"),
        help_text=_(
            "Stops when this many validation rounds in a row brought nothing better. With up to 100 labels to check, it also waits until the learning rate has come down. 0 switches it off."
        ),
        group="length",
        ge=0,
        le=100,
    )
    keep_best: bool = _field(
        True,
        title=_("Keep the best"),
        help_text=_(
            "The result is the checkpoint that did best on the validation rows (the lowest loss; for labels, the most right), not the last one."
        ),
        group="length",
    )

    learning_rate: float | None = _field(
        None,
        title=_("Learning rate"),
        help_text=_(
            "How far each step moves the weights. Left empty, it fits the model: high for starters, low for pretrained ones."
        ),
        group="optimizer",
        auto=True,
        gt=0,
        le=1,
    )
    batch_rows: int | None = _field(
        None,
        title=_("Rows per step"),
        help_text=_("How many rows are averaged for one optimizer step."),
        group="optimizer",
        auto=True,
        ge=1,
        le=4096,
    )
    warmup_share: float = _field(
        0.05,
        title=_("Warm-up"),
        help_text=_("Share of the steps during which the learning rate rises from zero."),
        group="optimizer",
        ge=0,
        le=0.5,
    )
    schedule: Literal["cosine", "linear", "constant"] = _field(
        "cosine",
        title=_("Learning rate schedule"),
        help_text=_("How the learning rate comes down after warm-up."),
        group="optimizer",
    )
    weight_decay: float = _field(
        0.01,
        title=_("Weight decay"),
        help_text=_("Pulls weights towards zero; a little helps against learning rows by heart."),
        group="optimizer",
        ge=0,
        le=1,
    )
    max_gradient_norm: float = _field(
        1.0,
        title=_("Gradient clipping"),
        help_text=_("Longest step the gradient may ask for."),
        group="optimizer",
        gt=0,
        le=100,
    )
    label_smoothing: float | None = _field(
        None,
        title=_("Label smoothing"),
        help_text=_(
            "Takes this share of the certainty away from the right answer. Left empty: a tenth for starters that sort texts, nothing for others."
        ),
        group="optimizer",
        auto=True,
        ge=0,
        le=0.5,
    )
    dropout: float | None = _field(
        None,
        title=_("Dropout"),
        help_text=_("Share of activations dropped in training. Left empty, the model's own setting."),
        group="optimizer",
        auto=True,
        ge=0,
        le=0.9,
    )

    max_length: int | None = _field(
        None,
        title=_("Longest row, tokens"),
        help_text=_(
            "Longer rows are cut. Left empty, it covers nearly every row, within the model's context."
        ),
        group="data",
        auto=True,
        ge=16,
        le=131072,
    )
    batching: Batching = _field(
        Batching.AUTO,
        title=_("Batching"),
        help_text=_("Packing and length grouping both avoid computing on padding; the result is the same."),
        group="data",
    )
    tokens_per_microbatch: int | None = _field(
        None,
        title=_("Tokens at once"),
        help_text=_(
            "How many tokens go through the model at once. Lower it when memory runs out; the result stays the same."
        ),
        group="data",
        auto=True,
        ge=64,
        le=1 << 22,
    )

    lora_rank: int = _field(
        16, title=_("LoRA rank"), help_text=_("Size of the adapters."), group="lora", ge=1, le=512
    )
    lora_alpha: int = _field(
        32,
        title=_("LoRA alpha"),
        help_text=_("Strength of the adapters; usually twice the rank."),
        group="lora",
        ge=1,
        le=1024,
    )
    lora_dropout: float = _field(
        0.05,
        title=_("LoRA dropout"),
        help_text=_("Share of adapter inputs dropped in training."),
        group="lora",
        ge=0,
        le=0.9,
    )
    lora_targets: list[LayerName] | None = _field(
        None,
        title=_("LoRA layers"),
        help_text=_("Names of the layers that get adapters. Left empty, every linear layer but the output."),
        group="lora",
        auto=True,
    )

    validation_rounds: int = _field(
        10,
        title=_("Validation rounds"),
        help_text=_("How often in a run the model is tried on the validation rows and a checkpoint is kept."),
        group="watching",
        ge=1,
        le=1000,
    )
    validation_rows: int = _field(
        400,
        title=_("Validation rows"),
        help_text=_("Most rows that the model is tried on; the same ones in every round."),
        group="watching",
        ge=1,
    )
    sample_rows: int = _field(
        4,
        title=_("Sample outputs"),
        help_text=_(
            "For this many fixed validation rows the run page shows what the model says as it learns."
        ),
        group="watching",
        ge=0,
        le=50,
    )
    precision: Precision = _field(
        Precision.AUTO,
        title=_("Precision"),
        help_text=_("bf16 is faster where the processor has it; auto looks."),
        group="machine",
    )
    gradient_checkpointing: bool = _field(
        False,
        title=_("Gradient checkpointing"),
        help_text=_("Saves memory, costs about a third more time."),
        group="machine",
    )
    seed: int = _field(
        17,
        title=_("Seed"),
        help_text=_("Same seed, same data, same settings: same result."),
        group="machine",
        ge=0,
        lt=2**31,
    )

    @model_validator(mode="before")
    @classmethod
    def _from_earlier_release(cls, given: Any) -> Any:
        """In recipes of release 0.2 and before, the longest answer was a setting of every objective."""
        if not isinstance(given, dict) or "max_target_length" not in given:
            return given
        rest = {name: value for name, value in given.items() if name != "max_target_length"}
        longest = given["max_target_length"]
        if longest is None or rest.get("objective"):
            return rest
        return {**rest, "objective": {"kind": "seq2seq", "max_target_length": longest}}

    @property
    def max_target_length(self) -> int | None:
        """The longest answer in tokens; None where answers have no length of their own, or the worker chooses it."""
        options = self.objective
        return options.max_target_length if isinstance(options, TargetLengthOptions) else None


class StarterSize(StrEnum):
    TINY = "tiny"
    SMALL = "small"
    MEDIUM = "medium"


class StarterBase(BaseModel):
    """Random weights and a tokenizer trained on the dataset: works without a network."""

    kind: Literal["starter"] = "starter"
    family: Family
    size: StarterSize = StarterSize.SMALL


_HUB_ID = re.compile(r"(?!.*(?:--|\.\.))(?!.*\.git$)(?:\w(?:[\w.-]*\w)?/)?\w(?:[\w.-]{0,94}\w)?", re.ASCII)


def is_hub_id(text: str) -> bool:
    """Whether the Hub could have a model of this id: “name” or “owner/name”, by the rules of huggingface_hub."""
    return _HUB_ID.fullmatch(text) is not None


_REVISION = re.compile(
    r"(?!.*(?:\.\.|//|/\.|@\{|\.lock(?:/|$)))(?!@$)"
    r"[^\s/.~^:?*\[\\\x00-\x1f][^\s~^:?*\[\\\x00-\x1f]*(?<![/.])"
)


def is_revision(text: str) -> bool:
    """Whether git could have a branch or tag of this name: https://git-scm.com/docs/git-check-ref-format."""
    return _REVISION.fullmatch(text) is not None


def _checked(check: Callable[[str], bool]) -> AfterValidator:
    """Refuse a text that `check` does not hold for. What a name leads to is a path, which may not lead out of its folder."""

    def checked(text: str) -> str:
        if not check(text):
            raise ValueError(f"{text!r} is not a valid id or revision of a Hub repository.")
        return text

    return AfterValidator(checked)


class HubBase(BaseModel):
    """A model on the Hub. A token, when there is one, travels in the environment, never in a spec."""

    kind: Literal["hub"] = "hub"
    family: Family
    repo_id: Annotated[str, _checked(is_hub_id)] = Field(max_length=200)
    revision: Annotated[str, _checked(is_revision)] = Field("main", max_length=100)


class FolderBase(BaseModel):
    """A folder on the worker's disk, below a root that the administrator set (MODEL_ROOTS)."""

    kind: Literal["folder"] = "folder"
    family: Family
    path: str


class VersionBase(BaseModel):
    """A ModelVersion's folder, handed to the child as the spec's input `base`."""

    kind: Literal["version"] = "version"
    family: Family


Base = Annotated[StarterBase | HubBase | FolderBase | VersionBase, Field(discriminator="kind")]
