"""What objectives on preference data have in common: the figures of their validation rounds."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.objectives import Figure

REWARD_MARGIN = Figure("reward_margin", _("Reward margin"))
REWARD_FIGURES = (Figure("reward_accuracy", _("Reward accuracy"), is_share=True), REWARD_MARGIN)
