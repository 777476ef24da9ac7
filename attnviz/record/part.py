"""A part of a long text at full detail, or units in place of tokens, kept while it is streamed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention.masks import from_array
from attnviz.attention.rules import Rule, clip
from attnviz.attention.streaming import Block
from attnviz.inputs.tokens import Tokens
from attnviz.record.selection import united
from attnviz.record.summary import InOrder

Floats = NDArray[np.floating[Any]]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Cut:
    """Some rows and columns, rising positions."""

    rows: Places
    columns: Places

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)"""
        return self.rows.size, self.columns.size

    def observer(self, heads: int, shape: tuple[int, int], dtype: Any) -> CutObserver:
        """What keeps these weights of a layer."""
        return CutObserver(self, heads, shape, dtype)

    def tokens(self, queries: Tokens, keys: Tokens) -> tuple[Tokens, Tokens]:
        """The tokens that are left."""
        same = queries is keys and np.array_equal(self.rows, self.columns)
        kept = queries.at(self.rows)
        return kept, kept if same else keys.at(self.columns)

    def mask(self, rule: Rule, shape: tuple[int, int]) -> Rule:  # noqa: ARG002 as of units
        """What a rule allows of the part."""
        return from_array(np.array(rule(self.rows, self.columns)))


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


@dataclass(frozen=True)
class Units:
    """Units in place of tokens, by the first token of each (`attnviz.inputs.units.starts`)."""

    kind: str
    rows: Places
    columns: Places

    @property
    def shape(self) -> tuple[int, int]:
        """(units of queries, units of keys)"""
        return self.rows.size, self.columns.size

    def observer(self, heads: int, shape: tuple[int, int], dtype: Any) -> UnitsObserver:
        """What keeps the weights between units of a layer."""
        return UnitsObserver(self, heads, shape, dtype)

    def tokens(self, queries: Tokens, keys: Tokens) -> tuple[Tokens, Tokens]:
        """The units as tokens."""
        merged = united(queries, self.rows, self.kind)
        return merged, merged if keys is queries else united(keys, self.columns, self.kind)

    def mask(self, rule: Rule, shape: tuple[int, int]) -> Rule:
        """A cell is allowed where the rule may allow any part of it."""
        allowed = np.zeros(self.shape, np.bool_)
        ends = np.append(self.rows[1:], shape[0])
        for unit, (start, stop) in enumerate(zip(self.rows.tolist(), ends.tolist(), strict=True)):
            for low, high in clip(rule.ranges(np.arange(start, stop)), shape[1]):
                first = np.searchsorted(self.columns, low, "right") - 1
                allowed[unit, first : np.searchsorted(self.columns, high)] = True
        return from_array(allowed)


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
        self._ordered = [InOrder(partial(self._add, head)) for head in range(heads)]

    @property
    def weights(self) -> Floats:
        """The finished weights."""
        weights: Floats = self._sums / self._lengths[:, None]
        return weights

    def see(self, block: Block) -> None:
        """Add up tile by tile: the keys of a tile are the same for all of its rows."""
        if not block.keys.size:
            self._ordered[block.head].bring(block.turn, [])
            return
        rows = self.row_of[block.start : block.stop].reshape(block.weights.shape[:2])
        keys = np.clip(block.keys, 0, self.column_of.size - 1)
        parts = [
            _added(block.weights[tile], rows[tile], self.column_of[keys[tile]])
            for tile in range(len(rows))
        ]
        self._ordered[block.head].bring(block.turn, parts)

    def _add(self, head: int, parts: list[tuple[Places, Places, Floats]]) -> None:
        for rows, columns, sums in parts:
            np.add.at(self._sums[head], (rows[:, None], columns), sums)


def _added(weights: Floats, rows: Places, columns: Places) -> tuple[Places, Places, Floats]:
    """Weights (rows, keys) added up where neighbours are of one unit, and the units."""
    first, across = (np.flatnonzero(np.diff(u, prepend=-1)) for u in (rows, columns))
    sums = np.add.reduceat(np.add.reduceat(weights, first, axis=0), across, axis=1)
    return rows[first], columns[across], sums


Focus = Cut | Units
