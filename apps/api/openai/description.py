"""What the OpenAPI document says about the addresses that are no DRF views: /v1, and replies as server-sent events."""

from __future__ import annotations

from typing import Any

from apps.api.openai.schemas import ChatRequest, CompletionRequest, GenerationRequest

Schema = dict[str, Any]
_REF = "#/components/schemas/{model}"
_USAGE = ("prompt_tokens", "completion_tokens", "total_tokens")
_ERROR: Schema = {
    "type": "object",
    "description": "The shape of every error of /v1, as OpenAI's.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": "string"},
            },
        }
    },
}
_ANSWER: Schema = {
    "type": "object",
    "description": "A whole answer. As a stream the same in pieces, ending with [DONE]; while nothing comes, a comment line "
    "every few seconds. An error after the stream has begun is one event. A classifier's choice carries `labels`.",
    "required": ["id", "object", "created", "model", "choices", "usage"],
    "properties": {
        "id": {"type": "string"},
        "object": {"type": "string", "enum": ["chat.completion", "text_completion"]},
        "created": {"type": "integer"},
        "model": {"type": "string"},
        "choices": {"type": "array", "items": {"type": "object"}},
        "usage": {"type": "object", "properties": {name: {"type": "integer"} for name in _USAGE}},
    },
}
_MODEL: Schema = {
    "type": "object",
    "required": ["id", "object", "created", "owned_by"],
    "properties": {
        "id": {"type": "string"},
        "object": {"const": "model"},
        "created": {"type": "integer"},
        "owned_by": {"type": "string"},
    },
}
_MODELS: Schema = {
    "type": "object",
    "required": ["object", "data"],
    "properties": {
        "object": {"const": "list"},
        "data": {"type": "array", "items": {"$ref": _REF.format(model="OpenAiModel")}},
    },
}
_REASONS = {
    "400": "The request cannot be carried out as it is.",
    "401": "No live key of an app.",
    "403": "The key only reads.",
    "404": "The app is not published, or the key opens another one.",
    "413": "The body is larger than is taken here.",
    "429": "Too many requests; Retry-After says how many seconds to wait.",
    "500": "The engine could not answer.",
    "503": "A part of the studio is away; Retry-After says how many seconds to wait.",
    "507": "The studio's disk is full.",
}
_ANY_TIME = ("401", "429", "503", "507")
_COMPLETIONS = """Continue a raw text.

A causal model gets the prompt as it is: no chat template, no system prompt of the app; control tokens in it are control
tokens. An encoder-decoder model (a translation or summarization app) reads it as its input, as it reads the last message
of a conversation. A classifier answers with its best label. Conversations go to `/v1/chat/completions`."""
_APP_KEY: list[dict[str, list[str]]] = [{"appKey": []}]


def add_to(result: Schema) -> None:
    """Put these addresses and what they need into an OpenAPI document."""
    components = result["components"]
    components.setdefault("securitySchemes", {})["appKey"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of one app, made on that app's page.",
    }
    schemas = components["schemas"]
    for request in (ChatRequest, CompletionRequest):
        schema = request.model_json_schema(ref_template=_REF)
        schemas |= schema.pop("$defs", {})
        schemas[request.__name__] = schema
    schemas |= {"OpenAiError": _ERROR, "OpenAiAnswer": _ANSWER}
    schemas |= {"OpenAiModel": _MODEL, "OpenAiModels": _MODELS}
    result["paths"] |= {
        "/v1/models": {"get": _models()},
        "/v1/models/{slug}": {"get": _model()},
        "/v1/chat/completions": {
            "post": _generation("chat_completions", "Answer a conversation.", ChatRequest)
        },
        "/v1/completions": {"post": _generation("completions", _COMPLETIONS, CompletionRequest)},
        "/a/{token}/m/{message_id}/stream/": {
            "get": _replies("visit_stream", "token", {"type": "string"}, [])
        },
        "/e/{token}/m/{message_id}/stream/": {
            "get": _replies("embed_stream", "token", {"type": "string"}, [])
        },
        "/apps/{app_id}/preview/m/{message_id}/stream/": {
            "get": _replies("preview_stream", "app_id", _UUID, [{"cookieAuth": []}])
        },
    }


def _json(name: str, description: str = "") -> Schema:
    content = {"application/json": {"schema": {"$ref": _REF.format(model=name)}}}
    return {"description": description, "content": content}


def _errors(*statuses: str) -> Schema:
    return {status: _json("OpenAiError", _REASONS[status]) for status in statuses}


def _models() -> Schema:
    return {
        "operationId": "openai_models",
        "description": "The one model that the key opens.",
        "tags": ["v1"],
        "security": _APP_KEY,
        "responses": {"200": _json("OpenAiModels"), **_errors(*_ANY_TIME)},
    }


def _model() -> Schema:
    return {
        "operationId": "openai_model",
        "description": "The same one by its name.",
        "tags": ["v1"],
        "parameters": [{"name": "slug", "in": "path", "required": True, "schema": {"type": "string"}}],
        "security": _APP_KEY,
        "responses": {"200": _json("OpenAiModel"), **_errors("404", *_ANY_TIME)},
    }


def _generation(name: str, description: str, request: type[GenerationRequest]) -> Schema:
    whole = _json("OpenAiAnswer")
    whole["content"]["text/event-stream"] = {"schema": {"type": "string"}}
    return {
        "operationId": f"openai_{name}",
        "description": description,
        "tags": ["v1"],
        "security": _APP_KEY,
        "requestBody": {**_json(request.__name__), "required": True},
        "responses": {"200": whole, **_errors("400", "403", "404", "413", "500", *_ANY_TIME)},
    }


_UUID: Schema = {"type": "string", "format": "uuid"}


def _replies(name: str, first: str, schema: Schema, security: list[Any]) -> Schema:
    parameters = [
        {"name": first, "in": "path", "required": True, "schema": schema},
        {"name": "message_id", "in": "path", "required": True, "schema": _UUID},
        {
            "name": "after",
            "in": "query",
            "schema": {"type": "string"},
            "description": "Only what came after this number; Last-Event-ID says the same.",
        },
    ]
    stream = {"text/event-stream": {"schema": {"type": "string"}}}
    page = {
        "description": "Nothing was found at this address.",
        "content": {"text/html": {"schema": {"type": "string"}}},
    }
    responses = {"200": {"description": "The reply, as it comes.", "content": stream}, "404": page}
    if security:
        responses["302"] = {"description": "To the sign-in."}
    return {
        "operationId": f"publishing_{name}",
        "description": "A reply of an app as server-sent events, where sockets are blocked.",
        "tags": ["apps"],
        "parameters": parameters,
        "security": security,
        "responses": responses,
    }
