"""Connects what this app hears from those below."""

from apps.workspaces import people  # noqa: F401
