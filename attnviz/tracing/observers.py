"""What looks at each block of a streamed layer: map, strongest keys, measures of each query."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Lock, local
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from attnviz.attention import measures
from attnviz.attention.measures import PER_QUERY
from attnviz.attention.streaming import Block
from attnviz.attention.top_k import strongest
from attnviz.record.summary import MAP_SIZE, STRONGEST, Summary, folded, kept_cell, pool

Floats = NDArray[np.floating[Any]]
Index = tuple[Any, ...]

_NONE: Any = np.zeros(0)


class OrderedSum:
    """Apply contributions in the order of their indices, so that float sums do not depend on
    thread timing."""

    def __init__(self, apply: Callable[..., None]):
        self._apply = apply
        self._lock = Lock()
        self._waiting: dict[int, tuple[Any, ...]] = {}
        self._next = 0

    def add(self, index: int, *parts: Any) -> None:
        """Apply this contribution and those that waited for it; or let it wait for others."""
        with self._lock:
            self._waiting[index] = parts
            while self._next in self._waiting:
                self._apply(*self._waiting.pop(self._next))
                self._next += 1


class Pooled:
    """Watches one layer and keeps its map, mean and largest weight of each cell, and what each key
    received."""

    def __init__(self, heads: int, n_queries: int, n_keys: int, map_size: int = MAP_SIZE):
        self.n_queries, self.n_keys = n_queries, n_keys
        self.cells = kept_cell(n_queries, map_size), kept_cell(n_keys, map_size)
        shape = (heads, -(-n_queries // self.cells[0]), -(-n_keys // self.cells[1]))
        self.sums = np.zeros(shape, np.float32)
        self.maxima = np.zeros(shape, np.float32)
        self.received = np.zeros((heads, n_keys))
        self._ordered = [OrderedSum(partial(self._add, head)) for head in range(heads)]
        self._here = local()

    def see(self, block: Block) -> None:
        """Pool rows first: that runs along memory, and leaves little for the columns."""
        if not block.keys.size:
            self._ordered[block.head].add(block.turn, None)
            return
        if block.head == 0:  # the same rows of other heads go to the same cells
            self._here.places = self._places(block)
        columns, cells = self._here.places
        sums, maxima = (
            pool(block.weights, self.cells[0], 1, ufunc, block.start)
            .swapaxes(0, 1)  # (map rows, tiles, columns)
            .reshape(-1, columns.keys.size)
            for ufunc in (np.add, np.maximum)
        )
        self._ordered[block.head].add(
            block.turn,
            columns,
            cells,
            # copies: what waits for its turn must outlive the block, of which cells of one token
            # by one are views
            np.array(columns.pooled(sums, np.add)),
            np.array(columns.pooled(maxima, np.maximum)),
            sums.sum(axis=0, dtype=np.float64),
        )

    def _places(self, block: Block) -> tuple[_Columns, Index]:
        """Find what stands in the columns of all tiles, and the cells of the map that each tile
        touches: rows and columns of the map."""
        columns = getattr(self._here, "columns", None)
        if columns is None or not np.array_equal(columns.of, block.keys):
            columns = self._here.columns = _Columns(block.keys, self.n_keys, self.cells[1])
        n_tiles, n_rows, n_columns = block.weights.shape
        first = block.start + n_rows * np.arange(n_tiles)
        touched = (first[0] + n_rows - 1) // self.cells[0] - first[0] // self.cells[0] + 1
        if isinstance(columns.cells, slice):
            row = int(first[0]) // self.cells[0]
            return columns, (slice(row, row + int(touched)), columns.cells)
        rows = first[columns.edges // n_columns] // self.cells[0] + np.arange(touched)[:, None]
        return columns, (rows, np.broadcast_to(columns.cells, rows.shape))

    def _add(
        self, head: int, columns: _Columns | None, cells: Index = (), sums: Floats = _NONE,
        maxima: Floats = _NONE, given: Floats = _NONE,
    ) -> None:  # fmt: skip
        if columns is None:
            return
        with np.errstate(invalid="ignore"):  # what is not a number spoils its cells, and says so
            if isinstance(columns.cells, slice):
                self.sums[head][cells] += sums
                here = self.maxima[head][cells]
                np.maximum(here, maxima, out=here)
            else:
                np.add.at(self.sums[head], cells, sums.astype(np.float32, copy=False))
                np.maximum.at(self.maxima[head], cells, maxima.astype(np.float32, copy=False))
        low, high = columns.run
        if isinstance(columns.cells, slice):
            self.received[head, low:high] += given
        else:
            self.received[head, low:high] += np.bincount(columns.keys - low, given, high - low)


class _Columns:
    """The keys in the columns of some tiles, tile after tile; `edges` is where another cell of the
    map begins, `cells` which one: neighbours, as a slice, where the keys are one unbroken run."""

    def __init__(self, keys: NDArray[np.int64], n_keys: int, cell: int):
        self.of, self.cell = keys, cell
        inside = np.clip(keys, 0, n_keys - 1)
        self.keys = inside.ravel()
        cells = inside // cell
        self.edges = np.flatnonzero(np.diff(cells, axis=1, prepend=-1))
        self.cells: slice | NDArray[np.int64] = cells.ravel()[self.edges]
        self.run = int(self.keys.min()), int(self.keys.max()) + 1
        if len(keys) == 1 and (np.diff(self.keys) == 1).all():
            self.cells = slice(int(self.cells[0]), int(self.cells[-1]) + 1)

    def pooled(self, array: Floats, ufunc: np.ufunc) -> Floats:
        """Reduce (…, columns) to the cells of the map that they lie in."""
        if not isinstance(self.cells, slice) or self.run[0] % self.cell:
            return ufunc.reduceat(array, self.edges, axis=1)
        whole = array.shape[1] // self.cell * self.cell
        cells = folded(array[:, :whole], self.cell, ufunc)
        if whole == array.shape[1]:
            return cells
        return np.concatenate([cells, ufunc.reduce(array[:, whole:], 1, keepdims=True)], axis=1)


class Strongest:
    """Watches one layer and keeps each query's strongest keys, of every head and of their mean."""

    def __init__(self, heads: int, n_queries: int, n_keys: int, k: int = STRONGEST):
        self.heads, self.n_keys = heads, n_keys
        self.k = min(k, n_keys)
        self.keys = np.zeros((heads + 1, n_queries, self.k), np.int32)
        self.weights = np.zeros((heads + 1, n_queries, self.k), np.float32)
        self._here = local()

    def see(self, block: Block) -> None:
        """Keep the largest; heads of the same rows come one after the other, and are added up."""
        if not block.keys.size:
            return
        self._keep(block.head, block, block.weights)
        if self.heads == 1:  # is the mean of all
            here = slice(block.start, block.stop)
            self.keys[1, here], self.weights[1, here] = self.keys[0, here], self.weights[0, here]
            return
        total = self._total(block.weights)
        if block.head == 0:
            total[...] = block.weights
        else:
            total += block.weights
        if block.head == self.heads - 1:
            total /= self.heads
            self._keep(self.heads, block, total)

    def _total(self, weights: Floats) -> Floats:
        """Return this thread's own sum over the heads of the rows that it is shown."""
        room = getattr(self._here, "room", _NONE)
        if room.size < weights.size:
            room = self._here.room = np.empty(weights.size, weights.dtype)
        total: Floats = room[: weights.size].reshape(weights.shape)
        return total

    def _keep(self, row: int, block: Block, weights: Floats) -> None:
        keys = block.keys
        if block.near < keys.shape[1]:  # in the order of the text, so that ties are
            order = np.argsort(keys, axis=1, kind="stable")
            keys = np.take_along_axis(keys, order, axis=1)
            weights = np.take_along_axis(weights, order[:, None, :], axis=2)
        tile, columns = weights.shape[1], weights.shape[2]
        found, largest = strongest(weights.reshape(-1, columns), self.k)
        k = found.shape[1]
        tiles = np.arange(len(found))[:, None] // tile
        named = np.clip(keys[tiles, found], 0, max(self.n_keys - 1, 0))
        self.keys[row, block.start : block.stop, :k] = named
        self.weights[row, block.start : block.stop, :k] = largest


