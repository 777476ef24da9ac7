"""Measures against the same sums done by hand or in plain Python."""

import math

import numpy as np
import pytest

from attnviz.attention import measures

NAN = math.nan
EMPTY_ROW = [0.0, 0.0, 0.0]

TWO = [[0.5, 0.5], [0.0, 1.0]]
THREE = [[0.25, 0.75, 0.0], [0.2, 0.3, 0.5], [0.0, 0.5, 0.125]]  # a sink took 3/8 of the last row
WIDE = [[0.1, 0.2, 0.3, 0.4], [*EMPTY_ROW, 0.0]]  # 2 queries, 4 keys
TALL = [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]  # 3 queries, 2 keys

LN2 = math.log(2)

# name: for each matrix, one number per query, done by hand.
BY_HAND = {
    "entropy": [
        (TWO, [LN2, 0]),
        (TWO[::-1], [0, LN2]),
        ([[1 / 8] * 8], [3 * LN2]),
        ([[0.25, 0.25, 0.5]], [1.5 * LN2]),
        ([[0.5, 0.25, 0.0]], [LN2]),
        ([EMPTY_ROW], [0]),
    ],
    "largest": [(TWO, [0.5, 1]), (THREE, [0.75, 0.5, 0.5]), (WIDE, [0.4, 0])],
    "total": [(TWO, [1, 1]), (THREE, [1, 1, 0.625]), (WIDE, [1, 0])],
    "distance": [
        (TWO, [0.5, 0]),
        (THREE, [0.75, 0.7, 0.8]),  # the last: (0.5·1 + 0.125·0) / 0.625
        (WIDE, [0.2 + 0.6 + 1.2, NAN]),
        (TALL, [0, 0.5, 1]),
    ],
    "self": [(TWO, [0.5, 1]), (THREE, [0.25, 0.3, 0.125]), (TALL, [1, 0.5, NAN])],
    "previous": [(TWO, [NAN, 0]), (THREE, [NAN, 0.2, 0.5]), (TALL, [NAN, 0.5, 1])],
    "next": [(TWO, [0.5, NAN]), (THREE, [0.75, 0.5, NAN]), (WIDE, [0.2, 0]), (TALL, [0, NAN, NAN])],
    "first": [(TWO, [0.5, 0]), (THREE, [0.25, 0.2, 0]), (WIDE, [0.1, 0])],
}


def per_query(name, weights, rows=None, keys=None, n_keys=None, dtype=np.float64):
    array = np.array(weights, dtype=dtype)
    rows = np.arange(array.shape[-2]) if rows is None else np.array(rows)
    keys = np.arange(array.shape[-1]) if keys is None else np.array(keys, dtype=np.int64)
    return measures.PER_QUERY[name](array, rows, keys, n_keys or array.shape[-1])


def entropy_of(row):
    return -math.fsum(w * math.log(w) for w in row if w > 0)


def distance_of(row, i):
    total = math.fsum(row)
    return math.fsum(w * abs(i - j) for j, w in enumerate(row)) / total if total else NAN


def at(row, j):
    return row[j] if 0 <= j < len(row) else NAN


PLAIN = {
    "entropy": lambda row, i: entropy_of(row),
    "largest": lambda row, i: max(row),
    "total": lambda row, i: math.fsum(row),
    "distance": distance_of,
    "self": lambda row, i: at(row, i),
    "previous": lambda row, i: at(row, i - 1),
    "next": lambda row, i: at(row, i + 1),
    "first": lambda row, i: row[0],
}


def plain(name, weights, rows):
    """One measure of the whole rows `weights` of the queries `rows`, in plain Python."""
    return [PLAIN[name](row, i) for row, i in zip(weights, rows, strict=True)]


