"""What the serving engine speaks over HTTP: OpenAI's protocol, plus what that protocol lacks.

    POST /v1/chat/completions   OpenAI's; `stream` with server-sent events and a closing `data: [DONE]`
    POST /v1/completions        OpenAI's; a causal model continues the prompt as it is, without its chat template
    GET  /v1/models             models in memory, OpenAI's shape
    POST /classify              ClassifyRequest -> ClassifyResponse
    POST /score                 ScoreRequest -> ScoreResponse
    POST /load                  LoadRequest -> EngineModel: brings a model into memory
    GET  /health                EngineHealth; answers at once, also while a model is loading

Every call but /health carries `Authorization: Bearer <ENGINE_KEY>`. `model` is the storage key of a model folder.
Errors are OpenAI's: {"error": {"message", "type", "code", "param"}}. Codes in use: invalid_api_key (401),
model_not_found (404), context_length_exceeded (400), unsupported (400), queue_full (429, with Retry-After),
out_of_memory (503), engine_error (500). In a stream that has begun, an error is one `data: {"error": …}` line.
A closed connection cancels its request at once. finish_reason is stop, length or cancelled.
"""

from typing import Annotated

from pydantic import BaseModel, Field

from workers.contracts.families import Family
from workers.contracts.model_folder import PromptMessage

HIGHEST_TEMPERATURE = 2.0
HIGHEST_PENALTY = 2.0
Temperature = Annotated[float, Field(ge=0, le=HIGHEST_TEMPERATURE)]
TopP = Annotated[float, Field(ge=0, le=1)]
RepetitionPenalty = Annotated[float, Field(gt=0, le=HIGHEST_PENALTY)]
StopTexts = Annotated[list[str], Field(max_length=4)]


class Sampling(BaseModel):
    """Per-request generation settings; temperature 0 is greedy."""

    max_tokens: int | None = Field(None, ge=1)
    temperature: Temperature = 0.7
    top_p: TopP = 1.0
    """0 leaves the most likely token alone."""
    top_k: int = Field(0, ge=0)
    repetition_penalty: RepetitionPenalty = 1.0
    seed: int | None = None
    stop: StopTexts = Field(default_factory=list)
    min_tokens: int = Field(0, ge=0)
    """The answer does not end before; never more than half of what the model reads."""
    sentence_after: int | None = Field(None, ge=1)
    """From this many tokens on, the answer ends where a sentence or a line does, with finish_reason stop."""
    room: int = Field(0, ge=0)
    """A prompt that leaves fewer tokens for the answer is too long; at most half of what the model holds is kept free."""


class ClassifyRequest(BaseModel):
    model: str
    input: str


class LabelScore(BaseModel):
    label: str
    score: float


class ClassifyResponse(BaseModel):
    """Highest first; scores sum to 1."""

    labels: list[LabelScore]
    prompt_tokens: int


class ScoreRequest(BaseModel):
    """Asks for the log-probabilities of `output_ids` after `prompt`, as the engine computes them."""

    model: str
    prompt: list[PromptMessage]
    output_ids: list[int] = Field(default_factory=list)
    greedy_tokens: int = 0
    """When above 0, also generate this many tokens greedily."""


class ScoreResponse(BaseModel):
    prompt_ids: list[int]
    log_probabilities: list[float]
    greedy_ids: list[int] = Field(default_factory=list)
    label_scores: dict[str, float] = Field(default_factory=dict)


class LoadRequest(BaseModel):
    model: str


class EngineModel(BaseModel):
    """`backend` names what computes, for instance `slots` or `seq2seq`; shown to the user."""

    model: str
    family: Family
    backend: str
    precision: str
    memory_bytes: int
    running: int
    waiting: int
    last_used_seconds: float


class EngineHealth(BaseModel):
    status: str
    """ok, loading or failing."""
    device: str
    device_memory_bytes: int
    memory_budget_bytes: int
    memory_used_bytes: int
    running: int
    waiting: int
    queue_limit: int
    tokens_per_second: float
    models: list[EngineModel]