class Measured:
    """Watches one layer and keeps every measure of each query, as exact as the weights are."""

    def __init__(self, heads: int, n_queries: int, n_keys: int, dtype: Any = np.float32):
        self.n_keys = n_keys
        self.values = {name: np.zeros((heads, n_queries), dtype) for name in PER_QUERY}
        self._here = local()

    def see(self, block: Block) -> None:
        """Measure the rows of a block."""
        near = block.keys[0, : block.near]
        if near.size and near[-1] - near[0] == near.size - 1:
            here = self._of_run(block, near)
        else:  # whole rows of several runs of keys, or of none
            rows = np.arange(block.start, block.stop)
            here = {
                name: measure(block.weights[0], rows, block.keys[0], self.n_keys)
                for name, measure in PER_QUERY.items()
            }
        for name, values in here.items():
            self.values[name][block.head, block.start : block.stop] = values.ravel()

    def _of_run(self, block: Block, near: NDArray[np.int64]) -> dict[str, Floats]:
        """Measure where the near keys of every tile are one unbroken run."""
        w, total = block.weights, measures.total_weight(block.weights)
        return {
            "entropy": measures.entropy(w),
            "largest": measures.largest(w),
            "total": total,
            "distance": self._distance(block, near, total),
            "self": self._at(block, near, 0),
            "previous": self._at(block, near, -1),
            "next": self._at(block, near, 1),
            "first": _weight_of_key(block, 0),
        }

    def _distance(
        self, block: Block, near: NDArray[np.int64], total: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        w, n = block.weights, near.size
        if block.head == 0:  # other heads of the same rows are as far from the same keys
            # row r of a tile begins r places before the last one's end: overlapping views
            last = block.start + w.shape[1] - 1
            apart = np.abs(np.arange(near[0] - last, near[-1] - block.start + 1)).astype(w.dtype)
            self._here.apart = sliding_window_view(apart, n)[::-1]
        moved = measures.row_dot(w[..., :n], self._here.apart)
        if n < w.shape[2]:
            far = np.abs(_rows(block)[:, :, None] - block.keys[:, None, n:])
            moved += measures.row_dot(w[..., n:], far.astype(w.dtype))
        return measures.mean_of(moved, total)

    def _at(self, block: Block, near: NDArray[np.int64], offset: int) -> NDArray[np.float64]:
        """Return the weight of key i + offset; NaN where the text has no such key."""
        wanted = _rows(block) + offset
        found = np.zeros(wanted.shape)
        column = block.start + offset - int(near[0])  # of a tile's first row; then one on each row
        if -wanted.shape[1] < column < near.size:
            diagonal = np.diagonal(block.weights[..., : near.size], column, 1, 2)
            first = max(-column, 0)
            found[:, first : first + diagonal.shape[1]] = diagonal
        for at in range(block.near, block.keys.shape[1]):
            tile, row = np.nonzero(wanted == block.keys[0, at])
            found[tile, row] += block.weights[tile, row, at]
        found[(wanted < 0) | (wanted >= self.n_keys)] = np.nan
        return found


def _rows(block: Block) -> NDArray[np.int64]:
    """Return the query of every row, (tiles, rows)."""
    return np.arange(block.start, block.stop).reshape(block.weights.shape[:2])


def _weight_of_key(block: Block, key: int) -> NDArray[np.float64]:
    found = np.zeros(block.weights.shape[:2])
    for tile, column in zip(*np.nonzero(block.keys == key), strict=True):
        found[tile] += block.weights[tile, :, column]
    return found


class Summarizer:
    """Watches the blocks of one layer and keeps their summary."""

    def __init__(
        self, heads: int, n_queries: int, n_keys: int, map_size: int = MAP_SIZE,
        dtype: Any = np.float32,
    ):  # fmt: skip
        shape = heads, n_queries, n_keys
        self.pooled = Pooled(*shape, map_size)
        self.strongest, self.measured = Strongest(*shape), Measured(*shape, dtype)

    def see(self, block: Block) -> None:
        """Show the block to all that is kept."""
        for observer in (self.pooled, self.strongest, self.measured):
            observer.see(block)

    def summary(self) -> Summary:
        """Return the finished summary of one layer."""
        pooled, kept = self.pooled, self.strongest
        return Summary(
            pooled.cells,
            pooled.sums[None],
            pooled.maxima[None],
            kept.keys[None],
            kept.weights[None],
            pooled.received[None] / max(pooled.n_queries, 1),
            {name: values[None] for name, values in self.measured.values.items()},
        )
