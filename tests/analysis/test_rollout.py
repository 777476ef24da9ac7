"""Rollout against sums over all paths, flow against all cuts, both by hand where hands suffice."""

from __future__ import annotations

import dataclasses
import tracemalloc
from collections import deque
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz import AttnvizError, from_weights, trace
from attnviz.analysis.max_flow import max_flow
from attnviz.analysis.rollout import flow, rollout
from attnviz.attention import masks
from attnviz.attention.value_weights import value_weighted
from attnviz.inputs.tokens import from_labels
from attnviz.record.selection import crop, merge
from attnviz.record.stack import Stack

L, H, N = 4, 3, 5
CAUSAL = np.tri(N, dtype=bool)


def soft(*shape, allowed=True, seed=0, dtype=np.float64):
    """Rows that sum to 1, or to 0 where nothing is allowed."""
    exponentials = np.exp(2 * np.random.default_rng(seed).normal(size=shape)) * allowed
    total = exponentials.sum(axis=-1, keepdims=True)
    weights = np.divide(exponentials, total, out=np.zeros_like(exponentials), where=total > 0)
    return weights.astype(dtype)


def stack_of(weights, rule=None, **more):
    tokens = from_labels(range(weights.shape[-1]))
    rules = () if rule is None else (rule,) * len(weights)
    return Stack(tokens, tokens, weights, masks=rules, **more)


def mixed(weights, fusion, residual):
    """Â of every layer, number by number."""
    fuse = {"mean": lambda heads: sum(heads) / len(heads), "max": max, "min": min}[fusion]
    layers = []
    for layer in weights.tolist():
        n = len(layer[0])
        rows = [
            [
                (1 - residual) * fuse([head[i][j] for head in layer]) + residual * (i == j)
                for j in range(n)
            ]
            for i in range(n)
        ]
        sums = [sum(row) if fusion != "mean" else 1 for row in rows]
        layers.append([[w / (s or 1) for w in row] for row, s in zip(rows, sums, strict=True)])
    return np.array(layers)


def along_all_paths(layers):
    """For each token on top and each input: the sum over all paths of the product of its edges."""
    depth, n = layers.shape[:2]
    total = np.zeros((n, n))
    for path in product(range(n), repeat=depth + 1):  # from the top down
        edges = [layers[depth - 1 - k, path[k], path[k + 1]] for k in range(depth)]
        total[path[0], path[-1]] += np.prod(edges)
    return total


# Rollout

TWO_HEADS = np.array(
    [
        [[[1.0, 0.0], [0.5, 0.5]], [[0.5, 0.5], [0.0, 1.0]]],
        [[[0.0, 1.0], [1.0, 0.0]], [[0.5, 0.5], [1.0, 0.0]]],
    ]
)
BY_HAND = {
    # Ā = [[.75 .25] [.25 .75]], then [[.25 .75] [1 0]]; with half of I, and the product of both
    ("mean", 0.5): [
        [[0.875, 0.125], [0.125, 0.875]],
        [[0.59375, 0.40625], [0.5, 0.5]],
    ],
    ("mean", 0): [[[0.75, 0.25], [0.25, 0.75]], [[0.375, 0.625], [0.75, 0.25]]],
    ("mean", 1): [[[1, 0], [0, 1]], [[1, 0], [0, 1]]],
    # largest: [[1 .5] [.5 1]] and [[.5 1] [1 0]], rows divided by 1.5, 1.5, 1.5 and 1
    ("max", 0): [[[2 / 3, 1 / 3], [1 / 3, 2 / 3]], [[4 / 9, 5 / 9], [2 / 3, 1 / 3]]],
    # largest with half of I: [[1 .25] [.25 1]] / 1.25 and [[.75 .5] / 1.25, [.5 .5] / 1]
    ("max", 0.5): [[[0.8, 0.2], [0.2, 0.8]], [[0.56, 0.44], [0.5, 0.5]]],
    # least: [[.5 0] [0 .5]] and [[0 .5] [1 0]]
    ("min", 0): [[[1, 0], [0, 1]], [[0, 1], [1, 0]]],
    ("min", 0.5): [[[1, 0], [0, 1]], [[2 / 3, 1 / 3], [0.5, 0.5]]],
}


@pytest.mark.parametrize(("fusion", "residual"), BY_HAND)
def test_rollout_by_hand(fusion, residual):
    rolled = rollout(stack_of(TWO_HEADS), fusion=fusion, residual=residual)
    assert rolled.weights.shape == (2, 1, 2, 2)
    np.testing.assert_allclose(rolled.weights[:, 0], BY_HAND[fusion, residual], atol=1e-15)


