"""What layers are made of, against their definitions in float64 or one number at a time."""

import itertools
import math

import ml_dtypes
import numpy as np
import pytest

from attnviz.models import layers
from attnviz.models.layers import (
    ACTIVATIONS,
    Embedding,
    LayerNorm,
    Linear,
    RMSNorm,
    Rotation,
    interleaved_sinusoids,
    merge_heads,
    relative_buckets,
    split_heads,
)

BF16 = np.dtype(ml_dtypes.bfloat16)
DTYPES = (np.float32, np.float64)
CLOSE = {np.float32: 2e-6, np.float64: 1e-14}


def drawn(*shape, dtype=np.float64, seed=5):
    return np.random.RandomState(seed).standard_normal(shape).astype(dtype)


def wide(array):
    return np.asarray(array).astype(np.float64)


# Activations: x in float64, one number → what has to come out.


def gelu(x):
    return x * 0.5 * math.erfc(-x / math.sqrt(2))  # erfc keeps the digits that 1 + erf loses


def gelu_tanh(x):
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


DEFINITIONS = {
    "gelu": gelu,
    "gelu_python": gelu,
    "gelu_new": gelu_tanh,
    "gelu_pytorch_tanh": gelu_tanh,
    "gelu_fast": gelu_tanh,
    "quick_gelu": lambda x: x * sigmoid(1.702 * x),
    "silu": lambda x: x * sigmoid(x),
    "swish": lambda x: x * sigmoid(x),
    "relu": lambda x: max(x, 0.0),
    "relu2": lambda x: max(x, 0.0) ** 2,
    "tanh": math.tanh,
}
POINTS = np.concatenate([np.linspace(-40, 40, 4001), np.linspace(-7, 7, 4000), [0, 1e-30, -1e-30]])
FAR = np.array([1e6, -1e6, 3e4, -3e4, 1e3, -1e3, 200, -200, 88, -88, 104, -104])


def in_every_layout(x):
    """Fresh arrays of the same numbers as rows, as columns, as every second row, backwards …"""
    square = x[: len(x) // 6 * 6].reshape(6, -1)
    yield square.copy()
    yield square.copy(order="F")
    yield np.repeat(square, 2, axis=0)[::2]
    yield square.copy()[:, ::-1]
    yield square[:, :0].copy()
    yield x.copy()


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_activations_are_what_they_are_called(name, dtype):
    tolerance = 3e-7 if dtype == np.float32 else 1e-14
    for given in in_every_layout(np.concatenate([POINTS, FAR]).astype(dtype)):
        expected = np.array([DEFINITIONS[name](x) for x in given.ravel().tolist()])
        expected = expected.reshape(given.shape)
        got = ACTIVATIONS[name](given)
        assert got.dtype == dtype
        assert got.shape == given.shape
        assert (np.abs(got - expected) <= tolerance * np.maximum(1, np.abs(expected))).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["gelu", "gelu_new"])
def test_the_two_gelus_are_told_apart(name, dtype):
    other = {"gelu": gelu_tanh, "gelu_new": gelu}[name]
    got = ACTIVATIONS[name](POINTS.astype(dtype))
    apart = np.abs(got - [other(x) for x in POINTS.tolist()])
    assert 4e-4 < apart.max() < 6e-4


def test_every_chunk_of_a_large_array_is_reached(monkeypatch):
    monkeypatch.setattr(layers, "CHUNK", 7)
    x = drawn(9, 11, dtype=np.float32)
    expected = np.vectorize(gelu)(wide(x))
    np.testing.assert_allclose(ACTIVATIONS["gelu"](x), expected, rtol=0, atol=1e-6)


# Linear maps and embeddings.

HALVES = (np.float32, np.float64, np.float16, BF16)


