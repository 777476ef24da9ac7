"""What changed between two records, against arithmetic by hand and slow loops."""

from math import log, log2

import numpy as np
import pytest

import attnviz
from attnviz.analysis.compare import Side, difference, differences, divergence, largest_error
from attnviz.errors import AttnvizError

A = [[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]]
B = [[0.0, 0.5, 0.5], [0.2, 0.3, 0.5]]
TOKENS = ["a", "b"], ["x", "y", "z"]


def given(*heads):
    return attnviz.from_weights(np.array(heads, dtype=np.float64), *TOKENS)


def slow(p, q):
    """Lin 1991: H(m) - (H(p) + H(q)) / 2, in nats, of one row."""

    def entropy(row):
        return -sum(x * log2(x) * log(2) for x in row if x > 0)

    return entropy([(x + y) / 2 for x, y in zip(p, q, strict=True)]) - (entropy(p) + entropy(q)) / 2


def test_divergence_is_what_entropies_say():
    generator = np.random.default_rng(3)
    rows = generator.dirichlet(np.ones(6), (2, 40))
    rows[0, :10, 2] = 0
    rows /= rows.sum(axis=-1, keepdims=True)
    found = divergence(*rows)
    assert found == pytest.approx([slow(p, q) for p, q in zip(*rows.tolist(), strict=True)])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1, 0], [1, 0], 0),
        ([1, 0], [0, 1], log(2)),
        ([0.5, 0.5, 0], [0, 0.5, 0.5], 0.5 * log(2)),
        ([0.25, 0.25], [0.5, 0.5], 0),  # of their sums they are equal
        ([0, 0], [0, 0], 0),
        ([0, 0], [0.5, 0.5], log(2)),
    ],
)
def test_divergence_at_its_ends(first, second, expected):
    assert divergence(np.array([first], float), np.array([second], float)) == pytest.approx(
        expected
    )


def test_a_difference_by_hand():
    found = difference(Side("one", given(A)), Side("two", given(B)))
    np.testing.assert_allclose(found.weights, [[-0.5, 0, 0.5], [0, 0, 0]], atol=1e-9)
    assert found.per_row == pytest.approx([0.5 * log(2), 0], abs=1e-9)
    assert found.per_head == pytest.approx(np.array([[0.25 * log(2)]]))
    assert (found.where, abs(found.largest)) == ((0, 0), pytest.approx(0.5))
    assert found.changed_most(2) == [0, 1]


def test_the_mean_of_heads_is_compared_unless_one_is_chosen():
    both = given(A, B)
    mean = difference(Side("mean", both), Side("head", both, head=1))
    np.testing.assert_allclose(mean.weights[0], [-0.25, 0, 0.25], atol=1e-9)
    heads = difference(Side("0", both, head=0), Side("1", both, head=1))
    np.testing.assert_allclose(heads.weights[0], [-0.5, 0, 0.5], atol=1e-9)


def test_other_texts_are_not_subtracted():
    other = attnviz.from_weights([[0.5, 0.5]], ["a"], ["x", "y"])
    assert difference(Side("one", given(A)), Side("two", other)) is None
    sides = [Side("one", given(A)), Side("two", other), Side("three", given(B))]
    assert [found.second for found in differences(sides)] == ["three"]


@pytest.mark.parametrize("budget", [None, 0])
def test_long_texts_are_pooled_and_rows_keep_their_sums(budget):
    text = " ".join(f"w{i % 37}" for i in range(700))
    records = [attnviz.trace(text, type=t, max_memory=budget) for t in ("self", "local")]
    one, two = (Side(record.type, record) for record in records)
    assert max(one.rows().shape) <= 512
    np.testing.assert_allclose(one.rows().sum(axis=1), 1, atol=1e-5)
    found = difference(one, two)
    assert (found.per_head is None) == (budget == 0)
    assert found.per_row.shape == (len(one.rows()),)
    assert one.cost() == (490_000, 490_000)


def test_the_largest_error_and_where_it_is():
    off = np.array([A, B])
    off[1, 0, 2] += 0.25
    off[1, 0, 1] -= 0.25
    error, where = largest_error(given(A, B), given(*off))
    assert error == pytest.approx(0.25)
    assert where.startswith("cross, layer 0, head 1, row 0, column ")


def test_what_cannot_be_held_against_another_is_refused():
    long = " ".join(f"w{i}" for i in range(40))
    streamed = attnviz.trace(long, max_memory=0)
    with pytest.raises(AttnvizError, match="streamed"):
        largest_error(streamed, streamed)
    with pytest.raises(AttnvizError, match="stacks"):
        largest_error(given(A), attnviz.trace("a b"))
    with pytest.raises(AttnvizError, match=r"\[1, 2, 2, 3\]"):
        largest_error(given(A), given(A, B))
