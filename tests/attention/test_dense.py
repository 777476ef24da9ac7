"""Dense attention against PyTorch's stored answers, arithmetic by hand, and its laws."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.attention import masks
from attnviz.attention.dense import scaled_dot_product_attention as attention
from attnviz.attention.rules import Rule
from attnviz.errors import AttnvizError

GOLD = Path(__file__).parent.parent / "reference" / "attention.npz"  # made by make_attention.py
ANSWERS = ("output", "weights")
PEAK = 3.0
TOLERANCE = {np.float16: 2e-6, np.float32: 2e-6, np.float64: 1e-12}  # float16 is widened first

law = settings(deadline=None, derandomize=True, max_examples=60)


def read_gold():
    cases = {}
    with np.load(GOLD, allow_pickle=False) as file:
        for path in file.files:
            name, field = path.rsplit("/", 1)
            array = file[path]
            cases.setdefault(name, {})[field] = array.item() if array.ndim == 0 else array
    return cases


CASES = read_gold()

# Stored with an array as the mask; the rule of that name has to give the same.
AS_RULES = {
    "sliding mask": {"mask": masks.sliding(3)},
    "local mask": {"mask": masks.local(2)},
    "plain": {"mask": masks.full()},
    "causal": {"mask": masks.causal()},
    "causal, more keys": {"mask": masks.causal()},
    "causal, more queries": {"mask": masks.causal()},
    "no row has a key": {"mask": masks.causal(-6)},
}


def in_dtype(case, dtype):
    """Every array of floats in `dtype`; booleans and numbers as they are."""
    return {
        name: field.astype(dtype) if getattr(field, "dtype", None) == np.float16 else field
        for name, field in case.items()
        if name not in ANSWERS
    }


def draw(seed, n_queries=5, n_keys=6, *, heads=(2,), head_dim=16, value_dim=4, dtype=np.float64):
    rng = np.random.default_rng(seed)
    sizes = ((n_queries, head_dim), (n_keys, head_dim), (n_keys, value_dim))
    query, key, value = (rng.normal(size=(*heads, *size)).astype(dtype) for size in sizes)
    return dtype(PEAK) * query, key, value


def draw_mask(seed, *shape, share=0.5):
    """Booleans in which about one row in five has no True at all."""
    rng = np.random.default_rng(seed)
    return (rng.random(shape) < share) & (rng.random((*shape[:-1], 1)) < 0.8)


def plain_row(scores, allowed, sink=None):
    """One row of weights, in Python's own arithmetic."""
    seen = [s for s, a in zip(scores, allowed, strict=True) if a] + ([] if sink is None else [sink])
    if not seen:
        return [0.0] * len(scores)
    top = max(seen)
    total = math.fsum(math.exp(s - top) for s in seen)
    return [math.exp(s - top) / total if a else 0.0 for s, a in zip(scores, allowed, strict=True)]


def plain_scores(query, key, scale):
    return [
        [scale * math.fsum(a * b for a, b in zip(q, k, strict=True)) for k in key.tolist()]
        for q in query.tolist()
    ]


