"""What pydantic complains about, in the studio's own words and the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_NEEDED = {
    "string_type": gettext_lazy("a string"),
    "int_type": gettext_lazy("a whole number"),
    "int_parsing": gettext_lazy("a whole number"),
    "int_parsing_size": gettext_lazy("a smaller number"),
    "int_from_float": gettext_lazy("a whole number"),
    "float_type": gettext_lazy("a number"),
    "float_parsing": gettext_lazy("a number"),
    "finite_number": gettext_lazy("a finite number"),
    "bool_type": gettext_lazy("true or false"),
    "bool_parsing": gettext_lazy("true or false"),
    "list_type": gettext_lazy("a list"),
    "dict_type": gettext_lazy("an object"),
    "model_type": gettext_lazy("an object"),
    "model_attributes_type": gettext_lazy("an object"),
    "none_required": gettext_lazy("null"),
}
"""Types of pydantic's errors, and what the value has to be."""


def problem_message(problem: Mapping[str, Any], field: str = "") -> str:
    """A sentence for one of `ValidationError.errors()`, about `field`: its name as the caller wrote it, or nothing where
    the sentence stands at the field."""
    kind, limits = problem["type"], problem.get("ctx") or {}
    given = {**limits, "value": problem.get("input"), "field": field or _("This value")}
    if kind == "value_error":
        return str(limits["error"])
    if kind == "missing":
        return _("%(field)s is required.") % given
    if kind == "extra_forbidden":
        return _("%(field)s is not a known field. Check its spelling, or leave it out.") % given
    if kind in _NEEDED:
        return _("%(field)s must be %(kind)s.") % {**given, "kind": _NEEDED[kind]}
    if kind in ("literal_error", "enum"):
        return _("%(field)s must be %(expected)s.") % {
            **given,
            "expected": limits["expected"].replace("'", '"'),
        }
    return _size_message(kind, given)


def _size_message(kind: str, given: Mapping[str, Any]) -> str:
    if kind == "greater_than_equal":
        return _("%(field)s must be at least %(ge)s, not %(value)s.") % given
    if kind == "greater_than":
        return _("%(field)s must be more than %(gt)s, not %(value)s.") % given
    if kind == "less_than_equal":
        return _("%(field)s must be at most %(le)s, not %(value)s.") % given
    if kind == "less_than":
        return _("%(field)s must be less than %(lt)s, not %(value)s.") % given
    if kind in ("too_short", "string_too_short") and given.get("min_length") == 1:
        return _("%(field)s must not be empty.") % given
    if kind == "too_short":
        return _("%(field)s has too few entries. The minimum is %(min_length)s.") % given
    if kind == "string_too_short":
        return _("%(field)s is too short. The minimum length is %(min_length)s characters.") % given
    if kind == "too_long" and given.get("max_length") == 0:
        return _("%(field)s is not supported. Leave it out.") % given
    if kind == "too_long":
        return _("%(field)s has too many entries. The maximum is %(max_length)s.") % given
    if kind == "string_too_long":
        return _("%(field)s is too long. The maximum length is %(max_length)s characters.") % given
    return _("%(field)s has a value that cannot be read.") % given
