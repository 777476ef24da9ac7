"""Products of queries with keys and of weights with values, in pieces that BLAS takes where they
lie.

OpenBLAS copies what it multiplies, unless that is at most a million multiply-adds; with as few
inner terms as a head has features, the copies take up to a third of the time. So `ROWS` rows are
multiplied by `KEYS` to `MOST_KEYS` keys at a time, where there are no more than `WIDEST` features;
wider ones are quicker whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention.rules import Range
from attnviz.frozen import dataclass
from attnviz.threads import aligned, scratch

Floats = NDArray[np.floating[Any]]

ROWS, KEYS, MOST_KEYS, WIDEST = 32, 128, 240, 80
VECTOR = 16  # numbers that are multiplied at once: full vectors are summed in one order


@dataclass(frozen=True)
class PackedKeyValue:
    """Keys transposed into column blocks, values contiguous; of some heads, from key `first` on."""

    first: int
    columns: Floats  # (heads, blocks, head_dim, KEYS): keys side by side, or all in one block
    values: Floats  # (heads, keys, value_dim)

    def of(self, head: int) -> PackedKeyValue:
        """Return those of one of the heads."""
        one = slice(head, head + 1)
        return PackedKeyValue(self.first, self.columns[one], self.values[one])

    def scores(self, query: Floats, ranges: Sequence[Range], out: Floats) -> None:
        """Fill `out` (heads, rows, keys) with queries (heads, rows, head_dim) times the keys in
        `ranges`."""
        start = 0
        for low, high in ranges:
            self._scores(query, low - self.first, high - self.first, out[..., start:])
            start += high - low

    def _scores(self, query: Floats, low: int, high: int, out: Floats) -> None:
        size = self.columns.shape[-1]
        first, last = -(-low // size), high // size
        if first < last:
            whole = out[..., first * size - low : last * size - low]
            _multiplied(query, self.columns[:, first:last], whole)
        for block in {low // size, high // size}:
            left, right = max(low - block * size, 0), min(high - block * size, size)
            at = block * size - low
            if left < right and not first <= block < last:
                keys = self.columns[:, block, :, left:right]
                np.matmul(query, keys, out=out[..., at + left : at + right])

    def output(self, weights: Floats, ranges: Sequence[Range], out: Floats) -> None:
        """Fill `out` (heads, rows, value_dim) with weights (heads, rows, keys) times the values of
        the keys in `ranges`."""
        if len(ranges) == 1:
            low, high = ranges[0]
            summed(weights, self.values[:, low - self.first : high - self.first], out)
            return
        out[...] = 0
        start = 0
        for low, high in ranges:
            values = self.values[:, low - self.first : high - self.first]
            out += np.matmul(weights[..., start : start + high - low], values)
            start += high - low


def pack(key: Floats, value: Floats, first: int, last: int) -> PackedKeyValue:
    """Pack the keys and values first … last of (heads, keys, …) into this thread's own memory,
    which the next call takes again."""
    columns, values = key[:, first:last], value[:, first:last]
    shape = _shape(columns)
    room = scratch(math.prod(shape), key.dtype, "keys").reshape(shape)
    kept = scratch(values.size, values.dtype, "values").reshape(values.shape)
    np.copyto(kept, values)
    return PackedKeyValue(first, _in_columns(columns, room), kept)


def pack_all(key: Floats, value: Floats) -> PackedKeyValue:
    """Pack all keys and values into memory of their own, to be kept."""
    columns = _in_columns(key, aligned(_shape(key), key.dtype))
    return PackedKeyValue(0, columns, np.ascontiguousarray(value))


def _shape(key: Floats) -> tuple[int, int, int, int]:
    heads, n, width = key.shape
    size = KEYS if n >= 2 * KEYS and width <= WIDEST else max(n, 1)
    return heads, -(-n // size), width, size


def _in_columns(key: Floats, columns: Floats) -> Floats:
    """Keys (heads, n, head_dim) as (heads, blocks, head_dim, size), in the room given if they do
    not lie so already."""
    heads, n, width = key.shape
    size = columns.shape[-1]
    whole = n // size * size
    turned = key[:, :whole].reshape(heads, whole // size, size, width).swapaxes(2, 3)
    if whole == n and turned.flags.c_contiguous:
        return turned
    np.copyto(columns[:, : whole // size], turned)
    if whole < n:
        np.copyto(columns[:, -1, :, : n - whole], key[:, whole:].swapaxes(1, 2))
    return columns


def _multiplied(query: Floats, columns: Floats, out: Floats) -> None:
    """Fill `out` (heads, rows, keys) with queries (heads, rows, width) times blocks of keys (heads,
    blocks, width, size)."""
    heads, rows, width = query.shape
    n_blocks, _, size = columns.shape[1:]
    for start, stop, some in _pieces(rows) if width <= WIDEST else [(0, rows, rows)]:
        n = (stop - start) // some
        each = query[:, start:stop].reshape(heads, n, 1, some, width)
        here = out[:, start:stop].reshape(heads, n, some, n_blocks, size).swapaxes(2, 3)
        np.matmul(each, columns[:, None], out=here)


def summed(weights: Floats, values: Floats, out: Floats) -> None:
    """Fill `out` (heads, rows, width) with weights (heads, rows, keys) times values (heads or 1,
    keys, width)."""
    heads, rows, n = weights.shape
    width = values.shape[-1]
    if not 0 < width <= WIDEST:
        np.matmul(weights, values, out=out)
        return
    size = _part(n)
    n_parts, whole = n // size, n // size * size
    parts = values[:, :whole].reshape(len(values), 1, n_parts, size, width)
    for start, stop, some in _pieces(rows):
        count = (stop - start) // some
        each = weights[:, start:stop, :whole].reshape(heads, count, some, n_parts, size)
        here = out[:, start:stop].reshape(heads, count, some, width)
        if n_parts == 1:
            np.matmul(each[..., 0, :], parts[:, :, 0], out=here)
            continue
        shape = (heads, count, n_parts, some, width)
        sums = scratch(math.prod(shape), out.dtype, "sums").reshape(shape)
        np.matmul(each.swapaxes(2, 3), parts, out=sums)
        np.add.reduce(sums, axis=2, out=here)
    if whole < n:
        out += np.matmul(weights[..., whole:], values[:, whole:])


def _part(n: int) -> int:
    """Of n keys, how many are summed by themselves."""
    if n < 2 * KEYS:
        return max(n, 1)
    sizes = range(MOST_KEYS, KEYS, -VECTOR)
    return next((size for size in sizes if n % size == 0), KEYS)


def _pieces(rows: int) -> list[tuple[int, int, int]]:
    """Rows start … stop in pieces of so many: full ones, then what is left."""
    whole = rows // ROWS * ROWS
    pieces = ((0, whole, ROWS), (whole, rows, rows - whole))
    return [piece for piece in pieces if piece[0] < piece[1]]
