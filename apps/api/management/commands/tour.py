"""Does the main job on examples through the public API of a running studio, and says how it went."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from examples import get_example, list_examples
from examples.tour import Outcome, Step, Tour, TourError, row_of
from workers.contracts.recipes import Length

STANDARD, QUICK = ("support_tickets", "english_french"), ("support_tickets",)


class Command(BaseCommand):
    help = (
        "Upload, train, evaluate, publish, stream an answer. Exit status 1 unless every tuned model is significantly "
        "better than its base on held-out rows and, but for --quick, than the simple baseline."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        names = [example.name for example in list_examples()]
        parser.add_argument("--url", required=True, help="address of the studio")
        parser.add_argument(
            "--token", required=True, help="key of a workspace (manage.py bootstrap prints one)"
        )
        parser.add_argument("--quick", action="store_true", help="one small example, a short training")
        parser.add_argument(
            "--json", action="store_true", help="print one JSON list at the end instead of lines"
        )
        parser.add_argument("--example", action="append", choices=names, help="may be given several times")
        parser.add_argument(
            "--base", default="", help="as the API lists it; the default starter when left out"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        names = options["example"] or (QUICK if options["quick"] else STANDARD)
        length = Length.QUICK if options["quick"] else Length.STANDARD
        quiet = options["json"]

        def say(step: Step) -> None:
            if not quiet:
                self.stdout.write(f"  {step.name:10} {step.seconds:7.1f} s   {step.text}")
                self.stdout.flush()

        tour = Tour(options["url"], options["token"], length=length.value, base=options["base"], say=say)
        outcomes: list[Outcome] = []
        try:
            for name in names:
                example = get_example(name)
                if not quiet:
                    self.stdout.write(f"\n{example.title}")
                outcomes.append(tour.take(example))
        except TourError as error:
            raise CommandError(str(error)) from error
        if quiet:
            self.stdout.write(json.dumps([outcome.as_json() for outcome in outcomes]))
        else:
            heading = (
                f"\n{'example':20} {'metric':10} {'baseline':>8} {'base':>8} {'tuned':>8}   best minutes"
            )
            self.stdout.write("\n".join([heading, *map(row_of, outcomes)]))
        if not all(outcome.beats_base for outcome in outcomes):
            self.stderr.write("A tuned model is not significantly better than its base.")
            sys.exit(1)
        # A training of seconds teaches a starter less than a logistic regression finds in all the rows.
        if not options["quick"] and not all(outcome.beats_both for outcome in outcomes):
            self.stderr.write(
                "A tuned model is not significantly better than both its base and the simple baseline."
            )
            sys.exit(1)
