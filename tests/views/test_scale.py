"""What is bright: each scale by its definition, and the column that would swallow a picture."""

import numpy as np
import pytest

from attnviz.errors import AttnvizError
from attnviz.language.english import ENGLISH
from attnviz.language.language import PLAIN
from attnviz.views.scale import SCALES, check_scale, shades

WEIGHTS = np.array([[0.5, 0.3, 0.2, 0], [0.1, 0.6, 0.2, 0.1], [0.4, 0.4, 0.1, 0.1], [0.25] * 4])
ALL = np.ones((4, 4), dtype=bool)
SINK = np.array([[1, 0, 0, 0], [0.9, 0.1, 0, 0], [0.8, 0.1, 0.1, 0], [0.7, 0.1, 0.12, 0.08]])


def test_linear_is_in_proportion_to_the_largest():
    found = shades(WEIGHTS, ALL, "linear")
    np.testing.assert_allclose(found.shares, WEIGHTS / 0.6)
    assert (found.largest, found.sink) == (0.6, None)


def test_log_spreads_four_decades():
    found = shades(np.array([[1, 0.1, 0.01], [1e-3, 1e-4, 1e-9]]), ALL[:2, :3], "log")
    np.testing.assert_allclose(found.shares, [[1, 0.75, 0.5], [0.25, 0, 0]], atol=1e-12)


def test_rank_gives_equal_weights_equal_places_and_masked_cells_none():
    allowed = np.array([[True, True, False], [True, True, True]])
    found = shades(np.array([[0.9, 0.1, 0], [0.1, 0.2, 0.3]]), allowed, "rank")
    np.testing.assert_allclose(found.shares, [[1, 0, 0], [0, 0.5, 0.75]])


@pytest.mark.parametrize("scale", ["auto", "no-sink"])
def test_a_column_that_swallows_most_is_told_and_left_out_of_the_scale(scale):
    found = shades(SINK, ALL, scale)
    column, share = found.sink
    assert column == 0
    assert share == pytest.approx(2.4 / 3)  # its own row, which had no choice, left out
    assert found.largest == 0.12
    np.testing.assert_allclose(found.shares[:, 1:], SINK[:, 1:] / 0.12)
    assert (found.shares[:, 0] == 1).all()
    note = found.note(("[CLS]", "a", "b", "c"), ENGLISH, PLAIN)
    assert note == '80% goes to "[CLS]": scaled without it'


def test_a_column_of_three_times_the_next_is_left_out_whatever_its_share():
    """Twenty keys: the first has a fifth of each row, the others share the rest alike."""
    weights = np.full((20, 20), 0.8 / 19)
    weights[:, 0] = 0.2
    found = shades(weights, np.ones((20, 20), dtype=bool), "auto")
    assert found.sink == (0, pytest.approx(0.2))
    assert found.largest == pytest.approx(0.8 / 19)
    weights[:, 0], weights[:, 1] = 0.1, 0.1 / 2.9
    assert shades(weights, np.ones((20, 20), dtype=bool), "auto").sink is None


def test_a_head_with_all_its_weight_in_one_column_looks_so():
    """What is left is dust: made bright, the whole map would shine."""
    weights = np.full((6, 6), 1e-7)
    weights[:, 2] = 1 - 5e-7
    found = shades(weights, np.ones((6, 6), dtype=bool), "auto")
    assert (found.sink, found.scale) == (None, "linear")
    assert found.shares[:, 2] == pytest.approx(1)
    assert np.delete(found.shares, 2, axis=1).max() < 1e-6


def test_few_cells_that_tower_over_the_rest_do_not_leave_it_dark():
    weights = np.full((12, 12), 0.02)
    weights[:, 0], weights[3, 5], weights[7, 2] = 0.7, 0.28, 0.2
    found = shades(weights, np.ones((12, 12), dtype=bool), "auto")
    assert found.largest == 0.02  # of 132 cells the two largest are above the 98th percentile
    assert found.shares[3, 5] == found.shares[4, 4] == 1


def test_auto_is_linear_where_nothing_swallows_the_picture():
    found = shades(WEIGHTS, ALL, "auto")
    assert (found.scale, found.sink) == ("linear", None)
    assert found.note((), ENGLISH, PLAIN) == ""
    assert shades(SINK, ALL, "auto", whole=False).sink is None  # columns of several keys


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (2, 3)])
def test_nothing_and_little_can_be_shown(scale, shape):
    for weights in (np.zeros(shape), np.full(shape, 1 / shape[1])):
        found = shades(weights, np.ones(shape, dtype=bool), scale)
        assert found.shares.shape == shape
        assert np.isfinite(found.shares).all()
        assert ((found.shares >= 0) & (found.shares <= 1)).all()


def test_an_unknown_scale_is_refused():
    with pytest.raises(AttnvizError, match="`scale`"):
        check_scale("square")
