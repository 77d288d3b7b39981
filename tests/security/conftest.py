"""Two workspaces with one of everything, as the access matrix has them."""

from tests.access.conftest import world

__all__ = ["world"]
