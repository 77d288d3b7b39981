"""Two workspaces with one of everything, as the access matrix has them; servers that typed addresses lead to."""

from tests.access.conftest import world
from tests.fixtures.sites import new_site, site

__all__ = ["new_site", "site", "world"]
