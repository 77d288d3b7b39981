"""Celery task of beat: uploads that were begun and never finished."""

from celery import shared_task

from apps.datasets.services import uploading


@shared_task(name="datasets.drop_old_uploads")
def drop_old_uploads() -> int:
    return uploading.drop_old_uploads()
