"""Template tags and filters: icons, navigation, and figures as people read them."""

from datetime import datetime
from typing import Any

from django import template
from django.contrib.auth.models import AnonymousUser
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from apps.core import texts
from apps.core.forms import control_class
from apps.core.reachability import Reach, reach_for
from apps.core.sizes import size_text
from apps.core.verdicts import PlanText, VerdictText, plan_of, plan_text, verdict_text, warning_of

register = template.Library()

LARGE = {
    "en": ((1e9, 1e9, "B"), (1e6, 1e6, "M"), (1e4, 1e3, "k")),
    "zh-hans": ((1e8, 1e8, "亿"), (1e4, 1e4, "万")),
}
"""From which number on it is counted in what, and how that is called, for each language."""

STATE_ICONS = {
    "queued": "clock",
    "paused": "player-pause",
    "starting": "loader",
    "running": "player-play",
    "stopping": "hand-stop",
    "succeeded": "circle-check",
    "failed": "alert-circle",
    "errored": "alert-triangle",
    "cancelled": "circle-x",
    "lost": "plug-off",
}


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """An icon of the set, decoration only: the text beside it says the same."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css,
        static("vendor/icons.svg"),
        name,
    )


@register.simple_tag
def kind_word(name: str) -> str:
    """What kind of thing a step of a lineage is, by its icon."""
    words = {
        "file": _("File"),
        "database": _("Dataset"),
        "seedling": _("Base model"),
        "school": _("Run"),
        "brain": _("Model"),
        "app-window": _("App"),
    }
    return words.get(name, "")


@register.simple_tag(takes_context=True)
def nav_link(context: dict[str, Any], url_name: str, label: str, icon_name: str) -> SafeString:
    """An entry of the main navigation; marked when the page lies below its address."""
    try:
        url = reverse(url_name)
    except NoReverseMatch:
        return SafeString("")
    path = context["request"].path
    current = path == url if url == "/" else path.startswith(url)
    return format_html(
        '<li class="nav-item"><a class="nav-link" href="{}"{}>{}<span class="nav-link-title">{}</span></a></li>',
        url,
        SafeString(' aria-current="page"') if current else "",
        icon(icon_name),
        label,
    )


@register.simple_tag(takes_context=True)
def reach(context: dict[str, Any]) -> Reach:
    """From where the addresses on the page can be opened."""
    return reach_for(context.get("user", AnonymousUser()))


@register.simple_tag
def state(job: Any) -> SafeString:
    """A job's state in words and with an icon; a run that has not learned says that instead of its success."""
    if job.warning:
        return format_html(
            '<span class="state state-failed" title="{}">{}{}</span>',
            job.warning.headline,
            icon("alert-triangle"),
            job.outcome,
        )
    return format_html(
        '<span class="state state-{}">{}{}</span>',
        job.state,
        icon(STATE_ICONS[job.state]),
        job.outcome,
    )


@register.filter
def verdict(result: Any) -> VerdictText | None:
    """What a RunResult amounts to, in words; None where there is none."""
    return verdict_text(result if isinstance(result, dict) else None)


@register.filter
def plan(result: Any) -> PlanText | None:
    """How much of its plan the run of a RunResult went through; None where there is none."""
    return plan_text(result if isinstance(result, dict) else None)


@register.filter
def model_plan(model_version: Any) -> PlanText | None:
    """How much of its plan the run that left this model went through."""
    return plan_of(model_version)


@register.filter
def model_warning(model_version: Any) -> VerdictText | None:
    """The verdict to confirm before this model is published, where there is one."""
    return warning_of(model_version)


@register.filter
def control(field: Any) -> SafeString:
    """A bound field's control, whichever form it comes from, with the look of the studio."""
    widget = field.field.widget
    css = f"{control_class(widget)} {widget.attrs.get('class', '')}".strip()
    return SafeString(field.as_widget(attrs={"class": f"{css} is-invalid" if field.errors else css}))


def _is_missing(value: Any) -> bool:
    """A figure that is not there yet: templates hand on "" for a key that a dictionary lacks."""
    return value is None or value == ""


@register.filter
def duration(seconds: Any) -> str:
    """90 -> "1 min 30 s"; coarser the longer it is."""
    if _is_missing(seconds):
        return ""
    total = max(0, round(seconds))
    if total < 60:
        return _("%(s)d s") % {"s": total}
    minutes, rest = divmod(total, 60)
    if minutes < 10:
        return _("%(m)d min %(s)d s") % {"m": minutes, "s": rest}
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return _("%(m)d min") % {"m": minutes}
    if hours < 48:
        return _("%(h)d h %(m)d min") % {"h": hours, "m": minutes}
    return ngettext("%(d)d day", "%(d)d days", hours // 24) % {"d": hours // 24}


@register.filter
def moment(at: datetime | None) -> str:
    """A point in time as people write it: 23 Nov 2026, 17:54."""
    return date_format(localtime(at), "SHORT_DATETIME_FORMAT") if at else ""


def _figure(number: float, decimals: int) -> str:
    """Rounded here: number_format cuts off."""
    return number_format(f"{number:.{decimals}f}", decimals, force_grouping=True)


@register.filter
def compact(number: Any) -> str:
    """12345678 -> "12.3 M"."""
    if _is_missing(number):
        return ""
    for limit, size, unit in LARGE.get(get_language() or "", LARGE["en"]):
        if abs(number) >= limit:
            return f"{_figure(number / size, 1)} {unit}"
    if float(number).is_integer() or abs(number) >= 100:
        return _figure(number, 0)
    return f"{number:.3g}"


@register.filter
def size(amount: Any) -> str:
    """866900 -> "866.9 kB"."""
    return "" if _is_missing(amount) else size_text(int(amount))


@register.filter
def percent(share: Any) -> str:
    """0.1234 -> "12.3 %"."""
    return "" if _is_missing(share) else f"{_figure(100 * share, 1)} %"


@register.filter
def rounded(value: Any, decimals: int = 2) -> str:
    return "" if _is_missing(value) else _figure(value, decimals)


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """`mapping[key]`, or None."""
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.filter
def translated(text: Any) -> str:
    """A label that contracts marked with the no-op gettext, or a stored text, in the reader's language."""
    return texts.translated(text)


@register.filter
def unlocalized(number: float) -> str:
    """A number as SVG and JavaScript write it, regardless of the language."""
    return f"{number:.4g}"


@register.filter
def unlocalized_integer(number: float) -> str:
    return str(int(number))
