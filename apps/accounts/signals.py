"""News for the apps above."""

from django.dispatch import Signal

user_changed = Signal()
"""Arguments: actor, user, fields (names of what was changed). An administrator added or changed an account."""
