"""Days by the site's time zone. What a day allows begins and ends for all people at once, whatever zone a reader chose."""

from datetime import date, datetime, time

from django.utils import timezone


def site_today() -> date:
    return timezone.localdate(timezone=timezone.get_default_timezone())


def beginning_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()), timezone.get_default_timezone())
