"""What keeps a part of each block at full detail, or weighs it by values, while it is streamed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention.blocks import inverse, row_sums
from attnviz.attention.prepare import Inputs
from attnviz.attention.streaming import Block, Observer
from attnviz.attention.value_weights import value_lengths, value_weighted
from attnviz.errors import AttnvizError
from attnviz.files.tensors import Array
from attnviz.record.part import Cut, Focus, Units
from attnviz.tracing.observers import OrderedSum

Floats = NDArray[np.floating[Any]]
Places = NDArray[np.int64]


def observer_of(
    focus: Focus, heads: int, shape: tuple[int, int], dtype: Any
) -> CutObserver | UnitsObserver:
    """Make what keeps a part, or units, of a layer of this shape (queries, keys)."""
    if isinstance(focus, Cut):
        return CutObserver(focus, heads, shape, dtype)
    return UnitsObserver(focus, heads, shape, dtype)


class CutObserver:
    """Keeps the weights (heads, rows, columns) of a part."""

    def __init__(self, cut: Cut, heads: int, shape: tuple[int, int], dtype: Any):
        self.rows = _places(cut.rows, shape[0])
        self.columns = _places(cut.columns, shape[1])
        self.weights = np.zeros((heads, *cut.shape), dtype)

    def see(self, block: Block) -> None:
        """Copy what lies in the part; a row that comes again has its weights then."""
        wanted = self.rows[block.start : block.stop].reshape(block.weights.shape[:2])
        for tile, row in zip(*np.nonzero(wanted >= 0), strict=True):
            keys = block.keys[tile]
            inside = (keys >= 0) & (keys < self.columns.size)
            column = np.where(inside, self.columns[np.where(inside, keys, 0)], -1)
            line = self.weights[block.head, wanted[tile, row]]
            line[...] = 0
            np.add.at(line, column[column >= 0], block.weights[tile, row, column >= 0])


def _places(chosen: Places, n: int) -> Places:
    places = np.full(n, -1)
    places[chosen] = np.arange(chosen.size)
    return places


class UnitsObserver:
    """Keeps the weights (heads, units, units): added over the keys of a unit, and averaged over its
    queries."""

    def __init__(self, units: Units, heads: int, shape: tuple[int, int], dtype: Any):
        self.row_of = np.repeat(np.arange(units.rows.size), np.diff(units.rows, append=shape[0]))
        self.column_of = np.repeat(
            np.arange(units.columns.size), np.diff(units.columns, append=shape[1])
        )
        self._sums = np.zeros((heads, *units.shape), dtype)
        self._lengths = np.diff(units.rows, append=shape[0]).astype(dtype)
        self._ordered = [OrderedSum(partial(self._add, head)) for head in range(heads)]

    @property
    def weights(self) -> Floats:
        """The finished weights."""
        weights: Floats = self._sums / self._lengths[:, None]
        return weights

    def see(self, block: Block) -> None:
        """Add up tile by tile: the keys of a tile are the same for all of its rows."""
        if not block.keys.size:
            self._ordered[block.head].add(block.turn, [])
            return
        rows = self.row_of[block.start : block.stop].reshape(block.weights.shape[:2])
        keys = np.clip(block.keys, 0, self.column_of.size - 1)
        parts = [
            _added(block.weights[tile], rows[tile], self.column_of[keys[tile]])
            for tile in range(len(rows))
        ]
        self._ordered[block.head].add(block.turn, parts)

    def _add(self, head: int, parts: list[tuple[Places, Places, Floats]]) -> None:
        for rows, columns, sums in parts:
            np.add.at(self._sums[head], (rows[:, None], columns), sums)


def _added(weights: Floats, rows: Places, columns: Places) -> tuple[Places, Places, Floats]:
    """Weights (rows, keys) added up where neighbours are of one unit, and the units."""
    first, across = (np.flatnonzero(np.diff(u, prepend=-1)) for u in (rows, columns))
    sums = np.add.reduceat(np.add.reduceat(weights, first, axis=0), across, axis=1)
    return rows[first], columns[across], sums


def value_shares(weights: Floats, inputs: Inputs, w_output: Array | None) -> Floats:
    """Turn weights into shares of what each key gives by the length of its value."""
    lengths = value_weighted(weights, inputs.value, _merging(inputs, w_output))
    sums = lengths.sum(axis=-1, keepdims=True)
    shares: Floats = np.divide(lengths, sums, out=np.zeros_like(lengths), where=sums > 0)
    return shares


def _merging(inputs: Inputs, w_output: Array | None) -> Floats:
    if w_output is None:
        raise AttnvizError(
            "This model has two kinds of values, which cannot be weighed.",
            "Choose another.",
            key="err.this_model_two",
        )
    return w_output.astype(inputs.query.dtype, copy=False)


class ValueShares:
    """Weighs every block by the lengths of its keys' values, in place, before others see it."""

    def __init__(self, inputs: Inputs, w_output: Array | None, watching: Sequence[Observer]):
        self._lengths = np.stack([*value_lengths(inputs.value, _merging(inputs, w_output))])
        self._watching = watching

    def see(self, block: Block) -> None:
        """Turn weights into shares of what each row takes; a row that takes nothing stays 0."""
        keys = np.clip(block.keys, 0, self._lengths.shape[1] - 1)  # beside the text all is 0
        weights = block.weights  # (tiles, rows, columns)
        weights *= self._lengths[block.head][keys][:, None, :]
        weights *= inverse(row_sums(weights))
        for observer in self._watching:
            observer.see(block)
