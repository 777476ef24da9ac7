"""How well a pattern fits what a head looks at, beside what chance would give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
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

KINDS = tuple(MARKS)  # their places are how many heads are labelled at once
PLACES = {kind: place for place, kind in enumerate(KINDS)}

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

    def lifts(self) -> Array:
        """Return `lift_over_chance` of every head: (heads,)"""
        room = np.where(self.chance > NO_CHANCE, 1.0, 1 - self.chance)
        lift = np.where(self.chance > NO_CHANCE, 0.0, (self.share - self.chance) / room)
        return np.where(np.isnan(lift), 0.0, lift)

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

    def fit_each(self, patterns: Mapping[str, tuple[Array, NDArray[Any]]]) -> dict[str, Fit]:
        """Fit several patterns that need no least number of rows, as `fit` does each: by kind, its
        mass (heads, queries) and its keys (queries,)."""
        if not patterns:
            return {}
        keys = np.stack([keys for _, keys in patterns.values()], axis=-1)
        mass = [(mass * (keys > 0)).sum(axis=1) for mass, keys in patterns.values()]
        shares, chances = self.fits(np.stack(mass, axis=-1), keys)
        fits = zip(patterns, shares.T, chances.T, strict=True)
        return {kind: Fit(kind, share, chance) for kind, share, chance in fits}

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
        each = (self.squares - self.weight**2 / free) / (free - 1)
        return _judged(
            told,
            _product(self.weight, seen),
            _product(self.weight / free, keys),
            _product(each, keys * (1 - keys / free[:, None])),
            _product(self.weight**2, seen),
            seen.sum(axis=0) >= least,
            spreads,
        )

    def fits_own(
        self, mass: Array, seen: Array, least: float, spreads: float
    ) -> tuple[Array, Array]:
        """Return share and chance, (heads,), where each head has one key of its own: mass (heads,
        queries), what it gets, and seen (heads, queries), 1 in rows that can see it."""
        free = np.maximum(self.free, 2)
        each = (self.squares - self.weight**2 / free) / (free - 1)
        return _judged(
            mass.sum(axis=1),
            np.vecdot(self.weight, seen),
            np.vecdot(self.weight / free, seen),
            np.vecdot(each * (1 - 1 / free), seen),
            np.vecdot(self.weight**2, seen),
            seen.sum(axis=1) >= least,
            spreads,
        )


def _product(weight: Array, keys: NDArray[Any]) -> Array:
    """weight (heads, queries) @ keys (queries, patterns), one pattern after the other, so that
    neither others beside it nor more heads change its last digits."""
    patterns = np.ascontiguousarray(keys.T, np.float64)
    found: Array = np.vecdot(weight[:, None, :], patterns)
    return found


def _judged(
    told: Array, base: Array, chance: Array, variance: Array, squares: Array,
    enough: NDArray[np.bool_], spreads: float,
) -> tuple[Array, Array]:  # fmt: skip
    """Share and chance of patterns, NaN where they cannot be told from chance.

    told: the weight on the pattern; base: of the rows that have such a key; chance, variance: what
    shuffled rows would give; squares: Σ w² of the rows; enough: whether there are rows enough.
    """
    spread = np.sqrt(np.maximum(variance, 0))
    rows = np.nan_to_num(divided(base**2, squares))  # of equal weight
    known = enough & (rows >= LEAST_ROWS - 1e-6) & (told - chance >= spreads * spread)
    base = np.where(known, base, 0)
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
        patterns = self._patterns
        chosen = int(self._chosen[head])
        if chosen < len(patterns):
            return patterns[chosen].label(head)
        kind = KINDS[chosen - len(patterns)]
        if kind == "spread" and self.evenness is not None:
            return Label(kind, float(self.evenness[head]))
        return Label(kind)

    def kinds(self) -> NDArray[np.int64]:
        """Return the kinds of the labels of all heads, as places in KINDS: (heads,)"""
        patterns = [PLACES[fit.kind] for fit in self._patterns]
        found: NDArray[np.int64] = np.array([*patterns, *range(len(KINDS))])[self._chosen]
        return found

    @cached_property
    def _patterns(self) -> list[Fit]:
        resting = [] if self.resting is None else [self.resting]
        return [*self.narrow, *self.wide, *resting]

    @cached_property
    def _chosen(self) -> NDArray[np.int64]:
        """For each head a place among the patterns, or past them one among KINDS. (heads,)"""
        n = len(self._patterns)
        lifts = [fit.lifts() for fit in self._patterns]
        if self.evenness is None:
            chosen = np.full(len(self.total), n + PLACES["unknown"])
        else:
            chosen = n + np.where(self.evenness >= EVEN, PLACES["spread"], PLACES["other"])
        if self.resting is not None:
            chosen[lifts[-1] >= FITS] = n - 1
        enough = self.left.weight.sum(axis=1) >= LITTLE * self.total
        edge = len(self.narrow)
        for places in (range(edge, edge + len(self.wide)), range(edge)):  # the narrow ones last
            best, highest = np.full(len(chosen), -1), np.full(len(chosen), FITS)
            for i in places:
                better = (lifts[i] >= FITS) & ((best < 0) | (lifts[i] > highest + SURER))
                best[better], highest[better] = i, lifts[i][better]
            found = enough & (best >= 0)
            chosen[found] = best[found]
        return chosen


def lift_over_chance(share: float, chance: float) -> float:
    """Return (share - chance) / (1 - chance); 0 where nothing is known or the mask leaves no
    choice."""
    if isnan(share) or isnan(chance) or chance > NO_CHANCE:
        return 0.0
    return (share - chance) / (1 - chance)
