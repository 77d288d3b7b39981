"""Keeps out of the log what lets a person in: the secret part of an address.

Django logs the path of every request that it refuses, also where that is the address of a share link or of an invitation.
"""

import logging
import re

_SECRET_PART = re.compile(
    r"((?:/a|/e|/workspace/join|/accounts/password/reset/key|/accounts/confirm-email)/)(?!done/)[^/\s?\"']+"
)


class WithoutSecretAddresses(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Lets everything through, with each secret part replaced by an ellipsis."""
        said = record.getMessage()
        kept = _SECRET_PART.sub(r"\1…", said)
        if kept != said:
            record.msg, record.args = kept, ()
        return True
