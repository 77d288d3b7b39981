"""Calibration: whether the probabilities of a classifier can be believed."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.metrics import METRICS, Direction, MetricInfo

METRICS.add(
    MetricInfo(
        name="calibration_error",
        label=_("Calibration error"),
        help=_(
            "Difference between how sure the model is and how often it is right, in percentage points; 0 is best."
        ),
        direction=Direction.LOWER,
        scale=None,
        decimals=1,
        implementation="workers.evaluation.metrics.calibration:CalibrationError",
        tasks=frozenset({"classification"}),
    ),
    order=11,
)
