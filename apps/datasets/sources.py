"""The addresses that sources are fetched from: sealed, because they may hold a secret, and forgotten once they are fetched."""

from django.conf import settings
from django.dispatch import receiver

from apps.core.encryption import Unreadable, reseal, seal, secrets_rotating, unseal
from apps.datasets.models import Import
from apps.jobs.models import Job
from workers.contracts.job_kinds.importing import ADDRESS_VARIABLE, ALLOWED_VARIABLE

_PURPOSE = "source addresses"


def sealed_address(address: str) -> str:
    return seal(address, _PURPOSE)


def address_of(job: Job) -> str:
    """What the import of this job is to fetch; empty for any other job, or when no key opens it any more."""
    sealed = Import.objects.filter(job=job).values_list("address_encrypted", flat=True).first()
    try:
        return unseal(sealed, _PURPOSE) if sealed else ""
    except Unreadable:
        return ""


def source_access(job: Job) -> dict[str, str]:
    """The variables for the child of an import: the address to fetch, and where else it may lead."""
    address = address_of(job)
    return {ADDRESS_VARIABLE: address, ALLOWED_VARIABLE: ",".join(settings.OUTGOING_ALLOW)} if address else {}


@receiver(secrets_rotating)
def rotate(**_: object) -> int:
    waiting = list(Import.objects.select_for_update().exclude(address_encrypted=""))
    for row in waiting:
        row.address_encrypted = reseal(row.address_encrypted, _PURPOSE)
        row.save(update_fields=["address_encrypted"])
    return len(waiting)
