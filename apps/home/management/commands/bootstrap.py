"""Sets up a studio without a browser."""

import json
import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from environs import Env

from apps.core.errors import UserError
from apps.core.redis import require_running_studio
from apps.home import services
from apps.workspaces.access.api_keys import create_api_key


class Command(BaseCommand):
    help = "Create the owner and the first workspace. The password is read from BOOTSTRAP_PASSWORD, else made up and printed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--owner", required=True, metavar="EMAIL", help="address of the first account")
        parser.add_argument("--name", default="", help="the person's name")
        parser.add_argument("--workspace", default="", help="name of the first workspace")
        parser.add_argument("--token", action="store_true", help="also make an API key and print it")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        require_running_studio()
        given = Env().str("BOOTSTRAP_PASSWORD", "")
        password = given or secrets.token_urlsafe(12)
        try:
            user, workspace = services.set_up_studio(
                email=options["owner"],
                password=password,
                name=options["name"],
                workspace=options["workspace"],
            )
        except UserError as error:
            raise CommandError(str(error.message)) from error
        printed = {"owner": user.email, "workspace": workspace.name}
        if not given:
            printed["password"] = password
        if options["token"]:
            key, printed["token"] = create_api_key(actor=user, workspace=workspace, name="bootstrap")
            printed["token_expires_at"] = (
                key.expires_at.isoformat(timespec="seconds") if key.expires_at else "never"
            )
        if options["json"]:
            self.stdout.write(json.dumps(printed))
        else:
            for name, value in printed.items():
                self.stdout.write(f"{name}: {value}")
