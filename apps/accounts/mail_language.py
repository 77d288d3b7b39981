"""The language of the person who gets an e-mail, which need not be that of the person who causes it."""

from django.conf import settings
from django.utils.translation import get_language

from apps.accounts.models import User


def language_of(email: str) -> str:
    """What the account with this address reads; the language in use where it says nothing or there is none."""
    chosen = User.objects.filter(email__iexact=email).values_list("language", flat=True).first()
    return chosen if chosen in dict(settings.LANGUAGES) else get_language() or settings.LANGUAGE_CODE
