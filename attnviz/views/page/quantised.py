"""Weights as whole numbers of 8 or 16 bits, for pages that are drawn far from NumPy.

A level is the square root of a weight's share of its head's largest one: steps are fine where most
weights are, near 0. Level 0 is a masked pair, 1 a weight of 0, the last the head's largest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_EXACT = 1 << 20  # weights up to which 16 bits make a small page

Array = NDArray[Any]


def bits_for(n_weights: int) -> int:
    """Return bits of a level: 16 where that many make a small page, else 8."""
    return 16 if n_weights <= MOST_EXACT else 8


def steps(bits: int) -> int:
    """Return levels between a weight of 0 and the largest."""
    return (1 << bits) - 2


def quantised(weights: Array, allowed: Array, bits: int) -> tuple[Array, float]:
    """Return the levels of one head, (rows, columns) of uint8 or uint16, and its largest weight.

    allowed: the pairs that are not masked. Negative weights count as 0.
    """
    largest = float(weights.max(initial=0))
    shares = np.maximum(weights, 0, dtype=np.float32)
    shares *= np.float32(1 / largest) if largest > 1e-30 else np.float32(0)
    np.sqrt(shares, out=shares)
    shares *= np.float32(steps(bits))
    shares += np.float32(1.5)  # the rounding, and the level of a weight of 0
    levels = shares.astype(np.uint8 if bits == 8 else np.uint16)
    levels[~allowed] = 0
    return levels, largest


def error(largest: float, bits: int) -> float:
    """Return how far a weight that is read from its level can be from the one recorded.

    Half a step of the square root, at the largest weight: m (1 - (1 - 1/2s)²) < m / s. Rounding in
    float32 adds up to a fiftieth of a step where there are 16 bits.
    """
    return 1.02 * largest / steps(bits)
