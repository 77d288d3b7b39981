"""Web servers on loopback, for webhooks."""

from tests.fixtures.sites import new_site, site

__all__ = ["new_site", "site"]
