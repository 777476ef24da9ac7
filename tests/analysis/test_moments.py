"""Sums of parts against NumPy's answers for the whole."""

import numpy as np
import pytest

from attnviz.analysis.moments import Moments, Quantiles, significant

VALUES = np.random.default_rng(0).gamma(2.0, 3.0, (500, 3, 4))
VALUES[::7, 1, 2] = np.nan
VALUES[:, 2, 3] = np.nan
VALUES[1:, 0, 3] = np.nan


def shared_out(kind, n_parts):
    parts = [kind(VALUES.shape[1:]) for _ in range(n_parts)]
    for i, part in enumerate(parts):
        edges = [-(-len(VALUES) * j // n_parts) for j in (i, i + 1)]
        part.add(VALUES[slice(*edges)])
    for part in parts[1:]:
        parts[0].merge(part)
    return parts[0]


@pytest.mark.parametrize("n_parts", [1, 2, 7, 499])
def test_mean_and_deviation_are_those_of_the_whole(n_parts):
    found = shared_out(Moments, n_parts)
    assert np.array_equal(found.n, (~np.isnan(VALUES)).sum(axis=0))
    known = found.n > 0
    np.testing.assert_allclose(found.mean[known], np.nanmean(VALUES[:, known], axis=0), rtol=1e-12)
    several = found.n > 1
    sd = np.nanstd(VALUES[:, several], axis=0, ddof=1)
    np.testing.assert_allclose(found.sd[several], sd, rtol=1e-12)
    assert np.isnan(found.sd[~several]).all()


def test_a_large_offset_costs_no_digits():
    found = Moments(())
    for values in 1e9 + np.array([[4.0, 7], [13, 16]]):
        found.add(values)
    assert float(found.sd) == pytest.approx(np.sqrt(30), rel=1e-9)


@pytest.mark.parametrize("n_parts", [1, 3])
def test_quantiles_are_within_a_bin(n_parts):
    found = shared_out(Quantiles, n_parts).at([0.05, 0.25, 0.5, 0.75, 0.95])
    known = ~np.isnan(VALUES).all(axis=0)
    true = np.nanquantile(
        VALUES[:, known], [0.05, 0.25, 0.5, 0.75, 0.95], axis=0, method="inverted_cdf"
    )
    np.testing.assert_allclose(found[:, known], true, rtol=0.0165)
    assert np.isnan(found[:, ~known]).all()


def test_quantiles_do_not_depend_on_how_values_were_shared_out():
    assert np.array_equal(shared_out(Quantiles, 1).counts, shared_out(Quantiles, 9).counts)


def test_values_beyond_the_bins():
    found = Quantiles((1,))
    found.add(np.array([[0.0], [1e-9], [1e30]]))
    low, middle, high = found.at([0.3, 0.6, 1.0])[:, 0]
    assert (low, middle) == (0, 0)
    assert high >= 2.0**16.9


def test_many_tests_are_corrected():
    """The worked example of Benjamini & Hochberg (1995), table 1: four of fifteen hold."""
    p = np.array([0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
                  0.4262, 0.5719, 0.6528, 0.7590, 1.0])  # fmt: skip
    shuffled = np.random.default_rng(1).permutation(15)
    held = significant(p[shuffled])
    assert sorted(shuffled[held]) == [0, 1, 2, 3]
    assert not significant(np.array([np.nan, 0.9])).any()
    assert significant(np.full((2, 2), 0.01)).shape == (2, 2)
