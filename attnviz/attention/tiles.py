"""Rules that let a query see only what is near it, and the tiles such attention is computed in.

A tile is a few neighbouring queries and the unbroken run of keys that any of them may see; many
tiles, each as far from the last as it has rows, are one batch of small products. What is computed
grows with the window, not with the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from attnviz.attention.products import VECTOR, summed
from attnviz.attention.rules import (
    AllOf,
    AnyOf,
    Causal,
    Chunked,
    Dilated,
    Full,
    Global,
    Local,
    Rule,
    Sliding,
)
from attnviz.frozen import dataclass
from attnviz.threads import scratch

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

SHIFTED = (Full, Causal, Local, Sliding, Dilated)  # ask only how far a key is from its query


@dataclass(frozen=True)
class Band:
    """Query i sees at most keys i - before … i + after, and the keys `columns`; the queries
    `columns` may see all. rule: what is allowed within the band, columns aside."""

    before: int
    after: int
    rule: Rule
    columns: tuple[int, ...] = ()

    @property
    def width(self) -> int:
        """Keys that lie within the band of one query."""
        return self.before + self.after + 1

    @property
    def is_shifted(self) -> bool:
        """Whether every query sees the same pattern around itself."""
        parts = self.rule.rules if isinstance(self.rule, AnyOf | AllOf) else (self.rule,)
        return all(isinstance(part, SHIFTED) for part in parts)


def band_of(rule: Rule) -> Band | None:
    """Return the band that a rule keeps to; None where it has none."""
    if isinstance(rule, Local | Dilated):
        return Band(rule.window, rule.window, rule)
    if isinstance(rule, Sliding | Chunked):
        return Band(rule.size - 1, 0, rule)
    if isinstance(rule, AnyOf):
        return _any(rule)
    return _all(rule) if isinstance(rule, AllOf) else None


def _any(rule: AnyOf) -> Band | None:
    chosen = {p for part in rule.rules if isinstance(part, Global) for p in part.positions}
    near = [part for part in rule.rules if not isinstance(part, Global)]
    bands = [band_of(part) for part in near]
    known = [band for band in bands if band is not None and not band.columns]
    if not known or len(known) < len(bands):
        return None
    return Band(
        max(band.before for band in known),
        max(band.after for band in known),
        near[0] if len(near) == 1 else AnyOf(tuple(near)),
        tuple(sorted(chosen)),
    )


def _all(rule: AllOf) -> Band | None:
    bands = [band for part in rule.rules if (band := band_of(part)) is not None]
    if not bands or any(band.columns for band in bands):
        return None
    return Band(min(band.before for band in bands), min(band.after for band in bands), rule)


@dataclass(frozen=True)
class Tiles:
    """Query rows start … start + n_tiles × rows in tiles of `rows`. Column c of tile t is key
    start + t × rows - before + c, then come the band's `columns`, -1 where there is none."""

    start: int
    n_tiles: int
    rows: int
    band: Band
    columns: Indices
    n_keys: int

    @property
    def stop(self) -> int:
        """One past the last query."""
        return self.start + self.n_tiles * self.rows

    @property
    def near(self) -> int:
        """Columns of a tile that lie in its unbroken run of keys."""
        return near_columns(self.band, self.rows)

    @property
    def run(self) -> tuple[int, int]:
        """The keys of all tiles, the first and one past the last; some may not be in the text."""
        low = self.start - self.band.before
        return low, low + (self.n_tiles - 1) * self.rows + self.near

    @property
    def shape(self) -> tuple[int, int, int]:
        """(tiles, rows, columns)"""
        return self.n_tiles, self.rows, self.near + self.columns.size

    @property
    def keys(self) -> Indices:
        """The key of every column, (tiles, columns). Some lie outside of the text, where all
        weights are 0."""
        first = self.start - self.band.before + self.rows * np.arange(self.n_tiles)
        run = first[:, None] + np.arange(self.near)
        extra = np.broadcast_to(self.columns, (self.n_tiles, self.columns.size))
        return np.concatenate([run, extra], axis=1)

    @property
    def queries(self) -> Indices:
        """The query of every row, (tiles, rows)."""
        return np.arange(self.start, self.stop).reshape(self.n_tiles, self.rows)

    def multiply(self, q: Floats, key: Floats, out: Floats) -> None:
        """Multiply queries (tiles, rows, width) by the near ones of the keys (n, width): fill `out`
        (tiles, rows, near)."""
        run, width = self._run_of(key), key.shape[1]
        block, part, apart = self.rows, self.rows, self.rows
        if not in_blocks(self.rows):  # rows an odd number of vectors apart spread in the cache
            block, part, apart = len(run), self.near, (-(-len(run) // VECTOR) | 1) * VECTOR
        n = len(run) // block
        room = scratch(n * width * apart, key.dtype, "keys")
        columns = room.reshape(n, width, apart)[..., :block]
        np.copyto(columns, run.reshape(n, block, width).swapaxes(1, 2))
        step = columns.strides[0] if in_blocks(self.rows) else self.rows * columns.itemsize
        shape = (self.n_tiles, self.near // part, width, part)
        near = as_strided(columns, shape, (step, *columns.strides), writeable=False)
        parts = out.reshape(self.n_tiles, self.rows, len(near[0]), part).swapaxes(1, 2)
        np.matmul(q[:, None], near, out=parts)

    def weigh(self, weights: Floats, value: Floats, out: Floats) -> None:
        """Multiply near weights (tiles, rows, near) times the values (n, width) of those keys: fill
        `out` (tiles, rows, width)."""
        given, width = self._run_of(value), value.shape[1]
        run = scratch(given.size, value.dtype, "values").reshape(given.shape)
        np.copyto(run, given)  # there it is aligned
        shape = (self.n_tiles, self.near, width)
        near = as_strided(run, shape, (self.rows * run.strides[0], *run.strides), writeable=False)
        summed(weights, near, out)

    def _run_of(self, array: Floats) -> Floats:
        """The keys or values (n, width) of all tiles, (run, width), with zeros where the run leaves
        the text."""
        low, high = self.run
        first, last = max(low, 0), min(high, self.n_keys)
        if (low, high) == (first, last):
            return array[low:high]
        run = np.zeros((high - low, array.shape[1]), array.dtype)
        if first < last:
            run[first - low : last - low] = array[first:last]
        return run

    def clear(self, exponentials: Floats, kept: Floats | None) -> None:
        """Set to 0 what the mask hides, what lies outside of the text, and whole rows of the
        band's own columns: those queries see more than a band."""
        near = exponentials[..., : self.near]
        if kept is not None:
            near *= kept
        low, high = self.run
        if low < 0 or high > self.n_keys:
            first = low + self.rows * np.arange(self.n_tiles)
            for tile in np.flatnonzero((first < 0) | (first + self.near > self.n_keys)).tolist():
                near[tile, :, : max(-int(first[tile]), 0)] = 0
                near[tile, :, max(self.n_keys - int(first[tile]), 0) :] = 0
        if self.band.columns:
            columns = exponentials[..., self.near :]
            columns *= ~self._within(self.columns) & (self.columns >= 0)
            rows = np.array(self.band.columns)
            mine = rows[(rows >= self.start) & (rows < self.stop)] - self.start
            exponentials.reshape(-1, exponentials.shape[-1])[mine] = 0

    def kept(self) -> Floats | None:
        """Return 1 where the band's rule allows and 0 elsewhere, (tiles, rows, near); None where
        all is allowed."""
        j = self.keys[:, None, : self.near]
        if not self.band.is_shifted:
            j = np.clip(j, 0, self.n_keys - 1)
        allowed = self.band.rule.allows(self.queries[:, :, None], j)
        return None if allowed.all() else allowed.astype(np.float32)

    def _within(self, keys: Indices) -> NDArray[np.bool_]:
        """Which of these keys each query sees within its band already: (tiles, rows, keys)."""
        i, j = self.queries[:, :, None], keys[None, None, :]
        near = (i - self.band.before <= j) & (j <= i + self.band.after)
        within: NDArray[np.bool_] = near & self.band.rule.allows(i, j)
        return within


def whole_vectors(keys: Sequence[int]) -> Indices:
    """Return the keys, and -1 for as many as fill the last vector."""
    return np.array([*keys, *[-1] * (-len(keys) % VECTOR)], dtype=np.int64)


def near_columns(band: Band, rows: int) -> int:
    """Return keys that lie near so many neighbouring queries: full vectors, because BLAS sums what
    is left over in another order, or full blocks."""
    step = rows if in_blocks(rows) else VECTOR
    return -(-(rows + band.before + band.after) // step) * step


def in_blocks(rows: int) -> bool:
    """Tell whether as many keys as a tile has rows are a block, copied into one piece of memory and
    multiplied by itself; every tile then begins with a block."""
    return rows in (32, 64)


def tile_rows(band: Band) -> int:
    """Return rows of a tile, a power of two: few waste products at the corners, many feed BLAS
    better."""
    rows = 8
    while rows < 64 and 4 * rows <= band.width:
        rows *= 2
    return rows
