"""The arithmetic of attention for one head and one block of query rows.

A block of query rows holds all the keys those rows may see, so its softmax is exact when the
block is done. The dense and the streaming way both go through here, which is why they agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention.masks import full
from attnviz.attention.prepare import POWER, SCRATCH_SCORES, Floats, Index, Inputs
from attnviz.attention.products import PackedKeyValue
from attnviz.attention.rules import Range, clip
from attnviz.frozen import dataclass
from attnviz.threads import scratch

ROWS_AT_MOST, ROWS_AT_LEAST = 256, 128
STREAMED_SCORES, STREAMED_ROWS = 1 << 20, 32


# Some neighbouring columns of scores, and for each of them 1 where it is allowed and 0 elsewhere;
# in the columns beside them all is allowed.
Kept = tuple[slice, NDArray[Any]]
EVERYWHERE = slice(None)


@dataclass(frozen=True)
class Rows:
    """Query rows start … stop and the keys they may see."""

    start: int
    stop: int
    ranges: tuple[Range, ...]
    kept: Kept | None = field(repr=False)  # None where every row sees all of them

    @property
    def keys(self) -> NDArray[np.int64]:
        """The key indices that stand in the columns of this block."""
        return np.concatenate([np.arange(*r) for r in self.ranges] or [np.arange(0)])

    @property
    def n_rows(self) -> int:
        """Queries in this block."""
        return self.stop - self.start

    @property
    def n_keys(self) -> int:
        """Keys that this block may see."""
        return _length(self.ranges)


def blocks(inputs: Inputs) -> Iterator[Rows]:
    """Cut the queries into blocks of rows whose scores for one head fit the cache."""
    start = 0
    while start < inputs.n_queries:
        stop = min(start + ROWS_AT_MOST, inputs.n_queries)
        rows, ranges = _seen(inputs, start, stop)
        if rows.size * _length(ranges) > SCRATCH_SCORES:
            fitting = max(SCRATCH_SCORES // _length(ranges), ROWS_AT_LEAST)
            rows, ranges = _seen(inputs, start, min(start + fitting, stop))
        yield Rows(start, start + rows.size, tuple(ranges), _kept(inputs, rows, ranges))
        start += rows.size


def most_rows(n_keys: int) -> int:
    """Return rows of a streamed block whose queries may see so many keys."""
    return min(max(STREAMED_SCORES // max(n_keys, 1), STREAMED_ROWS), ROWS_AT_MOST)


def rows_fitting(inputs: Inputs, start: int, rows_at_once: int | None) -> int:
    """Return how many rows from `start` on make a block for streaming, at most `rows_at_once`."""
    left = inputs.n_queries - start
    _, ranges = _seen(inputs, start, start + min(ROWS_AT_MOST, left))
    return min(most_rows(_length(ranges)), left, rows_at_once or left)


def rows_between(inputs: Inputs, start: int, stop: int) -> Rows:
    """Return query rows start … stop, and what they may see."""
    rows, ranges = _seen(inputs, start, stop)
    return Rows(start, stop, tuple(ranges), _kept(inputs, rows, ranges))


def _seen(inputs: Inputs, start: int, stop: int) -> tuple[NDArray[np.int64], list[Range]]:
    rows = np.arange(start, stop)
    return rows, clip(inputs.rule.ranges(rows), inputs.n_keys)


def _length(ranges: Iterable[Range]) -> int:
    return sum(high - low for low, high in ranges)


def attend(
    inputs: Inputs,
    index: Index,
    rows: Rows,
    packed: PackedKeyValue,
    exponentials: Floats,
    output: Floats | None,
) -> Floats:
    """Attend with some heads' rows: fill `exponentials` (heads, rows, keys) and `output` (heads,
    rows, value_dim) with the packed keys and values.

    Returns the factor (heads, rows, 1) that makes the exponentials weights: that one multiply is
    left to the caller, because it is also the one write to wherever the weights go. A row with no
    allowed key gets factor 0.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # infinite inputs give NaN, as they should
        query = inputs.query[index][..., rows.start : rows.stop, :]  # (heads, rows, head_dim)
        room = scratch(query.size, query.dtype, "query").reshape(query.shape)
        np.multiply(query, query.dtype.type(inputs.factor), out=room)
        packed.scores(room, rows.ranges, exponentials)
        added = [_part(array, index, rows) for array in inputs.added]
        kept = [] if rows.kept is None else [rows.kept]
        if inputs.allowed is not None:
            kept.append((EVERYWHERE, _part(inputs.allowed, index, rows)))
        factor = inverse(raise_scores(inputs, index, exponentials, kept, added))
        if output is not None:
            packed.output(exponentials, rows.ranges, output)
            output *= factor
    return factor


