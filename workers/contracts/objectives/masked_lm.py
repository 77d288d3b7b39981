"""Masked language modeling: pretraining of encoders on documents."""

from typing import Literal

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.objectives import OBJECTIVES, Figure, ObjectiveInfo, ObjectiveOptions, setting

MASKED_ACCURACY = Figure("masked_accuracy", _("Masked accuracy"), is_share=True)


class WholeWordOptions(ObjectiveOptions):
    """The settings of an objective that hides tokens."""

    whole_words: bool = setting(
        True,
        title=_("Mask whole words"),
        help_text=_(
            "Hides all tokens of a word together. Otherwise tokens are hidden one by one, and parts of a word reveal the rest."
        ),
    )


class MaskedLmOptions(WholeWordOptions):
    kind: Literal["masked_lm"] = "masked_lm"


OBJECTIVES.add(
    ObjectiveInfo(
        name="masked_lm",
        label=_("Masked language modeling"),
        families=(Family.ENCODER,),
        learns_documents=True,
        options=MaskedLmOptions,
        figures=(MASKED_ACCURACY,),
        implementation="workers.training.objectives.masked_lm:MaskedLanguageModeling",
    ),
    order=50,
)