seeds = st.integers(0, 2**32 - 1)
lengths = st.integers(1, 9)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("name", CASES)
def test_pytorch_gives_the_same(name, dtype):
    case, tolerance = CASES[name], TOLERANCE[dtype]
    for got, field in zip(attention(**in_dtype(case, dtype)), ANSWERS, strict=True):
        assert got.shape == case[field].shape
        assert got.dtype == (np.float64 if dtype is np.float64 else np.float32)
        np.testing.assert_allclose(got, case[field], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", AS_RULES)
def test_a_rule_gives_what_pytorch_gives_with_its_array(name):
    case = in_dtype(CASES[name], np.float64)
    case.pop("is_causal", None)
    for got, field in zip(attention(**case | AS_RULES[name]), ANSWERS, strict=True):
        np.testing.assert_allclose(got, CASES[name][field], rtol=1e-12, atol=1e-12)


def test_the_stored_cases_are_peaked_and_hold_every_option():
    options = {field for case in CASES.values() for field in case}
    assert options >= {"mask", "bias", "is_causal", "scale", "softcap", "sinks", "enable_gqa"}
    assert len(CASES) > 40
    assert CASES["plain"]["weights"].max() > 0.9


# Scores of ln 3, ln 7 and ln 1 make weights that a person can check.
LN = math.log
EYE = [[1.0, 0.0], [0.0, 1.0]]
SCORED = [[LN(3), 0.0], [0.0, LN(7)]]  # with keys EYE and scale 1 these are the scores
VALUES = [[8.0, 0.0], [0.0, 16.0]]


@pytest.mark.parametrize(
    ("options", "weights", "output"),
    [
        ({}, [[3 / 4, 1 / 4], [1 / 8, 7 / 8]], [[6, 4], [1, 14]]),
        ({"is_causal": True}, [[1, 0], [1 / 8, 7 / 8]], [[8, 0], [1, 14]]),
        ({"mask": [[False, True], [False, False]]}, [[0, 1], [0, 0]], [[0, 16], [0, 0]]),
        ({"mask": [[LN(5), 0], [0, -math.inf]]}, [[15 / 16, 1 / 16], [1, 0]], [[7.5, 1], [8, 0]]),
        (
            {"bias": [[0, LN(2)]]},
            [[3 / 5, 2 / 5], [1 / 15, 14 / 15]],
            [[24 / 5, 32 / 5], [8 / 15, 224 / 15]],
        ),
        ({"scale": 2.0}, [[9 / 10, 1 / 10], [1 / 50, 49 / 50]], [[7.2, 1.6], [0.16, 15.68]]),
        ({"scale": 0.0}, [[1 / 2, 1 / 2], [1 / 2, 1 / 2]], [[4, 8], [4, 8]]),
        ({"sinks": 0.0}, [[3 / 5, 1 / 5], [1 / 9, 7 / 9]], [[24 / 5, 16 / 5], [8 / 9, 112 / 9]]),
        (
            {"sinks": LN(4), "is_causal": True},
            [[3 / 7, 0], [1 / 12, 7 / 12]],
            [[24 / 7, 0], [2 / 3, 28 / 3]],
        ),
        ({"mask": masks.local(0)}, EYE, VALUES),
        ({"mask": masks.local(0), "sinks": 0.0}, [[3 / 4, 0], [0, 7 / 8]], [[6, 0], [0, 14]]),
    ],
)
def test_two_by_two_by_hand(options, weights, output):
    for inputs in ((SCORED, EYE, VALUES), map(np.array, (SCORED, EYE, VALUES))):
        got_output, got_weights = attention(*inputs, **{"scale": 1.0} | options)
        tolerance = 1e-6 if got_weights.dtype == np.float32 else 1e-14
        np.testing.assert_allclose(got_weights, weights, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(got_output, output, rtol=tolerance, atol=tolerance)


def test_softcap_by_hand():
    # 2 tanh(ln 3 / 2) = 2 (3 - 1) / (3 + 1) = 1 and 2 tanh(ln 7 / 2) = 2 (7 - 1) / (7 + 1) = 1.5
    _, weights = attention(np.array(SCORED), EYE, VALUES, scale=1.0, softcap=2.0)
    rows = [[math.e, 1], [1, math.exp(1.5)]]
    expected = [[x / sum(row) for x in row] for row in rows]
    np.testing.assert_allclose(weights, expected, rtol=1e-14)


def test_the_scale_is_one_over_the_root_of_head_dim_unless_given():
    query, key, value = draw(1, head_dim=36)
    expected = [
        [plain_row(row, [True] * 6) for row in plain_scores(q, k, 1 / 6)]
        for q, k in zip(query, key, strict=True)
    ]
    np.testing.assert_allclose(attention(query, key, value)[1], expected, atol=1e-14)


@law
@given(seeds, lengths, lengths, st.sampled_from([np.float32, np.float64]))
def test_rows_sum_to_one_or_are_all_zero_and_what_is_masked_is_exactly_zero(seed, n, m, dtype):
    query, key, value = draw(seed, n, m, dtype=dtype)
    mask = draw_mask(seed, 2, n, m)
    output, weights = attention(query, key, value, mask=mask)
    sees = mask.any(axis=-1)
    np.testing.assert_allclose(weights.sum(axis=-1)[sees], 1, atol=1e-6)
    assert (weights[~mask] == 0.0).all()
    assert (weights[mask] >= 0).all()
    assert (output[~sees] == 0.0).all()


@law
@given(seeds, lengths, lengths)
def test_masks_are_applied_as_python_would(seed, n, m):
    query, key, value = draw(seed, n, m)
    mask = draw_mask(seed, n, m)
    _, weights = attention(query, key, value, mask=mask)
    for head, got in enumerate(weights):
        scores = plain_scores(query[head], key[head], 1 / 4)
        expected = [plain_row(*row) for row in zip(scores, mask, strict=True)]
        np.testing.assert_allclose(got, expected, atol=1e-13)


@law
@given(seeds, lengths, lengths)
def test_a_permutation_of_the_keys_permutes_the_columns_and_keeps_the_output(seed, n, m):
    query, key, value = draw(seed, n, m)
    order = np.random.default_rng(seed).permutation(m)
    mask = draw_mask(seed, n, m)
    output, weights = attention(query, key, value, mask=mask)
    new_output, new_weights = attention(query, key[:, order], value[:, order], mask=mask[:, order])
    np.testing.assert_allclose(new_weights, weights[..., order], atol=1e-14)
    np.testing.assert_allclose(new_output, output, atol=1e-13)


@law
@given(seeds, lengths, lengths)
def test_a_permutation_of_the_queries_permutes_the_rows(seed, n, m):
    query, key, value = draw(seed, n, m)
    order = np.random.default_rng(seed).permutation(n)
    output, weights = attention(query, key, value)
    new_output, new_weights = attention(query[:, order], key, value)
    np.testing.assert_allclose(new_weights, weights[:, order], atol=1e-14)
    np.testing.assert_allclose(new_output, output[:, order], atol=1e-13)


@pytest.mark.parametrize(
    "options",
    [
        {"is_causal": True},
        {"mask": np.tri(9, dtype=bool)},
        {"mask": masks.causal()},
        {"mask": masks.sliding(3)},
        {"mask": masks.chunked(4)},
        {"mask": masks.strided(2)},
        {"mask": masks.full(), "is_causal": True},
        {"mask": masks.document([0, 0, 1, 1, 0, 0, 1, 1, 1]) & masks.causal()},
        {"mask": masks.causal(), "sinks": [1.0, 2.0], "softcap": 4.0},
    ],
    ids=str,
)
def test_a_causal_row_knows_no_future(options):
    query, key, value = draw(3, 9, 9, dtype=np.float32)
    output, weights = attention(query, key, value, **options)
    for row in range(8):
        new_key, new_value = key.copy(), value.copy()
        new_key[:, row + 1 :] = -5 * key[:, row + 1 :] + 1
        new_value[:, row + 1 :] += 1000
        new_output, new_weights = attention(query, new_key, new_value, **options)
        for new, old in ((new_weights, weights), (new_output, output)):
            # equal but for rounding: how large scores can get decides how exponentials are taken
            np.testing.assert_allclose(new[:, : row + 1], old[:, : row + 1], rtol=1e-5, atol=1e-7)
        assert not np.array_equal(new_output[:, row + 1], output[:, row + 1])


@law
@given(seeds, st.floats(-200, 200))
def test_a_constant_added_to_all_scores_of_a_row_changes_nothing(seed, constant):
    query, key, value = draw(seed)
    mask = draw_mask(seed, 5, 6)
    constants = np.linspace(-constant, constant, 5)[:, None]
    for got, expected in zip(
        attention(query, key, value, mask=mask, bias=constants),
        attention(query, key, value, mask=mask),
        strict=True,
    ):
        np.testing.assert_allclose(got, expected, atol=1e-11)


@law
@given(seeds, st.floats(-2, 2))
def test_the_scale_multiplies_the_scores(seed, scale):
    query, key, value = draw(seed)
    got = attention(query, key, value, scale=scale)
    expected = attention(query * scale, key, value, scale=1.0)
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


@law
@given(seeds, st.floats(0.1, 5))
def test_a_softcap_bounds_how_far_two_weights_of_a_row_can_differ(seed, cap):
    query, key, value = draw(seed)
    _, weights = attention(query, 10 * key, value, softcap=cap)
    apart = weights.max(axis=-1) / weights.min(axis=-1)
    assert (apart <= math.exp(2 * cap) * (1 + 1e-12)).all()
    by_score = np.argsort(query @ np.swapaxes(key, -1, -2), axis=-1)
    assert (np.diff(np.take_along_axis(weights, by_score, axis=-1)) >= -1e-15).all()
    np.testing.assert_allclose(
        attention(query, key, value, softcap=1e9)[1], attention(query, key, value)[1], atol=1e-6
    )


def test_bias_and_masks_come_after_the_softcap():
    query, key, value = draw(4)
    bias = np.where(draw_mask(4, 5, 6), 0.0, -50.0)
    _, weights = attention(query, key, value, bias=bias, softcap=1.0)
    sees = (bias == 0).any(axis=-1)
    assert (weights[:, sees][:, bias[sees] == -50] < 1e-19).all()
    _, masked = attention(query, key, value, mask=bias == 0, softcap=1.0)
    assert (masked[:, bias == -50] == 0.0).all()


@law
@given(seeds, st.floats(-5, 5))
def test_a_sink_takes_its_share_of_every_row(seed, sink):
    query, key, value = draw(seed)
    mask = draw_mask(seed, 5, 6)
    output, weights = attention(query, key, value, mask=mask, sinks=[sink, -np.inf])
    for row, allowed in enumerate(mask):
        (scores,) = plain_scores(query[0, row : row + 1], key[0], 1 / 4)
        np.testing.assert_allclose(weights[0, row], plain_row(scores, allowed, sink), atol=1e-13)
    assert (weights[0].sum(axis=-1) < 1).all()
    np.testing.assert_allclose(output, weights @ value, atol=1e-13)
    for got, expected in zip(
        (output, weights), attention(query, key, value, mask=mask), strict=True
    ):
        np.testing.assert_allclose(got[1], expected[1], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        (("f2", "f2", "f2"), "f4"),
        (("f4", "f4", "f4"), "f4"),
        (("f8", "f8", "f8"), "f8"),
        (("f4", "f8", "f4"), "f8"),
        (("f2", "f2", "f8"), "f8"),
        (("i1", "f4", "f2"), "f4"),
    ],
)
def test_what_comes_out_is_as_precise_as_what_went_in_and_no_less_than_float32(dtypes, expected):
    arrays = [a.astype(dtype) for a, dtype in zip(draw(5), dtypes, strict=True)]
    for options in ({}, {"mask": np.ones((5, 6), bool)}, {"is_causal": True}, {"softcap": 3}):
        for got in attention(*arrays, **options):
            assert got.dtype == np.dtype(expected)
    wide = [a.astype(np.float64) for a in arrays]
    np.testing.assert_allclose(attention(*arrays)[1], attention(*wide)[1], atol=1e-6)


@pytest.mark.parametrize("name", ["bias", "mask", "sinks"])
def test_wide_numbers_beside_narrow_ones_do_not_widen_the_result(name):
    extra = np.zeros(2) if name == "sinks" else np.zeros((5, 6))
    for got in attention(*draw(5, dtype=np.float32), **{name: extra}):
        assert got.dtype == np.float32


def test_leading_axes_are_many_calls_in_one():
    query, key, value = draw(6, heads=(3, 2))
    mask = draw_mask(6, 5, 6)
    output, weights = attention(query, key, value, mask=mask)
    for index in np.ndindex(3, 2):
        for got, whole in zip(
            attention(query[index], key[index], value[index], mask=mask),
            (output, weights),
            strict=True,
        ):
            np.testing.assert_allclose(got, whole[index], atol=1e-14)
    for got, whole in zip(
        attention(query[1], key[1], value[1], mask=mask), (output, weights), strict=True
    ):
        np.testing.assert_allclose(got, whole[1], atol=1e-14)


@pytest.mark.parametrize("key_heads", [4, 2])
def test_leading_axes_may_lie_in_any_order_and_share_keys(key_heads):
    draw = np.random.default_rng(7).standard_normal
    query, key, value = (draw((3, 9, heads, 5)) for heads in (4, key_heads, key_heads))
    mask, sinks = draw((3, 4, 9, 9)) > 0, draw((3, 4))
    apart = [array.swapaxes(1, 2) for array in (query, key, value)]  # as models give them
    options = {"enable_gqa": key_heads != 4, "sinks": sinks}
    for whole in (apart, [array.copy() for array in apart]):
        for allowed in (mask, mask[:1], mask[:, :1]):
            output, weights = attention(*whole, mask=allowed, **options)
            assert weights.shape == (3, 4, 9, 9)
            rows = np.broadcast_to(allowed, weights.shape)
            for i in np.ndindex(3, 4):
                place = (i[0], i[1] * key_heads // 4)
                expected = attention(
                    whole[0][i], whole[1][place], whole[2][place], mask=rows[i], sinks=sinks[i]
                )
                np.testing.assert_allclose(output[i], expected[0], atol=1e-12)
                np.testing.assert_allclose(weights[i], expected[1], atol=1e-12)


def test_leading_axes_broadcast():
    query, key, value = draw(7, heads=(3, 2))
    shared_key, shared_value = key[:1], value[0]
    got = attention(query, shared_key, shared_value)
    expected = attention(query, np.stack([key[0]] * 3), np.stack([value[0]] * 3))
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("heads", "key_heads"), [(4, 2), (6, 3), (6, 2), (4, 1), (3, 3)])
def test_grouped_queries_repeat_each_key_head_in_place(heads, key_heads):
    query, _, _ = draw(8, heads=(heads,))
    _, key, value = draw(9, heads=(key_heads,))
    output, weights = attention(query, key, value, enable_gqa=True)
    for head in range(heads):
        mine = head * key_heads // heads
        expected = attention(query[head], key[mine], value[mine])
        np.testing.assert_allclose(output[head], expected[0], atol=1e-14)
        np.testing.assert_allclose(weights[head], expected[1], atol=1e-14)


def test_causal_and_a_mask_are_joined_by_and():
    query, key, value = draw(10, 6, 6)
    rule = masks.document([0, 1, 1, 0, 0, 1])
    drawn, past = draw_mask(10, 6, 6), np.tri(6, dtype=bool)
    for form, allowed in (
        (drawn, drawn),
        (np.where(drawn, 0.0, -np.inf), drawn),
        (rule, rule.to_array(6, 6)),
    ):
        _, weights = attention(query, key, value, mask=form, is_causal=True)
        _, expected = attention(query, key, value, mask=allowed & past)
        np.testing.assert_allclose(weights, expected, atol=1e-15)
        assert (weights[:, ~(allowed & past)] == 0.0).all()


@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"sinks": [1.0, 0.0]}], ids=str)
def test_a_query_without_keys_gets_zeros(options):
    output, weights = attention(*draw(11, 5, 0), **options)
    assert weights.shape == (2, 5, 0)
    np.testing.assert_array_equal(output, np.zeros((2, 5, 4)))


