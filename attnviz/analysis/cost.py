"""What attention costs against length: counted from its mask, and beside it what was timed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

import numpy as np

from attnviz.attention.rules import Rule
from attnviz.attention.streaming import block_shape
from attnviz.frozen import dataclass
from attnviz.record.summary import MAP_SIZE, block_bytes, summary_bytes

LONGEST = 1 << 24  # tokens: more than any model has been trained to read
ROWS_AT_ONCE = 1 << 16  # counted together, so that memory has a bound
FLOAT = 4  # bytes of a weight
FEWEST = 3  # lengths that a growth is read from, where there are as many


@dataclass(frozen=True)
class Layers:
    """Layers of attention that are alike: `n_heads` heads of `head_dim` numbers under one mask.

    n_key_heads share the keys and values. cached: bytes of one number in a key/value cache, 0
    where none is kept.
    """

    rule: Rule
    n_heads: int
    head_dim: int
    n_layers: int = 1
    n_key_heads: int = 0
    cached: int = 0


@dataclass(frozen=True)
class Predicted:
    """What one length costs. scores: of one head in every layer; all else is of all heads.

    multiply_adds: head_dim for each score, and as many for what its weight takes of a value.
    weight_bytes: every weight kept, masked ones too, as float32. streamed_bytes: the same work
    with a summary kept. cache_bytes: keys and values that a decoder's next token still sees.
    rest: multiply-adds of a model's linear maps.
    """

    length: int
    scores: int
    multiply_adds: int
    weight_bytes: int
    streamed_bytes: int
    cache_bytes: int | None = None
    rest: int | None = None

    @property
    def work(self) -> int:
        """All multiply-adds of a run."""
        return self.multiply_adds + (self.rest or 0)


@dataclass(frozen=True)
class Timed:
    """One length as it was run here: the quickest of `runs`.

    seconds: None where it was not run, and left_out says why: "time" (it would take about
    `expected` seconds) or "memory". rest_seconds: outside of attention, of a model.
    """

    seconds: float | None = None
    rest_seconds: float | None = None
    runs: int = 0
    left_out: str = ""
    expected: float | None = None


@dataclass(frozen=True)
class Growth:
    """Cost ~ length ** exponent, by least squares over the lengths from `first` to `last`."""

    exponent: float
    first: int
    last: int


@dataclass(frozen=True)
class Curve:
    """One line of a plot: what was counted at each length, and the seconds, None if not run."""

    name: str
    lengths: tuple[int, ...]
    counted: tuple[int, ...]
    seconds: tuple[float | None, ...]

    @property
    def run(self) -> tuple[list[int], list[float]]:
        """The lengths that were run, and their seconds."""
        both = [(n, s) for n, s in zip(self.lengths, self.seconds, strict=True) if s is not None]
        return [n for n, _ in both], [s for _, s in both]

    @property
    def measured(self) -> Growth | None:
        """How the time grows over the longer half of what was run."""
        return growth(*self.run)

    @property
    def predicted(self) -> Growth | None:
        """How the count grows, over the lengths that `measured` is of where there is one."""
        over, measured = range(LONGEST + 1), self.measured
        if measured is None:
            return growth(self.lengths, self.counted)
        over = range(measured.first, measured.last + 1)
        kept = [(n, c) for n, c in zip(self.lengths, self.counted, strict=True) if n in over]
        return growth([n for n, _ in kept], [c for _, c in kept], whole=True)


@dataclass(frozen=True)
class Series:
    """One type of attention, or the attention of one model, at rising lengths."""

    name: str
    layers: tuple[Layers, ...]
    points: tuple[Predicted, ...]
    times: tuple[Timed, ...]

    @property
    def lengths(self) -> tuple[int, ...]:
        """The lengths in tokens."""
        return tuple(point.length for point in self.points)


@dataclass(frozen=True)
class Report:
    """Costs side by side. way: how they were run, "kept" or "streamed"; "" if only counted.

    model: of a checkpoint, what it holds (`name`, `per_token`: multiply-adds of its linear maps,
    `crossing`: the length from which attention takes more, None if there is none, …).
    """

    series: tuple[Series, ...]
    settings: Mapping[str, Any]
    way: str = ""
    model: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ran(self) -> str:
        """The way that something was run in; "" where nothing was, or all took too much."""
        return self.way if any(t.seconds is not None for s in self.series for t in s.times) else ""

    @property
    def curves(self) -> tuple[Curve, ...]:
        """What the plots show: scores of each type, or the multiply-adds of a model's two parts."""
        if not self.model:
            return tuple(
                Curve(
                    one.name, one.lengths, tuple(p.scores for p in one.points),
                    tuple(t.seconds for t in one.times),
                )
                for one in self.series
            )  # fmt: skip
        (one,) = self.series
        attention = tuple(p.multiply_adds for p in one.points)
        rest = tuple(p.rest or 0 for p in one.points)
        return (
            Curve("attention", one.lengths, attention, tuple(t.seconds for t in one.times)),
            Curve("rest", one.lengths, rest, tuple(t.rest_seconds for t in one.times)),
        )


