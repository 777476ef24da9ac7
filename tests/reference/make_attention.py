"""Makes attention.npz: attention as PyTorch computes it, in float64.

Run it again with PyTorch installed (the `parity` extra) when a case is added:

    python -m tests.reference.make_attention

The file holds "case/name" arrays: query, key, value, the options of the call under their own
names, and what PyTorch answered: output and weights. Inputs are float16 numbers, so that they are
the same in every precision; the answers are float64. Wherever
torch.nn.functional.scaled_dot_product_attention has the option, output is its answer, and the
explicit formula that gives the weights has to agree with it first. Bias, softcap and sinks are
not all options of that function: there the formula stands alone.
"""

from pathlib import Path

import numpy as np
import torch

PLACE = Path(__file__).with_name("attention.npz")
PEAK = 3.0  # queries this large make rows that differ: near-uniform ones hide wrong scales
NOT_IN_PYTORCH = ("softcap", "sinks")

rng = np.random.default_rng(20240607)


def tokens(*shape, spread=1.0):
    return (spread * rng.normal(size=shape)).astype(np.float16)


def inputs(heads=(2,), queries=6, keys=6, head_dim=16, value_dim=None, key_heads=None):
    key_heads = heads if key_heads is None else key_heads
    return {
        "query": tokens(*heads, queries, head_dim, spread=PEAK),
        "key": tokens(*key_heads, keys, head_dim),
        "value": tokens(*key_heads, keys, value_dim or head_dim),
    }


def booleans(*shape, share=0.6):
    mask = rng.random(shape) < share
    mask[..., 0] = True
    return mask


def band(queries, keys, low, high):
    apart = np.arange(queries)[:, None] - np.arange(keys)[None, :]
    return (low <= apart) & (apart <= high)


def forbidding(allowed, added):
    return np.where(allowed, added, -np.inf).astype(np.float16)


def without_rows(mask, *rows):
    mask[..., list(rows), :] = False
    return mask


CASES = {
    "plain": inputs(),
    "one query": inputs(queries=1, keys=5),
    "one key": inputs(queries=4, keys=1),
    "more keys than queries": inputs(queries=4, keys=9),
    "more queries than keys": inputs(queries=9, keys=4),
    "no head axis": inputs(heads=()),
    "two leading axes": inputs(heads=(2, 2), queries=4, keys=5),
    "three leading axes": inputs(heads=(2, 1, 3), queries=3, keys=3),
    "narrow values": inputs(value_dim=5),
    "wide values": inputs(value_dim=24, head_dim=16),
    "odd head_dim": inputs(head_dim=17),
    "causal": inputs(queries=7, keys=7) | {"is_causal": True},
    "causal, more keys": inputs(queries=4, keys=7) | {"is_causal": True},
    "causal, more queries": inputs(queries=7, keys=4) | {"is_causal": True},
    "scale": inputs() | {"scale": 0.1},
    "scale of one": inputs() | {"scale": 1.0},
    "scale below zero": inputs() | {"scale": -0.3},
    "boolean mask": inputs() | {"mask": booleans(6, 6)},
    "boolean mask per head": inputs(queries=5, keys=7) | {"mask": booleans(2, 5, 7)},
    "boolean mask of keys": inputs() | {"mask": booleans(1, 6)},
    "boolean mask per batch": inputs(heads=(2, 2)) | {"mask": booleans(2, 1, 6, 6)},
    "sliding mask": inputs(queries=8, keys=8) | {"mask": band(8, 8, 0, 2)},
    "local mask": inputs(queries=8, keys=8) | {"mask": band(8, 8, -2, 2)},
    "a row with no key": inputs() | {"mask": without_rows(booleans(6, 6), 0, 4)},
    "no row has a key": inputs() | {"mask": np.zeros((6, 6), dtype=bool)},
    "a row with no key, float mask": inputs()
    | {"mask": forbidding(without_rows(booleans(6, 6), 2), 0.0)},
    "float mask": inputs() | {"mask": tokens(6, 6)},
    "float mask per head": inputs(queries=4, keys=6) | {"mask": tokens(2, 4, 6, spread=2.0)},
    "float mask with -inf": inputs() | {"mask": forbidding(booleans(6, 6), tokens(6, 6))},
    "bias per head": inputs() | {"bias": tokens(2, 6, 6, spread=2.0)},
    "bias and causal": inputs() | {"bias": tokens(2, 1, 6), "is_causal": True},
    "bias and boolean mask": inputs() | {"bias": tokens(6, 6), "mask": booleans(6, 6)},
    "bias and float mask": inputs() | {"bias": tokens(6, 6), "mask": tokens(2, 6, 6)},
    "boolean mask and causal": inputs() | {"mask": booleans(6, 6), "is_causal": True},
    "grouped queries": inputs(heads=(4,), key_heads=(2,), queries=5, keys=6) | {"enable_gqa": True},
    "one key head": inputs(heads=(3,), key_heads=(1,), queries=4, keys=4) | {"enable_gqa": True},
    "grouped queries, batch, causal": inputs(heads=(2, 4), key_heads=(2, 2), queries=4, keys=4)
    | {"enable_gqa": True, "is_causal": True},
    "grouped queries, mask per head": inputs(heads=(4,), key_heads=(2,), queries=4, keys=5)
    | {"enable_gqa": True, "mask": booleans(4, 4, 5)},
    "softcap": inputs() | {"softcap": 2.0},
    "softcap, boolean mask, bias": inputs()
    | {"softcap": 1.5, "mask": without_rows(booleans(6, 6), 3), "bias": tokens(6, 6, spread=4.0)},
    "softcap, scale": inputs() | {"softcap": 5.0, "scale": 0.5},
    "sinks": inputs() | {"sinks": np.array([0.0, 2.5], dtype=np.float16)},
    "sinks, causal": inputs()
    | {"sinks": np.array([-1.0, 4.0], dtype=np.float16), "is_causal": True},
    "sinks, a row with no key": inputs()
    | {"sinks": np.array([1.0, 0.0], dtype=np.float16), "mask": without_rows(booleans(6, 6), 1)},
    "sinks, batch": inputs(heads=(2, 2), queries=3, keys=4)
    | {"sinks": np.array([1.0, -2.0], dtype=np.float16)},
    "everything at once": inputs(
        heads=(4,), key_heads=(2,), queries=5, keys=7, head_dim=18, value_dim=3
    )
    | {
        "enable_gqa": True,
        "mask": without_rows(booleans(4, 5, 7), 2),
        "bias": tokens(5, 7),
        "is_causal": True,
        "scale": 0.4,
        "softcap": 3.0,
        "sinks": np.array([0.5, -0.5, 1.0, 3.0], dtype=np.float16),
    },
}


