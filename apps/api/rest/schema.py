"""What the OpenAPI description says beyond what views declare: the errors of every call, and the Recipe."""

from typing import Any

from apps.api.openai import description
from workers.contracts.recipes import Recipe

Schema = dict[str, Any]

_FOR_WRITERS = "/api/v1/uploads/"
"""Also reads here are of who may write."""
RECIPE_REF: Schema = {"$ref": "#/components/schemas/Recipe"}
_ERROR: Schema = {
    "type": "object",
    "description": "The shape of every error.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "field"],
            "properties": {
                "code": {"type": "string", "description": "For programs."},
                "message": {"type": "string", "description": "For people: what to do."},
                "field": {
                    "type": ["string", "null"],
                    "description": "The field of the body that it is about.",
                },
            },
        }
    },
}
_REASONS = {
    "400": "The request cannot be carried out as it is.",
    "401": "No live key of a workspace, and no signed-in person.",
    "403": "The role, or the key, does not allow this.",
    "404": "Not found: it does not exist, or your key may not see it.",
    "413": "The body is larger than is taken here.",
    "415": "The body is of a kind that is not read here.",
    "429": "Too many requests, or more than the workspace may take; Retry-After says how many seconds to wait.",
    "503": "A part of the studio is away; Retry-After says how many seconds to wait.",
    "507": "The studio's disk is full.",
}


def complete(result: Schema, generator: Any, request: Any, public: bool) -> Schema:
    """drf-spectacular's hook: adds the components and, to every call, the errors that it may answer with."""
    schemas = result["components"]["schemas"]
    recipe = Recipe.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= recipe.pop("$defs")
    schemas |= {"Recipe": recipe, "Error": _ERROR}
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            for status in _statuses(path, method, operation):
                operation["responses"].setdefault(status, _response(_REASONS[status]))
            _keep_one_media_type(operation)
    description.add_to(result)
    _repair(result)
    return result


def _keep_one_media_type(operation: Schema) -> None:
    """The first of a view's parsers: multipart for a file, JSON for everything else. Forms are read too, but generated
    clients stumble over several types of one body."""
    content = operation.get("requestBody", {}).get("content", {})
    for kind in list(content)[1:]:
        del content[kind]


_NARROWER = {"minLength", "enum", "allOf", "oneOf", "$ref"}
"""What may exclude the empty text."""


def _repair(part: Any) -> None:
    """Make valid what drf-spectacular writes for a JSON field that may be null (a type named twice) and for a text that may
    be left out but neither be empty nor outside a list (an empty default)."""
    if isinstance(part, list):
        for each in part:
            _repair(each)
    if not isinstance(part, dict):
        return
    if isinstance(part.get("type"), list):
        part["type"] = list(dict.fromkeys(part["type"]))
    if part.get("default") == "" and not _NARROWER.isdisjoint(part):
        del part["default"]
    for each in part.values():
        _repair(each)


def _statuses(path: str, method: str, operation: Schema) -> set[str]:
    found = {"401", "404", "429", "503", "507"}
    if method != "get" or path.startswith(_FOR_WRITERS):
        found |= {"400", "403"}
    if path.endswith("/file/"):
        found.add("400")
    if "requestBody" in operation:
        found |= {"413", "415"}
    return found


def _response(description: str) -> Schema:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": description, "content": content}
