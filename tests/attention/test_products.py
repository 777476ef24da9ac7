"""Products in pieces against NumPy's own product of the whole."""

import numpy as np
import pytest

from attnviz.attention.products import lay, lay_all
from attnviz.workers import CACHE_LINE, aligned

LENGTHS = (1, 13, 31, 32, 33, 127, 128, 129, 255, 256, 257, 400)


def drawn(rows, n, width=5, heads=2, dtype=np.float64):
    draw = np.random.default_rng(n).standard_normal
    query, key, value = draw((heads, rows, width)), draw((heads, n, width)), draw((heads, n, 3))
    return query.astype(dtype), key.astype(dtype), value.astype(dtype)


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
        for laid in (lay(key, value, first, last), lay_all(key, value)):
            scores = np.full((2, rows, keys.size), np.nan)
            laid.scores(query, ranges, scores)
            expected = query @ key[:, keys].swapaxes(1, 2)
            np.testing.assert_allclose(scores, expected, atol=1e-13)
            output = np.full((2, rows, 3), np.nan)
            laid.output(scores, ranges, output)
            np.testing.assert_allclose(output, expected @ value[:, keys], atol=1e-11)


@pytest.mark.parametrize("n", [40, 300])
def test_keys_are_shared_by_heads_and_may_lie_as_columns(n):
    query, key, value = drawn(64, n, heads=1)
    query = np.concatenate([query, -query])
    turned = np.ascontiguousarray(key.swapaxes(1, 2)).swapaxes(1, 2)
    for laid in (lay(key, value, 0, n), lay_all(turned, value), lay_all(key, value).of(0)):
        scores, output = np.empty((2, 64, n)), np.empty((2, 64, 3))
        laid.scores(query, [(0, n)], scores)
        np.testing.assert_allclose(scores, query @ key[0].T, atol=1e-13)
        laid.output(scores, [(0, n)], output)
        np.testing.assert_allclose(output, scores @ value[0], atol=1e-11)


def test_one_head_of_several_is_its_own():
    query, key, value = drawn(3, 20, heads=4)
    scores = np.empty((1, 3, 20))
    lay_all(key, value).of(2).scores(query[2:3], [(0, 20)], scores)
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
