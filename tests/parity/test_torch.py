"""Live against PyTorch's scaled_dot_product_attention. Run it by name: pytest tests/parity."""

import numpy as np
import pytest
import torch

from attnviz.attention import masks
from attnviz.attention.dense import scaled_dot_product_attention
from attnviz.attention.streaming import stream

PEAK = 3.0  # makes rows that differ: near-uniform ones hide a wrong scale or order
# float32: as far as PyTorch itself is from its own answer in float64
TOLERANCE = {torch.float32: 2e-6, torch.float64: 1e-12}

# name: (lead, queries, keys, head_dim, value_dim, options). "mask" is how it is drawn.
CASES = {
    "plain": ((2,), 8, 8, 16, 16, {}),
    "one token": ((2,), 1, 1, 16, 16, {}),
    "one query": ((2,), 1, 33, 16, 16, {}),
    "more keys": ((2,), 5, 40, 16, 16, {}),
    "more queries": ((2,), 40, 5, 16, 16, {}),
    "no head axis": ((), 9, 9, 16, 16, {}),
    "batch": ((3, 2), 9, 9, 16, 16, {}),
    "three leading axes": ((2, 3, 2), 4, 5, 16, 16, {}),
    "narrow values": ((2,), 9, 9, 32, 3, {}),
    "wide values": ((2,), 9, 9, 16, 48, {}),
    "head_dim 64": ((2,), 20, 20, 64, 64, {}),
    "odd head_dim": ((2,), 9, 9, 17, 17, {}),
    "long": ((2,), 300, 300, 16, 16, {}),
    "long and causal": ((2,), 300, 300, 16, 16, {"is_causal": True}),
    "causal": ((2,), 9, 9, 16, 16, {"is_causal": True}),
    "causal, more keys": ((2,), 5, 9, 16, 16, {"is_causal": True}),
    "causal, more queries": ((2,), 9, 5, 16, 16, {"is_causal": True}),
    "scale": ((2,), 9, 9, 16, 16, {"scale": 0.1}),
    "scale and causal": ((2,), 9, 9, 16, 16, {"scale": 0.5, "is_causal": True}),
    "booleans": ((2,), 9, 12, 16, 16, {"mask": (9, 12)}),
    "booleans per head": ((2,), 9, 12, 16, 16, {"mask": (2, 9, 12)}),
    "booleans for keys": ((2,), 9, 12, 16, 16, {"mask": (1, 12)}),
    "booleans per batch": ((3, 2), 9, 12, 16, 16, {"mask": (3, 1, 9, 12)}),
    "booleans, long": ((2,), 300, 290, 16, 16, {"mask": (300, 290)}),
    "floats": ((2,), 9, 12, 16, 16, {"mask": (9, 12), "float": True}),
    "floats per head": ((2,), 9, 12, 16, 16, {"mask": (2, 9, 12), "float": True}),
    "grouped queries": ((4,), 9, 9, 16, 16, {"key_heads": 2}),
    "grouped queries, batch": ((2, 6), 9, 12, 16, 16, {"key_heads": 3}),
    "one key head": ((4,), 9, 9, 16, 16, {"key_heads": 1}),
    "grouped and causal": ((4,), 9, 9, 16, 16, {"key_heads": 2, "is_causal": True}),
    "grouped and masked": ((4,), 9, 12, 16, 16, {"key_heads": 2, "mask": (4, 9, 12)}),
    "all": ((2, 6), 9, 9, 16, 5, {"key_heads": 2, "mask": (6, 9, 9), "scale": 0.2}),
}

