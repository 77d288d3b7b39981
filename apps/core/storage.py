"""The site's own handle on the store that STORAGE_URL names."""

from functools import cache

from django.conf import settings

from workers.contracts.storage import Storage


@cache
def storage() -> Storage:
    return Storage(settings.STORAGE_URL)
