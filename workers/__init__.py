"""Everything that runs outside the web process; see docs/architecture.md for who may import whom."""

import os

# Libraries read these when they are imported, which is after this: nothing here reports about its use.
os.environ["HF_HUB_DISABLE_TELEMETRY"] = os.environ["DO_NOT_TRACK"] = "1"
