"""Every rule against its published definition, and the laws that all rules keep."""

import json
import sys
from itertools import pairwise, product

import numpy as np
import pytest

from attnviz.attention import masks
from attnviz.attention.masks import from_dict
from attnviz.errors import AttnvizError

IDS = tuple(i // 3 % 4 for i in range(600))  # documents that come back after others
SEEN_BY_ALL = (0, 4, 9)

# name: (rule, may query i see key j?). Each definition is the one of the paper or library named.
RULES = {
    "full": (masks.full(), lambda i, j: True),
    "causal": (masks.causal(), lambda i, j: j <= i),
    "causal, 3 cached keys": (masks.causal(3), lambda i, j: j <= i + 3),
    "causal, offset -2": (masks.causal(-2), lambda i, j: j <= i - 2),
    "local 0": (masks.local(0), lambda i, j: i == j),
    "local 2": (masks.local(2), lambda i, j: abs(i - j) <= 2),
    "Hugging Face bidirectional, w=4": (masks.local(4), lambda i, j: abs(i - j) <= 4),
    "ModernBERT, w=4": (masks.local(4 // 2), lambda i, j: abs(i - j) <= 4 // 2),
    "Longformer, w=4": (masks.local(4 // 2), lambda i, j: abs(i - j) <= 4 / 2),
    "Mistral, w=4": (masks.sliding(4), lambda i, j: 0 <= i - j < 4),
    "sliding 1": (masks.sliding(1), lambda i, j: 0 <= i - j < 1),
    "onnxruntime GQA, w=4": (masks.sliding(4), lambda i, j: j <= i and i - j < 4),
    "ModernBERT decoder, w=4": (masks.sliding(4 // 2), lambda i, j: 0 <= i - j < 4 // 2),
    "ONNX Attention left window, w=4": (masks.sliding(4 + 1), lambda i, j: j <= i and i - j <= 4),
    "attn-gym, w=4": (masks.sliding(4 + 1), lambda i, j: 0 <= i - j <= 4),
    "dilated 4, 2": (masks.dilated(4, 2), lambda i, j: i - j in (-4, -2, 0, 2, 4)),
    "dilated 5, 3": (masks.dilated(5, 3), lambda i, j: abs(i - j) <= 5 and (i - j) % 3 == 0),
    "dilated 2, 1": (masks.dilated(2, 1), lambda i, j: abs(i - j) <= 2),
    "global": (masks.global_(SEEN_BY_ALL), lambda i, j: i in SEEN_BY_ALL or j in SEEN_BY_ALL),
    "global, none": (masks.global_([]), lambda i, j: False),
    "prefix 3": (masks.prefix(3), lambda i, j: j < 3 or j <= i),
    "prefix 0": (masks.prefix(0), lambda i, j: j <= i),
    "prefix past the end": (masks.prefix(700), lambda i, j: True),
    "document": (masks.document(IDS), lambda i, j: IDS[i] == IDS[j]),
    "Llama 4, w=4": (masks.chunked(4), lambda i, j: i // 4 == j // 4 and j <= i),
    "chunked 1": (masks.chunked(1), lambda i, j: i == j),
    "Child et al. strided, l=3": (
        masks.strided(3),
        lambda i, j: i - 3 <= j <= i or (j <= i and (i - j) % 3 == 0),
    ),
    "strided 1": (masks.strided(1), lambda i, j: j <= i),
    "Longformer with global tokens": (
        masks.local(2) | masks.global_(SEEN_BY_ALL),
        lambda i, j: abs(i - j) <= 2 or i in SEEN_BY_ALL or j in SEEN_BY_ALL,
    ),
    "packed texts": (
        masks.document(IDS) & masks.causal(),
        lambda i, j: IDS[i] == IDS[j] and j <= i,
    ),
    "nothing in common": (masks.causal(-2) & masks.local(1), lambda i, j: False),
    "global tokens, causal": (
        (masks.local(1) | masks.global_([0, 7])) & masks.causal(),
        lambda i, j: (abs(i - j) <= 1 or i in (0, 7) or j in (0, 7)) and j <= i,
    ),
    "packed sliding": (
        masks.document(IDS) & masks.causal() & masks.sliding(5),
        lambda i, j: IDS[i] == IDS[j] and j <= i and i - j < 5,
    ),
    "three joined": (
        masks.dilated(6, 3) | masks.sliding(2) | masks.global_([10]),
        lambda i, j: (abs(i - j) <= 6 and (i - j) % 3 == 0) or 0 <= i - j < 2 or i == 10 or j == 10,
    ),
    "and binds before or": (
        masks.prefix(4) & masks.document(IDS) | masks.strided(5),
        lambda i, j: (
            ((j < 4 or j <= i) and IDS[i] == IDS[j])
            or (j <= i and (i - j <= 5 or (i - j) % 5 == 0))
        ),
    ),
}
UNBROKEN = ("full", "causal", "local", "sliding", "prefix", "chunked")  # one run of keys a row
SHAPES = [(12, 12), (12, 17), (12, 5), (1, 9), (9, 1), (12, 0)]

every_rule = pytest.mark.parametrize("name", RULES)


def cells(predicate, n_queries, n_keys):
    found = [[bool(predicate(i, j)) for j in range(n_keys)] for i in range(n_queries)]
    return np.array(found, dtype=bool).reshape(n_queries, n_keys)


def row_blocks(n):
    return [np.arange(start, stop) for start in range(n) for stop in range(start + 1, n + 1)]


def inside(ranges, n_keys):
    covered = np.zeros(n_keys, dtype=bool)
    for low, high in ranges:
        covered[max(low, 0) : max(high, 0)] = True
    return covered


@every_rule
def test_a_rule_is_its_published_definition_cell_by_cell(name):
    rule, predicate = RULES[name]
    for shape in SHAPES:
        array = rule.to_array(*shape)
        assert array.dtype == np.bool_
        np.testing.assert_array_equal(array, cells(predicate, *shape), err_msg=f"{name} {shape}")


@pytest.mark.parametrize(
    ("name", "fewest", "most"),
    [
        ("Mistral, w=4", 4, 4),
        ("Hugging Face bidirectional, w=4", 9, 9),
        ("ModernBERT, w=4", 5, 5),
        ("ModernBERT decoder, w=4", 2, 2),
        ("Longformer, w=4", 5, 5),
        ("ONNX Attention left window, w=4", 5, 5),
        ("onnxruntime GQA, w=4", 4, 4),
        ("attn-gym, w=4", 5, 5),
        ("Llama 4, w=4", 1, 4),
    ],
)
def test_each_library_sees_its_own_number_of_keys(name, fewest, most):
    rule, _ = RULES[name]
    interior = rule.to_array(40, 40)[8:32].sum(axis=1)
    assert (interior.min(), interior.max()) == (fewest, most)


@every_rule
def test_any_indices_may_be_asked_in_any_order(name):
    rule, predicate = RULES[name]
    rows, keys = [7, 2, 7, 11], [9, 0, 4, 4, 1]
    expected = [[bool(predicate(i, j)) for j in keys] for i in rows]
    np.testing.assert_array_equal(rule(rows, keys), expected)
    np.testing.assert_array_equal(rule(7, 4), [[bool(predicate(7, 4))]])
    assert rule([], keys).shape == (0, 5)
    assert rule(rows, []).shape == (4, 0)


@every_rule
def test_the_span_of_every_block_of_rows_covers_what_it_may_see(name):
    rule, predicate = RULES[name]
    for n_keys in (12, 17, 5):
        allowed = cells(predicate, 12, n_keys)
        for rows in row_blocks(12):
            low, high = rule.span(rows)
            assert 0 <= low <= high
            assert not allowed[rows, :low].any(), rows
            assert not allowed[rows, high:].any(), rows


@every_rule
def test_shared_keys_are_seen_by_all_rows(name):
    rule, predicate = RULES[name]
    allowed = cells(predicate, 12, 17)
    for rows in row_blocks(12):
        low, high = rule.shared(np.array(rows))
        assert allowed[rows, max(low, 0) : max(high, 0)].all(), rows


@pytest.mark.parametrize(
    "rule",
    [
        masks.full(),
        masks.causal(),
        masks.local(3),
        masks.sliding(9),
        masks.local(4) & masks.causal(),
    ],
    ids=str,
)
def test_no_key_that_all_rows_see_is_left_out_of_the_shared_ones(rule):
    keys, allowed = np.arange(17), rule.to_array(12, 17)
    for rows in row_blocks(12):
        low, high = rule.shared(np.array(rows))
        assert np.array_equal((keys >= low) & (keys < high), allowed[rows].all(axis=0)), rows


@every_rule
def test_ranges_cover_and_are_disjoint_in_order_and_not_empty(name):
    rule, predicate = RULES[name]
    allowed = cells(predicate, 12, 17)
    for rows in row_blocks(12):
        ranges = rule.ranges(rows)
        assert all(low < high for low, high in ranges)
        assert all(a[1] < b[0] for a, b in pairwise(ranges))
        assert not allowed[np.ix_(rows, ~inside(ranges, 17))].any(), (rows, ranges)


@pytest.mark.parametrize(
    "name", [n for n, (rule, _) in RULES.items() if rule.to_dict()["rule"] in UNBROKEN]
)
def test_the_span_of_a_rule_with_unbroken_rows_is_no_wider_than_needed(name):
    rule, predicate = RULES[name]
    allowed = cells(predicate, 12, 40)
    for rows in row_blocks(12):
        seen = np.flatnonzero(allowed[rows].any(axis=0))
        needed = (int(seen[0]), int(seen[-1]) + 1) if seen.size else (0, 0)
        low, high = rule.span(rows)
        assert (low, min(high, 40)) == needed, rows


def test_ranges_of_an_ordinary_row_hold_the_window_and_the_global_tokens_only():
    rule = masks.local(1) | masks.global_([0, 900])
    assert rule.ranges(np.arange(500, 502)) == [(0, 1), (499, 503), (900, 901)]
    assert masks.sliding(4).ranges([500]) == [(497, 501)]
    assert masks.dilated(4, 2).span([500]) == (496, 505)
    assert (masks.document([5] * 30 + [6] * 30) & masks.causal()).span([40]) == (30, 41)


def test_a_row_that_sees_nothing_has_no_ranges_and_the_span_0_0():
    for rule in (masks.causal(-3), masks.global_([]), masks.sliding(1) & masks.global_([7])):
        assert rule.ranges([1]) == []
        assert rule.span([1]) == (0, 0)


@every_rule
def test_per_row_is_the_row_sums_of_the_array(name):
    rule, predicate = RULES[name]
    for shape in SHAPES:
        expected = cells(predicate, *shape).sum(axis=1)
        np.testing.assert_array_equal(rule.per_row(*shape), expected, err_msg=f"{name} {shape}")
    for shape in ((600, 40), (40, 600)):
        expected = rule.to_array(*shape).sum(axis=1)
        np.testing.assert_array_equal(rule.per_row(*shape), expected, err_msg=f"{name} {shape}")


@every_rule
def test_a_rule_comes_back_equal_from_json(name):
    rule, predicate = RULES[name]
    back = from_dict(json.loads(json.dumps(rule.to_dict())))
    assert back == rule
    assert hash(back) == hash(rule)
    np.testing.assert_array_equal(back.to_array(12, 17), cells(predicate, 12, 17))


@pytest.mark.parametrize(
    ("rule", "description"),
    [
        (masks.full(), {"rule": "full"}),
        (masks.causal(2), {"rule": "causal", "offset": 2}),
        (masks.local(2), {"rule": "local", "window": 2}),
        (masks.sliding(2), {"rule": "sliding", "size": 2}),
        (masks.dilated(4, 2), {"rule": "dilated", "window": 4, "dilation": 2}),
        (masks.prefix(2), {"rule": "prefix", "length": 2}),
        (masks.chunked(2), {"rule": "chunked", "size": 2}),
        (masks.strided(2), {"rule": "strided", "stride": 2}),
        (
            masks.local(1) | masks.full(),
            {"rule": "any", "rules": [{"rule": "local", "window": 1}, {"rule": "full"}]},
        ),
        (
            masks.local(1) & masks.full(),
            {"rule": "all", "rules": [{"rule": "local", "window": 1}, {"rule": "full"}]},
        ),
    ],
)
def test_the_written_form_that_records_on_disk_hold(rule, description):
    assert rule.to_dict() == description
    assert from_dict(description) == rule


def test_pipe_is_or_and_ampersand_is_and_for_every_pair():
    for (first, p), (second, q) in product(RULES.values(), repeat=2):
        either, both = (first | second).to_array(11, 11), (first & second).to_array(11, 11)
        a, b = cells(p, 11, 11), cells(q, 11, 11)
        np.testing.assert_array_equal(either, a | b, err_msg=f"{first} | {second}")
        np.testing.assert_array_equal(both, a & b, err_msg=f"{first} & {second}")


def test_equal_rules_are_one_in_a_set_and_different_ones_are_not():
    assert len({masks.local(2), masks.local(2), masks.local(np.int64(2))}) == 1
    assert len({masks.local(2), masks.sliding(2), masks.local(3), masks.causal(2)}) == 4
    assert masks.global_([4, 0, 4]) == masks.global_(i for i in (0, 4))
    assert masks.local(1) | masks.full() != masks.local(1) & masks.full()
    assert json.dumps(masks.global_(np.array([1, 2])).to_dict())


@pytest.mark.parametrize("ids", [(2**61, 2**62, 2**61), (-(2**62), -(2**61), -(2**62)), (5, -5, 5)])
def test_documents_are_told_apart_by_ids_of_any_size(ids):
    rule = masks.document(ids)
    np.testing.assert_array_equal(rule.to_array(3, 3), [[1, 0, 1], [0, 1, 0], [1, 0, 1]])
    assert from_dict(json.loads(json.dumps(rule.to_dict()))) == rule


def test_rules_cannot_be_changed():
    with pytest.raises(AttributeError):
        masks.local(2).window = 3


@pytest.mark.parametrize(
    "make",
    [masks.local, masks.causal, masks.sliding, masks.prefix],
    ids=["local", "causal", "sliding", "prefix"],
)
@pytest.mark.parametrize("size", [10**6, 2**62, sys.maxsize])
def test_a_window_larger_than_any_text_is_no_window(make, size):
    expected = np.tri(4, dtype=bool) if make is masks.sliding else np.ones((4, 4), dtype=bool)
    np.testing.assert_array_equal(make(size).to_array(4, 4), expected)
    low, high = make(size).span([0, 3])
    assert low == 0
    assert high >= 4


@pytest.mark.parametrize("make", [masks.local, masks.causal, masks.prefix, masks.sliding])
def test_a_number_too_large_for_an_index_means_no_window_too(make):
    assert make(2**70).to_array(4, 4)[np.tri(4, dtype=bool)].all()


MAKERS = [
    (masks.causal, "causal offset", ()),
    (masks.local, "window", (-1, -100)),
    (masks.sliding, "sliding size", (0, -1)),
    (lambda window: masks.dilated(window, 2), "window", (-1,)),
    (lambda dilation: masks.dilated(4, dilation), "dilation", (0, -3)),
    (lambda position: masks.global_([0, position]), "global position", (-1,)),
    (masks.prefix, "prefix length", (-1,)),
    (lambda number: masks.document([0, number]), "document id", ()),
    (masks.chunked, "chunk size", (0, -1)),
    (masks.strided, "stride", (0, -1)),
]
NO_INTEGERS = (2.0, 2.5, float("nan"), True, np.True_, "2", None, [2], np.float64(2))


@pytest.mark.parametrize(
    ("make", "what", "value"),
    [
        (make, what, value)
        for make, what, too_small in MAKERS
        for value in (*too_small, *NO_INTEGERS)
    ],
)
def test_a_bad_argument_is_named_with_its_value(make, what, value):
    with pytest.raises(AttnvizError) as caught:
        make(value)
    assert what in caught.value.message
    assert str(value) in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("make", [masks.global_, masks.document], ids=["global", "document"])
@pytest.mark.parametrize("value", [5, None, 2.5, True])
def test_one_number_where_many_are_wanted_is_named(make, value):
    with pytest.raises(AttnvizError, match=str(value)):
        make(value)


@pytest.mark.parametrize(
    ("description", "named"),
    [
        ({"rule": "spiral"}, "spiral"),
        ({"rule": None}, "None"),
        ({}, "None"),
        ({"rule": "local"}, "local"),
        ({"rule": "local", "size": 3}, "local"),
        ({"rule": "full", "window": 3}, "full"),
        ({"rule": "any"}, "any"),
        ({"rule": "all", "rules": [{"rule": "spiral"}]}, "spiral"),
        ({"rule": "any", "rules": 3}, "any"),
    ],
)
def test_a_description_of_no_rule_is_named(description, named):
    with pytest.raises(AttnvizError, match=named):
        from_dict(description)


@pytest.mark.parametrize(
    "description",
    [
        {"rule": "local", "window": -1},
        {"rule": "local", "window": "3"},
        {"rule": "sliding", "size": 0},
        {"rule": "chunked", "size": 0},
        {"rule": "dilated", "window": 4, "dilation": 0},
        {"rule": "strided", "stride": 2.5},
        {"rule": "global", "positions": [-1]},
        {"rule": "global", "positions": 3},
        {"rule": "document", "ids": ["a"]},
        {"rule": "any", "rules": []},
        {"rule": "any", "rules": ["local"]},
        "local",
        ["local"],
        None,
    ],
    ids=str,
)
def test_a_description_is_held_to_the_same_limits_as_the_rule(description):
    with pytest.raises(AttnvizError):
        from_dict(description)


@pytest.mark.parametrize("shape", [(6, 5), (5, 6), (6, 6)])
@pytest.mark.parametrize(
    "rule", [masks.document([1] * 5), masks.document([1] * 5) & masks.local(1)]
)
def test_a_document_rule_that_is_too_short_says_so(rule, shape):
    for ask in (rule.to_array, rule.per_row):
        with pytest.raises(AttnvizError, match=r"5 ids.* 5 "):
            ask(*shape)


def test_the_span_of_rows_past_the_last_document_says_so():
    with pytest.raises(AttnvizError, match=r"3 ids.* 7 "):
        masks.document([0, 0, 1]).span([2, 7])


@pytest.mark.parametrize("other", [3, None, "local", np.ones((2, 2), dtype=bool)], ids=repr)
def test_a_rule_joins_with_rules_only(other):
    for join in (lambda a, b: a | b, lambda a, b: a & b):
        with pytest.raises((TypeError, AttnvizError)):
            join(masks.local(2), other)


@pytest.mark.parametrize("name", RULES)
def test_runs_are_all_that_a_query_may_see(name):
    rule, _ = RULES[name]
    runs = rule.runs(40, 30)
    if runs is None:
        return
    keys = np.arange(30)
    found = (keys >= runs[0][:, None]) & (keys < runs[1][:, None])
    assert np.array_equal(found, rule.to_array(40, 30))
    assert runs.min() >= 0
    assert runs.max() <= 30


def test_rules_of_one_run_know_it():
    for rule in (masks.causal(), masks.local(2), masks.causal() & masks.local(3)):
        assert rule.runs(5, 5) is not None
    for rule in (masks.strided(2), masks.causal() & masks.dilated(4, 2)):
        assert rule.runs(5, 5) is None


def test_windows_are_squares_on_the_grid_with_borders_that_shift():
    """Two patches see each other where the same borders, drawn by hand, hold both."""
    borders = {0: [0, 0, 0, 1, 1, 1], 1: [0, 1, 1, 1, 2, 2], 2: [0, 0, 1, 1, 1, 2]}
    for shift, band in borders.items():
        rule = masks.windows(columns=6, size=3, shift=shift)
        for i in range(36):
            for j in range(36):
                (row, column), (other_row, other_column) = divmod(i, 6), divmod(j, 6)
                same = band[row] == band[other_row] and band[column] == band[other_column]
                assert rule([i], [j])[0, 0] == same
            low, high = rule.span([i])
            assert low <= i < high
            assert not rule([i], [*range(low), *range(high, 36)]).any()
        assert masks.from_dict(rule.to_dict()) == rule
        assert (rule.per_row(36, 36) == rule.to_array(36, 36).sum(axis=1)).all()
    with pytest.raises(AttnvizError, match="shift"):
        masks.windows(6, 3, 3)


def test_a_block_sees_ahead_and_so_far_back():
    """Beside a window the tokens of a picture see all of it that is to come (Gemma 3)."""
    for first, stop, back in ((2, 6, 0), (2, 6, 1), (0, 5, 5), (3, 3, 0)):
        rule = masks.block(first, stop, back)
        for i in range(9):
            wanted = [
                first <= i < stop and first <= j < stop and j >= i - back for j in range(9)
            ]  # fmt: skip
            assert rule([i], np.arange(9))[0].tolist() == wanted
            low, high = rule.span([i])
            assert not any(wanted[:low]) and not any(wanted[high:])  # noqa: PT018
        assert masks.from_dict(rule.to_dict()) == rule
        assert rule.per_row(9, 9).tolist() == rule.to_array(9, 9).sum(axis=1).tolist()
    near = (masks.sliding(2) | masks.block(1, 5)).to_array(6, 6).astype(int)
    assert near.tolist() == [
        [1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 0], [0, 1, 1, 1, 1, 0], [0, 0, 1, 1, 1, 0],
        [0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 1, 1],
    ]  # fmt: skip


def test_nearby_is_a_square_on_the_grid():
    rule = masks.nearby(columns=4, window=1, first=1)
    seen = rule.to_array(13, 13)  # one token before a grid of three rows
    for i in range(13):
        for j in range(13):
            (row, column), (key_row, key_column) = divmod(i - 1, 4), divmod(j - 1, 4)
            near = abs(row - key_row) <= 1 and abs(column - key_column) <= 1
            assert seen[i, j] == (near or i == 0 or j == 0)
    assert rule.per_row(13, 13).tolist() == seen.sum(axis=1).tolist()
    for i in range(13):  # nothing is allowed outside of the ranges
        inside = {j for low, high in rule.ranges([i]) for j in range(low, min(high, 13))}
        assert set(np.flatnonzero(seen[i])) <= inside
    assert masks.from_dict(rule.to_dict()) == rule