def test_no_queries_give_empty_answers():
    output, weights = attention(*draw(11, 0, 6), is_causal=True)
    assert (output.shape, weights.shape) == ((2, 0, 4), (2, 0, 6))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e-30, 1e-4, 1e4, 1e15])
@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"softcap": 30.0}, {"sinks": 0.0}])
def test_tiny_and_huge_scores_stay_numbers(size, dtype, options):
    query, key, value = draw(12, 6, 6, dtype=dtype)
    _, weights = attention(dtype(size) * query, key, value, **options)
    assert np.isfinite(weights).all()
    assert (weights.sum(axis=-1) <= 1 + 1e-6).all()
    if not options:
        np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-6)
        winners = np.argmax(query @ np.swapaxes(key, -1, -2), axis=-1)
        if size > 1:
            np.testing.assert_array_equal(np.argmax(weights, axis=-1), winners)
        else:
            np.testing.assert_allclose(weights, 1 / 6, atol=3e-4)


@pytest.mark.parametrize("lowest", [np.finfo(np.float32).min, np.finfo(np.float64).min, -1e30])
def test_a_very_low_number_in_a_float_mask_forbids(lowest):
    allowed = np.tri(5, 6, dtype=bool)
    for dtype in (np.float32, np.float64):
        query, key, value = draw(13, dtype=dtype)
        _, weights = attention(query, key, value, mask=np.where(allowed, 0.0, lowest))
        _, expected = attention(query, key, value, mask=allowed)
        np.testing.assert_allclose(weights, expected, atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"sinks": [1.0, 0.0], "softcap": 9}])
