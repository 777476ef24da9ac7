"""Products in pieces against NumPy's own product of the whole."""

import numpy as np
import pytest

from attnviz import masks
from attnviz.attention.dense import scaled_dot_product_attention
from attnviz.attention.products import WIDEST, pack, pack_all, summed
from attnviz.attention.streaming import stream
from attnviz.threads import CACHE_LINE, aligned

LENGTHS = (1, 13, 31, 32, 33, 127, 128, 129, 255, 256, 257, 400)


def drawn(rows, n, width=5, heads=2):
    draw = np.random.default_rng(n).standard_normal
    return draw((heads, rows, width)), draw((heads, n, width)), draw((heads, n, 3))


def ranges_of(n):
    """All, a part that begins and ends within blocks, two parts, and none."""
    middle = n // 2
    return [((0, n),), ((n // 3, n - n // 5),), ((0, n // 4), (middle, n)), ()]


@pytest.mark.parametrize("rows", [1, 31, 32, 70])
@pytest.mark.parametrize("n", LENGTHS)
def test_pieces_add_up_to_the_whole_product(n, rows):
    query, key, value = drawn(rows, n)
    for ranges in ranges_of(n):
        keys = np.concatenate([np.arange(low, high) for low, high in ranges] or [np.arange(0)])
        first, last = (ranges[0][0], ranges[-1][1]) if ranges else (0, 0)
        for packed in (pack(key, value, first, last), pack_all(key, value)):
            scores = np.full((2, rows, keys.size), np.nan)
            packed.scores(query, ranges, scores)
            expected = query @ key[:, keys].swapaxes(1, 2)
            np.testing.assert_allclose(scores, expected, atol=1e-13)
            output = np.full((2, rows, 3), np.nan)
            packed.output(scores, ranges, output)
            np.testing.assert_allclose(output, expected @ value[:, keys], atol=1e-11)


@pytest.mark.parametrize("width", [1, WIDEST, WIDEST + 1, 300])
def test_keys_of_every_width_are_multiplied(width):
    query, key, value = drawn(40, 400, width)
    for low, high in ((0, 400), (100, 390)):
        scores = np.full((2, 40, high - low), np.nan)
        pack(key, value, 50 * (low > 0), 400).scores(query, [(low, high)], scores)
        expected = query @ key[:, low:high].swapaxes(1, 2)
        np.testing.assert_allclose(scores, expected, atol=1e-12)


@pytest.mark.parametrize("n", [40, 300])
def test_keys_are_shared_by_heads_and_may_lie_as_columns(n):
    query, key, value = drawn(64, n, heads=1)
    query = np.concatenate([query, -query])
    turned = np.ascontiguousarray(key.swapaxes(1, 2)).swapaxes(1, 2)
    for packed in (pack(key, value, 0, n), pack_all(turned, value), pack_all(key, value).of(0)):
        scores, output = np.empty((2, 64, n)), np.empty((2, 64, 3))
        packed.scores(query, [(0, n)], scores)
        np.testing.assert_allclose(scores, query @ key[0].T, atol=1e-13)
        packed.output(scores, [(0, n)], output)
        np.testing.assert_allclose(output, scores @ value[0], atol=1e-11)


@pytest.mark.parametrize("width", [0, 1, WIDEST, WIDEST + 1, 300])
@pytest.mark.parametrize("n", [0, 1, 130, 320, 576, 600])
def test_values_of_every_width_are_summed(n, width):
    draw = np.random.default_rng(n).standard_normal
    weights, values, out = draw((2, 40, n)), draw((2, n, width)), np.full((2, 40, width), np.nan)
    summed(weights, values, out)
    np.testing.assert_allclose(out, weights @ values, atol=1e-12)


@pytest.mark.parametrize("n", [3, 200, 2000])
@pytest.mark.parametrize("rule", [masks.full(), masks.local(40), masks.local(4)], ids=str)
def test_heads_without_features_look_everywhere_alike(n, rule):
    value = np.random.default_rng(n).standard_normal((2, n, 3))
    nothing = np.ones((2, n, 0))
    allowed = rule.to_array(n, n)
    expected = (allowed / allowed.sum(axis=1, keepdims=True)) @ value
    output, weights = scaled_dot_product_attention(nothing, nothing, value, mask=rule)
    np.testing.assert_allclose(output, expected, atol=1e-12)
    np.testing.assert_allclose(stream(nothing, nothing, value, [], mask=rule), expected, atol=1e-12)
    empty, same = scaled_dot_product_attention(nothing, nothing, nothing, mask=rule)
    assert empty.shape == (2, n, 0)
    assert np.array_equal(same, weights)
    assert stream(nothing, nothing, nothing, [], mask=rule).shape == (2, n, 0)


@pytest.mark.parametrize("rule", [masks.full(), masks.local(5)], ids=str)
def test_no_queries_and_very_large_ones(rule):
    key = np.ones((1, 1300, 8), np.float32)
    assert stream(key[:, :0], key, key, [], mask=rule).shape == (1, 0, 8)
    large = key * np.float32(1e20)  # its square is no float32: said by no warning
    output = stream(large, 0 * key, key, [], mask=rule)
    np.testing.assert_allclose(output, 1, atol=1e-6)


def test_one_head_of_several_is_its_own():
    query, key, value = drawn(3, 20, heads=4)
    scores = np.empty((1, 3, 20))
    pack_all(key, value).of(2).scores(query[2:3], [(0, 20)], scores)
    np.testing.assert_allclose(scores[0], query[2] @ key[2].T, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.bool_])
def test_aligned_memory_begins_with_a_line_of_the_cache(dtype):
    for shape in ((0,), (1,), (7, 3), (1000, 1001)):
        memory = aligned(shape, dtype)
        assert memory.shape == shape
        assert memory.dtype == dtype
        assert not memory.size or memory.ctypes.data % CACHE_LINE == 0
        memory[...] = 1
        assert memory.sum() == np.prod(shape)
