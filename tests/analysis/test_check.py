"""Curves, verdicts and rank correlations, worked out by hand."""

import json

import numpy as np
import pytest

from attnviz.analysis.check import (
    BETTER,
    NO_BETTER,
    UNCLEAR,
    Check,
    Curves,
    Ranking,
    curves_of,
    rank_correlation,
)
from attnviz.errors import AttnvizError


def test_a_curve_goes_through_its_points_and_its_mean_leaves_the_ends_out():
    found = curves_of([1, 2, 3], 4, np.array([0.2, 0.5, 0.6]), np.array([0.4, 0.7, 1.0]), 0.8)
    assert (found.deletion[0], found.insertion[0]) == pytest.approx((1.3 / 3, 2.1 / 3))
    assert found.hidden[0][[0, 5, 10, 15, 20]] == pytest.approx([0, 0.2, 0.5, 0.6, 0.8])
    assert found.shown[0][[0, 5, 10, 15, 20]] == pytest.approx([0.2, 0.4, 0.7, 1.0, 1.0])


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ([1, 2, 3, 4], [10, 20, 30, 40], 1),
        ([1, 2, 3, 4], [9, 7, 5, 1], -1),
        # 1 − 6 Σ d² / (n (n² − 1)) with d = 0, 1, 1, 0
        ([1, 2, 3, 4], [1, 3, 2, 4], 1 - 6 * 2 / (4 * 15)),
        # ranks 0.5, 0.5, 2 against 0, 1, 2: 1.5 / √(1.5 × 2)
        ([5, 5, 9], [1, 2, 3], 1.5 / 3**0.5),
    ],
)
def test_rank_correlation(first, second, wanted):
    assert rank_correlation(np.array(first, float), np.array(second, float)) == pytest.approx(
        wanted
    )


def test_all_alike_has_no_rank_correlation():
    assert np.isnan(rank_correlation(np.ones(3), np.arange(3.0)))


def curves(deletion, insertion):
    flat = np.zeros((1, 21))
    return Curves(np.array([deletion]), np.array([insertion]), flat, flat)


def checked(*rankings):
    """Twenty random orders with areas 0.40, 0.41 … 0.59."""
    random = tuple(curves(0.4 + i / 100, 0.4 + i / 100) for i in range(20))
    named = [Ranking(f"r{i}", one, np.array([0.5])) for i, one in enumerate(rankings)]
    alone = Ranking("one token at a time", curves(0.9, 0.9), np.array([1.0]))
    return Check("m", "the class", "KL (nats)", 1, tuple(named), alone, random)


def test_a_verdict_needs_more_than_nineteen_of_twenty_random_orders():
    found = checked(curves(0.6, 0.6), curves(0.59, 0.6), curves(0.585, 0.5))
    wanted = [BETTER, UNCLEAR, NO_BETTER]
    assert [found.verdict(one) for one in found.rankings] == wanted
    assert found.share_as_good(found.rankings[0], "deletion") == pytest.approx(1 / 21)
    assert found.share_as_good(found.rankings[1], "deletion") == pytest.approx(2 / 21)
    assert [one.name for one in found.ranked()] == ["one token at a time", "r0", "r1", "r2"]


def test_files(tmp_path):
    found = checked(curves(0.6, 0.7))
    found.save(tmp_path / "c.json")
    tree = json.loads((tmp_path / "c.json").read_text())
    assert tree["rankings"][1]["deletion"] == pytest.approx(0.6)
    found.save(tmp_path / "c.csv")
    assert (tmp_path / "c.csv").read_text().splitlines()[2].startswith("r0,0.6,0.7,0.5,")
    with pytest.raises(AttnvizError, match=r"\.json"):
        found.save(tmp_path / "c.txt")
