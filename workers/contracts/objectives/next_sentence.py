"""Masked language modeling with next-sentence prediction: pretraining of encoders for tasks on pairs of texts."""

from typing import Literal

from workers.contracts.families import Family
from workers.contracts.i18n import gettext_noop as _
from workers.contracts.objectives import OBJECTIVES, Figure, ObjectiveInfo
from workers.contracts.objectives.masked_lm import MASKED_ACCURACY, WholeWordOptions

MASKED_LOSS = Figure("masked_loss", _("Masked loss"))
PAIR_LOSS = Figure("next_sentence_loss", _("Next-sentence loss"))
PAIR_ACCURACY = Figure("next_sentence_accuracy", _("Next-sentence accuracy"), is_share=True)


class NextSentenceOptions(WholeWordOptions):
    kind: Literal["next_sentence"] = "next_sentence"


OBJECTIVES.add(
    ObjectiveInfo(
        name="next_sentence",
        label=_("Masked language modeling and next-sentence prediction"),
        families=(Family.ENCODER,),
        learns_documents=True,
        options=NextSentenceOptions,
        figures=(MASKED_LOSS, PAIR_LOSS, MASKED_ACCURACY, PAIR_ACCURACY),
        implementation="workers.training.objectives.next_sentence:NextSentencePrediction",
    ),
    order=60,
)
