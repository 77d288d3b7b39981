"""Celery: the broker, how messages are written, and what beat has done by the clock."""

from studio.settings.environment import REDIS_URL, env

JOB_REAP_EVERY_SECONDS = env.float("JOB_REAP_EVERY_SECONDS", 15)

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_ACCEPT_CONTENT = CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = CELERY_EVENT_SERIALIZER = "json"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": None, "health_check_interval": 25}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

CELERY_BEAT_SCHEDULER = "studio.beat:JsonScheduler"
_SECONDS = {
    "jobs.reap": JOB_REAP_EVERY_SECONDS,
    "mail.deliver": 15.0,
    "jobs.deliver_webhooks": 15.0,
    "training.advance_sweeps": 10.0,
    "jobs.drop_old_checkpoints": 3600.0,
    "datasets.drop_old_uploads": 3600.0,
    "accounts.forget_ended_sessions": 3600.0,
    "workspaces.purge": 3600.0,
    "workspaces.forget_promises": 3600.0,
    "workspaces.expire_audit": 3600.0,
}
# On a queue of their own, never behind a long import. What was not done before its next turn is dropped.
CELERY_BEAT_SCHEDULE = {
    name: {"task": name, "schedule": seconds, "options": {"queue": "upkeep", "expires": max(60.0, seconds)}}
    for name, seconds in _SECONDS.items()
}