def test_a_query_that_is_not_a_number_spoils_its_own_row_only(options):
    query, key, value = draw(14, 6, 6)
    clean = attention(query, key, value, **options)
    for bad in (np.nan, np.inf):
        query[1, 2, 3] = bad
        for got, expected in zip(attention(query, key, value, **options), clean, strict=True):
            assert np.isnan(got[1, 2]).any() or bad == np.inf
            got[1, 2] = expected[1, 2]
            np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"is_causal": True},
        {"mask": masks.local(20) | masks.global_([0, 299])},
        {"mask": masks.sliding(40), "sinks": 1.0},
        {"mask": draw_mask(15, 1, 600, 4500, share=0.1)},
    ],
    ids=["full", "causal", "local and global", "sliding with a sink", "booleans"],
)
def test_long_inputs_worked_on_by_blocks_are_one_softmax(options):
    query, key, value = draw(15, 600, 4500, heads=(1,))
    output, weights = attention(query, key, value, **options)
    rule = options.get("mask", masks.causal() if "is_causal" in options else masks.full())
    allowed = rule.to_array(600, 4500) if isinstance(rule, Rule) else rule[0]
    scores = np.where(allowed, query[0] @ key[0].T / 4, -np.inf)
    sink = options.get("sinks", -np.inf)
    top = np.maximum(scores.max(axis=1, keepdims=True), sink)
    top[np.isneginf(top)] = 0
    exponentials = np.exp(scores - top)
    total = exponentials.sum(axis=1, keepdims=True) + np.exp(sink - top)
    expected = np.divide(exponentials, total, out=np.zeros_like(scores), where=total > 0)
    np.testing.assert_allclose(weights[0], expected, atol=1e-13)
    np.testing.assert_allclose(output[0], expected @ value[0], atol=1e-12)


