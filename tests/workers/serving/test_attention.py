"""Attention of one new token a row, beside torch's own."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from workers.serving.attention import additive_mask, attend_one


@pytest.mark.parametrize("shared", [6, 2, 1])
@pytest.mark.parametrize("scaling", [None, 0.3])
def test_one_new_token_a_row_as_torch_computes_it(shared: int, scaling: float | None) -> None:
    rows, heads, columns, size = 5, 6, 32, 16
    dice = torch.Generator().manual_seed(3)
    query = torch.randn(rows, heads, 1, size, generator=dice)
    # A window that is part of a larger cache: neither its rows nor its columns are all there are.
    cache = torch.randn(2, rows + 3, shared, columns + 8, size, generator=dice)
    key, value = cache[:, 2 : 2 + rows, :, :columns]
    lengths = torch.tensor([1, 32, 7, 20, 31])
    mask = additive_mask(torch.arange(columns) < lengths[:, None, None, None], torch.float32)
    ours = attend_one(query, key, value, mask, scaling)
    theirs = scaled_dot_product_attention(
        query,
        key.repeat_interleave(heads // shared, 1),
        value.repeat_interleave(heads // shared, 1),
        attn_mask=mask,
        scale=scaling,
    )
    torch.testing.assert_close(ours, theirs.transpose(1, 2))
