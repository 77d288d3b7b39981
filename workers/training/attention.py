"""Attention over packed rows: several rows in one sequence, each seeing itself alone.

A block-diagonal mask would compute all pairs of tokens and throw most of them away. Here every row is attended to by
itself, while all linear layers still run once over the whole sequence.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, PreTrainedModel

from workers.models.agreement import Reference, probe_rows

PACKED = "maquette_packed"


def packed_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    dropout: float = 0.0,
    scaling: float | None = None,
    row_lengths: list[int] | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Causal attention within each row. query (1, heads, tokens, dim), key and value alike with fewer heads where
    they are shared; `row_lengths` sum to tokens. Returns (1, tokens, heads, dim).

    Raises ValueError for what it does not compute, so that a model is never trained wrongly in silence.
    """
    if row_lengths is None or attention_mask is not None or softcap is not None:
        raise ValueError("This model's attention cannot be packed")
    shared = query.shape[1] != key.shape[1]
    parts = []
    for q, k, v in zip(
        query.split(row_lengths, dim=2),
        key.split(row_lengths, dim=2),
        value.split(row_lengths, dim=2),
        strict=True,
    ):
        seen = _within(sliding_window, q.shape[2], q.device)
        parts.append(
            scaled_dot_product_attention(
                q,
                k,
                v,
                attn_mask=seen,
                dropout_p=dropout,
                is_causal=seen is None,
                scale=scaling,
                enable_gqa=shared,
            )
        )
    return torch.cat(parts, dim=2).transpose(1, 2), None


def _within(window: int | None, tokens: int, device: torch.device) -> torch.Tensor | None:
    """Which tokens a row's tokens see, (tokens, tokens), where it is longer than the model's attention window."""
    if window is None or tokens <= window:
        return None
    causal = torch.ones(tokens, tokens, dtype=torch.bool, device=device).tril()
    return causal.triu(1 - window)


AttentionInterface.register(PACKED, packed_attention)


def can_pack(model: PreTrainedModel) -> bool:
    """Whether this model computes the same on two rows packed as on each alone; tried on a few tokens.

    Leaves the model with packed attention when it does, and as it was when it does not.
    """
    before, training = model.config._attn_implementation, model.training
    rows = probe_rows(model.config.get_text_config(decoder=True).vocab_size)
    model.eval()
    try:
        with torch.no_grad():
            kept = torch.arange(1, sum(map(len, rows)), 2, device=model.device)
            alone = Reference.of(model, lambda: _every_logit(model, rows)[kept])
            model.set_attn_implementation(PACKED)
            inputs = packed_inputs(rows, model.device)
            packed = model(**inputs, logits_to_keep=kept, use_cache=False).logits[0]
            fits = alone.compare(packed).holds
    except (ValueError, TypeError, RuntimeError, AttributeError):
        fits = False
    if not fits:
        model.set_attn_implementation(before)
    model.train(training)
    return fits


def _every_logit(model: PreTrainedModel, rows: list[list[int]]) -> torch.Tensor:
    """Logits (tokens of all rows, vocabulary), each row read by itself."""
    ids = [torch.tensor([row], device=model.device) for row in rows]
    return torch.cat([model(input_ids=row, use_cache=False).logits[0] for row in ids])


def few_sizes(count: int) -> int:
    """`count`, or up to a 32nd more: of all numbers between one and its double 32 are left, so that what is compiled for
    each of them (workers.shared.kernels) is soon there."""
    step = 1 << max(0, count.bit_length() - 6)
    return -(-count // step) * step


def packed_inputs(rows: Sequence[Sequence[int]], device: torch.device) -> dict[str, Any]:
    """Model inputs for rows of token ids laid end to end; every row counts its positions from 0."""
    ids = torch.tensor([[token for row in rows for token in row]], device=device)
    positions = torch.cat([torch.arange(len(row)) for row in rows])[None].to(device)
    return {"input_ids": ids, "position_ids": positions, "row_lengths": [len(row) for row in rows]}


@contextmanager
def unpacked(model: PreTrainedModel) -> Iterator[None]:
    """Within it, a model with packed attention attends as usual: for generating and scoring."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    if base.config._attn_implementation != PACKED:
        yield
        return
    base.set_attn_implementation("sdpa" if base._supports_sdpa else "eager")
    try:
        yield
    finally:
        base.set_attn_implementation(PACKED)
