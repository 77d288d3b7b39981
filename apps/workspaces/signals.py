"""News for the apps above."""

from django.dispatch import Signal

api_key_revoked = Signal()
"""Arguments: key (ApiKey). Sent after commit."""

membership_narrowed = Signal()
"""Arguments: workspace, user. A person was removed, left or got a lower role; sent after commit."""

workspace_closed = Signal()
"""Arguments: workspace, actor. Sent inside the transaction that deletes it: stop and close all that is open there."""
