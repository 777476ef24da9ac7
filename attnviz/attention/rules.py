"""Which keys a query may see, as rules.

A rule answers for index vectors, so no array of all pairs ever has to exist:
`rule(rows, keys)` is a boolean array `(len(rows), len(keys))`, True = may attend, and
`rule.span(rows)` bounds the keys that can be True for those rows. Rules compose with `|` and `&`.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Sequence
from functools import cached_property, reduce
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass

Bools = NDArray[np.bool_]
Indices = NDArray[np.int64]
Range = tuple[int, int]  # half open: first key, one past the last

UNBOUNDED = sys.maxsize
ROWS_COUNTED_AT_ONCE = 256


class Rule:
    """A mask as a rule. Queries and keys are numbered from 0 in the same order."""

    def __call__(self, rows: ArrayLike, keys: ArrayLike) -> Bools:
        """Whether each query of `rows` may see each key of `keys`: (len(rows), len(keys))."""
        i = np.atleast_1d(np.asarray(rows, dtype=np.int64))[:, None]
        j = np.atleast_1d(np.asarray(keys, dtype=np.int64))[None, :]
        return np.broadcast_to(self.allows(i, j), (i.size, j.size))

    def allows(self, i: Indices, j: Indices) -> Bools:
        """Return the rule itself, for query indices `(r, 1)` and key indices `(1, k)`."""
        raise NotImplementedError

    def ranges(self, rows: ArrayLike) -> list[Range]:
        """Return disjoint key ranges in order, outside of which nothing is allowed for `rows`."""
        raise NotImplementedError

    def span(self, rows: ArrayLike) -> Range:
        """Return the smallest range over `ranges(rows)`; (0, 0) when these rows can see no key."""
        found = self.ranges(rows)
        return (found[0][0], found[-1][1]) if found else (0, 0)

    def shared(self, rows: Indices) -> Range:
        """Return a range of keys that every one of `rows` may see; empty where the rule promises
        none."""
        first, _ = first_and_last(rows)
        return first, first

    def runs(self, n_queries: int, n_keys: int) -> Indices | None:
        """Return first key and one past the last that each query may see, `(2, n_queries)`; None
        where the rule does not promise that these keys stand together."""

    def to_array(self, n_queries: int, n_keys: int) -> Bools:
        """Return the whole mask as an array `(n_queries, n_keys)`, for teaching and tests."""
        return np.array(self(np.arange(n_queries), np.arange(n_keys)))

    def per_row(self, n_queries: int, n_keys: int) -> Indices:
        """Return how many keys each query may see: `(n_queries,)`."""
        self.check(n_queries, n_keys)
        return self.counts(np.arange(n_queries), n_keys)

    def counts(self, rows: Indices, n_keys: int) -> Indices:
        """Return how many of the first `n_keys` keys each query of `rows` may see:
        `(len(rows),)`."""
        counts = np.zeros(rows.size, dtype=np.int64)
        for start in range(0, rows.size, ROWS_COUNTED_AT_ONCE):
            part = slice(start, start + ROWS_COUNTED_AT_ONCE)
            for low, high in clip(self.ranges(rows[part]), n_keys):
                counts[part] += self(rows[part], np.arange(low, high)).sum(axis=1)
        return counts

    __array_ufunc__ = None  # so that NumPy does not try to join a rule with an array

    def __or__(self, other: Rule) -> Rule:
        return AnyOf((self, other)) if isinstance(other, Rule) else NotImplemented

    def __and__(self, other: Rule) -> Rule:
        return AllOf((self, other)) if isinstance(other, Rule) else NotImplemented

    def check(self, n_queries: int, n_keys: int) -> None:
        """Refuse more queries or keys than the rule knows of."""

    def __str__(self) -> str:
        """The rule in a few words: "sliding 4", "local 2 or global 0"."""
        numbers = [str(part) for part in dataclasses.astuple(self)]  # type: ignore[call-overload]
        return " ".join([NAMES[type(self)], *numbers])

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready description that `from_dict` turns back into an equal rule."""
        return {"rule": NAMES[type(self)], **dataclasses.asdict(self)}  # type: ignore[call-overload]


def merge(ranges: Iterable[Range]) -> list[Range]:
    """Join overlapping and touching ranges; drop empty ones."""
    merged: list[Range] = []
    for low, high in sorted(r for r in ranges if r[0] < r[1]):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def overlap(first: Sequence[Range], second: Sequence[Range]) -> list[Range]:
    """Return the parts that two lists of disjoint ranges share."""
    return merge((max(a, c), min(b, d)) for a, b in first for c, d in second)


