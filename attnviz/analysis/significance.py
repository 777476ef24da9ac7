"""Is a difference between two groups of texts more than chance? Welch's test, from sums alone."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.moments import Array, Moments, significant
from attnviz.frozen import dataclass
from attnviz.record.numbering import numbered


@dataclass(frozen=True)
class Difference:
    """Two groups' means of one measure, head by head, (layers, heads) each.

    effect: the difference in pooled standard deviations (Hedges' g, 1981). p: of Welch's t-test
    (1947), two-sided. holds: whether it does when all heads are tested together (Benjamini &
    Hochberg 1995, 5 %). numbers: of the layers in the checkpoint, where some have no attention.
    """

    first: Array
    second: Array
    effect: Array
    p: Array
    holds: NDArray[np.bool_]
    numbers: tuple[int, ...] = ()

    @property
    def layer_numbers(self) -> tuple[int, ...]:
        """The number of each layer in its checkpoint."""
        return numbered(self.numbers, len(self.effect))


def differences(first: Moments, second: Moments, measure: int) -> Difference:
    """Compare two groups' sums of one measure; NaN where a group has fewer than two values."""
    n, m = first.n[measure].astype(float), second.n[measure].astype(float)
    means = first.mean[measure], second.mean[measure]
    variances = first.sd[measure] ** 2, second.sd[measure] ** 2
    gap = means[1] - means[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = variances[0] / n, variances[1] / m
        t = gap / np.sqrt(shares[0] + shares[1])
        freedom = (shares[0] + shares[1]) ** 2 / (
            shares[0] ** 2 / (n - 1) + shares[1] ** 2 / (m - 1)
        )
        pooled = np.sqrt(((n - 1) * variances[0] + (m - 1) * variances[1]) / (n + m - 2))
        effect = gap / pooled * (1 - 3 / (4 * (n + m) - 9))
    p = np.array(
        [t_test_p(one, df) for one, df in zip(t.ravel(), freedom.ravel(), strict=True)]
    ).reshape(t.shape)
    return Difference(*means, effect, p, significant(p))


def t_test_p(t: float, freedom: float) -> float:
    """Return the two-sided p of Student's t: I(ν / (ν + t²); ν/2, 1/2), I the regularised
    incomplete beta function; NaN where t or ν is no number."""
    if not (math.isfinite(t) and math.isfinite(freedom)):
        return math.nan
    return incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5)


def incomplete_beta(x: float, a: float, b: float) -> float:
    """Return I(x; a, b) for 0 ≤ x ≤ 1 by its continued fraction (DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # the fraction converges quickly on the other side
        return 1 - incomplete_beta(1 - x, b, a)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
        + a * math.log(x) + b * math.log1p(-x)
    )  # fmt: skip
    return front * _fraction(x, a, b) / a


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of `incomplete_beta`, by the method of Lentz (1976)."""
    smallest = 1e-300
    c, d = 1.0, 1 / max(1 - (a + b) * x / (a + 1), smallest)
    value = d
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1 / (1 + step * d or smallest)
            c = 1 + step / c or smallest
            value *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return value
