"""Means, deviations and quantiles of many values that are never kept.

Sums of parts are merged by the formulas of Chan, Golub and LeVeque (1979); quantiles come from
counts in fixed bins, so that the same values give the same answer however they were shared out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SHIFT = 18  # of a float32's 23 bits of fraction, 5 are kept: a bin is at most 3.2 % wide
LOWEST, HIGHEST = 2.0**-14, 2.0**17  # below: as good as 0; above: the last bin
FALSE = 0.05  # of the differences that are called more than chance, at most


@dataclass
class Moments:
    """Number, mean and sum of squared deviations of values of one shape; NaN is no value."""

    shape: tuple[int, ...]
    n: NDArray[np.int64] = field(init=False)
    mean: Array = field(init=False)
    squares: Array = field(init=False)

    def __post_init__(self) -> None:
        self.n = np.zeros(self.shape, np.int64)
        self.mean, self.squares = np.zeros(self.shape), np.zeros(self.shape)

    def add(self, values: Array) -> None:
        """Take in several values for each cell at once, (several, *shape)."""
        known = np.isfinite(values)
        part = Moments(self.shape)
        part.n = known.sum(axis=0)
        part.mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(part.n, 1)
        part.squares = (np.where(known, values - part.mean, 0.0) ** 2).sum(axis=0)
        self.merge(part)

    def merge(self, other: Moments) -> None:
        """Take in the values of another part."""
        n = self.n + other.n
        share = other.n / np.maximum(n, 1)
        off = other.mean - self.mean
        self.mean = self.mean + off * share
        self.squares = self.squares + other.squares + off**2 * self.n * share
        self.n = n

    @property
    def sd(self) -> Array:
        """The standard deviation with n − 1; NaN where there are fewer than two values."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.n > 1, np.sqrt(self.squares / (self.n - 1)), np.nan)


N_BINS = int(
    (np.float32(HIGHEST).view(np.uint32) >> SHIFT) - (np.float32(LOWEST).view(np.uint32) >> SHIFT)
) + 2  # fmt: skip


def _bins(values: Array) -> NDArray[np.int64]:
    """The bin of each value: 0 for what is below LOWEST, then by the bits of a float32."""
    clipped = np.clip(values, LOWEST / 2, HIGHEST).astype(np.float32)
    first = int(np.float32(LOWEST).view(np.uint32) >> SHIFT)
    return np.maximum((clipped.view(np.uint32) >> SHIFT).astype(np.int64) - first + 1, 0)


def _edges() -> Array:
    """The lower edge of each bin, and the upper one of the last."""
    first = np.float32(LOWEST).view(np.uint32) >> SHIFT
    bits = (first + np.arange(N_BINS, dtype=np.uint32)).astype(np.uint32) << np.uint32(SHIFT)
    return np.concatenate([[0.0], bits.view(np.float32).astype(np.float64)])


@dataclass
class Quantiles:
    """Counts of values ≥ 0 in fixed bins, for each cell of a shape: whole numbers, so that parts
    add up to the same counts in any order. A quantile is within 1.6 % of the true one."""

    shape: tuple[int, ...]
    counts: NDArray[np.uint32] = field(init=False)  # (*shape, N_BINS)

    def __post_init__(self) -> None:
        self.counts = np.zeros((*self.shape, N_BINS), np.uint32)

    def add(self, values: Array) -> None:
        """Take in several values for each cell, (several, *shape); NaN is no value."""
        known = np.isfinite(values)
        _, *cells = np.nonzero(known)
        np.add.at(self.counts, (*cells, _bins(values[known])), 1)

    def merge(self, other: Quantiles) -> None:
        """Take in the counts of another part."""
        self.counts += other.counts

    def at(self, shares: Sequence[float]) -> Array:
        """Return the quantiles at `shares`, (len(shares), *shape); NaN where there is no value."""
        total = self.counts.sum(axis=-1)
        reached = self.counts.cumsum(axis=-1)
        edges = _edges()
        middle = np.sqrt(edges[:-1] * edges[1:])  # 0 for the first bin: as good as 0
        found = [
            middle[np.argmax(reached >= np.maximum(share * total, 1)[..., None], axis=-1)]
            for share in shares
        ]
        return np.where(total > 0, np.stack(found), np.nan)


def significant(p_values: Array, level: float = FALSE) -> NDArray[np.bool_]:
    """Return which of many tests hold when the share of false ones among them is to stay below
    `level` (Benjamini & Hochberg 1995); NaN never holds."""
    flat = p_values.ravel()
    known = np.flatnonzero(~np.isnan(flat))
    order = known[np.argsort(flat[known], kind="stable")]
    limits = level * np.arange(1, order.size + 1) / max(order.size, 1)
    below = np.flatnonzero(flat[order] <= limits)
    held = np.zeros(flat.size, bool)
    if below.size:
        held[order[: below[-1] + 1]] = True
    return held.reshape(p_values.shape)
