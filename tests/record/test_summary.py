"""What is kept of streamed weights is what simple loops find in the whole matrix."""

import numpy as np
import pytest

from attnviz.attention import masks, measures
from attnviz.attention.dense import scaled_dot_product_attention
from attnviz.attention.streaming import Block
from attnviz.errors import AttnvizError
from attnviz.inputs.tokens import from_labels
from attnviz.record.summary import cell_size
from attnviz.tracing.memory import default_budget
from attnviz.tracing.observers import Summarizer
from attnviz.tracing.recorder import Recorder
from tests.tracing.shapes import stack_of

HEADS = 3
KEPT_CELLS, KEPT_KEYS = 1024, 8  # a side of the map, and per query

RULES = {
    "full": masks.full(),
    "causal": masks.causal(),
    "local": masks.local(5),
    "local and global": masks.local(2) | masks.global_([0, 17, 300]),
}
# Queries and keys, and the sizes of the blocks in which they are shown.
SHAPES = [
    (1, 1, (1,)),
    (5, 3, (1, 2, 5)),
    (12, 12, (1, 2, 3, 7, 12)),
    (9, 40, (1, 4, 9)),
    (540, 700, (33, 256, 540)),
    (700, 540, (64, 257, 700)),
    (1100, 70, (99, 256)),
    (70, 1100, (33, 70)),
]


def shown(rule, n_queries, n_keys, even=False, dtype=np.float32):
    """Weights (heads, queries, keys) under a rule, and what the rule allows."""
    allowed = rule.to_array(n_queries, n_keys)
    scores = np.random.default_rng(0).normal(size=(HEADS, n_queries, n_keys))
    scores = np.zeros_like(scores) if even else 3 * scores
    exponentials = np.where(allowed, np.exp(scores), 0)
    total = exponentials.sum(axis=-1, keepdims=True)
    weights = np.divide(exponentials, total, out=np.zeros_like(exponentials), where=total > 0)
    return weights.astype(dtype), allowed


def summary_of(weights, allowed, block_rows):
    heads, n_queries, n_keys = weights.shape
    summarizer = Summarizer(heads, n_queries, n_keys, dtype=weights.dtype)
    for start in range(0, n_queries, block_rows):
        stop = min(start + block_rows, n_queries)
        keys = np.flatnonzero(allowed[start:stop].any(axis=0))
        for head in range(heads):
            part = weights[None, head, start:stop][..., keys].copy()
            turn = start // block_rows
            summarizer.see(Block(turn, head, start, stop, keys[None], part, keys.size))
            part.fill(np.nan)  # a block is lent: the next one overwrites it
    return summarizer.summary()


def kept_cell(n):
    cell = 1
    while n > cell * KEPT_CELLS:
        cell *= 2
    return cell


def pooled(weights, cells, ufunc):
    """Each cell's reduction: the rows of each band of cells, then the columns of each."""
    n_queries, n_keys = weights.shape[-2:]
    wide = weights.astype(np.float64)
    bands = [
        ufunc.reduce(wide[..., r : r + cells[0], :], axis=-2) for r in range(0, n_queries, cells[0])
    ]
    rows = np.stack(bands, axis=-2)
    columns = [
        ufunc.reduce(rows[..., c : c + cells[1]], axis=-1) for c in range(0, n_keys, cells[1])
    ]
    return np.stack(columns, axis=-1)


def mean_of_cells(weights, cells):
    return pooled(weights, cells, np.add) / pooled(np.ones(weights.shape[-2:]), cells, np.add)


def plain_measures(weights):
    """Every measure of whole rows; (…, queries) each."""
    w = weights.astype(np.float64)
    n_queries, n_keys = w.shape[-2:]
    i, j = np.arange(n_queries), np.arange(n_keys)
    total = w.sum(axis=-1)
    moved = (w * np.abs(i[:, None] - j)).sum(axis=-1)

    def at(offset):
        found = np.full(w.shape[:-1], np.nan)
        for query in range(n_queries):
            if 0 <= query + offset < n_keys:
                found[..., query] = w[..., query, query + offset]
        return found

    return {
        "entropy": -(w * np.log(np.where(w > 0, w, 1))).sum(axis=-1),
        "largest": w.max(axis=-1),
        "total": total,
        "distance": np.divide(moved, total, out=np.full_like(total, np.nan), where=total > 0),
        "self": at(0),
        "previous": at(-1),
        "next": at(1),
        "first": w[..., 0],
    }


