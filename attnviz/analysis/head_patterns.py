"""How well a pattern fits what a head looks at, beside what chance would give."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.head_measures import divided
from attnviz.frozen import dataclass

Array = NDArray[np.float64]

# What a head may be labelled, and the mark that stands for it in a grid.
MARKS = {
    "previous": "p",
    "next": "n",
    "self": "s",
    "duplicate": "d",
    "induction": "i",
    "nearby": "±",
    "diagonal": "\\",
    "one key": "|",
    "aligned": "a",
    "sink": "¹",
    "spread": "~",
    "other": "-",
    "short": "?",
    "unknown": "?",
}

FITS = 0.5  # of the way from chance to all of the weight: more than everything else together
LEAST_ROWS = 4  # that a label must rest on: rows with two keys to choose from, sink set aside
SPREADS = 3.0  # standard deviations from chance: a few rows are not taken for a pattern
SPREADS_OF_MANY = 4.0  # where the best of all keys was chosen
LITTLE = 0.05  # weight left beside the sink below which there is nothing to tell
EVEN = 0.8  # of the largest possible entropy, from which a head counts as spread
SURER = 0.05  # by which a rarer pattern must fit better than a plainer one to be named
NO_CHANCE = 0.9  # chance level above which a pattern says nothing: the mask leaves no choice


@dataclass(frozen=True)
class Label:
    """Say what a head looks at. share: of the weight it is judged by; chance: what an even head
    would have; token: the key, where there is one. Share and chance are NaN where nothing was
    found."""

    kind: str
    share: float = nan
    chance: float = nan
    token: str = ""

    def __str__(self) -> str:
        if self.kind == "sink":
            return f"rests on {self.token}"
        said = {"short": "too short to tell", "unknown": "not kept"}.get(self.kind, self.kind)
        return f"{said} {self.token}".strip()

    @property
    def mark(self) -> str:
        """One letter for it."""
        return MARKS[self.kind]

    @property
    def lift(self) -> float:
        """The share with chance taken out: 0 is no better than chance, 1 is all of the weight."""
        return lift_over_chance(self.share, self.chance)


@dataclass(frozen=True)
class Fit:
    """How much of each head's weight is where a pattern says: (heads,) each, NaN where too few
    rows can tell. tokens: the key that it is about, per head, for patterns that have one."""

    kind: str
    share: Array
    chance: Array
    tokens: Sequence[str] = ()

    def label(self, head: int) -> Label:
        """Return the pattern as the label of one head."""
        token = self.tokens[head] if self.tokens else ""
        return Label(self.kind, float(self.share[head]), float(self.chance[head]), token)


@dataclass(frozen=True)
class Rows:
    """The rows of a layer that can tell what its heads look at.

    weight, squares: (heads, queries), the sum of a row's weights and of their squares, 0 in rows
    that cannot tell. free: (queries,), how many keys there are to choose from.
    """

    weight: Array
    squares: Array
    free: NDArray[np.int64]

    def fit(self, kind: str, mass: Array, keys: NDArray[Any], *, least: float = 0) -> Fit:
        """Fit a pattern with `mass` (heads, queries) on `keys` (queries,) keys of each row. Rows in
        which it has no key are left out; it needs `least` others."""
        one = self.fits(mass[..., None] * (keys > 0)[:, None], keys[:, None], least)
        return Fit(kind, one[0][:, 0], one[1][:, 0])

    def fits(
        self, mass: Array, keys: NDArray[Any], least: float = 0, spreads: float = SPREADS
    ) -> tuple[Array, Array]:
        """Return share and chance, (heads, patterns), of several patterns at once: mass (heads,
        queries, patterns) or its sum over the queries, keys (queries, patterns).

        NaN where fewer than LEAST_ROWS rows can tell, or where shuffling the keys of every row
        would bring the share that far from chance: sampling without replacement, `spreads` standard
        deviations.
        """
        told = mass.sum(axis=1) if mass.ndim == 3 else mass
        seen, free = (keys > 0).astype(np.float64), np.maximum(self.free, 2)
        base = self.weight @ seen
        chance = (self.weight / free) @ keys
        each = (self.squares - self.weight**2 / free) / (free - 1)
        spread = np.sqrt(np.maximum(each @ (keys * (1 - keys / free[:, None])), 0))
        rows = np.nan_to_num(divided(base**2, self.weight**2 @ seen))  # of equal weight
        enough = (rows >= LEAST_ROWS - 1e-6) & (seen.sum(axis=0) >= least)
        base = np.where(enough & (told - chance >= spreads * spread), base, 0)
        return divided(told, base), divided(chance, base)


@dataclass(frozen=True)
class LayerFits:
    """Hold what there is to label the heads of a layer with.

    left: what is left with the sink set aside; total: (heads,), the weight of the same rows with
    it. narrow patterns are named before wide ones, and these before where a head rests. evenness:
    of what is left, (heads,), or None where single weights were not kept.
    """

    left: Rows
    total: Array
    narrow: Sequence[Fit]
    wide: Sequence[Fit]
    resting: Fit | None
    evenness: Array | None

    def label(self, head: int) -> Label:
        """Choose the pattern that fits a head best, or else where it rests, or that it spreads."""
        if self.left.weight[head].sum() >= LITTLE * self.total[head]:
            for fits in (self.narrow, self.wide):
                best, highest = None, FITS
                for fit in fits:
                    lift = lift_over_chance(fit.share[head], fit.chance[head])
                    if lift >= FITS and (best is None or lift > highest + SURER):
                        best, highest = fit, lift
                if best is not None:
                    return best.label(head)
        if self.resting is not None and (rest := self.resting.label(head)).lift >= FITS:
            return rest
        if self.evenness is None:
            return Label("unknown")
        even = float(self.evenness[head])
        return Label("spread", even) if even >= EVEN else Label("other")


def lift_over_chance(share: float, chance: float) -> float:
    """Return (share - chance) / (1 - chance); 0 where nothing is known or the mask leaves no
    choice."""
    if isnan(share) or isnan(chance) or chance > NO_CHANCE:
        return 0.0
    return (share - chance) / (1 - chance)
