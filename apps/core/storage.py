"""The site's own handle on the store that STORAGE_URL names."""

import functools

from django.conf import settings

from workers.shared.cache import Cache
from workers.shared.storage import Storage


@functools.cache
def storage() -> Storage:
    return Storage(settings.STORAGE_URL)


def local_copies() -> Cache:
    """What this host keeps of a store that is not on it."""
    return Cache(settings.CACHE_DIR, settings.CACHE_LIMIT_GB * 10**9)