@pytest.mark.parametrize("residual", [0, 0.25, 0.5, 1])
@pytest.mark.parametrize("fusion", ["mean", "max", "min"])
@pytest.mark.parametrize("allowed", [True, CAUSAL], ids=["full", "causal"])
def test_rollout_is_the_sum_over_all_paths(fusion, residual, allowed):
    weights = soft(L, H, N, N, allowed=allowed)
    rolled = rollout(stack_of(weights), fusion=fusion, residual=residual)
    layers = mixed(weights, fusion, residual)
    for layer in range(L):
        expected = along_all_paths(layers[: layer + 1])
        np.testing.assert_allclose(rolled.weights[layer, 0], expected, atol=1e-14)
    np.testing.assert_allclose(rolled.weights.sum(axis=-1), 1, rtol=1e-12)


def test_weight_that_is_missing_from_a_row_stays_missing():
    """What a sink took goes nowhere: two layers with half of each row on it leave 3/4 · 3/4."""
    weights = soft(2, H, N, N) / 2
    sums = rollout(stack_of(weights)).weights.sum(axis=-1)
    np.testing.assert_allclose(sums[0], 0.75, rtol=1e-12)
    np.testing.assert_allclose(sums[1], 0.75**2, rtol=1e-12)


def test_a_row_that_no_two_heads_share_is_its_residual():
    weights = np.stack([np.eye(3), np.roll(np.eye(3), 1, axis=1)])[None]
    np.testing.assert_array_equal(rollout(stack_of(weights), fusion="min").weights[0, 0], np.eye(3))
    none = rollout(stack_of(weights), fusion="min", residual=0).weights
    np.testing.assert_array_equal(none, np.zeros((1, 1, 3, 3)))


def test_a_rolled_stack_says_what_it_is_and_keeps_the_tokens():
    stack = stack_of(soft(L, H, N, N, dtype=np.float32), head_names=("a", "b", "c"), key_heads=1)
    rolled = rollout(stack)
    assert rolled.head_names == ("rollout, mean of heads, ½ residual",)
    assert (rolled.n_layers, rolled.n_heads, rolled.key_heads) == (L, 1, None)
    assert rolled.weights.dtype == np.float32
    streamed = trace("the cat sat on the mat. " * 20, max_memory=0).stack
    assert rollout(dataclasses.replace(stack, summary=streamed.summary)).summary is None
    assert rolled.query_tokens is rolled.key_tokens is stack.query_tokens
    names = [
        rollout(stack, fusion=fusion, residual=residual).head_names[0]
        for fusion, residual in (("max", 0), ("min", 0.25), ("mean", 1))
    ]
    assert names == [
        "rollout, max of heads, no residual",
        "rollout, min of heads, 0.25 residual",
        "rollout, mean of heads, 1 residual",
    ]


def test_masks_are_what_the_layers_below_let_through():
    weights = soft(3, H, N, N, allowed=CAUSAL)
    assert set(rollout(stack_of(weights, masks.causal())).masks) == {masks.causal()}
    assert rollout(stack_of(weights)).masks == ()
    near = masks.local(1)
    local = soft(3, H, N, N, allowed=near.to_array(N, N))
    rolled = rollout(stack_of(local, near))
    for layer in range(3):
        expected = masks.local(layer + 1).to_array(N, N)
        np.testing.assert_array_equal(rolled.allowed(layer), expected)
        np.testing.assert_array_equal(rolled.weights[layer, 0] > 0, expected)


@pytest.mark.parametrize("residual", [0, 0.5])
def test_without_a_residual_a_token_may_not_reach_itself(residual):
    before = masks.causal(-1)
    weights = soft(2, H, N, N, allowed=before.to_array(N, N))
    rolled = rollout(stack_of(weights, before), residual=residual)
    expected = masks.causal(0 if residual else -2).to_array(N, N)
    np.testing.assert_array_equal(rolled.allowed(1), expected)
    np.testing.assert_array_equal(rolled.weights[1, 0] > 0, expected)


def test_rollout_of_words_is_of_words():
    stack = merge(trace("the cat's mat", tokenizer="bytes", type="causal", heads=4).stack, "words")
    rolled = rollout(stack)
    assert rolled.query_tokens.labels == ("the", "␠", "cat's", "␠", "mat")
    np.testing.assert_allclose(rolled.weights.sum(axis=-1), 1, rtol=1e-5)


