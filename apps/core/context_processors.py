"""What every page may say about the host it comes from."""

from django.http import HttpRequest

from apps.core.disk_space import is_disk_full


def host(request: HttpRequest) -> dict[str, bool]:
    return {"disk_is_full": is_disk_full()}
