"""A body for every address that writes: one that is accepted, so that a refusal is about who asks and not about what."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.access.world import Place
from tests.fixtures.model_archives import model_zip


def body_for(key: str, method: str, place: Place) -> dict[str, Any]:
    """What a page or a script of ours would send there; empty where nothing is needed."""
    made = BODIES.get(f"{method} {key}", {})
    return {name: value(place) if callable(value) else value for name, value in made.items()}


def _id(kind: str) -> Any:
    return lambda place: str(place.things[kind].pk)


def _ids(*kinds: str) -> Any:
    return lambda place: [str(place.things[kind].pk) for kind in kinds]


_TEXT = "text,label\n" + "".join(f"row {n},{'ab'[n % 2]}\n" for n in range(30))
_APP = {
    "name": "New desk", "description": "d", "welcome": "w", "suggestions": "", "system_prompt": "", "icon": "message-circle",
    "max_tokens": "64", "temperature": "0", "top_p": "1", "repetition_penalty": "1", "source_label": "", "target_label": "",
}  # fmt: skip

BODIES: dict[str, dict[str, Any]] = {
    "POST account_profile": {"name": "New", "language": "en", "timezone": "UTC"},
    "POST jobs:notifications": {"by_email": "on", "webhook": "https://example.org/hook"},
    "POST jobs:priority": {"priority": "high"},
    "POST api:job-priority": {"priority": "high"},
    "POST workspaces:set_role": {"role": "editor"},
    "POST workspaces:invite": {"email": "", "role": "viewer", "days": "7"},
    "POST console:invite": {"email": "", "workspace": "", "role": "", "days": "7"},
    "POST workspaces:hub_token": {"value": "hf_a-token-for-tests"},
    "POST workspaces:settings": {"name": "Renamed"},
    "POST workspaces:hand_over": {"member": _id("membership")},
    "POST workspaces:delete": {"typed_name": lambda place: place.workspace.name},
    "POST workspaces:create": {"name": "Another team"},
    "POST workspaces:switch": {"workspace": _id("workspace")},
    "POST workspaces:keys": {"name": "script", "access": "write", "days": "90"},
    "POST datasets:new": {"text": _TEXT, "name": "New"},
    "POST datasets:upload": {"text": _TEXT, "name": "New"},
    "POST datasets:edit": {"name": "Renamed", "description": ""},
    "POST datasets:archive": {"archived": "1"},
    "POST datasets:import": {"task_type": "classification", "role-0": "input", "role-1": "label"},
    "POST publishing:embed_link": {"embed_sites": "https://www.example.org"},
    "POST publishing:change_link": {"name": "Renamed", "max_uses": "100"},
    "POST publishing:link_password": {"password": "a long password"},
    "POST catalog:base_new": {
        "kind": "hub",
        "name": "b",
        "family": "causal",
        "location": "someone/model",
        "revision": "main",
    },
    "POST catalog:base_recommended": {"hub_id": "Qwen/Qwen2.5-0.5B-Instruct"},
    "POST catalog:base_upload": {
        "file": lambda place: SimpleUploadedFile("model.zip", model_zip()),
        "name": "",
    },
    "POST catalog:base_archive": {"archived": "1"},
    "POST catalog:edit": {"name": "Renamed", "notes": ""},
    "POST catalog:archive": {"archived": "1"},
    "POST training:new": {
        "data": _id("dataset_version"),
        "base": "starter:classifier:tiny",
        "length": "quick",
    },
    "POST training:rename": {"name": "Renamed"},
    "POST training:continue": {"amount": "1", "unit": "epochs"},
    "POST training:sweep_new": {
        "vary-learning_rate": "on",
        "learning_rate-low": "0.0001",
        "learning_rate-high": "0.01",
        "trials": "4",
        "metric": "validation_loss",
    },
    "POST evaluation:new": {"data": _id("dataset_version"), "models": _ids("free_model"), "max_rows": ""},
    "POST evaluation:compare": {"evaluation": _ids("evaluation", "free_evaluation")},
    "POST publishing:new": {"model": _id("model"), **_APP},
    "POST publishing:edit": {"model": _id("model"), **_APP},
    "POST publishing:publish": {"version": _id("app_version")},
    "POST publishing:create_link": {"name": "A link"},
    "POST publishing:create_key": {"name": "script", "access": "write", "days": "90"},
    "POST publishing:preview_act": {"type": "ask", "text": "Hello"},
    "POST publishing:embed_act": {"type": "ask", "text": "Hello"},
    "POST publishing:visit_act": {"type": "ask", "text": "Hello"},
    "POST api:dataset-list": {"text": _TEXT, "filename": "t.csv"},
    "POST api:basemodel-list": {"kind": "hub", "name": "b", "family": "causal", "location": "someone/model"},
    "POST api:preflight-list": {"data": _id("dataset_version"), "base": "starter:classifier:tiny"},
    "POST api:run-list": {"preflight": _id("preflight")},
    "POST api:run-continue": {"epochs": 1},
    "POST api:sweep-list": {
        "preflight": _id("preflight"),
        "space": {"learning_rate": {"low": 0.0001, "high": 0.01}},
        "trials": 4,
    },
    "POST api:evaluation-list": {"data": _id("dataset_version"), "model": _id("free_model")},
    "POST api:comparison-list": {"evaluations": _ids("evaluation", "free_evaluation")},
    "POST api:app-list": {"model": _id("model"), "name": "New desk"},
    "POST api:app-links": {"name": "A link"},
    "PATCH api:app-link": {"name": "Renamed", "max_uses": 100},
    "POST api:app-keys": {"name": "script"},
}
