"""An engine that misbehaves on command, as a process of its own: it speaks the real protocol over real HTTP.

POST /faults {"pause": seconds before each piece, "pieces": how many, "die_after": break off after so many pieces,
"breaks": how many answers break off, "busy": refuse so many requests with 429, "diverge": say something else from the
second request on, "too_long": refuse prompts of more words}. GET /calls: what was asked.
"""

import asyncio
import json
import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

DEFAULTS: dict[str, Any] = {
    "pause": 0.0,
    "pieces": 8,
    "die_after": None,
    "breaks": 0,
    "busy": 0,
    "diverge": False,
    "too_long": None,
    "loaded": True,
}
faults = dict(DEFAULTS)
calls: list[dict[str, Any]] = []
cancelled: list[str] = []


def refuse(status: int, code: str, message: str, **headers: str) -> JSONResponse:
    body = {"error": {"message": message, "type": "error", "code": code, "param": None}}
    return JSONResponse(body, status, headers=headers)


async def health(_: Request) -> JSONResponse:
    models = sorted({call["model"] for call in calls}) if faults["loaded"] else []
    loaded = [
        {
            "model": model,
            "family": "causal",
            "backend": "slots",
            "precision": "fp32",
            "memory_bytes": 1,
            "running": 1,
            "waiting": 3,
            "last_used_seconds": 0,
        }
        for model in models
    ]
    return JSONResponse(
        {
            "status": "ok",
            "device": "cpu",
            "device_memory_bytes": 1,
            "memory_budget_bytes": 1,
            "memory_used_bytes": 1,
            "running": 1,
            "waiting": 3,
            "queue_limit": 4,
            "tokens_per_second": 1,
            "models": loaded,
        }
    )


async def generate(request: Request) -> Response:
    body = await request.json()
    calls.append(body)
    if request.headers.get("authorization") != "Bearer engine-key":
        return refuse(401, "invalid_api_key", "Wrong key.")
    if faults["busy"]:
        faults["busy"] -= 1
        return refuse(429, "queue_full", "The queue is full.", **{"Retry-After": "1"})
    words = " ".join(m["content"] for m in body.get("messages", [])) or body.get("prompt", "")
    if faults["too_long"] is not None and len(words.split()) > faults["too_long"]:
        message = f"The input is {len(words.split())} tokens long, but this model takes at most {faults['too_long']} tokens."
        return refuse(400, "context_length_exceeded", message)
    return StreamingResponse(pieces(body, words), media_type="text/event-stream")


async def pieces(body: dict[str, Any], words: str) -> Any:
    tune = "other" if faults["diverge"] and len(calls) > 1 else "word"
    count = min(faults["pieces"], body.get("max_tokens") or 10**9)
    finished = False
    try:
        for number in range(count):
            if faults["breaks"] and number == faults["die_after"]:
                faults["breaks"] -= 1
                raise ConnectionAbortedError
            await asyncio.sleep(faults["pause"])
            text = f"{tune}{number} "
            delta = {"delta": {"content": text}, "text": text, "index": 0, "finish_reason": None}
            yield f"data: {json.dumps({'choices': [delta]})}\n\n"
        reason = "length" if count < faults["pieces"] else "stop"
        yield f"data: {json.dumps({'choices': [{'delta': {}, 'index': 0, 'finish_reason': reason}]})}\n\n"
        usage = {"prompt_tokens": len(words.split()), "completion_tokens": count}
        yield f"data: {json.dumps({'choices': [], 'usage': usage})}\n\n"
        yield "data: [DONE]\n\n"
        finished = True
    finally:
        if not finished:
            cancelled.append(body["model"])


async def classify(request: Request) -> JSONResponse:
    calls.append(await request.json())
    return JSONResponse({"labels": [{"label": "billing", "score": 0.9}, {"label": "bug", "score": 0.1}]})


async def set_faults(request: Request) -> JSONResponse:
    faults.clear()
    faults.update(DEFAULTS | await request.json())
    calls.clear()
    cancelled.clear()
    return JSONResponse({})


async def told(_: Request) -> JSONResponse:
    return JSONResponse({"calls": calls, "cancelled": cancelled})


app = Starlette(
    routes=[
        Route("/health", health),
        Route("/v1/chat/completions", generate, methods=["POST"]),
        Route("/v1/completions", generate, methods=["POST"]),
        Route("/classify", classify, methods=["POST"]),
        Route("/faults", set_faults, methods=["POST"]),
        Route("/calls", told),
    ]
)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical")
