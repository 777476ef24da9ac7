"""What attention costs: counted by hand, by brute force, and as growth with a known slope."""

import itertools
import math
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from attnviz.analysis.cost import (
    LONGEST,
    Curve,
    Growth,
    Layers,
    Predicted,
    Report,
    Series,
    Timed,
    crossing,
    growth,
    predict,
    streamed_bytes,
)
from attnviz.attention import masks
from attnviz.errors import AttnvizError
from attnviz.inputs.text import from_ids
from attnviz.tracing.recorder import Recorder
from tests.tracing.shapes import stack_of

LOCAL, GLOBAL = masks.local(64), masks.local(64) | masks.global_([0])

# Scores of n tokens, worked out by hand; the windows are smaller than every n below.
BY_HAND = {
    "self": (masks.full(), lambda n: n * n),
    "causal": (masks.causal(), lambda n: n * (n + 1) // 2),
    "local": (LOCAL, lambda n: 129 * n - 64 * 65),
    "sliding": (masks.sliding(64), lambda n: 64 * n - 63 * 64 // 2),
    "global": (GLOBAL, lambda n: 129 * n - 64 * 65 + 2 * (n - 65)),
    # two more columns and rows: less what the window, the others and they themselves cover
    "two global": (
        masks.local(1) | masks.global_([0, 100]),
        lambda n: 3 * n - 2 + 2 * (n - 2) + 2 * (n - 3) - 2,
    ),
    "chunked": (masks.chunked(128), lambda n: n // 128 * 128 * 129 // 2),
    "dilated": (masks.dilated(8, 4), lambda n: 5 * n - 2 * (4 + 8)),
    "dilated and global": (
        masks.dilated(8, 4) | masks.global_([0]),
        lambda n: 5 * n - 2 * (4 + 8) + 2 * (n - 3),
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_scores_by_hand(name):
    rule, scores = BY_HAND[name]
    for n in (128, 256, 1024, 1 << 20):
        assert predict([Layers(rule, 1, 1)], n).scores == scores(n), n


@pytest.mark.parametrize("n", [1, 2, 7, 300])
def test_scores_by_brute_force(n):
    rules = [masks.local(3) | masks.global_([0, 5]), masks.strided(4), masks.sliding(2)]
    for rule in rules:
        cells = sum(
            bool(rule([i], [j])[0, 0]) for i, j in itertools.product(range(min(n, 40)), repeat=2)
        )
        assert predict([Layers(rule, 1, 1)], min(n, 40)).scores == cells
        assert predict([Layers(rule, 1, 1)], n).scores == int(rule.to_array(n, n).sum())


def test_millions_of_tokens_are_counted_exactly_in_little_time_and_memory():
    tracemalloc.start()
    start = time.perf_counter()
    found = [predict([Layers(rule, 4, 64)], 1 << 22).scores for rule, _ in BY_HAND.values()]
    took, (_, peak) = time.perf_counter() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [scores(1 << 22) for _, scores in BY_HAND.values()]
    assert took < 10  # seconds; row by row through a global token's keys it would be hours
    assert peak < 1 << 26


def test_what_one_length_costs():
    """12 heads of 32 numbers, 6 layers, 512 tokens: the formulas, with nothing of the package."""
    found = predict([Layers(masks.full(), 12, 32, 6)], 512, per_token=1000)
    assert found.length == 512
    assert found.scores == 6 * 512 * 512
    assert found.multiply_adds == 6 * 512 * 512 * 2 * 32 * 12
    assert found.weight_bytes == 6 * 12 * 512 * 512 * 4
    assert found.cache_bytes is None
    assert found.rest == 512_000
    assert found.work == found.multiply_adds + 512_000


def test_layers_that_differ_are_added():
    one, other = Layers(masks.causal(), 4, 16, 3), Layers(masks.sliding(8), 2, 64, 5)
    both = predict([one, other], 100)
    for name in ("scores", "multiply_adds", "weight_bytes", "streamed_bytes"):
        assert getattr(both, name) == sum(getattr(predict([o], 100), name) for o in (one, other))


def test_a_cache_holds_what_the_next_token_sees():
    causal = Layers(masks.causal(), 8, 64, 2, n_key_heads=2, cached=2)
    window = Layers(masks.sliding(16), 8, 64, 3, n_key_heads=2, cached=2)
    encoder = Layers(masks.full(), 8, 64, 3, n_key_heads=2)
    found = predict([causal, window, encoder], 100).cache_bytes
    assert found == (2 * 100 + 3 * 16) * 2 * 2 * 64 * 2  # tokens, key heads, both, numbers, bytes
    assert predict([encoder], 100).cache_bytes is None


@pytest.mark.parametrize("rule", [masks.full(), LOCAL], ids=str)
@pytest.mark.parametrize(("heads", "n"), [(4, 1000), (1, 3000), (12, 1000)])
def test_the_estimate_of_streaming_is_what_streaming_holds(rule, heads, n):
    draw = np.random.default_rng(0).standard_normal
    qkv, tokens = [draw((heads, n, 64), dtype=np.float32) for _ in range(3)], from_ids([0] * n)
    recorder = Recorder({"self": stack_of(tokens)}, budget=0)
    tracemalloc.start()
    with ThreadPoolExecutor(1) as new:  # a new thread has no scratch memory from other tests
        output = new.submit(recorder.attend, "self", *qkv, mask=rule).result()
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    summary = kept - output.nbytes if kept > output.nbytes else kept
    predicted = predict([Layers(rule, heads, 64)], n).streamed_bytes
    assert summary / 2 < predicted < 1.3 * peak


def test_each_layer_has_a_summary_and_all_share_a_block():
    one, two, three = (streamed_bytes(Layers(masks.full(), 4, 64, n), 2048) for n in (1, 2, 3))
    assert three - two == two - one
    assert 2 * one > two > one
    few = Layers(masks.local(64), 4, 64)
    assert streamed_bytes(few, 100_000) < streamed_bytes(Layers(masks.full(), 4, 64), 100_000)


# Where attention becomes the larger part.


@pytest.mark.parametrize(("width", "expected"), [(384, 2305), (768, 4609)])
def test_a_transformer_s_attention_outgrows_the_rest_after_six_widths(width, expected):
    """4 d² of projections and 8 d² of feed-forward against 2 n d of attention, for each token."""
    layers = [Layers(masks.full(), width // 64, 64, 6)]
    assert crossing(layers, 6 * 12 * width * width) == expected


@pytest.mark.slow
def test_a_causal_model_needs_twice_the_length():
    assert crossing([Layers(masks.causal(), 6, 64)], 12 * 384 * 384) == 2 * 2304


@pytest.mark.slow
def test_a_window_never_outgrows_the_rest():
    assert crossing([Layers(masks.sliding(512), 6, 64)], 12 * 384 * 384) is None
    assert crossing([Layers(masks.full(), 1, 1)], 2 * LONGEST) is None
    assert crossing([Layers(masks.full(), 1, 1)], 2 * LONGEST - 2) == LONGEST


def test_attention_alone_is_more_than_nothing():
    assert crossing([Layers(masks.full(), 1, 1)], 0) == 1


# Growth.


@pytest.mark.parametrize("exponent", [0.0, 1.0, 1.5, 2.0, 3.0])
def test_the_growth_of_made_up_times(exponent):
    lengths = [128, 300, 512, 1000, 2048, 4096]
    found = growth(lengths, [7e-9 * n**exponent for n in lengths])
    assert found.exponent == pytest.approx(exponent)
    assert (found.first, found.last) == (1000, 4096)


def test_growth_is_the_slope_of_least_squares():
    lengths, values = [10, 20, 50, 100], [1.0, 3.0, 4.0, 30.0]
    expected = np.polyfit(np.log(lengths[1:]), np.log(values[1:]), 1)[0]
    assert growth(lengths, values).exponent == pytest.approx(expected)
    whole = np.polyfit(np.log(lengths), np.log(values), 1)[0]
    assert growth(lengths, values, whole=True).exponent == pytest.approx(whole)


@pytest.mark.parametrize(
    ("lengths", "over"),
    [
        ([1], None), ([], None), ([1, 2], (1, 2)), ([1, 2, 4], (1, 4)), ([1, 2, 4, 8], (2, 8)),
        ([1, 2, 4, 8, 16, 32, 64], (8, 64)),
    ],
)  # fmt: skip
def test_growth_is_of_the_longer_half(lengths, over):
    found = growth(lengths, [n**2 for n in lengths])
    assert (found and (found.first, found.last)) == over


def test_predicted_growth_is_over_the_lengths_that_were_measured():
    lengths = (1, 2, 4, 8, 16, 32)
    counts = tuple(n if n <= 8 else n**3 for n in lengths)
    seconds = (1.0, 2.0, 4.0, 8.0, None, None)
    found = Curve("self", lengths, counts, seconds)
    assert found.measured == Growth(pytest.approx(1), 2, 8)
    assert found.predicted == Growth(pytest.approx(1), 2, 8)
    unrun = Curve("self", lengths, counts, (None,) * 6)
    assert unrun.measured is None
    assert (unrun.predicted.first, unrun.predicted.last) == (8, 32)
    assert unrun.predicted.exponent > 2.9


def report(way, seconds, model=None):
    layers, points = (Layers(masks.full(), 1, 1),), tuple(Predicted(n, n, n, n, n) for n in (1, 2))
    times = tuple(Timed(s) for s in seconds)
    return Report((Series("self", layers, points, times),), {}, way, model or {})


def test_a_report_knows_whether_anything_was_run():
    assert report("kept", [None, 1.0]).ran == "kept"
    assert report("streamed", [None, None]).ran == ""
    assert report("", [None, None]).ran == ""


def test_a_document_mask_that_is_too_short_says_so():
    with pytest.raises(AttnvizError, match="3 ids"):
        predict([Layers(masks.document([0, 0, 1]), 1, 1)], 4)


def test_counts_are_whole_numbers_however_large():
    found = predict([Layers(masks.full(), 1024, 1024)], LONGEST)
    assert found.scores == LONGEST**2
    assert found.multiply_adds == LONGEST**2 * 2 * 1024 * 1024  # past 64 bits
    assert math.log2(found.multiply_adds) > 63