def check_strongest(keys, largest, weights, k):
    """`k` keys a row, largest first, ties in order; keys that weigh nothing may be any."""
    whole = weights.astype(np.float64)
    order = np.argsort(-whole, axis=-1, kind="stable")[..., :k]
    expected = np.take_along_axis(whole, order, axis=-1)
    assert keys.shape == order.shape
    np.testing.assert_allclose(largest, expected, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(largest == 0, expected == 0)
    np.testing.assert_array_equal(
        np.where(expected > 0, keys, -1), np.where(expected > 0, order, -1)
    )


SOON, LATE = [], [pytest.mark.slow]  # large shapes run under one rule by default
CASES = [
    pytest.param(
        name, *shape, marks=SOON if max(shape[:2]) < 100 or name == "local and global" else LATE
    )
    for name, rule in RULES.items()
    for shape in SHAPES
    if rule.per_row(*shape[:2]).all()
]
every_case = pytest.mark.parametrize(("rule", "n_queries", "n_keys", "block_sizes"), CASES)


@every_case
def test_the_map_is_pooled_from_every_weight(rule, n_queries, n_keys, block_sizes):
    weights, allowed = shown(RULES[rule], n_queries, n_keys)
    cells = kept_cell(n_queries), kept_cell(n_keys)
    sums, maxima = pooled(weights, cells, np.add), pooled(weights, cells, np.maximum)
    for size in block_sizes:
        summary = summary_of(weights, allowed, size)
        assert summary.cells == cells
        np.testing.assert_allclose(summary.sums[0], sums, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(summary.maxima[0], maxima, rtol=0, atol=1e-7)


@every_case
def test_the_strongest_keys_of_each_head_and_of_their_mean(rule, n_queries, n_keys, block_sizes):
    for even in (False, True):
        weights, allowed = shown(RULES[rule], n_queries, n_keys, even)
        with_mean = np.concatenate([weights, weights.mean(axis=0, keepdims=True)])
        for size in block_sizes:
            summary = summary_of(weights, allowed, size)
            keys, largest = summary.strongest_keys[0], summary.strongest_weights[0]
            check_strongest(keys, largest, with_mean, min(KEPT_KEYS, n_keys))


@every_case
def test_measures_and_received_weights(rule, n_queries, n_keys, block_sizes):
    for dtype, tolerance in ((np.float32, 2e-6), (np.float64, 1e-12)):
        weights, allowed = shown(RULES[rule], n_queries, n_keys, dtype=dtype)
        expected = plain_measures(weights)
        received = weights.astype(np.float64).sum(axis=-2) / n_queries
        for size in block_sizes:
            summary = summary_of(weights, allowed, size)
            assert summary.measures.keys() == expected.keys()
            for name, values in expected.items():
                np.testing.assert_allclose(
                    summary.measures[name][0], values, rtol=tolerance, atol=tolerance, err_msg=name
                )
            np.testing.assert_allclose(summary.received[0], received, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("tokens", "cell"),
    [
        (1, 1),
        (511, 1),
        (1024, 1),
        (1025, 2),
        (2048, 2),
        (2049, 4),
        (4096, 4),
        (4097, 8),
        (16_384, 16),
    ],
)
def test_cells_are_doubled_until_1024_cover_the_text(tokens, cell):
    for shape, cells in (((tokens, 3), (cell, 1)), ((3, tokens), (1, cell))):
        summary = Summarizer(1, *shape).summary()
        assert summary.cells == cells
        assert summary.sums.shape[2:] == tuple(
            -(-n // c) for n, c in zip(shape, cells, strict=True)
        )
        assert max(summary.sums.shape) <= KEPT_CELLS


def test_a_coarser_map_takes_whole_cells_of_what_was_kept_and_never_too_many():
    for n in (1, 2, 7, 511, 512, 513, 700, 1023, 1024, 1025, 1100, 2049, 5000, 16_385):
        kept = kept_cell(n)
        for max_size in (1, 2, 5, 6, 7, 64, 100, 333, 511, 512, 1024):
            cell = cell_size(n, max_size)
            assert cell == 1 if max_size >= n else cell % kept == 0
            assert -(-n // cell) <= max_size
        for max_size in (1025, 2000, 4096):
            assert -(-n // cell_size(n, max_size)) <= max_size
            assert cell_size(n, max_size) <= kept


@pytest.mark.parametrize("block_rows", [1, 2, 3, 12])
@pytest.mark.parametrize("offset", [-1, -3, -12])
def test_rows_that_see_no_key_are_measured_like_any_other(offset, block_rows):
    weights, allowed = shown(masks.causal(offset), 12, 12)
    summary = summary_of(weights, allowed, block_rows)
    for name, values in plain_measures(weights).items():
        np.testing.assert_allclose(summary.measures[name][0], values, atol=2e-6, err_msg=name)
    np.testing.assert_allclose(summary.sums[0], weights, atol=1e-7)
    assert (summary.strongest_weights[0, :, :-offset] == 0).all()


def test_a_row_that_is_not_a_number_leaves_the_others_as_they_are():
    weights, allowed = shown(masks.causal(), 12, 12)
    spoilt = weights.copy()
    spoilt[1, 7, :8] = np.nan
    expected, got = (summary_of(w, allowed, 4) for w in (weights, spoilt))
    others = np.arange(12) != 7
    for name in measures.PER_QUERY:
        np.testing.assert_array_equal(
            got.measures[name][0][:, others], expected.measures[name][0][:, others]
        )
    np.testing.assert_array_equal(
        got.strongest_keys[0][:, others], expected.strongest_keys[0][:, others]
    )


N = 1100
LAYERS = {"local and global": RULES["local and global"], "causal": RULES["causal"]}
WHOLE, NONE = 1 << 40, 0  # budgets
MAP_SIZES = (1, 5, 64, 1024)


def attended(budget, dtype=np.float32, layers=LAYERS):
    tokens = from_labels(f"t{i}" for i in range(N))
    recorder = Recorder({"self": stack_of(tokens, n_layers=len(layers))}, budget=budget)
    rng = np.random.default_rng(8)
    outputs = []
    for layer, rule in enumerate(layers.values()):
        query, key, value = rng.normal(size=(3, HEADS, N, 16)).astype(dtype)
        outputs.append(recorder.attend("self", 3 * query, key, value, layer=layer, mask=rule))
    return recorder.stacks()["self"], outputs


@pytest.fixture(scope="module")
def both():
    """In float64: in float32 each way to add up the products of a score near 30 is off by 2e-6."""
    return attended(WHOLE, np.float64)[0], attended(NONE, np.float64)[0]


def test_the_budget_decides_what_is_kept_and_the_output_is_the_same(both):
    dense, streamed = both
    assert dense.weights.shape == (2, HEADS, N, N)
    assert dense.summary is None
    assert streamed.weights is None
    assert (dense.n_layers, dense.n_heads) == (streamed.n_layers, streamed.n_heads) == (2, HEADS)
    assert dense.shape == streamed.shape == (N, N)
    assert dense.masks == streamed.masks == tuple(LAYERS.values())
    for one, other in zip(attended(WHOLE)[1], attended(NONE)[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("max_size", MAP_SIZES)
@pytest.mark.parametrize("layer", [0, 1, "mean"])
@pytest.mark.parametrize("head", [0, 2, "mean"])
def test_maps_are_the_same_dense_or_streamed(both, layer, head, max_size):
    weights = both[0].weights
    one, other = (stack.map(layer, head, max_size) for stack in both)
    assert one.cells == other.cells
    assert one.mean.shape == one.max.shape == other.mean.shape == other.max.shape
    assert max(one.mean.shape) <= max_size
    np.testing.assert_allclose(one.mean, other.mean, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(one.max, other.max, rtol=1e-6, atol=1e-7)
    chosen = weights[slice(None) if layer == "mean" else [layer]]
    chosen = chosen[:, slice(None) if head == "mean" else [head]]
    mean = mean_of_cells(chosen, one.cells).mean(axis=(0, 1))
    np.testing.assert_allclose(other.mean, mean, rtol=0, atol=1e-6)
    largest = pooled(chosen, one.cells, np.maximum).max(axis=(0, 1))
    np.testing.assert_allclose(other.max, largest, rtol=0, atol=1e-6)


def test_a_map_finer_than_what_was_kept_is_the_finest_kept(both):
    dense, streamed = both
    whole, finest = dense.map(1, 0, 2048), streamed.map(1, 0, 2048)
    assert (whole.cells, finest.cells) == ((1, 1), (2, 2))
    np.testing.assert_array_equal(whole.mean, dense.weights[1, 0])
    np.testing.assert_array_equal(whole.max, dense.weights[1, 0])
    kept = dense.map(1, 0, KEPT_CELLS)
    assert kept.cells == (2, 2)
    np.testing.assert_allclose(finest.mean, kept.mean, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(finest.max, kept.max, rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(np.asarray(finest), finest.mean)


@pytest.mark.parametrize(
    ("layer", "head"),
    [(0, 0), (0, "mean"), (1, 2), (1, "mean"),
     *(pytest.param(*one, marks=LATE) for one in ((0, 1), (0, 2), (1, 0), (1, 1)))],
)  # fmt: skip
def test_strongest_keys_are_the_same_dense_or_streamed(both, layer, head):
    weights = both[0].weights[layer]
    chosen = weights.mean(axis=0) if head == "mean" else weights[head]
    for k in range(1, KEPT_KEYS + 1):
        for stack in both:
            check_strongest(*stack.strongest(layer, head, k), chosen, k)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 2e-6), (np.float64, 1e-12)])
def test_measures_are_the_same_dense_or_streamed(dtype, tolerance):
    stacks = [attended(budget, dtype)[0] for budget in (WHOLE, NONE)]
    for name, expected in plain_measures(stacks[0].weights).items():
        for stack in stacks:
            got = stack.measure(name)
            assert got.dtype == np.float64
            np.testing.assert_allclose(got, expected, tolerance, tolerance, err_msg=name)


def test_received_and_normalized_entropy_are_the_same_dense_or_streamed(both):
    dense, streamed = both
    received = dense.weights.astype(np.float64).sum(axis=-2) / N
    entropies = plain_measures(dense.weights)["entropy"]
    allowed = np.stack([rule.to_array(N, N).sum(axis=-1) for rule in LAYERS.values()])
    choice = np.log(allowed)[:, None, :]
    spread = np.divide(entropies, choice, out=np.zeros_like(entropies), where=choice > 0)
    for stack in (dense, streamed):
        np.testing.assert_allclose(stack.measure("received"), received, rtol=0, atol=1e-6)
        np.testing.assert_allclose(stack.measure("normalized_entropy"), spread, rtol=0, atol=2e-6)
        np.testing.assert_array_equal(stack.allowed_keys(), allowed)


def test_heads_average_each_measure_over_the_queries_that_have_it(both):
    dense, streamed = both
    expected = {name: np.nanmean(v, axis=-1) for name, v in plain_measures(dense.weights).items()}
    for stack in (dense, streamed):
        table = list(stack.heads())
        assert [(row.layer, row.head) for row in table] == [
            (a, b) for a in (0, 1) for b in (0, 1, 2)
        ]
        for row in table:
            for name, values in expected.items():
                assert row.measures[name] == pytest.approx(values[row.layer, row.head], rel=2e-6)


def test_only_the_keys_that_were_kept_can_be_asked_for(both):
    with pytest.raises(AttnvizError, match="8"):
        both[1].strongest(0, 0, KEPT_KEYS + 1)
    keys, _ = both[0].strongest(0, 0, KEPT_KEYS + 1)
    assert keys.shape == (N, KEPT_KEYS + 1)


@pytest.mark.parametrize("k", [-1, -8])
@pytest.mark.parametrize("which", [0, 1], ids=["dense", "streamed"])
def test_a_negative_number_of_strongest_keys_is_refused(both, which, k):
    with pytest.raises(AttnvizError, match=str(k)):
        both[which].strongest(0, 0, k)


@pytest.mark.parametrize("n_layers", [1, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_are_kept_when_twice_all_layers_of_them_fit_the_budget(n_layers, dtype):
    tokens = from_labels("abcdef"), from_labels("vwxyz")
    inputs = np.ones((2, 6, 4), dtype), np.ones((2, 5, 4), dtype), np.ones((2, 5, 3), dtype)
    needed = 2 * n_layers * (2 * 6 * 5) * np.dtype(dtype).itemsize
    for budget, kept in ((needed, True), (0, False), (None, True)):
        recorder = Recorder({"cross": stack_of(*tokens, n_layers)}, budget=budget)
        for layer in range(n_layers):
            recorder.attend("cross", *inputs, layer=layer)
        stack = recorder.stacks()["cross"]
        assert (stack.weights is not None) is kept
        assert (stack.summary is None) is kept
        assert stack.n_layers == n_layers


def test_the_default_budget_is_part_of_the_memory_and_at_most_one_gibibyte():
    assert 0 < default_budget() <= 2**30


@pytest.mark.parametrize("budget", [WHOLE, NONE])
def test_the_recorder_passes_every_option_on(budget):
    rng = np.random.default_rng(5)
    query, key, value = (rng.normal(size=(heads, 9, 16)) for heads in (4, 2, 2))
    options = {
        "mask": masks.causal(2) | masks.global_([7]),
        "bias": rng.normal(size=(4, 9, 9)),
        "scale": 0.7,
        "softcap": 2.0,
        "sinks": np.array([0.0, 1.0, -1.0, 2.0]),
    }
    tokens = from_labels("abcdefghi")
    for left_out in (None, *options):
        chosen = {name: given for name, given in options.items() if name != left_out}
        recorder = Recorder({"self": stack_of(tokens)}, budget=budget)
        output = recorder.attend("self", query, key, value, **chosen)
        repeated = (np.repeat(array, 2, axis=0) for array in (key, value))
        expected, weights = scaled_dot_product_attention(query, *repeated, **chosen)
        np.testing.assert_allclose(output, expected, atol=1e-13)
        stack = recorder.stacks()["self"]
        np.testing.assert_allclose(stack.map(0, 3).mean, weights[3], atol=1e-6)
        np.testing.assert_allclose(stack.measure("total")[0], weights.sum(axis=-1), atol=1e-12)


def test_stacks_are_told_apart_and_only_cross_attention_has_two_texts():
    source, target = from_labels("abcd"), from_labels("xyz")
    names = ("first", "second")
    recorder = Recorder(
        {"encoder": stack_of(source, source, 2, names), "cross": stack_of(target, source, 2, names)}
    )
    far, near = np.ones((2, 4, 4)), np.ones((2, 3, 4))
    for layer in range(2):
        recorder.attend("encoder", far, far, far, layer=layer)
        recorder.attend("cross", near, far, far, layer=layer)
    stacks = recorder.stacks()
    assert list(stacks) == ["encoder", "cross"]
    assert [stack.shape for stack in stacks.values()] == [(4, 4), (3, 4)]
    assert [stack.n_layers for stack in stacks.values()] == [2, 2]
    assert [stack.two_texts for stack in stacks.values()] == [False, True]
    assert stacks["cross"].head_name(1) == "second"
    for name in measures.WITHIN_ONE_TEXT:
        stacks["encoder"].measure(name)
        with pytest.raises(AttnvizError, match=name):
            stacks["cross"].measure(name)