# Flow


def cheapest_cut(layers, source, sink):
    """The least room over all ways to part the source from the sink: every set of tokens."""
    depth, n = layers.shape[:2]
    sides = np.array(list(product([False, True], repeat=(depth - 1) * n)), dtype=bool)
    with_source = [  # level by level from the inputs; what has no edge out or in costs nothing
        np.tile(~np.eye(n, dtype=bool)[sink], (len(sides), 1)),
        *(sides[:, k * n : (k + 1) * n] for k in range(depth - 1)),
        np.tile(np.eye(n, dtype=bool)[source], (len(sides), 1)),
    ]
    cut = sum(
        np.einsum("sa,ab,sb->s", with_source[k + 1], layers[k], ~with_source[k], optimize=True)
        for k in range(depth)
    )
    return cut.min()


def by_augmenting(layers, source, sink):
    """Edmonds-Karp over one matrix of all tokens, in whole numbers."""
    depth, n = layers.shape[:2]
    room = np.zeros(((depth + 1) * n,) * 2, dtype=object)
    for k in range(depth):
        room[(k + 1) * n : (k + 2) * n, k * n : (k + 1) * n] = layers[k]
    start, end, total = depth * n + source, sink, 0
    while True:
        before, waiting = {start: start}, deque([start])
        while waiting and end not in before:
            here = waiting.popleft()
            for there in np.flatnonzero(room[here] > 0):
                if there not in before:
                    before[there] = here
                    waiting.append(there)
        if end not in before:
            return total
        path = [end]
        while path[-1] != start:
            path.append(before[path[-1]])
        edges = list(zip(path[1:], path[:-1], strict=True))
        most = min(room[edge] for edge in edges)
        for a, b in edges:
            room[a, b] -= most
            room[b, a] += most
        total += most


def every_pair(reference, layers):
    n = layers.shape[-1]
    return np.array([[reference(layers, i, j) for j in range(n)] for i in range(n)], dtype=float)


def test_flow_by_hand():
    """Two layers: the sum of what each token between lets through, min(room in, room out)."""
    layers = np.array([[[0.75, 0.25], [0.5, 0.5]], [[0.25, 0.75], [0.0, 1.0]]])
    # from 0 to 0: min(¼, ¾) + min(¾, ½); to 1: min(¼, ¼) + min(¾, ½); from 1 only by token 1
    expected = [[0.75, 0.75], [0.5, 0.5]]
    np.testing.assert_allclose(max_flow(layers), expected, atol=1e-12)
    weights = 2 * layers[:, None] - np.eye(2)  # so that half of it and half of I is the above
    shares = flow(stack_of(weights)).weights
    assert shares.shape == (1, 1, 2, 2)
    np.testing.assert_allclose(shares[0, 0], [[0.5, 0.5], [0.5, 0.5]], atol=1e-12)


def test_flow_has_to_turn_back():
    """The first path that one would take blocks the only two that together carry more."""
    layers = np.zeros((3, 2, 2))
    layers[2, 0] = [1, 1]  # the source reaches both tokens
    layers[1] = [[1, 1], [0, 1]]  # token 0 both below, token 1 only token 1
    layers[0] = [[1, 0], [1, 0]]  # both reach input 0
    np.testing.assert_allclose(max_flow(layers), [[2, 0], [0, 0]], atol=1e-12)


@pytest.mark.parametrize(("depth", "n"), [(1, 4), (2, 4), (3, 4), (4, 3), (6, 2), (5, 2), (13, 1)])
@pytest.mark.parametrize("kind", ["full", "causal", "sparse", "peaked"])
def test_flow_is_the_cheapest_cut(depth, n, kind):
    for seed in range(3):
        random = np.random.default_rng(seed)
        allowed = {"causal": np.tri(n), "sparse": random.random((depth, n, n)) < 0.5}.get(kind, 1)
        layers = soft(depth, n, n, allowed=allowed, seed=seed) ** (3 if kind == "peaked" else 1)
        expected = every_pair(cheapest_cut, layers)
        np.testing.assert_allclose(max_flow(layers), expected, atol=1e-11)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 5).flatmap(
        lambda n: st.lists(
            st.lists(st.integers(0, 4), min_size=n * n, max_size=n * n), min_size=1, max_size=6
        )
    )
)
def test_flow_of_whole_numbers_with_many_ties(rooms):
    layers = np.array(rooms)
    n = int(np.sqrt(layers.shape[1]))
    layers = layers.reshape(-1, n, n)
    expected = every_pair(by_augmenting, layers)
    np.testing.assert_allclose(max_flow(layers.astype(np.float64)), expected, atol=1e-9)