# The array that PyTorch is given, cell by cell, for each rule.
RULES = {
    "causal with 4 cached keys": (masks.causal(4), lambda i, j: j <= i + 4),
    "local": (masks.local(3), lambda i, j: abs(i - j) <= 3),
    "sliding": (masks.sliding(3), lambda i, j: 0 <= i - j < 3),
    "dilated": (masks.dilated(6, 2), lambda i, j: abs(i - j) <= 6 and (i - j) % 2 == 0),
    "local and global": (
        masks.local(1) | masks.global_([0, 11]),
        lambda i, j: abs(i - j) <= 1 or i in (0, 11) or j in (0, 11),
    ),
    "prefix": (masks.prefix(5), lambda i, j: j < 5 or j <= i),
    "chunked": (masks.chunked(4), lambda i, j: i // 4 == j // 4 and j <= i),
    "some rows see nothing": (masks.causal(-4), lambda i, j: j <= i - 4),
}


def draw(lead, queries, keys, head_dim, value_dim, dtype, key_heads=None, seed=0):
    generator = torch.Generator().manual_seed(seed)
    key_lead = lead if key_heads is None else (*lead[:-1], key_heads)
    shapes = (*lead, queries, head_dim), (*key_lead, keys, head_dim), (*key_lead, keys, value_dim)
    query, key, value = (torch.randn(s, generator=generator, dtype=dtype) for s in shapes)
    return PEAK * query, key, value


def draw_mask(shape, dtype, floats, seed=0):
    """About half is allowed; about one row in six sees nothing."""
    generator = torch.Generator().manual_seed(seed)
    allowed = torch.rand(shape, generator=generator) < 0.5
    allowed &= torch.rand((*shape[:-1], 1), generator=generator) < 5 / 6
    if not floats:
        return allowed
    added = torch.randn(shape, generator=generator, dtype=dtype)
    return added.masked_fill(~allowed, -torch.inf)


def of_pytorch(query, key, value, mask=None, **options):
    """Output, and weights: the output for values that pick out one key each.

    In float64 whatever the inputs are, so that the only rounding left to compare is our own.
    """
    query, key, value = (tensor.double() for tensor in (query, key, value))
    mask = mask if mask is None or mask.dtype == torch.bool else mask.double()
    ask = torch.nn.functional.scaled_dot_product_attention
    one_each = torch.eye(key.shape[-2], dtype=key.dtype).expand(*key.shape[:-1], key.shape[-2])
    return [ask(query, key, v, attn_mask=mask, **options).numpy() for v in (value, one_each)]


def arrays(*tensors):
    return [None if tensor is None else tensor.numpy() for tensor in tensors]


def check(got, expected, dtype):
    """Weights, and outputs no larger than 1, to the tolerance; larger outputs in proportion."""
    tolerance = TOLERANCE[dtype]
    assert got.shape == expected.shape
    assert got.dtype == torch.empty(0, dtype=dtype).numpy().dtype
    largest = max(1, np.abs(expected).max(initial=0))
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * largest)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_output_and_weights_are_those_of_pytorch(name, dtype):
    *sizes, options = CASES[name]
    chosen = {k: options[k] for k in ("scale", "is_causal") if k in options}
    chosen["enable_gqa"] = "key_heads" in options
    for seed in range(5):
        inputs = draw(*sizes, dtype, options.get("key_heads"), seed)
        shape = options.get("mask")
        mask = shape and draw_mask(shape, dtype, "float" in options, seed)
        got = scaled_dot_product_attention(*arrays(*inputs), mask=arrays(mask)[0], **chosen)
        for ours, theirs in zip(got, of_pytorch(*inputs, mask=mask, **chosen), strict=True):
            check(ours, theirs, dtype)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_pytorch_with_the_array_of_its_definition(name, dtype):
    rule, predicate = RULES[name]
    for n_queries, n_keys in ((13, 13), (7, 15), (15, 7)):
        inputs = draw((2,), n_queries, n_keys, 16, 16, dtype)
        allowed = [[predicate(i, j) for j in range(n_keys)] for i in range(n_queries)]
        output, weights = of_pytorch(*inputs, mask=torch.tensor(allowed))
        got = scaled_dot_product_attention(*arrays(*inputs), mask=rule)
        check(got[0], output, dtype)
        check(got[1], weights, dtype)
        for block_rows in (1, 4, None):
            streamed = stream(*arrays(*inputs), [], mask=rule, block_rows=block_rows)
            check(streamed, output, dtype)


@pytest.mark.parametrize("added", [0.0, 1e4, -1e4])
def test_scores_far_from_zero_are_pytorchs(added):
    query, key, value = draw((2,), 9, 9, 16, 16, torch.float64)
    generator = torch.Generator().manual_seed(1)
    bias = added + 100 * torch.randn((9, 9), generator=generator, dtype=torch.float64)
    output, weights = of_pytorch(query, key, value, mask=bias)
    for options in ({"mask": bias.numpy()}, {"bias": bias.numpy()}):
        got = scaled_dot_product_attention(*arrays(query, key, value), **options)
        np.testing.assert_allclose(got[0], output, atol=1e-10)
        np.testing.assert_allclose(got[1], weights, atol=1e-10)
