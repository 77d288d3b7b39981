"""Abstract bases that models of other apps share, and e-mails that wait to be sent."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def longest(model: type[models.Model], field: str) -> int:
    """Return how many characters a text field takes, for forms and serializers that are not made from the model."""
    return model._meta.get_field(field).max_length  # type: ignore[union-attr, return-value]


def fitting(model: type[models.Model], field: str, text: str) -> str:
    """Return `text` without what its field cannot hold."""
    return text[: longest(model, field)]


class Identified(models.Model):
    """A random id: an address tells nothing about how many others there are."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        abstract = True


class WaitingDelivery(Identified):
    """A message to another server until that has taken it. It is written in the transaction of its cause, so that nothing
    loses it."""

    sealed = models.TextField(editable=False)
    """By apps.core.encryption: it may hold a secret."""
    tries = models.PositiveIntegerField(_("tries"), default=0)
    try_at = models.DateTimeField(_("next try"), default=timezone.now, db_index=True)

    class Meta:
        abstract = True


class WaitingMail(WaitingDelivery):
    """An e-mail until the mail server has taken it."""

    class Meta:
        verbose_name = _("waiting e-mail")
        verbose_name_plural = _("waiting e-mails")

    def __str__(self) -> str:
        return str(self.pk)
