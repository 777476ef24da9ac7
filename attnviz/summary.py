"""What is kept of weights that are too many to keep: a pooled map, the strongest keys, measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention.streaming import Block
from attnviz.measures import PER_QUERY, strongest

Array = NDArray[Any]
Floats = NDArray[np.floating[Any]]

MAP_SIZE = 512  # cells along each side of the map that is kept
STRONGEST = 8  # keys kept per query


def cell_size(n: int, max_size: int) -> int:
    """Tokens per cell, so that n tokens need at most `max_size` cells.

    A multiple of what a summary of n tokens keeps, unless finer cells are asked for: then a
    coarser map is an exact pooling of the summary.
    """
    if max_size >= n:
        return 1
    kept = 1
    while -(-n // kept) > MAP_SIZE:
        kept *= 2
    size = kept if max_size <= MAP_SIZE else 1
    return size * -(-n // (size * max_size))


def pool(array: Array, cell: int, axis: int, ufunc: np.ufunc, start: int = 0) -> Array:
    """Reduce `array` over cells of `cell` tokens along `axis`, whose first index is `start`."""
    if cell == 1:
        return array
    n = array.shape[axis]
    edges = [max(edge - start, 0) for edge in range(start // cell * cell, start + n, cell)] + [n]
    before = (slice(None),) * axis
    parts = [ufunc.reduce(array[(*before, slice(*e))], axis=axis) for e in pairwise(edges)]
    return np.stack(parts, axis=axis)


@dataclass(frozen=True, eq=False)
class Summary:
    """One stack's summary; arrays have a layer axis first.

    sums, maxima: (layers, heads, cell rows, cell columns), weights added and their largest.
    strongest_keys, strongest_weights: (layers, heads + 1, queries, k), the mean of the heads last;
    a weight of 0 says that there was no such key. received: (layers, heads, keys).
    measures: each (layers, heads, queries).
    """

    cells: tuple[int, int]  # queries and keys per cell
    sums: Floats
    maxima: Floats
    strongest_keys: NDArray[np.int64]
    strongest_weights: Floats
    received: NDArray[np.float64]
    measures: dict[str, NDArray[np.float64]]

    @staticmethod
    def of(layers: Sequence[Summary]) -> Summary:
        """Stand the summaries of single layers on top of one another."""

        def joined(name: str) -> Any:
            return np.concatenate([getattr(layer, name) for layer in layers])

        return Summary(
            cells=layers[0].cells,
            measures={m: np.concatenate([s.measures[m] for s in layers]) for m in PER_QUERY},
            **{name: joined(name) for name in ARRAYS},
        )


ARRAYS = ("sums", "maxima", "strongest_keys", "strongest_weights", "received")


class Summarizer:
    """Watches the blocks of one layer and keeps their summary."""

    def __init__(self, heads: int, n_queries: int, n_keys: int):
        self.n_queries, self.n_keys = n_queries, n_keys
        self.cells = cell_size(n_queries, MAP_SIZE), cell_size(n_keys, MAP_SIZE)
        shape = (heads, -(-n_queries // self.cells[0]), -(-n_keys // self.cells[1]))
        self.sums = np.zeros(shape, np.float32)
        self.maxima = np.zeros(shape, np.float32)
        k = min(STRONGEST, n_keys)
        self.strongest_keys = np.zeros((heads + 1, n_queries, k), np.int64)
        self.strongest_weights = np.zeros((heads + 1, n_queries, k), np.float32)
        self.received = np.zeros((heads, n_keys))
        self.measures = {name: np.zeros((heads, n_queries)) for name in PER_QUERY}

    def see(self, block: Block) -> None:
        """Take one block into the summary, head by head, so that no large copy is made."""
        for head, weights in enumerate(block.weights):
            self._see_head(head, weights, block)
        self._strongest(-1, block.weights.mean(axis=0), block)

    def _see_head(self, head: int, weights: Floats, block: Block) -> None:
        self._map(head, weights, block)
        self._strongest(head, weights, block)
        self.received[head, block.keys] += weights.sum(axis=0)
        rows = np.arange(block.start, block.stop)
        for name, measure in PER_QUERY.items():
            self.measures[name][head, rows] = measure(weights, rows, block.keys, self.n_keys)

    def summary(self) -> Summary:
        """The finished summary of one layer."""
        return Summary(
            self.cells,
            self.sums[None],
            self.maxima[None],
            self.strongest_keys[None],
            self.strongest_weights[None],
            self.received[None] / max(self.n_queries, 1),
            {name: values[None] for name, values in self.measures.items()},
        )

    def _map(self, head: int, weights: Floats, block: Block) -> None:
        if not block.keys.size:
            return
        columns = block.keys // self.cells[1]
        edges = np.flatnonzero(np.diff(columns, prepend=-1))  # first column of each cell
        first, last = block.start // self.cells[0], (block.stop - 1) // self.cells[0]
        here = np.ix_(np.arange(first, last + 1), columns[edges])
        for kept, ufunc in ((self.sums[head], np.add), (self.maxima[head], np.maximum)):
            # rows first: that runs along contiguous memory, and leaves little for the columns
            cells = ufunc.reduceat(
                pool(weights, self.cells[0], 0, ufunc, block.start), edges, axis=1
            )
            kept[here] = ufunc(kept[here], cells)

    def _strongest(self, head: int, weights: Floats, block: Block) -> None:
        columns, largest = strongest(weights, self.strongest_keys.shape[-1])
        rows = slice(block.start, block.stop)
        self.strongest_keys[head, rows, : columns.shape[-1]] = block.keys[columns]
        self.strongest_weights[head, rows, : columns.shape[-1]] = largest
