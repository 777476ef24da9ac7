"""Summary of weights that were streamed and discarded: pooled map, strongest keys, measures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention.measures import PER_QUERY
from attnviz.frozen import dataclass
from attnviz.threads import n_workers

Array = NDArray[Any]
Floats = NDArray[np.floating[Any]]

MAP_SIZE = 1024  # cells along each side of the map that is kept
STRONGEST = 8  # keys kept per query


def kept_cell(n: int, map_size: int) -> int:
    """Return tokens per cell of a map that is kept: the smallest power of two that gives at most
    `map_size` cells, so that tiles of rows and cells never overlap by halves."""
    kept = 1
    while -(-n // kept) > map_size:
        kept *= 2
    return kept


def cell_size(n: int, max_size: int, kept: int | None = None) -> int:
    """Return tokens per cell, so that n tokens need at most `max_size` cells.

    A multiple of the cells that were `kept`, or of what a summary of n tokens keeps unless finer
    cells are asked for: then a coarser map is an exact pooling of the summary.
    """
    if kept is None:
        kept = kept_cell(n, MAP_SIZE) if max_size <= MAP_SIZE else 1
        if max_size >= n:
            return 1
    return kept * max(-(-n // (kept * max_size)), 1)


def pool(array: Array, cell: int, axis: int, ufunc: np.ufunc, start: int = 0) -> Array:
    """Reduce `array` over cells of `cell` tokens along `axis`, whose first index is `start`."""
    if cell == 1:
        return array
    n = array.shape[axis]
    if not (start % cell or n % cell):
        if axis == array.ndim - 1 and cell.bit_count() == 1:
            return folded(array, cell, ufunc)
        whole = (*array.shape[:axis], n // cell, cell, *array.shape[axis + 1 :])
        reduced: Array = ufunc.reduce(array.reshape(whole), axis=axis + 1)
        return reduced
    edges = [max(edge - start, 0) for edge in range(start // cell * cell, start + n, cell)] + [n]
    before = (slice(None),) * axis
    parts = [ufunc.reduce(array[(*before, slice(*e))], axis=axis) for e in pairwise(edges)]
    return np.stack(parts, axis=axis)


def folded(array: Array, cell: int, ufunc: np.ufunc) -> Array:
    """Return the same for a power of two along the last axis, by halves: columns run along
    memory."""
    while cell > 1:
        array, cell = ufunc(array[..., 0::2], array[..., 1::2]), cell // 2
    return array


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
    strongest_keys: NDArray[np.int32]
    strongest_weights: Floats
    received: NDArray[np.float64]
    measures: dict[str, Floats]

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


def block_bytes(heads: int, rows: int, columns: int, itemsize: int) -> int:
    """Return what all threads hold for blocks of so many rows and columns, in bytes: the weights,
    their mean where there are several heads, and as much again to work on them."""
    return n_workers() * (3 if heads > 1 else 2) * rows * columns * itemsize


def summary_bytes(heads: int, n_queries: int, n_keys: int, map_size: int) -> int:
    """Return what the summary of one layer takes, in bytes."""
    rows, columns = (-(-n // kept_cell(n, map_size)) for n in (n_queries, n_keys))
    strongest_bytes = (heads + 1) * n_queries * min(STRONGEST, n_keys) * 8
    measured = heads * n_queries * len(PER_QUERY) * 4
    return heads * (rows * columns * 8 + n_keys * 8) + strongest_bytes + measured
