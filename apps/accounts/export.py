"""Everything the studio keeps about one person, as a zip of JSON files. Secrets are not in it."""

import json
import zipfile
from collections.abc import Iterable
from tempfile import TemporaryFile
from typing import IO, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core.serializers.json import DjangoJSONEncoder

from apps.accounts.models import User
from apps.accounts.services import tell
from apps.accounts.signals import personal_data_asked

_ABOUT = """What this studio keeps about {email}, as JSON. Passwords, keys and codes are not in it: they are kept only in
a form that cannot be read, or encrypted.
"""


def export_account(*, user: User) -> IO[bytes]:
    """A zip, open for reading at its start: account.json, and a file for each kind of thing that the apps above keep."""
    made = TemporaryFile()  # noqa: SIM115  (the response closes it)
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _ABOUT.format(email=user.email))
        _write(archive, "account", [_account(user)])
        answers: list[tuple[Any, Any]] = personal_data_asked.send(User, user=user)
        for _receiver, parts in answers:
            for name, rows in parts.items():
                _write(archive, name, rows)
    tell(user, "user.exported", by=user)
    made.seek(0)
    return made


def _write(archive: zipfile.ZipFile, name: str, rows: Iterable[Any]) -> None:
    """Row by row: a year of conversations need not fit in memory."""
    with archive.open(f"{name}.json", "w") as part:
        part.write(b"[")
        for number, row in enumerate(rows):
            text = json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
            part.write((",\n" if number else "\n").encode() + text.encode())
        part.write(b"\n]\n")


def _account(user: User) -> dict[str, Any]:
    return {
        "id": user.pk,
        "email": user.email,
        "name": user.name,
        "language": user.language,
        "timezone": user.timezone,
        "administrator": user.is_staff,
        "created_at": user.created_at,
        "last_sign_in": user.last_login,
        "addresses": list(EmailAddress.objects.filter(user=user).values("email", "verified", "primary")),
        "two_step_sign_in": [
            {
                "type": row.type,
                "name": row.data.get("name", ""),
                "created_at": row.created_at,
                "last_used_at": row.last_used_at,
            }
            for row in Authenticator.objects.filter(user=user)
        ],
        "connected_sign_in": list(
            SocialAccount.objects.filter(user=user).values("provider", "uid", "date_joined", "extra_data")
        ),
        "sessions": list(
            UserSession.objects.filter(user=user).values("created_at", "last_seen_at", "ip", "user_agent")
        ),
    }