def test_the_inputs_are_left_as_they_were():
    query, key, value = draw(16, 5, 5)
    bias, mask = np.ones((5, 5)), np.tri(5, dtype=bool)
    inputs = (query, key, value, bias, mask)
    before = [a.copy() for a in inputs]
    attention(query, key, value, bias=bias, mask=mask, softcap=2.0, sinks=[0.0, 1.0])
    for array, copy in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def ones(*shape):
    return np.ones(shape)


FITTING = (ones(2, 5, 16), ones(2, 6, 16), ones(2, 6, 4))
INPUTS = ("query", "key", "value")
SHARED = {"enable_gqa": True}


def shapes(*three):
    return dict(zip(INPUTS, (ones(*shape) for shape in three), strict=True))


# name: (what is given in place of arguments that fit, what the error has to show)
MISFITS = {
    "head_dim": (shapes((2, 5, 16), (2, 6, 8), (2, 6, 4)), ["16", "8"]),
    "keys and values": (shapes((2, 5, 16), (2, 6, 16), (2, 7, 4)), ["6", "7"]),
    "query of one axis": ({"query": ones(16)}, ["query", "(16,)"]),
    "key of one axis": ({"key": ones(16)}, ["key", "(16,)"]),
    "value of one axis": ({"value": ones(4)}, ["value", "(4,)"]),
    "value of no axis": ({"value": 1.0}, ["value", "()"]),
    "heads": (
        shapes((3, 5, 16), (2, 6, 16), (2, 6, 4)),
        ["(3, 5, 16)", "(2, 6, 16)", "(2, 6, 4)", "enable_gqa"],
    ),
    "batch": (
        shapes((2, 2, 5, 16), (3, 2, 6, 16), (3, 2, 6, 4)),
        ["(2, 2, 5, 16)", "(3, 2, 6, 16)"],
    ),
    "batch, shared keys": (
        shapes((2, 4, 5, 16), (3, 2, 6, 16), (3, 2, 6, 4)) | SHARED,
        ["(2, 4, 5, 16)", "(3, 2, 6, 16)"],
    ),
    "4 heads on 3": (shapes((4, 5, 16), (3, 6, 16), (3, 6, 4)) | SHARED, ["4", "3"]),
    "2 key and 1 value head": (
        shapes((4, 5, 16), (2, 6, 16), (1, 6, 4)) | SHARED,
        ["4 query", "2 key", "1 value"],
    ),
    "2 heads on 4": (shapes((2, 5, 16), (4, 6, 16), (4, 6, 4)) | SHARED, ["2 query", "4 key"]),
    "heads on none": (shapes((2, 5, 16), (0, 6, 16), (0, 6, 4)) | SHARED, ["2 query", "0 key"]),
    "mask too wide": ({"mask": ones(5, 7) > 0}, ["mask", "(5, 7)", "(2, 5, 6)"]),
    "mask turned": ({"mask": ones(6, 5)}, ["mask", "(6, 5)", "(2, 5, 6)"]),
    "mask of 4 axes": ({"mask": ones(1, 2, 5, 6) > 0}, ["mask", "(1, 2, 5, 6)", "(2, 5, 6)"]),
    "bias of 3 heads": ({"bias": ones(3, 5, 6)}, ["bias", "(3, 5, 6)", "(2, 5, 6)"]),
    "sinks of 3 heads": ({"sinks": ones(3)}, ["sinks", "(3,)", "(2,)"]),
    "fewer documents than queries": ({"mask": masks.document([0, 0, 1])}, ["3 ids"]),
    "fewer documents than keys": ({"mask": masks.document([0, 0, 1, 1, 1])}, ["5 ids"]),
    "softcap of 0": ({"softcap": 0.0}, ["softcap", "0.0"]),
    "softcap below 0": ({"softcap": -2.0}, ["softcap", "-2.0"]),
    "softcap not a number": ({"softcap": math.nan}, ["softcap", "nan"]),
    "softcap without end": ({"softcap": math.inf}, ["softcap", "inf"]),
    "softcap a word": ({"softcap": "high"}, ["softcap", "high"]),
    "scale a word": ({"scale": "half"}, ["scale", "half"]),
    "scale a list": ({"scale": [1.0, 2.0]}, ["scale", "2.0"]),
    "mask a word": ({"mask": "causal"}, ["mask"]),
    "mask a function": ({"mask": masks.causal}, ["mask"]),
    "mask of integers": ({"mask": np.ones((5, 6), dtype=np.int64)}, ["mask", "int64"]),
    "mask of complex numbers": ({"mask": ones(5, 6) * 1j}, ["mask", "complex128"]),
    "ragged bias": ({"bias": [[1.0, 2.0], [3.0]]}, ["bias"]),
    "sinks a word": ({"sinks": "none"}, ["sinks"]),
    "query of complex numbers": ({"query": ones(2, 5, 16) * 1j}, ["query", "complex128"]),
    "no query": ({"query": None}, ["query"]),
    "query of words": ({"query": [["a"]]}, ["query"]),
    "ragged query": ({"query": [[1.0, 2.0], [3.0]]}, ["query"]),
}