def some_weights(n_queries, n_keys, seed=0, dtype=np.float64):
    """Rows of a sharp softmax, of which some are one-hot, half masked, or empty."""
    rng = np.random.default_rng(seed)
    weights = np.exp(4 * rng.normal(size=(n_queries, n_keys)))
    weights[1::5] *= rng.random((len(weights[1::5]), n_keys)) < 0.5
    weights[2::5] = np.eye(n_keys)[rng.integers(0, n_keys, len(weights[2::5]))]
    total = weights.sum(axis=1, keepdims=True)
    weights = weights / np.where(total == 0, 1, total)
    weights[3::7] = 0
    weights[4::7] *= 0.6
    return weights.astype(dtype)


@pytest.mark.parametrize(
    ("name", "weights", "expected"),
    [(name, *case) for name, cases in BY_HAND.items() for case in cases],
)
def test_by_hand(name, weights, expected):
    for dtype in (np.float64, np.float32):
        got = per_query(name, weights, dtype=dtype)
        assert got.dtype == np.float64
        tolerance = 1e-15 if dtype is np.float64 else 1e-6
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", measures.PER_QUERY)
@pytest.mark.parametrize("shape", [(1, 1), (9, 9), (30, 12), (12, 30), (3, 400)])
def test_every_measure_is_its_sum_in_plain_python(name, shape):
    weights = some_weights(*shape)
    expected = plain(name, weights.tolist(), range(shape[0]))
    np.testing.assert_allclose(per_query(name, weights), expected, rtol=1e-13, atol=1e-15)
    narrow = per_query(name, weights, dtype=np.float32)
    np.testing.assert_allclose(narrow, expected, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("name", measures.PER_QUERY)
def test_leading_axes_are_kept(name):
    heads = np.stack([some_weights(11, 11, seed) for seed in range(6)]).reshape(2, 3, 11, 11)
    got = per_query(name, heads)
    assert got.shape == (2, 3, 11)
    for index in np.ndindex(2, 3):
        expected = plain(name, heads[index].tolist(), range(11))
        np.testing.assert_allclose(got[index], expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", measures.PER_QUERY)
@pytest.mark.parametrize(
    ("rows", "keys"),
    [
        (range(4, 9), range(20)),
        (range(4, 9), range(3, 11)),
        (range(3), [0, 1, 2, 3, 11, 17]),
        (range(16, 20), [0, 5, 14, 15, 16, 17, 18, 19]),
        (range(7, 8), [7]),
        (range(10, 13), [2]),
        (range(10, 13), []),
    ],
    ids=str,
)
def test_a_block_of_rows_without_the_keys_it_cannot_see_gives_the_same(name, rows, keys):
    whole = np.zeros((20, 20))
    whole[np.ix_(rows, keys)] = some_weights(len(rows), max(len(keys), 1), seed=5)[:, : len(keys)]
    expected = plain(name, whole[list(rows)].tolist(), rows)
    got = per_query(name, whole[np.ix_(rows, keys)], rows, keys, 20)
    np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("n", [1, 2, 3, 100, 4095, 4096, 4097, 10_000])
def test_entropy_is_ln_n_when_even_and_0_when_on_one_key(n):
    for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 3e-5)):
        even = np.full((2, n), 1 / n, dtype=dtype)
        np.testing.assert_allclose(measures.entropy(even), math.log(n), rtol=tolerance, atol=1e-7)
        one_hot = np.eye(1, n, k=n // 2, dtype=dtype)
        np.testing.assert_array_equal(measures.entropy(one_hot), [0.0])


def test_sums_over_long_rows_are_whole():
    n = 3 * 4096 + 17
    weights = np.arange(1, n + 1, dtype=np.float64)
    weights /= math.fsum(weights)
    keys = np.arange(n)
    expected = plain("distance", [weights.tolist()], [5000])
    np.testing.assert_allclose(measures.distance(weights[None], [5000], keys), expected, rtol=1e-12)
    np.testing.assert_allclose(measures.total_weight(weights), 1, rtol=1e-12)
    expected = plain("entropy", [weights.tolist()], [0])
    np.testing.assert_allclose(measures.entropy(weights), expected[0], rtol=1e-12)


@pytest.mark.parametrize("given", [TWO, np.array(TWO, dtype=np.float16), np.eye(2, dtype=int)])
def test_lists_integers_and_halves_are_measured_too(given):
    expected = plain("entropy", np.array(given, dtype=float).tolist(), range(2))
    np.testing.assert_allclose(measures.entropy(given), expected, atol=1e-15)
    expected = plain("distance", np.array(given, dtype=float).tolist(), range(2))
    np.testing.assert_allclose(measures.distance(given, [0, 1], [0, 1]), expected, atol=1e-15)


def test_normalized_divides_by_ln_of_the_allowed_keys():
    entropies = [LN2, LN2, 0.0, 1.0, 0.0]
    expected = [1, 1 / 2, 0, 1 / math.log(3), 0]
    got = measures.normalized(entropies, [2, 4, 8, 3, 5])
    np.testing.assert_allclose(got, expected, rtol=1e-15)


@pytest.mark.parametrize("allowed", [0, 1])
def test_normalized_is_0_where_a_row_has_no_choice(allowed):
    np.testing.assert_array_equal(measures.normalized([0.0, 0.7], [allowed, allowed]), [0, 0])


def test_normalized_broadcasts_rows_over_heads():
    got = measures.normalized(np.full((2, 3, 2), LN2), np.array([[[2, 4]], [[16, 1]]]))
    np.testing.assert_allclose(got, [[[1, 0.5]] * 3, [[0.25, 0]] * 3], rtol=1e-15)


def test_an_even_causal_row_is_fully_spread_in_every_row():
    weights = np.tri(50) / np.arange(1, 51)[:, None]
    spread = measures.normalized(measures.entropy(weights), np.arange(1, 51))
    np.testing.assert_allclose(spread, [0, *[1] * 49], rtol=1e-14)


def test_received_is_the_mean_over_queries():
    np.testing.assert_allclose(measures.received(TWO), [0.25, 0.75])
    np.testing.assert_allclose(measures.received(THREE), [0.15, 1.55 / 3, 0.625 / 3])
    np.testing.assert_allclose(measures.received([TWO, TALL[1:]]), [[0.25, 0.75], [0.25, 0.75]])
    weights = some_weights(40, 13, dtype=np.float32)
    expected = [math.fsum(weights[:, j].tolist()) / 40 for j in range(13)]
    got = measures.received(weights)
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def with_ties(n, kind, rng, rows=6):
    return {
        "all different": lambda: rng.permuted(np.arange(1, n + 1) / n * np.ones((rows, 1)), axis=1),
        "all zero": lambda: np.zeros((rows, n)),
        "all equal": lambda: np.full((rows, n), 1 / n),
        "two values": lambda: rng.integers(0, 2, (rows, n)) / n,
        "five values": lambda: rng.integers(0, 5, (rows, n)) / n,
        "mostly zero": lambda: (rng.random((rows, n)) < 3 / n) * rng.integers(1, 3, (rows, n)) / 4,
        "falling": lambda: np.ones((rows, 1)) * np.arange(n, 0, -1) // 3 / n,
        "rising": lambda: np.ones((rows, 1)) * np.arange(n) // 3 / n,
    }[kind]()


@pytest.mark.parametrize(
    "kind",
    [
        "all different",
        "all zero",
        "all equal",
        "two values",
        "five values",
        "mostly zero",
        "falling",
        "rising",
    ],
)
def test_strongest_is_a_stable_sort_cut_at_k(kind):
    rng = np.random.default_rng(3)
    for n in (1, 2, 3, 8, 9, 100, 127, 128, 129, 256, 257, 511, 512, 513, 1000, 2049, 4999, 5000):
        weights = with_ties(n, kind, rng).astype(np.float32)
        order = np.argsort(-weights, axis=-1, kind="stable")
        for k in range(1, 9):
            columns, largest = measures.strongest(weights, k)
            np.testing.assert_array_equal(columns, order[:, :k], err_msg=f"{kind} n={n} k={k}")
            np.testing.assert_array_equal(largest, np.take_along_axis(weights, columns, axis=-1))
            assert columns.shape == (6, min(k, n))


@pytest.mark.parametrize("k", [1, 8, 100])
def test_long_rows_of_which_some_tie_everywhere(k):
    weights = np.random.default_rng(3).random((6, 1500), dtype=np.float32)
    weights[1], weights[3, 700:], weights[4] = 1 / 1500, 0, np.round(weights[4] * 2) / 2
    weights[5, 900] = np.nan if k == 8 else 2
    columns, largest = measures.strongest(weights, k)
    ordered = np.argsort(-np.where(np.isnan(weights), -np.inf, weights), axis=1, kind="stable")
    np.testing.assert_array_equal(columns, ordered[:, :k])
    np.testing.assert_array_equal(largest, np.take_along_axis(weights, columns, axis=1))


def test_strongest_takes_leading_axes_and_any_k():
    rng = np.random.default_rng(4)
    weights = rng.integers(0, 9, (2, 3, 5, 40)) / 40
    before = weights.copy()
    for k in (0, 1, 13, 40, 41, 1000):
        columns, largest = measures.strongest(weights, k)
        expected = np.argsort(-weights, axis=-1, kind="stable")[..., :k]
        np.testing.assert_array_equal(columns, expected)
        np.testing.assert_array_equal(largest, -np.sort(-weights, axis=-1)[..., :k])
    np.testing.assert_array_equal(weights, before)


@pytest.mark.parametrize("k", [8, 256, 257, 2000])
def test_many_strongest_of_a_long_row(k):
    weights = np.random.default_rng(5).random((3, 2000), dtype=np.float32)
    columns, _ = measures.strongest(weights, k)
    np.testing.assert_array_equal(columns, np.argsort(-weights, axis=-1, kind="stable")[:, :k])


def test_no_entropy_has_no_sign():
    found = measures.entropy([[1.0, 0.0], [0.0, 0.0]])
    assert found.tolist() == [0, 0]
    assert not np.signbit(found).any()


def test_strongest_of_no_rows_or_no_columns_is_empty():
    for shape in ((0, 5), (3, 0), (0, 0)):
        columns, largest = measures.strongest(np.zeros(shape), 2)
        assert columns.shape == largest.shape == (shape[0], min(2, shape[1]))


def test_strongest_keeps_the_good_rows_when_one_is_not_a_number():
    weights = np.array([[0.1, 0.7, 0.2], [NAN, NAN, NAN], [0.5, 0.0, 0.5]])
    columns, largest = measures.strongest(weights, 2)
    np.testing.assert_array_equal(columns[[0, 2]], [[1, 2], [0, 2]])
    np.testing.assert_array_equal(largest[[0, 2]], [[0.7, 0.2], [0.5, 0.5]])


def test_measures_of_positions_are_listed_as_such():
    moved = {
        name
        for name in measures.PER_QUERY
        if not np.array_equal(
            per_query(name, THREE), per_query(name, THREE, rows=[1, 2, 3], n_keys=9), equal_nan=True
        )
    }
    assert moved == set(measures.WITHIN_ONE_TEXT)


@pytest.mark.parametrize("n_pairs", [0, 1, 9, 300])
def test_few_pairs_are_picked_out_and_give_the_sums_of_all(n_pairs):
    dice = np.random.default_rng(n_pairs)
    weights = dice.random((3, 2, 20, 30)).astype(np.float32)
    pairs = np.zeros((20, 30), bool)
    pairs.ravel()[dice.choice(600, n_pairs, replace=False)] = True
    due = np.where(pairs, weights, 0).sum(axis=-1, dtype=np.float64)
    np.testing.assert_allclose(measures.on_pattern(weights, pairs), due, rtol=1e-6, atol=0)