def predict(layers: Sequence[Layers], length: int, per_token: int | None = None) -> Predicted:
    """Return what these layers cost at one length. per_token: multiply-adds of the rest of the
    model.

    Scores are counted row by row from the masks: exact, in memory that does not grow.
    """
    seen = {rule: _counted(rule, length) for rule in {one.rule for one in layers}}
    caches = [one for one in layers if one.cached]
    return Predicted(
        length,
        sum(one.n_layers * seen[one.rule].total for one in layers),
        sum(_multiply_adds(one, seen[one.rule].total) for one in layers),
        sum(one.n_layers * one.n_heads * length * length * FLOAT for one in layers),
        sum(streamed_bytes(one, length) for one in layers),
        sum(_cache_bytes(one, seen[one.rule].last) for one in caches) if caches else None,
        None if per_token is None else per_token * length,
    )


def streamed_bytes(layers: Layers, length: int) -> int:
    """Return about what streaming holds: a block in each thread, and the summary of every layer."""
    shape = block_shape(layers.rule, length, length)
    block = block_bytes(layers.n_heads, *shape, FLOAT)
    return block + layers.n_layers * summary_bytes(layers.n_heads, length, length, MAP_SIZE)


def crossing(layers: Sequence[Layers], per_token: int) -> int | None:
    """Return the first length at which attention takes more multiply-adds than `per_token` for each
    token; None if there is none up to `LONGEST`."""

    def outweighs(length: int) -> bool:
        seen = {rule: _counted(rule, length).total for rule in {one.rule for one in layers}}
        return sum(_multiply_adds(one, seen[one.rule]) for one in layers) > per_token * length

    high = 1
    while not outweighs(high):
        if high == LONGEST:
            return None
        high *= 2
    lengths = range(high // 2 + 1, high + 1)
    return lengths[bisect_left(lengths, True, key=outweighs)]


def growth(
    lengths: Sequence[int], values: Sequence[float], *, whole: bool = False
) -> Growth | None:
    """Return the slope of log value against log length over the longer half, of three lengths or
    more where there are as many; over all if `whole`. None for fewer than two lengths."""
    n = len(lengths) if whole else max(-(-len(lengths) // 2), FEWEST)
    lengths, values = lengths[-n:], values[-n:]
    if len(lengths) < 2:
        return None
    x, y = np.log(np.array(lengths, float)), np.log(np.array(values, float))
    x -= x.mean()
    return Growth(float(x @ y / (x @ x)), lengths[0], lengths[-1])


@dataclass(frozen=True)
class _Counted:
    """Of a mask: its scores, and how many the last row sees."""

    total: int
    last: int


def _counted(rule: Rule, length: int) -> _Counted:
    rule.check(length, length)
    total = 0
    for rows in _slabs(length):
        counts = rule.counts(rows, length)
        total += int(counts.sum())
    return _Counted(total, int(counts[-1]))


def _slabs(length: int) -> Iterable[np.ndarray[Any, np.dtype[np.int64]]]:
    for start in range(0, length, ROWS_AT_ONCE):
        yield np.arange(start, min(start + ROWS_AT_ONCE, length))


def _multiply_adds(layers: Layers, scores: int) -> int:
    return layers.n_layers * layers.n_heads * scores * 2 * layers.head_dim


def _cache_bytes(layers: Layers, n_kept: int) -> int:
    return layers.n_layers * layers.n_key_heads * n_kept * 2 * layers.head_dim * layers.cached
