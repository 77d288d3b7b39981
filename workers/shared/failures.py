"""How a job ends that failed for a reason of the machine or of ours."""

import errno
import re
import traceback

from workers.contracts.events import Failed
from workers.contracts.texts import Text


def _errno_of(error: Exception) -> int | None:
    """The system's number of an error. Libraries written in Rust (safetensors, tokenizers) say it in their text alone."""
    if isinstance(error, OSError):
        return error.errno
    said = re.search(r"\(os error (\d+)\)", str(error))
    return int(said[1]) if said else None


def failed_by_system(error: Exception, *, code: str = "internal") -> Failed:
    """A full disk or a quota is the operator's to fix; everything else is ours."""
    if _errno_of(error) in (errno.ENOSPC, errno.EDQUOT):
        return Failed(
            code="disk_full",
            message=Text("jobs.disk_full"),
            trace=traceback.format_exc(),
        )
    return Failed(
        code=code,
        message=Text("common.internal", kind=type(error).__name__, error=error),
        user_error=False,
        trace=traceback.format_exc(),
    )