def inverse(total: Floats) -> Floats:
    """Return 1 / total, and 0 where nothing was allowed."""
    factor: Floats = np.divide(1, total, out=np.zeros_like(total), where=total != 0)
    return factor


def raise_scores(
    inputs: Inputs,
    index: Index,
    scores: Floats,
    kept: Sequence[Kept],
    added: Sequence[Floats] = (),
) -> Floats:
    """Turn products of queries and keys, times `inputs.factor`, into exponentials, in place; 0
    where `kept` says so. Returns the sum of each row (…, rows, 1).

    Where no score is large its power can be taken at once. Else scores are softcapped (Gemma 2,
    arXiv 2408.00118), then biased and masked, and the largest of each row is taken away; a sink is
    one more logit in the sum (arXiv 2309.17453).
    """
    if inputs.skips_max_subtraction:
        POWER(scores, out=scores)
        for columns, allowed in kept:
            scores[..., columns] *= allowed
        return row_sums(scores)
    if inputs.softcap is not None:
        np.multiply(np.tanh(scores, out=scores), inputs.softcap, out=scores)
    for each in added:
        scores += each
    for columns, allowed in kept:
        np.copyto(scores[..., columns], -np.inf, where=allowed == 0)
    largest = scores.max(axis=-1, keepdims=True, initial=-np.inf)
    sinks = None
    if inputs.sinks is not None:
        sinks = inputs.sinks[index][(..., *[None] * (scores.ndim - inputs.sinks[index].ndim))]
        np.maximum(largest, sinks, out=largest)
    largest[np.isneginf(largest)] = 0
    np.exp(np.subtract(scores, largest, out=scores), out=scores)
    total: Floats = scores.sum(axis=-1, keepdims=True)
    if sinks is not None:
        total += np.exp(sinks - largest)
    return total


def row_sums(exponentials: Floats) -> Floats:
    """Return the sum of each row, (…, rows, 1)."""
    ones = np.ones(exponentials.shape[-1], exponentials.dtype)
    total: Floats = np.matmul(exponentials, ones)
    return total[..., None]


def _part(array: NDArray[Any], index: Index, rows: Rows) -> NDArray[Any]:
    """What (…, queries, keys) says of these heads, rows and keys."""
    here = array[index][..., rows.start : rows.stop, :]
    parts = [here[..., low:high] for low, high in rows.ranges]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts, axis=-1) if parts else here[..., :0]


def _kept(inputs: Inputs, rows: NDArray[np.int64], ranges: list[Range]) -> Kept | None:
    if inputs.rule == full():
        return None
    keys = Rows(0, 0, tuple(ranges), None).keys
    low, high = inputs.rule.shared(rows)
    unsure = np.flatnonzero((keys < low) | (keys >= high))
    if not unsure.size:
        return None
    first, last = int(unsure[0]), int(unsure[-1]) + 1
    allowed = inputs.rule(rows, keys[first:last])
    hidden = np.flatnonzero(~allowed.all(axis=0))
    if not hidden.size:
        return None
    part = slice(int(hidden[0]), int(hidden[-1]) + 1)
    kept = allowed[:, part].astype(inputs.query.dtype)
    return slice(first + part.start, first + part.stop), kept
