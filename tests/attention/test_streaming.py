"""Streaming gives the dense numbers, block by block, and holds one block at a time."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from attnviz.attention import masks
from attnviz.attention.dense import scaled_dot_product_attention
from attnviz.attention.streaming import stream
from attnviz.errors import AttnvizError

N_QUERIES, N_KEYS, HEADS, HEAD_DIM, VALUE_DIM = 17, 21, 4, 16, 5
BLOCKS = (1, 2, 3, 7, N_QUERIES, N_QUERIES + 50, None)
TOLERANCE = {np.float32: 1e-6, np.float64: 1e-12}

IDS = [i // 4 % 3 for i in range(600)]
RULES = {
    "no rule": None,
    "full": masks.full(),
    "causal": masks.causal(),
    "causal, 4 cached keys": masks.causal(4),
    "causal, offset -5": masks.causal(-5),
    "local": masks.local(2),
    "sliding": masks.sliding(3),
    "dilated": masks.dilated(6, 3),
    "global": masks.global_([2, 20]),
    "prefix": masks.prefix(6),
    "document": masks.document(IDS),
    "chunked": masks.chunked(5),
    "strided": masks.strided(4),
    "local and global": masks.local(1) | masks.global_([0, 9, 19]),
    "packed": masks.document(IDS) & masks.causal(),
    "three": (masks.local(2) | masks.global_([3])) & masks.causal() | masks.document(IDS),
    "nothing": masks.causal(-2) & masks.local(1),
}


def options():
    rng = np.random.default_rng(2)
    allowed = (rng.random((HEADS, N_QUERIES, N_KEYS)) < 0.5) & (rng.random((N_QUERIES, 1)) < 0.8)
    return {
        "plain": {},
        "causal": {"is_causal": True},
        "scale": {"scale": 0.4},
        "bias": {"bias": 2 * rng.normal(size=(HEADS, N_QUERIES, N_KEYS))},
        "softcap": {"softcap": 3.0},
        "sinks": {"sinks": np.array([0.0, -np.inf, 3.0, 1.0])},
        "shared keys": {"enable_gqa": True},
        "all of them": {
            "is_causal": True,
            "scale": 0.4,
            "bias": rng.normal(size=(N_QUERIES, N_KEYS)),
            "softcap": 3.0,
            "sinks": np.array([0.0, 1.0, 2.0, 3.0]),
            "enable_gqa": True,
        },
        "booleans": {"mask": allowed},
        "booleans and causal": {"mask": allowed[0], "is_causal": True},
        "floats": {"mask": np.where(allowed, rng.normal(size=allowed.shape), -np.inf)},
    }


OPTIONS = options()


def cases():
    """Every rule with nothing and with all options; each option alone with every third rule, and
    with the others where there is time."""
    found = []
    for i, (option, chosen) in enumerate(OPTIONS.items()):
        rules = ["no rule"] if "mask" in chosen else RULES
        for j, rule in enumerate(rules):
            usual = option in ("plain", "all of them") or "mask" in chosen or (i + j) % 3 == 0
            found.append(pytest.param(rule, option, marks=[] if usual else pytest.mark.slow))
    return found


def draw(
    dtype=np.float64, n_queries=N_QUERIES, n_keys=N_KEYS, heads=HEADS, key_heads=HEADS, seed=1
):
    rng = np.random.default_rng(seed)
    query = 3 * rng.normal(size=(heads, n_queries, HEAD_DIM))
    key = rng.normal(size=(key_heads, n_keys, HEAD_DIM))
    value = rng.normal(size=(key_heads, n_keys, VALUE_DIM))
    return [array.astype(dtype) for array in (query, key, value)]


class Copier:
    """Keeps a copy of what it was shown."""

    def __init__(self):
        self.blocks = []

    def see(self, block):
        assert block.weights.shape[0] * block.weights.shape[1] == block.stop - block.start
        assert block.keys.shape == (block.weights.shape[0], block.weights.shape[2])
        self.blocks.append(replace(block, keys=block.keys.copy(), weights=block.weights.copy()))

    def whole(self, heads, n_queries, n_keys):
        """The weights (heads, queries, keys): what is shown of a row is all that it has, and what
        lies outside of the text has no weight."""
        weights = np.full((heads, n_queries, n_keys), np.nan)
        for block in sorted(self.blocks, key=lambda block: block.turn):
            weights[block.head, block.start : block.stop] = 0
            n_rows = block.weights.shape[1]
            for tile, keys in enumerate(block.keys):
                inside = (keys >= 0) & (keys < n_keys)
                assert not block.weights[tile][:, ~inside].any()
                for row in range(n_rows):
                    line = weights[block.head, block.start + tile * n_rows + row]
                    np.add.at(line, keys[inside], block.weights[tile, row, inside])
        return weights


def plain(query, key, value, *, rule, mask=None, is_causal=False, bias=None, scale=0.25,
          softcap=None, sinks=None, enable_gqa=False):  # fmt: skip
    """The definition, with nothing shared with the package but the mask's array."""
    if enable_gqa:
        key, value = (np.repeat(a, len(query) // len(key), axis=0) for a in (key, value))
    scores = np.einsum("hqd,hkd->hqk", query, key) * scale
    scores = scores if softcap is None else softcap * np.tanh(scores / softcap)
    scores = scores + (0 if bias is None else bias)
    shape = scores.shape[1:]
    allowed = np.ones(shape, dtype=bool) if rule is None else rule.to_array(*shape)
    allowed = allowed & np.tri(*shape, dtype=bool) if is_causal else allowed
    if mask is not None and mask.dtype == bool:
        allowed = allowed & mask
    elif mask is not None:
        scores = scores + mask
    scores = np.where(allowed, scores, -np.inf)
    sink = np.full(len(query), -np.inf) if sinks is None else sinks
    top = np.maximum(scores.max(axis=-1), sink[:, None])[..., None]
    top[np.isneginf(top)] = 0
    exponentials = np.exp(scores - top)
    total = exponentials.sum(axis=-1, keepdims=True) + np.exp(sink[:, None, None] - top)
    weights = exponentials / np.where(total == 0, 1, total)
    return np.einsum("hqk,hkv->hqv", weights, value), weights


@pytest.mark.parametrize(("rule", "option"), cases())
def test_every_block_size_gives_the_dense_numbers(rule, option):
    chosen = OPTIONS[option]
    key_heads = 2 if chosen.get("enable_gqa") else HEADS
    how = {"mask": RULES[rule]} | chosen
    expected = plain(*draw(key_heads=key_heads), rule=RULES[rule], **chosen)
    for dtype, tolerance in TOLERANCE.items():
        inputs = draw(dtype, key_heads=key_heads)
        dense_output, dense_weights = scaled_dot_product_attention(*inputs, **how)
        np.testing.assert_allclose(dense_weights, expected[1], rtol=0, atol=3 * tolerance)
        np.testing.assert_allclose(dense_output, expected[0], rtol=0, atol=9 * tolerance)
        for block_rows in BLOCKS:
            seen = Copier()
            output = stream(*inputs, [seen], **how, block_rows=block_rows)
            weights = seen.whole(HEADS, N_QUERIES, N_KEYS)
            assert output.dtype == dtype
            assert all(block.weights.dtype == dtype for block in seen.blocks)
            np.testing.assert_allclose(weights, dense_weights, rtol=0, atol=tolerance)
            np.testing.assert_allclose(output, dense_output, rtol=0, atol=3 * tolerance)


@pytest.mark.parametrize("rule", RULES)
def test_observers_see_every_row_of_every_head(rule):
    inputs = draw()
    for block_rows in BLOCKS:
        first, second = Copier(), Copier()
        stream(*inputs, [first, second], mask=RULES[rule], block_rows=block_rows)
        for head in range(HEADS):
            mine = sorted((b for b in first.blocks if b.head == head), key=lambda b: b.turn)
            assert [block.turn for block in mine] == list(range(len(mine)))
            rows = {row for block in mine for row in range(block.start, block.stop)}
            assert rows == set(range(N_QUERIES))
            starts = [block.start for block in mine if block.stop - block.start > 1]
            assert starts == sorted(starts)
        for one, other in zip(first.blocks, second.blocks, strict=True):
            np.testing.assert_array_equal(one.weights, other.weights)


@pytest.mark.parametrize("rule", RULES)
def test_the_near_columns_of_every_tile_are_as_far_from_its_rows(rule):
    seen = Copier()
    n = 400
    stream(*draw(n_queries=n, n_keys=n), [seen], mask=RULES[rule])
    for block in seen.blocks:
        tiles, rows, _ = block.weights.shape
        first = block.start + rows * np.arange(tiles)
        apart = block.keys[:, : block.near] - first[:, None]
        assert (apart == apart[0]).all()


def test_rows_of_a_local_rule_bring_only_their_window_and_the_global_keys():
    seen = Copier()
    rule = masks.local(1) | masks.global_([0, 500])
    stream(
        *draw(n_queries=1200, n_keys=1200, heads=1, key_heads=1), [seen], mask=rule, block_rows=4
    )
    found = {block.start: block for block in seen.blocks}
    assert found[100].keys.shape == (1, 32)  # two full vectors: the window's, and the global keys'
    assert found[100].keys[0].tolist() == [*range(99, 115), 0, 500, *[-1] * 14]
    assert found[500].stop == 501  # the row of a global token comes by itself, and last
    assert found[500].keys.tolist() == [list(range(1200))]


@pytest.mark.parametrize(
    ("rule", "share"),
    [(masks.local(16), 20), (masks.causal(), 3), (None, 3)],
    ids=["local", "causal", "full"],
)
def test_the_whole_matrix_is_never_in_memory(rule, share):
    n = 3072
    inputs = draw(np.float32, n, n, heads=2, key_heads=2)
    whole = 2 * n * n * 4
    tracemalloc.start()
    try:
        stream(*inputs, [], mask=rule)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < whole / share, peak / whole


@pytest.mark.parametrize("rule", ["no rule", "causal", "local and global", "packed", "strided"])
def test_long_texts_streamed_by_default_are_the_dense_numbers(rule):
    for n_queries, n_keys in ((590, 590), (300, 4500) if rule != "packed" else (590, 300)):
        inputs = draw(np.float32, n_queries, n_keys, heads=2, key_heads=1)
        how = {"mask": RULES[rule], "enable_gqa": True}
        dense_output, dense_weights = scaled_dot_product_attention(*inputs, **how)
        seen = Copier()
        output = stream(*inputs, [seen], **how)
        assert len(seen.blocks) > 1
        np.testing.assert_allclose(
            seen.whole(2, n_queries, n_keys), dense_weights, rtol=0, atol=1e-6
        )
        np.testing.assert_allclose(output, dense_output, rtol=0, atol=3e-6)


def test_the_weights_shown_make_the_output_returned():
    query, key, value = draw()
    seen = Copier()
    output = stream(query, key, value, [seen], mask=masks.sliding(4), block_rows=3)
    np.testing.assert_allclose(output, seen.whole(HEADS, N_QUERIES, N_KEYS) @ value, atol=1e-13)


def test_observers_may_come_from_anywhere_and_may_be_none():
    seen = [Copier(), Copier()]
    expected = stream(*draw(), [])
    output = stream(*draw(), (s for s in seen), block_rows=5)
    np.testing.assert_allclose(output, expected, rtol=1e-12)
    assert [len(s.blocks) for s in seen] == [4 * HEADS, 4 * HEADS]


def test_no_keys_give_zeros_and_no_queries_give_no_block():
    seen = Copier()
    output = stream(*draw(n_keys=0), [seen], block_rows=4)
    np.testing.assert_array_equal(output, np.zeros((HEADS, N_QUERIES, VALUE_DIM)))
    assert all(block.keys.size == block.weights.size == 0 for block in seen.blocks)
    seen = Copier()
    assert stream(*draw(n_queries=0), [seen]).shape == (HEADS, 0, VALUE_DIM)
    assert seen.blocks == []


def test_a_query_that_is_not_a_number_spoils_its_own_row_only():
    inputs = draw()
    clean, spoilt = Copier(), Copier()
    stream(*inputs, [clean], block_rows=4)
    inputs[0][2, 9, 3] = np.nan
    stream(*inputs, [spoilt], block_rows=4)
    expected, got = (seen.whole(HEADS, N_QUERIES, N_KEYS) for seen in (clean, spoilt))
    assert np.isnan(got[2, 9]).all()
    got[2, 9] = expected[2, 9]
    np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("block_rows", [0, -1, -100])
def test_a_block_that_cannot_be_is_named(block_rows):
    with pytest.raises(AttnvizError, match=str(block_rows)):
        stream(*draw(), [], block_rows=block_rows)


@pytest.mark.parametrize("axes", [2, 4])
def test_streaming_takes_three_axes(axes):
    inputs = [array[0] if axes == 2 else array[None] for array in draw()]
    with pytest.raises(AttnvizError) as caught:
        stream(*inputs, [])
    assert str(inputs[0].shape) in str(caught.value)
    assert "heads" in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "shown"),
    [
        ({"key": np.ones((HEADS, N_KEYS, 3))}, ["16", "3"]),
        ({"value": np.ones((HEADS, 4, 3))}, ["21", "4"]),
        ({"key": np.ones((3, N_KEYS, HEAD_DIM))}, ["(3, 21, 16)", "(4, 17, 16)"]),
        ({"mask": np.ones((3, 3), dtype=bool)}, ["mask", "(3, 3)"]),
        ({"bias": np.ones((17, 20))}, ["bias", "(17, 20)"]),
        ({"sinks": np.ones(3)}, ["sinks", "(3,)"]),
        ({"softcap": 0}, ["softcap", "0"]),
        ({"mask": masks.document([0, 1])}, ["2 ids"]),
    ],
)
def test_what_does_not_fit_is_an_error_that_names_it(wrong, shown):
    query, key, value = draw()
    given = {"query": query, "key": key, "value": value, "observers": []} | wrong
    with pytest.raises(AttnvizError) as caught:
        stream(**given)
    for part in shown:
        assert part in str(caught.value)
