"""News for the apps above."""

from django.dispatch import Signal

api_key_revoked = Signal()
"""Arguments: key (ApiKey). Sent after commit."""