def clip(ranges: Sequence[Range], n_keys: int) -> list[Range]:
    """Keep what lies within 0 … n_keys."""
    return overlap(ranges, [(0, n_keys)])


def first_and_last(rows: ArrayLike) -> Range:
    """Return the smallest and the largest of some rows; (0, -1) of none."""
    array = np.atleast_1d(np.asarray(rows))
    return (int(array.min()), int(array.max())) if array.size else (0, -1)


def multiples(low: Indices, high: Indices, step: int) -> Indices:
    """Return how many multiples of `step` lie from `low` to `high`, both included."""
    counts: Indices = np.maximum(high // step + -low // step + 1, 0)
    return counts


class Interval(Rule):
    """A rule whose every row sees one unbroken run of keys; `bounds` says which."""

    def bounds(self, i: Indices) -> tuple[Indices, Indices]:
        """Return first key and one past the last key that each query of `i` may see."""
        raise NotImplementedError

    def allows(self, i: Indices, j: Indices) -> Bools:
        low, high = self.bounds(i)
        return (j >= low) & (j < high)

    def ranges(self, rows: ArrayLike) -> list[Range]:
        if not np.size(rows):
            return []
        ends = np.array(
            first_and_last(rows), dtype=np.int64
        )  # bounds grow with i: the ends suffice
        low, high = self.bounds(ends)
        return merge([(max(int(low[0]), 0), int(high[1]))])

    def shared(self, rows: Indices) -> Range:
        low, high = self.bounds(np.array(first_and_last(rows), dtype=np.int64))
        return int(low[1]), int(high[0])

    def runs(self, n_queries: int, n_keys: int) -> Indices | None:
        low, high = np.clip(self.bounds(np.arange(n_queries)), 0, n_keys)
        return np.stack([low, np.maximum(low, high)])

    def counts(self, rows: Indices, n_keys: int) -> Indices:
        low, high = self.bounds(rows)
        counts: Indices = np.maximum(np.minimum(high, n_keys) - np.maximum(low, 0), 0)
        return counts


@dataclass(frozen=True)
class Full(Interval):
    def bounds(self, i: Indices) -> tuple[Indices, Indices]:
        return np.zeros_like(i), np.full_like(i, UNBOUNDED)


@dataclass(frozen=True)
class Causal(Interval):
    offset: int = 0

    def __str__(self) -> str:
        return f"causal {self.offset}" if self.offset else "causal"

    def bounds(self, i: Indices) -> tuple[Indices, Indices]:
        return np.zeros_like(i), i + self.offset + 1


@dataclass(frozen=True)
class Local(Interval):
    window: int

    def bounds(self, i: Indices) -> tuple[Indices, Indices]:
        return i - self.window, i + self.window + 1


@dataclass(frozen=True)
class Sliding(Interval):
    size: int

    def bounds(self, i: Indices) -> tuple[Indices, Indices]:
        return i - self.size + 1, i + 1


@dataclass(frozen=True)
class Prefix(Interval):
    length: int

    def bounds(self, i: Indices) -> tuple[Indices, Indices]:
        return np.zeros_like(i), np.maximum(self.length, i + 1)


@dataclass(frozen=True)
class Chunked(Interval):
    size: int

    def bounds(self, i: Indices) -> tuple[Indices, Indices]:
        return i // self.size * self.size, i + 1


@dataclass(frozen=True)
class Block(Rule):
    first: int
    stop: int
    back: int

    def allows(self, i: Indices, j: Indices) -> Bools:
        low = np.maximum(self.first, i - self.back)
        allowed: Bools = (i >= self.first) & (i < self.stop) & (j >= low) & (j < self.stop)
        return allowed

    def ranges(self, rows: ArrayLike) -> list[Range]:
        each = np.atleast_1d(np.asarray(rows, dtype=np.int64))
        within = each[(each >= self.first) & (each < self.stop)]
        return [(max(self.first, int(within.min()) - self.back), self.stop)] if within.size else []


@dataclass(frozen=True)
class Dilated(Rule):
    window: int
    dilation: int

    def allows(self, i: Indices, j: Indices) -> Bools:
        allowed: Bools = (np.abs(i - j) <= self.window) & ((i - j) % self.dilation == 0)
        return allowed

    def ranges(self, rows: ArrayLike) -> list[Range]:
        return Local(self.window).ranges(rows)

    def counts(self, rows: Indices, n_keys: int) -> Indices:
        nearest = np.maximum(rows - n_keys + 1, -self.window)  # distances i - j of existing keys
        return multiples(nearest, np.minimum(rows, self.window), self.dilation)


@dataclass(frozen=True)
class Global(Rule):
    positions: tuple[int, ...]

    def allows(self, i: Indices, j: Indices) -> Bools:
        allowed: Bools = np.isin(i, self.positions) | np.isin(j, self.positions)
        return allowed

    def ranges(self, rows: ArrayLike) -> list[Range]:
        if np.isin(rows, self.positions).any():
            return [(0, UNBOUNDED)]
        return merge((p, p + 1) for p in self.positions)

    def counts(self, rows: Indices, n_keys: int) -> Indices:
        counts = np.full(rows.size, sum(p < n_keys for p in self.positions), dtype=np.int64)
        counts[np.isin(rows, self.positions)] = n_keys
        return counts


@dataclass(frozen=True)
class Document(Rule):
    ids: tuple[int, ...]

    def allows(self, i: Indices, j: Indices) -> Bools:
        ids = np.asarray(self.ids)
        self.check(i.max(initial=-1) + 1, j.max(initial=-1) + 1)
        allowed: Bools = ids[i] == ids[j]
        return allowed

    def ranges(self, rows: ArrayLike) -> list[Range]:
        self.check(first_and_last(rows)[1] + 1, 0)
        mine = np.isin(self.ids, np.asarray(self.ids)[np.atleast_1d(np.asarray(rows))])
        found = np.flatnonzero(mine)
        return merge([(int(found[0]), int(found[-1]) + 1)]) if found.size else []

    def check(self, n_queries: int, n_keys: int) -> None:
        last = max(n_queries, n_keys) - 1
        if last >= len(self.ids):
            raise AttnvizError(
                f"The document mask has {len(self.ids)} ids but position {last} was asked for.",
                "Give one document id for every token.",
                key="err.document_mask",
                n=len(self.ids),
                last=last,
            )


@dataclass(frozen=True)
class Strided(Rule):
    stride: int

    def allows(self, i: Indices, j: Indices) -> Bools:
        allowed: Bools = (j <= i) & ((i - j <= self.stride) | ((i - j) % self.stride == 0))
        return allowed

    def ranges(self, rows: ArrayLike) -> list[Range]:
        return Causal().ranges(rows)

    def counts(self, rows: Indices, n_keys: int) -> Indices:
        nearest = np.maximum(rows - n_keys + 1, 0)
        counts: Indices = np.maximum(np.minimum(rows, self.stride) - nearest + 1, 0)
        counts += multiples(np.maximum(nearest, self.stride + 1), rows, self.stride)
        return counts


@dataclass(frozen=True)
class Cells(Rule):
    rows: tuple[str, ...]  # of each query: "1" for a key that it may see, "0" for another

    def __str__(self) -> str:
        return f"{int(self.array.sum())} of {self.array.size} cells"

    @cached_property
    def array(self) -> Bools:
        flat = np.frombuffer("".join(self.rows).encode(), dtype=np.uint8)
        allowed: Bools = flat.reshape(len(self.rows), -1) == ord("1")
        return allowed

    def allows(self, i: Indices, j: Indices) -> Bools:
        self.check(i.max(initial=-1) + 1, j.max(initial=-1) + 1)
        allowed: Bools = self.array[i, j]
        return allowed

    def ranges(self, rows: ArrayLike) -> list[Range]:
        self.check(first_and_last(rows)[1] + 1, 0)
        seen = self.array[np.atleast_1d(np.asarray(rows, dtype=np.int64))].any(axis=0)
        edges = np.flatnonzero(np.diff(seen, prepend=False, append=False))
        return [(low, high) for low, high in edges.reshape(-1, 2).tolist()]

    def check(self, n_queries: int, n_keys: int) -> None:
        known = self.array.shape
        if n_queries > known[0] or n_keys > known[1]:
            raise AttnvizError(
                f"The mask has {known[0]} × {known[1]} cells but {n_queries} queries and "
                f"{n_keys} keys were asked for.",
                "Give one row for every query and one column for every key.",
                key="err.mask_cells",
                known=known[0],
                known2=known[1],
                n_queries=n_queries,
                n_keys=n_keys,
            )


@dataclass(frozen=True)
class Nearby(Rule):
    columns: int
    window: int
    first: int = 0

    def allows(self, i: Indices, j: Indices) -> Bools:
        (row, column), (key_row, key_column) = (
            np.divmod(each - self.first, self.columns) for each in (i, j)
        )
        near = (np.abs(row - key_row) <= self.window) & (np.abs(column - key_column) <= self.window)
        allowed: Bools = near | (i < self.first) | (j < self.first)
        return allowed

    def ranges(self, rows: ArrayLike) -> list[Range]:
        low, high = first_and_last(rows)
        if low < self.first:
            return [(0, UNBOUNDED)]
        reach = (self.window + 1) * self.columns  # rows of the grid, and a part of one
        return merge([(0, self.first), (max(low - reach, 0), high + reach + 1)])


@dataclass(frozen=True)
class Windows(Rule):
    columns: int
    size: int
    shift: int = 0

    def allows(self, i: Indices, j: Indices) -> Bools:
        one, other = (self._windows(*np.divmod(each, self.columns)) for each in (i, j))
        allowed: Bools = (one[0] == other[0]) & (one[1] == other[1])
        return allowed

    @property
    def _before(self) -> int:
        """Rows, or columns, that the window before the first border lacks."""
        return -self.shift % self.size

    def _windows(self, row: Indices, column: Indices) -> tuple[Indices, Indices]:
        before = self._before
        return (row + before) // self.size, (column + before) // self.size

    def ranges(self, rows: ArrayLike) -> list[Range]:
        before = self._before
        low, high = (
            (row // self.columns + before) // self.size * self.size - before
            for row in first_and_last(rows)
        )
        return [(max(low, 0) * self.columns, (high + self.size) * self.columns)]


@dataclass(frozen=True)
class Joined(Rule):
    rules: tuple[Rule, ...]

    def check(self, n_queries: int, n_keys: int) -> None:
        for rule in self.rules:
            rule.check(n_queries, n_keys)


@dataclass(frozen=True)
class AnyOf(Joined):
    def __str__(self) -> str:
        return " or ".join(map(str, self.rules))

    def allows(self, i: Indices, j: Indices) -> Bools:
        allowed: Bools = reduce(np.logical_or, (rule.allows(i, j) for rule in self.rules))
        return allowed

    def ranges(self, rows: ArrayLike) -> list[Range]:
        return merge(r for rule in self.rules for r in rule.ranges(rows))

    def shared(self, rows: Indices) -> Range:
        return max((rule.shared(rows) for rule in self.rules), key=lambda r: r[1] - r[0])

    def counts(self, rows: Indices, n_keys: int) -> Indices:
        """Count few tokens that see all apart: no row has to be gone through for them."""
        chosen = {p for rule in self.rules if isinstance(rule, Global) for p in rule.positions}
        others = tuple(rule for rule in self.rules if not isinstance(rule, Global))
        if not others:
            return Global(tuple(sorted(chosen))).counts(rows, n_keys)
        if not chosen:
            return super().counts(rows, n_keys)
        other = others[0] if len(others) == 1 else AnyOf(others)
        counts = other.counts(rows, n_keys)
        for position in (p for p in chosen if p < n_keys):
            counts += ~other(rows, position)[:, 0]
        counts[np.isin(rows, list(chosen))] = n_keys
        return counts

    def to_dict(self) -> dict[str, Any]:
        return {"rule": "any", "rules": [rule.to_dict() for rule in self.rules]}


@dataclass(frozen=True)
class AllOf(Joined):
    def __str__(self) -> str:
        return " and ".join(map(str, self.rules))

    def allows(self, i: Indices, j: Indices) -> Bools:
        allowed: Bools = reduce(np.logical_and, (rule.allows(i, j) for rule in self.rules))
        return allowed

    def ranges(self, rows: ArrayLike) -> list[Range]:
        return reduce(overlap, (rule.ranges(rows) for rule in self.rules))

    def shared(self, rows: Indices) -> Range:
        low, high = zip(*(rule.shared(rows) for rule in self.rules), strict=True)
        return max(low), min(high)

    def runs(self, n_queries: int, n_keys: int) -> Indices | None:
        each = [rule.runs(n_queries, n_keys) for rule in self.rules]
        known = [runs for runs in each if runs is not None]
        if len(known) < len(each):
            return None
        low, high = np.max(known, axis=0)[0], np.min(known, axis=0)[1]
        return np.stack([low, np.maximum(low, high)])

    def to_dict(self) -> dict[str, Any]:
        return {"rule": "all", "rules": [rule.to_dict() for rule in self.rules]}


NAMES: dict[type[Rule], str] = {
    Full: "full",
    Causal: "causal",
    Local: "local",
    Sliding: "sliding",
    Dilated: "dilated",
    Global: "global",
    Prefix: "prefix",
    Block: "block",
    Document: "document",
    Chunked: "chunked",
    Strided: "strided",
    Cells: "cells",
    Nearby: "nearby",
    Windows: "windows",
}
