"""Causal language modeling: pretraining of decoders on documents."""

from typing import Literal

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.objectives import OBJECTIVES, Figure, ObjectiveInfo, ObjectiveOptions


class CausalLmOptions(ObjectiveOptions):
    kind: Literal["causal_lm"] = "causal_lm"


OBJECTIVES.add(
    ObjectiveInfo(
        name="causal_lm",
        label=_("Causal language modeling"),
        families=(Family.CAUSAL,),
        learns_documents=True,
        options=CausalLmOptions,
        figures=(Figure("validation_perplexity", _("Validation perplexity")),),
        implementation="workers.training.objectives.causal_lm:CausalLanguageModeling",
    ),
    order=40,
)