@pytest.mark.parametrize("name", MISFITS)
def test_what_does_not_fit_is_an_error_that_names_it(name):
    given_instead, shown = MISFITS[name]
    with pytest.raises(AttnvizError) as caught:
        attention(**dict(zip(INPUTS, FITTING, strict=True)) | given_instead)
    for part in shown:
        assert part in str(caught.value)


def test_shapes_that_fit_by_broadcasting_are_taken():
    for options in (
        {"mask": ones(6) > 0},
        {"mask": ones(5, 1) > 0},
        {"mask": ones(2, 1, 6)},
        {"bias": ones(1, 5, 6)},
        {"sinks": 0.0},
        {"mask": masks.document([0] * 6)},
    ):
        output, weights = attention(*FITTING, **options)
        assert (output.shape, weights.shape) == ((2, 5, 4), (2, 5, 6))


@pytest.mark.parametrize("shape", [(0, 5, 8), (2, 0, 5, 8)])
def test_no_heads_have_no_weights(shape):
    nothing = np.zeros(shape, np.float32)
    output, weights = attention(nothing, nothing, nothing)
    assert output.shape == shape
    assert weights.shape == (*shape[:-1], shape[-2])


@pytest.mark.parametrize("size", [1.0, 1e9, 1e20])
def test_large_values_of_large_scores_do_not_overflow(size):
    query = np.full((1, 3, 1), 8.2, np.float32)  # scores of 67 are powers of 2 up to 97
    key = np.array([8.2, 8.1, 8.0], np.float32).reshape(1, 3, 1)
    value = np.array([size, 0, -size], np.float32).reshape(1, 3, 1)
    output, weights = attention(query, key, value)
    scores = (query.astype(np.float64) @ key.astype(np.float64).swapaxes(1, 2))[0]
    exact = np.exp(scores - scores.max(axis=1, keepdims=True))
    exact /= exact.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(weights[0], exact, atol=2e-5)
    np.testing.assert_allclose(output[0] / size, exact @ value[0] / size, atol=2e-5)


