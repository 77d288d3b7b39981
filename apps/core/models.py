"""Abstract bases that models of other apps share."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class Identified(models.Model):
    """A random id: an address tells nothing about how many others there are."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        abstract = True