def test_flow_of_more_inputs_than_are_worked_on_together():
    n, depth = 20, 3
    layers = np.random.default_rng(2).integers(0, 50, (depth, n, n))
    got = max_flow(layers.astype(np.float64))
    for source, sink in ((0, 0), (3, 19), (19, 16), (10, 15), (7, 1)):
        assert got[source, sink] == pytest.approx(by_augmenting(layers, source, sink), abs=1e-9)


@pytest.mark.parametrize("residual", [0, 0.5])
@pytest.mark.parametrize("fusion", ["mean", "max", "min"])
@pytest.mark.parametrize("layer", [None, 0, 1, 2])
def test_flow_of_a_stack_is_over_its_mixed_layers_and_rows_are_shares(fusion, residual, layer):
    weights = soft(3, H, 4, 4)
    found = flow(stack_of(weights), fusion=fusion, residual=residual, layer=layer)
    layers = mixed(weights, fusion, residual)[: 3 if layer is None else layer + 1]
    flows = every_pair(cheapest_cut, layers)
    expected = flows / flows.sum(axis=1, keepdims=True)
    assert found.weights.shape == (1, 1, 4, 4)
    np.testing.assert_allclose(found.weights[0, 0], expected, atol=1e-11)


def test_flow_through_one_layer_is_that_layer():
    weights = soft(1, H, N, N)
    np.testing.assert_allclose(
        flow(stack_of(weights)).weights, rollout(stack_of(weights)).weights, atol=1e-15
    )


def test_a_flow_says_what_it_is_and_causal_stays_causal():
    weights = soft(3, H, N, N, allowed=CAUSAL, dtype=np.float32)
    found = flow(stack_of(weights, masks.causal(), key_heads=1, head_names=("a", "b", "c")))
    assert found.head_names == ("flow to layer 2, mean of heads, ½ residual",)
    assert flow(stack_of(weights), layer=1, residual=0).head_names == (
        "flow to layer 1, mean of heads, no residual",
    )
    assert found.masks == (masks.causal(),)
    assert (found.weights[0, 0][~CAUSAL] == 0).all()
    assert found.weights.dtype == np.float32
    assert (found.n_layers, found.n_heads, found.key_heads) == (1, 1, None)
    near = masks.local(1)
    found = flow(stack_of(soft(3, H, N, N, allowed=near.to_array(N, N)), near), layer=1)
    np.testing.assert_array_equal(found.allowed(), masks.local(2).to_array(N, N))


def test_a_token_that_nothing_reaches_has_an_empty_row():
    weights = soft(2, H, N, N, allowed=masks.causal(-1).to_array(N, N))
    found = flow(stack_of(weights), residual=0).weights[0, 0]
    np.testing.assert_allclose(found.sum(axis=1), [0, 0, 1, 1, 1], atol=1e-12)


@pytest.mark.parametrize(
    ("layers", "n", "named"),
    [
        (1, 120, "1 layers of 120 tokens.*48 tokens in 12 layers, or 89 in 1"),
        (12, 49, "12 layers of 49 tokens.*48 tokens in 12 layers, or 48 in 12"),
        (24, 48, "24 layers of 48 tokens.*or 40 in 24"),
    ],
)
def test_a_flow_that_would_take_too_long_is_refused(layers, n, named):
    with pytest.raises(AttnvizError, match=named):
        flow(stack_of(np.full((layers, 1, n, n), 1 / n)))


def test_what_is_at_the_limit_is_worked_on(monkeypatch):
    monkeypatch.setattr("attnviz.analysis.rollout.max_flow", lambda layers: layers[-1])
    assert flow(stack_of(np.full((12, 1, 48, 48), 1 / 48))).shape == (48, 48)


def test_a_layer_below_the_limit_may_be_asked_of_a_deep_stack():
    weights = np.full((30, 1, 60, 60), 1 / 60)
    assert flow(stack_of(weights), layer=0).weights.shape == (1, 1, 60, 60)


# What both refuse

BOTH = pytest.mark.parametrize("follow", [rollout, flow])


@BOTH
def test_two_texts_are_refused(follow):
    one = stack_of(soft(L, H, N, N))
    for stack in (
        from_weights(soft(2, 2, 3, 3), "abc", "xyz").stack,
        from_weights(soft(2, 2, 3, 3), "abc", "abc").stack,
        crop(one, "1:3"),
        dataclasses.replace(one, key_tokens=from_labels("vwxyz")),
    ):
        with pytest.raises(AttnvizError, match="not the same tokens"):
            follow(stack)
    assert follow(crop(one, "1:3", "1:3")).shape == (2, 2)


