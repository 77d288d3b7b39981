"""`manage.py access_table`: every address of the site and who may use it."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.workspaces.access.url_inventory import rows, unlisted


class Command(BaseCommand):
    help = "Prints every address of the site, what it needs, and the roles that have it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="As JSON.")

    def handle(self, *_args: Any, **options: Any) -> None:
        if missing := unlisted():
            raise CommandError(f"Without a rule (apps/workspaces/access/rules.py): {', '.join(missing)}")
        table = rows()
        if options["json"]:
            self.stdout.write(json.dumps(table, indent=1))
            return
        widest = max(len(row["address"]) for row in table)
        for row in table:
            who = ", ".join(row["roles"]) or "-"
            self.stdout.write(f"{row['method']:6}  {row['address']:{widest}}  {row['needs']:28}  {who}")