@pytest.mark.parametrize("bias", [None, 1e38])
def test_scores_beyond_float32_give_the_weights_of_float64(bias):
    draw = np.random.default_rng(0)
    query, key = (draw.standard_normal((2, 5, 4)) * 1e19 for _ in range(2))
    value = draw.standard_normal((2, 5, 3))
    biases = None if bias is None else np.full((5, 5), bias)
    exact = attention(query, key, value, bias=biases)
    single = [a.astype(np.float32) for a in (query, key, value)]
    found = attention(*single, bias=None if bias is None else biases.astype(np.float32))
    for array, wanted in zip(found, exact, strict=True):
        assert array.dtype == np.float32
        np.testing.assert_allclose(array, wanted, atol=1e-6)


def test_scores_beyond_float64_are_refused():
    query = np.full((1, 2, 4), 1e200)
    with pytest.raises(AttnvizError, match="too large for float64"):
        attention(query, query, query)


def test_a_mask_of_the_lowest_float32_needs_no_float64():
    query = np.ones((1, 2, 4), np.float32)
    lowest = np.array([[0, np.finfo(np.float32).min]] * 2, np.float32)
    _, weights = attention(query, query, query, mask=lowest)
    np.testing.assert_array_equal(weights, [[[1, 0], [1, 0]]])