@pytest.mark.parametrize("weight_dtype", HALVES, ids=str)
@pytest.mark.parametrize(("n_tokens", "n_in", "n_out"), [(1, 1, 1), (1, 7, 5), (3, 33, 65)])
@pytest.mark.parametrize("at_once", [1 << 20, 100, 1])
def test_linear_of_any_precision(monkeypatch, weight_dtype, n_tokens, n_in, n_out, at_once):
    monkeypatch.setattr(layers, "WIDENED_AT_ONCE", at_once)
    weight, bias = drawn(n_out, n_in).astype(weight_dtype), drawn(n_out).astype(weight_dtype)
    # as files hold them: turned (GPT-2), and read-only
    for stored in (weight, np.asfortranarray(weight), weight[:, ::-1].copy()[:, ::-1]):
        stored.flags.writeable = False
        for dtype in DTYPES:
            x = drawn(n_tokens, n_in, dtype=dtype, seed=8)
            for b in (bias, None):
                got = Linear(stored, b)(x)
                expected = wide(x) @ wide(weight).T + (0 if b is None else wide(b))
                assert got.shape == (n_tokens, n_out)
                assert got.dtype == dtype
                off = CLOSE[dtype] * n_in**0.5 * 4
                np.testing.assert_allclose(got, expected, rtol=0, atol=off)


def test_rows_of_a_linear_map_are_its_outputs():
    x, fused = drawn(4, 6), Linear(drawn(9, 6), drawn(9, seed=1))
    parts = [fused.rows(0, 2), fused.rows(2, 9)]
    np.testing.assert_allclose(np.hstack([p(x) for p in parts]), fused(x), rtol=0, atol=1e-14)
    assert Linear(fused.weight).rows(0, 2).bias is None


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_embeddings_are_rows_as_wide_as_the_sums(dtype):
    table = drawn(5, 3).astype(dtype)
    got = Embedding(table)(np.array([4, 0, 4]))
    assert got.dtype == (np.float64 if dtype == np.float64 else np.float32)
    assert np.array_equal(wide(got), wide(table)[[4, 0, 4]])


# Norms.

# rows of usual size, far from 0, tiny, equal, and of one token
ROWS = {
    "usual": lambda: drawn(5, 33),
    "one token": lambda: drawn(1, 7),
    "far from 0": lambda: drawn(4, 64) + 30,
    "tiny": lambda: 1e-4 * drawn(4, 8),
    "equal": lambda: np.full((2, 8), 3.0),
}


def pairs(*axes):
    """Few cases in which every two values of different axes meet: a greedy covering design."""
    cases = [*itertools.product(*axes)]
    met = lambda case: {*itertools.combinations(enumerate(map(str, case)), 2)}  # noqa: E731
    missing, chosen = set().union(*map(met, cases)), []
    while missing:
        best = max(cases, key=lambda case: len(missing & met(case)))
        chosen.append(best)
        missing -= met(best)
    return chosen


@pytest.mark.parametrize(
    ("rows", "eps", "dtype", "stored"), pairs(ROWS, [1e-12, 1e-5, 0.5], DTYPES, HALVES), ids=str
)
def test_norms_are_their_formulas(rows, eps, dtype, stored):
    x = ROWS[rows]().astype(dtype)
    width = x.shape[1]
    weight, bias = (drawn(width, seed=seed).astype(stored) for seed in (1, 2))
    layouts = [x, np.asfortranarray(x)]
    x64 = wide(x)
    centred = x64 - x64.mean(axis=1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=1, keepdims=True) + eps)
    plain, size = (
        centred / deviation * wide(weight),
        np.sqrt((x64**2).mean(axis=1, keepdims=True) + eps),
    )
    # what float32 rounds off of x, seen through the division
    off = 40 * np.finfo(dtype).eps * max(1, float((np.abs(x64) / deviation).max()))
    for given in layouts:
        for norm, expected in (
            (LayerNorm(weight, bias, eps), plain + wide(bias)),
            (LayerNorm(weight, None, eps), plain),
            (RMSNorm(weight, eps), x64 / size * wide(weight)),
            (RMSNorm(weight, eps, 1.0), x64 / size * (wide(weight) + 1)),
        ):
            kept = given.copy()
            got = norm(given)
            assert got.dtype == dtype
            np.testing.assert_allclose(got, expected, rtol=0, atol=off)
            assert np.array_equal(given, kept)  # others still need it


def test_rms_norm_of_heads():
    x, weight = drawn(3, 4, 8), drawn(8, seed=1)
    expected = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-6) * weight
    np.testing.assert_allclose(RMSNorm(weight, 1e-6)(x), expected, rtol=0, atol=1e-13)


# Heads and positions.


