"""What a request holds once Django's and our middleware have seen it, for pages that require sign-in."""

from django.http import HttpRequest

from apps.accounts.models import User


class SignedInRequest(HttpRequest):
    """A request of a person who is signed in: `login_required` and `in_workspace` see to it."""

    user: User
