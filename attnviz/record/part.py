"""A part of a long text at full detail, or units in place of tokens, kept while it is streamed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention.masks import from_array
from attnviz.attention.rules import Rule, clip
from attnviz.frozen import dataclass
from attnviz.inputs.tokens import Tokens
from attnviz.record.selection import united

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

    def tokens(self, queries: Tokens, keys: Tokens) -> tuple[Tokens, Tokens]:
        """Return the tokens that are left."""
        same = queries is keys and np.array_equal(self.rows, self.columns)
        kept = queries.at(self.rows)
        return kept, kept if same else keys.at(self.columns)

    def mask(self, rule: Rule, shape: tuple[int, int]) -> Rule:  # noqa: ARG002 as of units
        """Return what a rule allows of the part."""
        return from_array(np.array(rule(self.rows, self.columns)))


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

    def tokens(self, queries: Tokens, keys: Tokens) -> tuple[Tokens, Tokens]:
        """Return the units as tokens."""
        merged = united(queries, self.rows, self.kind)
        return merged, merged if keys is queries else united(keys, self.columns, self.kind)

    def mask(self, rule: Rule, shape: tuple[int, int]) -> Rule:
        """Return a cell is allowed where the rule may allow any part of it."""
        allowed = np.zeros(self.shape, np.bool_)
        ends = np.append(self.rows[1:], shape[0])
        for unit, (start, stop) in enumerate(zip(self.rows.tolist(), ends.tolist(), strict=True)):
            for low, high in clip(rule.ranges(np.arange(start, stop)), shape[1]):
                first = np.searchsorted(self.columns, low, "right") - 1
                allowed[unit, first : np.searchsorted(self.columns, high)] = True
        return from_array(allowed)


Focus = Cut | Units
