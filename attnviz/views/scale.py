"""From weights to shares of the colour ramp: which weight is how bright."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import bad_choice
from attnviz.frozen import dataclass
from attnviz.language.language import Guard, Language

Array = NDArray[Any]

SCALES = ("auto", "linear", "log", "rank", "no-sink")
MOST = 0.5  # of all weight: a column with more than all others together swallows the picture
TIMES = 3.0  # the weight of the next column: one with more swallows it too
HIGH = 98  # percentile of the other cells from which on all are as bright: few tower over the rest
ALL = 0.999  # a column with more than this leaves nothing that would be worth to be made bright
FEW = 4  # queries below which one column's share says nothing
DECADES = 4  # that the logarithmic scale shows: weights down to a ten-thousandth of the largest


@dataclass(frozen=True)
class Shades:
    """Shares of the ramp, 0 to 1, of the shape of the weights.

    largest: the weight that is brightest, and without a sink no weight is more. sink: a column that
    is brighter than that, and its share of all weight, where the rest is scaled without it.
    """

    shares: Array
    largest: float
    scale: str = "linear"
    sink: tuple[int, float] | None = None

    def note(self, names: tuple[str, ...], language: Language, guard: Guard) -> str:
        """Return what a reader has to know to read the colours; "" where bright just means much."""
        if self.sink is not None:
            key, share = self.sink
            return language.say("ui.sink", guard, key=names[key], pct=share)
        return "" if self.scale == "linear" else language.say("ui.scale", guard, value=self.scale)


def check_scale(scale: str) -> None:
    """Refuse a scale that there is not."""
    if scale not in SCALES:
        raise bad_choice(scale, "`scale`", SCALES)


def shades(weights: Array, allowed: Array, scale: str, *, whole: bool = True) -> Shades:
    """Return how bright each weight of a map (rows, columns) is.

    linear: in proportion to the largest. log: the logarithm over four decades. rank: the place
    among all allowed weights. no-sink: in proportion to a high percentile outside of the column
    with most weight. auto: no-sink where one column has more than half of all weight, or three
    times that of the next, and the others have more than a thousandth; else linear.
    whole: whether every column is one key; of pooled maps no column is called a sink.
    """
    found = _sink(weights) if whole else None
    if scale == "no-sink" or (scale == "auto" and found is not None and _swallows(*found)):
        if found is not None:
            return _without(weights, allowed, found[:2])
        scale = "linear"
    scale = "linear" if scale in ("auto", "no-sink") else scale
    largest = float(weights.max(initial=0))
    return Shades(WAYS[scale](weights, allowed, largest), largest, scale)


def alike(maps: Sequence[tuple[Array, Array]], scale: str, *, whole: bool = True) -> list[Shades]:
    """Return shades of several maps, weights and what the mask allows of each, on one scale: what
    is brightest is the largest of what is brightest in each. Ranks stay those of each map."""
    alone = [shades(weights, allowed, scale, whole=whole) for weights, allowed in maps]
    if scale == "rank":
        return alone
    largest = max((one.largest for one in alone), default=0.0)
    draw = _log if scale == "log" else _linear
    return [
        Shades(draw(weights, allowed, largest), largest, one.scale, one.sink)
        for one, (weights, allowed) in zip(alone, maps, strict=True)
    ]


def small(scale: str) -> str:
    """Return the scale of a small map among others: there a head that looks at one key has to look
    so."""
    return "linear" if scale == "auto" else scale


def _swallows(_: int, share: float, following: float) -> bool:
    """Whether a column leaves the others dark; where it has all weight, there are no others."""
    return share <= ALL and (share > MOST or share > TIMES * following > 0)


def _sink(weights: Array) -> tuple[int, float, float] | None:
    """The column with most weight, its share, and that of the next; the row of the key itself says
    nothing."""
    rows, columns = weights.shape
    if rows < FEW or columns < 2:
        return None
    column = int(weights.sum(axis=0).argmax())
    others = np.delete(weights, column, axis=0) if rows == columns else weights
    total = float(others.sum())
    if total <= 0:
        return None
    shares = others.sum(axis=0) / total
    following = float(np.delete(shares, column).max())
    return column, float(others[:, column].sum()) / total, following


def _without(weights: Array, allowed: Array, sink: tuple[int, float]) -> Shades:
    rest, seen = (np.delete(cells, sink[0], axis=1) for cells in (weights, allowed))
    largest = float(np.percentile(rest[seen], HIGH, method="higher")) if seen.any() else 0.0
    largest = largest or float(rest.max(initial=0))
    return Shades(_linear(weights, weights, largest), largest, "no-sink", sink)


def _linear(weights: Array, _: Array, largest: float) -> Array:
    return np.clip(weights / largest, 0, 1) if largest > 0 else np.zeros(weights.shape)


def _log(weights: Array, _: Array, largest: float) -> Array:
    if largest <= 0:
        return np.zeros(weights.shape)
    smallest = largest * 10.0**-DECADES
    shares: Array = np.log10(np.maximum(weights, smallest) / smallest) / DECADES
    return shares


def _rank(weights: Array, allowed: Array, _: float) -> Array:
    shares = np.zeros(weights.shape)
    values = weights[allowed]
    if values.size > 1:
        places = np.searchsorted(np.sort(values), values)  # equal weights get equal places
        shares[allowed] = places / max(int(places.max()), 1)
    return shares


WAYS: dict[str, Callable[[Array, Array, float], Array]] = {
    "linear": _linear,
    "log": _log,
    "rank": _rank,
}