def added_to_scores(mask=None, bias=None, is_causal=False, shape=()):
    """Everything that is added after the softcap, as one float tensor: -inf where forbidden."""
    added = torch.zeros(shape, dtype=torch.float64)
    for term in (mask, bias):
        if term is not None and term.dtype == torch.bool:
            added = added.masked_fill(~term, -torch.inf)
        elif term is not None:
            added = added + term
    if is_causal:
        added = added.masked_fill(~torch.ones(shape[-2:], dtype=torch.bool).tril(), -torch.inf)
    return added


def formula(
    query, key, value, *, mask=None, bias=None, is_causal=False, scale=None, softcap=None,
    sinks=None, enable_gqa=False,
):  # fmt: skip
    if enable_gqa:
        times = query.shape[-3] // key.shape[-3]
        key, value = (t.repeat_interleave(times, dim=-3) for t in (key, value))
    scores = query @ key.transpose(-2, -1) * (query.shape[-1] ** -0.5 if scale is None else scale)
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    scores = scores + added_to_scores(mask, bias, is_causal, scores.shape)
    sink = scores.new_full((*scores.shape[:-1], 1), -torch.inf)
    if sinks is not None:
        sink = sinks[:, None, None].expand(sink.shape)
    with_sink = torch.softmax(torch.cat([scores, sink], dim=-1), dim=-1)
    weights = torch.nan_to_num(with_sink[..., :-1], nan=0.0)
    return weights @ value, weights


def of_pytorch(query, key, value, *, mask=None, bias=None, is_causal=False, **options):
    if bias is not None or (mask is not None and is_causal):
        shape = (*query.shape[:-1], key.shape[-2])
        mask, is_causal = added_to_scores(mask, bias, is_causal, shape), False
    return torch.nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, is_causal=is_causal, **options
    )


def tensor(given):
    if not isinstance(given, np.ndarray):
        return given
    wide = torch.from_numpy(given)
    return wide if wide.dtype == torch.bool else wide.double()


def answered(case):
    tensors = {name: tensor(given) for name, given in case.items()}
    output, weights = formula(**tensors)
    if not any(name in case for name in NOT_IN_PYTORCH):
        of_theirs = of_pytorch(**tensors)
        torch.testing.assert_close(output, of_theirs, rtol=1e-12, atol=1e-12)
        output = of_theirs
    return {"output": output.numpy(), "weights": weights.numpy()}


if __name__ == "__main__":
    arrays = {
        f"{name}/{key}": array
        for name, case in CASES.items()
        for key, array in (case | answered(case)).items()
    }
    np.savez_compressed(PLACE, **arrays)
    print(f"{PLACE}: {len(CASES)} cases, {PLACE.stat().st_size / 1000:.0f} kB")
