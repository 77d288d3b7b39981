"""The address of the wizard with answers filled in."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from apps.training.forms import recipe_answers
from apps.training.models import Preflight, Run


def address_of(answers: Mapping[str, Any]) -> str:
    """The wizard's address with these answers filled in."""
    plain = {name: ", ".join(v) if isinstance(v, list) else v for name, v in answers.items() if v is not None}
    return f"{reverse('training:new')}?{urlencode(plain)}"


def wizard_address(preflight: Preflight, changes: Mapping[str, Any]) -> str:
    """The wizard with the answers of a pre-flight and some other recipe settings."""
    answers = {
        "data": preflight.dataset_version_id,
        "base": base_value(preflight),
        "length": preflight.length,
        **recipe_answers({**preflight.recipe, **changes}),
    }
    return address_of(answers)


def base_value(preflight: Preflight) -> str:
    """How the wizard names the base of this pre-flight."""
    base = preflight.base
    if base["kind"] == "starter":
        return f"starter:{base['family']}:{base['size']}"
    if base["kind"] == "package":
        return f"package:{base['package']}"
    if preflight.base_model_id:
        return f"base:{preflight.base_model_id}"
    made_of = preflight.base_version.origin.get("version") if preflight.base_version else None
    if made_of:
        return f"version:{made_of}"
    return f"version:{preflight.base_version_id}"


def own_settings(run: Run) -> dict[str, Any]:
    """What a person set by hand for this run or, for a trial, its sweep."""
    trial = getattr(run, "trial", None)
    return {**run.preflight.recipe, **(trial.values if trial else {})}