@BOTH
def test_streamed_stacks_are_refused(follow):
    with pytest.raises(AttnvizError, match=r"they are streamed.*shorter text"):
        follow(trace("the cat sat on the mat. " * 20, max_memory=0).stack)


@BOTH
@pytest.mark.parametrize("residual", [-0.1, 1.1, np.nan, np.inf])
def test_a_residual_is_a_share(follow, residual):
    with pytest.raises(AttnvizError, match=f"residual is {residual}.*from 0 to 1"):
        follow(stack_of(TWO_HEADS), residual=residual)


@BOTH
def test_an_unknown_fusion_is_named(follow):
    with pytest.raises(AttnvizError, match=r'"maximum" is not valid.*max, mean, min'):
        follow(stack_of(TWO_HEADS), fusion="maximum")


@pytest.mark.parametrize("layer", [-1, 2])
def test_flow_to_a_layer_that_is_not_there(layer):
    with pytest.raises(AttnvizError, match=f"Layer {layer} does not exist.*0 to 1"):
        flow(stack_of(TWO_HEADS), layer=layer)


@BOTH
def test_the_given_stack_is_left_as_it_was(follow):
    stack = stack_of(soft(L, H, N, N), masks.full())
    before = stack.weights.copy()
    follow(stack)
    np.testing.assert_array_equal(stack.weights, before)


# Value-weighted


def test_value_weighted_by_hand():
    """Head 0 moves values by 1 and 2, head 1 turns (3, 4) into a length of 5."""
    weights = np.array([[[0.5, 0.5]], [[0.25, 0.75]]])
    values = np.array([[[1.0, 0.0], [0.0, 2.0]], [[3.0, 4.0], [0.0, 0.0]]])
    w_output = np.vstack([np.eye(2), np.eye(2)])
    got = value_weighted(weights, values, w_output)
    np.testing.assert_array_equal(got, [[[0.5, 1.0]], [[1.25, 0.0]]])


@pytest.mark.parametrize(("n_heads", "shared"), [(1, 1), (4, 4), (6, 2), (4, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_value_weighted_is_the_length_of_each_moved_value(n_heads, shared, dtype):
    random = np.random.default_rng(5)
    weights = soft(n_heads, 5, 7, dtype=dtype)
    values = random.normal(size=(shared, 7, 3)).astype(dtype)
    w_output = random.normal(size=(n_heads * 3, 11)).astype(dtype)
    spread = values.astype(np.float64).repeat(n_heads // shared, axis=0)
    by_head = w_output.reshape(n_heads, 3, 11)
    vectors = np.einsum("hqk,hkd,hdw->hqkw", weights, spread, by_head)
    got = value_weighted(weights, values, w_output)
    assert got.dtype == dtype
    expected = np.linalg.norm(vectors, axis=-1)
    np.testing.assert_allclose(got, expected, rtol=1e-5 if dtype == np.float32 else 1e-13)


def test_value_weighted_holds_one_head_at_a_time():
    n_heads, n_keys, width = 8, 64, 512
    weights = soft(n_heads, 4, n_keys, dtype=np.float32)
    values = np.ones((n_heads, n_keys, 8), np.float32)
    w_output = np.ones((n_heads * 8, width), np.float32)
    tracemalloc.start()
    value_weighted(weights, values, w_output)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * 4 * n_keys * width + 4 * weights.size + 100_000


@pytest.mark.parametrize(
    ("weights", "values", "w_output"),
    [
        ((2, 3, 4), (2, 5, 6), (12, 7)),
        ((2, 3, 4), (2, 4, 6), (11, 7)),
        ((3, 3, 4), (2, 4, 6), (18, 7)),
        ((2, 3, 4), (0, 4, 6), (12, 7)),
        ((2, 3, 4), (4, 4, 6), (12, 7)),
        ((3, 4), (1, 4, 6), (6, 7)),
        ((2, 3, 4), (4, 6), (12, 7)),
        ((2, 3, 4), (2, 4, 6), (12,)),
    ],
)
def test_shapes_that_do_not_fit_are_named(weights, values, w_output):
    with pytest.raises(AttnvizError, match="do not fit") as caught:
        value_weighted(np.ones(weights), np.ones(values), np.ones(w_output))
    assert str(values) in caught.value.message
