"""Parts, units and links of streamed texts are those of the whole weights."""

import numpy as np
import pytest

import attnviz
from attnviz import threads as workers
from attnviz.analysis.transform import Transform
from attnviz.attention.dense import scaled_dot_product_attention
from attnviz.attention.masks import (
    causal,
    chunked,
    dilated,
    document,
    full,
    global_,
    local,
    sliding,
)
from attnviz.attention.measures import PER_QUERY
from attnviz.attention.prepare import prepare
from attnviz.attention.streaming import Block, block_shape, observe, stream, stream_inputs
from attnviz.attention.value_weights import value_weighted
from attnviz.inputs.text import from_ids
from attnviz.record.summary import kept_cell
from attnviz.tracing.observers import Measured, Pooled, Strongest, Summarizer
from attnviz.tracing.recorder import Recorder
from attnviz.tracing.trace import trace
from tests.tracing.shapes import stack_of

TEXT = "The cat sat on the mat. It was tired, and it slept well! Who saw it?\n" * 80  # 1,600 tokens
N_TOKENS = 1600
IDS = [i // 50 for i in range(3000)]
BANDED = {
    "local": local(5),
    "wide": local(130),
    "sliding": sliding(9),
    "dilated": dilated(12, 3),
    "global": local(4) | global_([0, 3, 77, 1650]),
    "only the first": sliding(6) | global_([0]),
    "chunked": chunked(16),
    "both": local(3) & causal(),
    "either": local(50) | sliding(90),
    "packed": document(IDS) & sliding(20),
    "full": full(),
    "causal": causal(),
}


def draw(n_queries, n_keys, heads=2):
    rng = np.random.default_rng(4)
    return [
        rng.standard_normal((heads, n, 16), dtype=np.float32) for n in (n_queries, n_keys, n_keys)
    ]


def shaped():
    """Every rule over as many queries as keys; a few where there are more of the one."""
    for rule in BANDED:
        yield rule, (1700, 1700)
        for shape, usual in (((1100, 2100), "global"), ((2100, 1300), "dilated")):
            yield pytest.param(rule, shape, marks=[] if rule == usual else pytest.mark.slow)


@pytest.mark.parametrize(("rule", "shape"), [*shaped()])
def test_what_is_kept_of_tiles_is_what_the_whole_weights_say(rule, shape):
    inputs = draw(*shape)
    output, weights = scaled_dot_product_attention(*inputs, mask=BANDED[rule])
    watching = Summarizer(2, *shape)
    streamed = stream(*inputs, [watching], mask=BANDED[rule])
    summary = watching.summary()
    np.testing.assert_allclose(streamed, output, atol=2e-6)
    for name, measure in PER_QUERY.items():
        expected = measure(weights, np.arange(shape[0]), np.arange(shape[1]), shape[1])
        np.testing.assert_allclose(
            summary.measures[name][0], expected, rtol=2e-6, atol=2e-6, err_msg=name
        )
    received = weights.astype(np.float64).mean(axis=1)
    np.testing.assert_allclose(summary.received[0], received, atol=1e-6)
    mean = np.concatenate([weights, weights.mean(axis=0, keepdims=True)])
    largest = -np.sort(np.partition(-mean, 7, axis=-1)[..., :8], axis=-1)
    np.testing.assert_allclose(summary.strongest_weights[0], largest, atol=1e-6)
    named = np.take_along_axis(mean, summary.strongest_keys[0].astype(np.int64), axis=-1)
    np.testing.assert_allclose(named[largest > 0], largest[largest > 0], atol=1e-6)
    cells = summary.cells
    places = np.arange(0, shape[0], cells[0]), np.arange(0, shape[1], cells[1])
    for ufunc, kept in ((np.add, summary.sums[0]), (np.maximum, summary.maxima[0])):
        expected = ufunc.reduceat(ufunc.reduceat(weights, places[0], axis=1), places[1], axis=2)
        np.testing.assert_allclose(kept, expected, rtol=1e-6, atol=2e-6)


@pytest.mark.parametrize(
    "options", [{"softcap": 2.0}, {"sinks": np.array([1.0, -2.0])}, {"scale": 30.0}]
)
def test_tiles_know_every_option(options):
    inputs = [array.astype(np.float64) for array in draw(1500, 1500)]
    rule = local(7) | global_([4])
    _, weights = scaled_dot_product_attention(*inputs, mask=rule, **options)
    kept = Strongest(2, 1500, 1500)
    stream(*inputs, [kept], mask=rule, **options)
    np.testing.assert_allclose(kept.weights[:2], -np.sort(-weights, axis=-1)[..., :8], atol=1e-6)


def test_without_values_observers_see_the_same():
    inputs = draw(1500, 1500)
    for rule in (local(9), causal()):
        first, second = Pooled(2, 1500, 1500), Pooled(2, 1500, 1500)
        stream(*inputs, [first], mask=rule)
        observe(*inputs[:2], [second], mask=rule)
        np.testing.assert_array_equal(first.sums, second.sums)


@pytest.mark.parametrize("map_size", [8, 64])
def test_sums_over_rows_are_the_same_whatever_order_threads_bring_them_in(map_size):
    weights = np.random.default_rng(0).random((1, 1, 40, 30)).astype(np.float32)
    keys, lent = np.arange(30)[None], np.empty((1, 4, 30), np.float32)
    found = []
    for order in (range(10), reversed(range(10))):
        kept = Pooled(1, 40, 30, map_size)
        for turn in order:
            lent[...] = weights[:, 0, 4 * turn : 4 * turn + 4]
            kept.see(Block(turn, 0, 4 * turn, 4 * turn + 4, keys, lent, 30))
            lent[...] = np.nan  # the next block comes in the same memory
        found.append((kept.received.tobytes(), kept.sums.tobytes(), kept.maxima.tobytes()))
    assert found[0] == found[1]
    cell = kept_cell(40, map_size)
    pooled = weights[0].reshape(1, 40 // cell, cell, 30).sum(axis=2)
    pooled = np.add.reduceat(pooled, np.arange(0, 30, kept_cell(30, map_size)), axis=2)
    np.testing.assert_allclose(kept.sums, pooled, rtol=1e-6)


@pytest.mark.parametrize("kept_numbers", [0, 1 << 21])
def test_the_mean_of_heads_is_each_observer_s_own(kept_numbers, monkeypatch):
    monkeypatch.setattr(workers, "KEPT_NUMBERS", kept_numbers)
    query, key, value = draw(1200, 1200, heads=3)
    _, weights = scaled_dot_product_attention(query, key, value)
    watching = [Strongest(3, 1200, 1200) for _ in range(2)]
    observe(query, key, watching)
    expected = -np.sort(-weights.astype(np.float64).mean(axis=0), axis=-1)[:, :8]
    for kept in watching:
        np.testing.assert_allclose(kept.weights[3], expected, atol=1e-7)


def test_keys_that_tie_come_in_the_order_of_the_text():
    n, rule = 1300, local(6) | global_([0, 1250])
    query, key, value = np.zeros((3, 1, n, 8), np.float32)
    _, weights = scaled_dot_product_attention(query, key, value, mask=rule)
    kept = Strongest(1, n, n)
    observe(query, key, [kept], mask=rule)
    expected = np.argsort(-weights[0], axis=-1, kind="stable")[:, :8]
    np.testing.assert_array_equal(kept.keys[0], expected)


def test_blocks_are_never_larger_than_usual():
    class Sizes:
        largest = 0

        def see(self, block):
            self.largest = max(self.largest, block.weights.size)

    query, key, _ = draw(9000, 9000, heads=1)
    for rule in (causal(), local(64), full()):
        usual, asked = Sizes(), Sizes()
        inputs = prepare(query[:, :, :4], key[:, :, :4], key[:, :, :4], mask=rule)
        stream_inputs(inputs, [usual], None)
        stream_inputs(inputs, [asked], None, 9000)
        assert asked.largest == usual.largest
        rows, columns = block_shape(rule, 9000, 9000)
        assert usual.largest <= 1.01 * rows * columns


def test_a_measure_of_tiles_is_nan_only_where_the_text_has_no_such_key():
    kept = Measured(2, 1500, 1500)
    observe(*draw(1500, 1500)[:2], [kept], mask=local(5))
    assert np.flatnonzero(np.isnan(kept.values["previous"][0])).tolist() == [0]
    assert np.flatnonzero(np.isnan(kept.values["next"][0])).tolist() == [1499]


TRANSFORMS = {
    "part": Transform(rows="20:60,cat#3", columns="1000:1100"),
    "columns": Transform(columns="cat"),
    "sentences": Transform(merge="sentences"),
    "lines, and some of them": Transform(merge="lines", rows="0:5"),
    "words": Transform(merge="words"),
}


@pytest.mark.parametrize("kind", ["self", "local", "global"])
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_a_streamed_text_keeps_what_is_asked_for_at_full_detail(transform, kind):
    dense = trace(TEXT, type=kind, heads=2, transform=TRANSFORMS[transform])
    streamed = trace(TEXT, type=kind, heads=2, transform=TRANSFORMS[transform], max_memory=0)
    np.testing.assert_allclose(streamed.stack.weights, dense.stack.weights, atol=1e-6)
    assert streamed.stack.query_tokens == dense.stack.query_tokens
    assert streamed.stack.key_tokens == dense.stack.key_tokens
    assert {**dense.settings, **streamed.settings} == streamed.settings  # global tokens by name
    assert streamed.stack.head_names == dense.stack.head_names
    assert streamed.stack.two_texts == dense.stack.two_texts
    for one, other in zip(streamed.stack.masks, dense.stack.masks, strict=True):
        assert (one.to_array(*dense.stack.shape) == other.to_array(*dense.stack.shape)).all()


def test_a_part_knows_where_it_lies_and_the_whole_around_it():
    stack = trace(TEXT, type="local", heads=2, transform=TRANSFORMS["part"], max_memory=0).stack
    assert stack.place.rows.tolist() == [*range(20, 60)] or 20 in stack.place.rows
    assert stack.place.columns.tolist() == list(range(1000, 1100))
    assert stack.place.whole.shape == (N_TOKENS, N_TOKENS)
    assert stack.place.whole.summary is not None
    assert stack.positions[1][0] == 1000


def test_a_part_is_saved_and_read_again(tmp_path):
    record = trace(TEXT, type="local", heads=2, transform=TRANSFORMS["part"], max_memory=0)
    record.save(tmp_path / "part.npz")
    assert attnviz.read(tmp_path / "part.npz") == record


def test_links_far_apart_are_the_strongest_there_are():
    n = 800
    rng = np.random.default_rng(1)
    weights = rng.dirichlet(np.full(n, 0.01), size=n).astype(np.float32)
    weights[5, 700], weights[600, 2] = 3.0, 2.5  # more than any
    stack = attnviz.from_weights(weights / weights.sum(axis=1, keepdims=True), range(n)).stack
    links = stack.far_links(k=5)
    assert [(link.query, link.key) for link in links][:2] in (
        [(5, 700), (600, 2)], [(600, 2), (5, 700)],
    )  # fmt: skip
    assert all(abs(link.query - link.key) >= n / 16 for link in links)
    assert len({link.key for link in links}) == len(links)
    assert [link.weight for link in links] == sorted((k.weight for k in links), reverse=True)
    whole = stack.weights[0, 0]
    assert all(whole[link.query, link.key] == np.float32(link.weight) for link in links)


def test_nothing_is_far_in_a_local_text_or_between_two_texts():
    assert trace(TEXT, type="local", heads=1).stack.far_links() == []
    assert trace("a b c", source=TEXT, heads=1).stack.far_links() == []


@pytest.mark.parametrize("rule", ["local", "global", "causal", "full"])
def test_streamed_lengths_of_values_are_those_of_the_whole(rule):
    n, rng = 1100, np.random.default_rng(6)
    query = rng.standard_normal((4, n, 8), dtype=np.float32)
    key, value = (rng.standard_normal((2, n, 8), dtype=np.float32) for _ in range(2))
    value *= rng.random((2, n, 1), dtype=np.float32) ** 4  # of many lengths
    w_output = rng.standard_normal((32, 16), dtype=np.float32)
    tokens = from_ids([0] * n)
    stacks = []
    for budget in (1 << 30, 0):
        recorder = Recorder({"self": stack_of(tokens)}, budget=budget, values=True)
        recorder.attend("self", query, key, value, mask=BANDED[rule], w_output=w_output)
        stacks.append(recorder.stacks()["self"])
    dense, streamed = stacks
    _, plain = scaled_dot_product_attention(query, key, value, mask=BANDED[rule], enable_gqa=True)
    expected = value_weighted(plain, value, w_output).astype(np.float64)
    expected /= expected.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(dense.weights[0], expected, atol=1e-6)
    assert streamed.weights is None
    for head in (0, 3, "mean"):
        whole, summed = (stack.map(0, head, 1024) for stack in stacks)
        np.testing.assert_allclose(summed.mean, whole.mean, atol=1e-6)
        np.testing.assert_allclose(summed.max, whole.max, atol=1e-6)
        found = (stack.strongest(0, head, 5)[1] for stack in stacks)
        np.testing.assert_allclose(*found, atol=1e-6)
    for name in ("entropy", "distance", "received"):
        measured = (stack.measure(name) for stack in stacks)
        np.testing.assert_allclose(*measured, rtol=2e-6, atol=2e-6, err_msg=name)
