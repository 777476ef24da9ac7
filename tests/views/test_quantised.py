"""Levels of weights: each reads back to within what the page says, and masks stay masks."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.views.page.quantised import bits_for, error, quantised, steps


def read_back(levels, largest, bits):
    """What the page's script makes of levels, in exact arithmetic."""
    shares = (np.maximum(levels.astype(np.int64) - 1, 0) / (2**bits - 2)) ** 2
    return shares * largest


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("largest", [1.0, 0.3, 1e-3, 7.5])
def test_a_weight_reads_back_within_the_error_that_is_said(bits, largest):
    rng = np.random.default_rng(bits)
    weights = (rng.random((70, 90)) ** 6).astype(np.float32)
    weights *= np.float32(largest) / weights.max()
    weights[0, :5] = 0
    levels, most = quantised(weights, np.ones(weights.shape, bool), bits)
    assert levels.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert most == pytest.approx(largest, rel=1e-6)
    apart = np.abs(read_back(levels, most, bits) - weights)
    assert apart.max() <= error(most, bits)
    assert apart.max() > error(most, bits) / 3  # no more is said than is so
    assert not read_back(levels, most, bits)[0, :5].any()
    assert levels.max() == 2**bits - 1
    assert levels.min() == 1


def test_small_weights_are_nearer_than_large_ones():
    weights = np.linspace(0, 1, 100_001, dtype=np.float32)[None]
    levels, most = quantised(weights, np.ones(weights.shape, bool), 8)
    apart = np.abs(read_back(levels, most, 8) - weights)
    assert apart[weights < 0.01].max() < 0.11 * error(most, 8)


def test_level_0_is_masked_and_nothing_else():
    weights = np.array([[0.0, 0.5], [1.0, 0.0]], dtype=np.float32)
    allowed = np.array([[True, False], [True, True]])
    assert quantised(weights, allowed, 8)[0].tolist() == [[1, 0], [255, 1]]
    assert quantised(weights, allowed, 16)[0].tolist() == [[1, 0], [65535, 1]]


def test_nothing_at_all_is_drawn_as_nothing():
    levels, most = quantised(np.zeros((2, 3), np.float32), np.ones((2, 3), bool), 8)
    assert (levels == 1).all()
    assert most == 0
    assert error(most, 8) == 0


def test_small_records_get_more_bits():
    assert bits_for(6 * 12 * 20 * 20) == 16
    assert bits_for(6 * 12 * 512 * 512) == 8
    assert (steps(8), steps(16)) == (254, 65534)
