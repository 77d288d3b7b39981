"""Set a new password for a person who is locked out."""

import getpass
import secrets
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import services
from apps.core.errors import UserError
from apps.core.redis import require_running_studio


class Command(BaseCommand):
    help = (
        "Set a new password for an account: asked for on a terminal, read from standard input, or made up and printed. "
        "Its sessions end, and a deactivated account is reactivated."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="address of the account")
        parser.add_argument("--generate", action="store_true", help="make up a password and print it")
        parser.add_argument(
            "--remove-two-step",
            action="store_true",
            help="also remove authenticator app, passkeys and recovery codes",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        require_running_studio()
        if options["generate"]:
            password = secrets.token_urlsafe(12)
        elif sys.stdin.isatty():
            password = getpass.getpass("New password: ")
        else:
            password = sys.stdin.readline().rstrip("\n")
        try:
            user = services.reset_password(
                email=options["email"], password=password, remove_two_step=options["remove_two_step"]
            )
        except UserError as error:
            raise CommandError(str(error.message)) from error
        self.stdout.write(f"{user.email} can sign in with the new password.")
        if options["generate"]:
            self.stdout.write(f"password: {password}")