@pytest.mark.parametrize(("n_tokens", "n_heads", "dim"), [(1, 1, 1), (5, 3, 4), (2, 4, 1)])
def test_heads_are_neighbouring_columns_and_come_back(n_tokens, n_heads, dim):
    x = drawn(n_tokens, n_heads * dim)
    for given in (x, np.asfortranarray(x)):
        heads = split_heads(given, n_heads)
        assert heads.shape == (n_heads, n_tokens, dim)
        for head in range(n_heads):
            assert np.array_equal(heads[head], x[:, head * dim : (head + 1) * dim])
        assert np.array_equal(merge_heads(heads), x)
        assert np.array_equal(merge_heads(np.ascontiguousarray(heads)), x)
    columns = np.asfortranarray(x)  # as `Linear` leaves them: nothing is copied
    assert np.shares_memory(split_heads(columns, n_heads), columns)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("dim", "rotated"), [(2, 2), (16, 16), (16, 4), (17, 8), (6, 0)])
def test_rotations_are_products_of_complex_numbers(dtype, dim, rotated):
    x, half = drawn(3, 5, dim, dtype=dtype), rotated // 2
    angles = np.multiply.outer(np.arange(5), 10.0 ** -np.arange(half))
    got = Rotation(np.cos(angles), np.sin(angles))(x)
    pairs = wide(x[..., :half]) + 1j * wide(x[..., half : 2 * half])
    turned = pairs * np.exp(1j * angles)
    expected = np.concatenate([turned.real, turned.imag, wide(x[..., rotated:])], axis=-1)
    assert got.dtype == dtype
    np.testing.assert_allclose(got, expected, rtol=0, atol=CLOSE[dtype])
    assert np.array_equal(x, drawn(3, 5, dim, dtype=dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rotated", [8, 4])
def test_neighbours_are_rotated_together(dtype, rotated):
    x = drawn(3, 5, 8, dtype=dtype)
    angles = np.multiply.outer(np.arange(5), 10.0 ** -np.arange(rotated // 2))
    got = Rotation(np.cos(angles), np.sin(angles), pairs=True)(x)
    turned = wide(x)
    for i in range(rotated // 2):
        turn = (wide(x[..., 2 * i]) + 1j * wide(x[..., 2 * i + 1])) * np.exp(1j * angles[:, i])
        turned[..., 2 * i], turned[..., 2 * i + 1] = turn.real, turn.imag
    assert got.dtype == dtype
    np.testing.assert_allclose(got, turned, rtol=0, atol=CLOSE[dtype])


def bucket(offset, n_buckets, max_distance, both_ways):
    """T5's definition (arXiv 1910.10683, 2.1) for one pair, in whole numbers: past the exact half,
    bucket exact + k begins where (distance / exact)^steps reaches (max_distance / exact)^k."""
    first = 0
    if both_ways:
        n_buckets //= 2
        first = n_buckets if offset > 0 else 0
        distance = abs(offset)
    else:
        distance = max(-offset, 0)
    exact = n_buckets // 2
    if distance < exact:
        return first + distance
    steps = n_buckets - exact
    reached = max(
        k for k in range(steps) if distance**steps * exact**k >= max_distance**k * exact**steps
    )
    return first + exact + reached


@pytest.mark.parametrize("both_ways", [True, False])
@pytest.mark.parametrize(
    ("n_buckets", "max_distance"), [(32, 128), (12, 9), (32, 100), (8, 20), (64, 1000)]
)
def test_buckets_are_those_of_the_definition(n_buckets, max_distance, both_ways):
    for n_queries, n_keys in ((1, 1), (1, 300), (300, 5), (160, 170)):
        got = relative_buckets(n_queries, n_keys, n_buckets, max_distance, both_ways=both_ways)
        known = {
            offset: bucket(offset, n_buckets, max_distance, both_ways)
            for offset in range(-n_queries, n_keys)
        }
        expected = [[known[j - i] for j in range(n_keys)] for i in range(n_queries)]
        assert np.array_equal(got, expected)


def test_sinusoids_are_those_of_marian():
    got = interleaved_sinusoids(9, 6)
    for position in range(9):
        waves = [position / 10000 ** (2 * i / 6) for i in range(3)]
        expected = [math.sin(w) for w in waves] + [math.cos(w) for w in waves]
        np.testing.assert_allclose(got[position], expected, rtol=0, atol=1e-6)
