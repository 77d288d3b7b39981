"""The Django project: settings, addresses, entry points; nothing else."""

from studio.celery import app as celery_app  # `celery -A studio` and shared tasks find it here

__all__ = ["celery_app"]
