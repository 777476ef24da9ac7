"""The largest weights of each row, by whichever way is quickest for its length."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from attnviz.threads import scratch

Indices = NDArray[np.int64]
Weights = NDArray[np.floating[Any]]

CACHED = 1 << 18  # what is worked on more than once stays in the cache
SHORT_ROW = 1 << 10  # one pass for each key that is wanted costs less than to sort what is left
FEW = 64  # keys that are wanted, so many passes cost less than a partition
GROUPS = 256  # groups of columns, whose largest are compared first
LOW = np.uint64(0xFFFFFFFF)


def strongest(weights: Weights, k: int) -> tuple[Indices, Weights]:
    """Return the k largest weights of each row and their columns, largest first, ties by column.

    Returns columns (…, rows, k) and weights (…, rows, k); k is cut to the number of columns. What
    is not a number comes last.
    """
    lead, n = weights.shape[:-1], weights.shape[-1]
    k = min(k, n)
    if not k or not weights.size:
        return np.zeros((*lead, k), dtype=np.int64), np.zeros((*lead, k), weights.dtype)
    flat = weights.reshape(-1, n)
    quick = _top_k_by_argmax if n <= SHORT_ROW else _top_k_by_threshold
    columns, found = quick(flat, k) or _top_k_of_any(flat, k)
    return columns.reshape(*lead, k), found.reshape(*lead, k)


def _top_k_of_any(weights: Weights, k: int) -> tuple[Indices, Weights]:
    """The same of rows of (rows, columns) in which many tie: a partition takes a hundred times as
    long for these as for others."""
    found = _top_k_by_argmax(weights, k) if k <= FEW else None
    return found or _top_k_by_partition(weights, k)


def _top_k_by_argmax(weights: Weights, k: int) -> tuple[Indices, Weights] | None:
    """The largest of each row of (rows, columns), then the largest of the others, and so on. None
    where a row holds what is no number."""
    n_rows, n = weights.shape
    columns, found = np.empty((k, n_rows), np.int64), np.empty((k, n_rows), weights.dtype)
    at_once = CACHED // n
    for start in range(0, n_rows, at_once):
        some = slice(start, min(start + at_once, n_rows))
        _pick(weights[some], columns[:, some], found[:, some])
    return (columns.T, found.T) if np.isfinite(found).all() else None


def _pick(weights: Weights, columns: Indices, found: Weights) -> None:
    """The columns and weights, (k, rows) each, of the largest k of (rows, columns)."""
    left = scratch(weights.size, weights.dtype, "picked")
    np.copyto(left.reshape(weights.shape), weights)
    row = weights.shape[1] * np.arange(len(weights))
    for place, weight in zip(columns, found, strict=True):
        left.reshape(weights.shape).argmax(axis=1, out=place)
        at = row + place
        weight[...] = left[at]
        left[at] = -np.inf


def _top_k_by_threshold(weights: Weights, k: int) -> tuple[Indices, Weights] | None:
    """The k largest of each row of (rows, columns). None where many are wanted, or are no
    float32 ≥ 0.

    The k-th largest of the groups' largest is no more than the k-th largest of the row: only what
    reaches it is sorted, weight and column as one number.
    """
    n_rows, n = weights.shape
    tops = _group_tops(weights)
    if k > GROUPS or weights.dtype != np.float32 or not tops.min() >= 0:
        return None
    tops.sort(axis=1)
    reaching = scratch(weights.size, np.bool_, "reaching")
    np.greater_equal(weights, tops[:, -k, None], out=reaching.reshape(weights.shape))
    index = np.flatnonzero(reaching)
    row = index // n
    counts = np.bincount(row, minlength=n_rows)
    many = counts > 4 * k + 32
    if many.any():
        return _split(weights, k, many)
    most = int(counts.max())
    place = np.arange(index.size) - np.repeat(np.cumsum(counts) - counts, counts)
    values = weights.ravel()[index] + np.float32(0)  # no zero has a sign
    joined = np.zeros((n_rows, most), np.uint64)
    joined[row, place] = (values.view(np.uint32).astype(np.uint64) << np.uint64(32)) | (
        LOW - (index - row * n).astype(np.uint64)
    )
    joined.sort(axis=1)
    best = joined[:, ::-1][:, :k]
    return (LOW - (best & LOW)).astype(np.int64), (best >> np.uint64(32)).astype(np.uint32).view(
        np.float32
    )


def _split(weights: Weights, k: int, many: NDArray[np.bool_]) -> tuple[Indices, Weights] | None:
    """The k largest of each row of (rows, columns) where `many` (rows,) says that many tie."""
    if many.all():
        return None
    columns, found = np.empty((len(weights), k), np.int64), np.empty((len(weights), k), "f4")
    for rows, quick in ((many, _top_k_of_any), (~many, _top_k_by_threshold)):
        there = quick(weights[rows], k)
        if there is None:
            return None
        columns[rows], found[rows] = there
    return columns, found


def _group_tops(weights: Weights) -> Weights:
    """The largest of each of `GROUPS` groups of columns, (rows, groups). Columns that are `GROUPS`
    apart are of one group: so the maxima are taken along memory."""
    deep = weights.shape[1] // GROUPS
    whole = deep * GROUPS
    steps = (weights.strides[0], GROUPS * weights.strides[1], weights.strides[1])
    folded = as_strided(weights, (len(weights), deep, GROUPS), steps, writeable=False)
    tops: Weights = folded.max(axis=1)
    rest = weights[:, whole:]
    np.maximum(tops[:, : rest.shape[1]], rest, out=tops[:, : rest.shape[1]])
    return tops


def _top_k_by_partition(given: Weights, k: int) -> tuple[Indices, Weights]:
    """The same for any numbers."""
    weights = np.where(np.isnan(given), -np.inf, given)
    least = np.partition(weights, -k, axis=-1)[..., -k, None]  # the k-th largest of each row
    above, level = weights > least, weights == least
    room = k - above.sum(axis=-1, keepdims=True)
    kept = above | (level & (np.cumsum(level, axis=-1, dtype=np.int32) <= room))
    columns = np.nonzero(kept)[-1].reshape(-1, k)
    order = np.argsort(-np.take_along_axis(weights, columns, axis=-1), axis=-1, kind="stable")
    columns = np.take_along_axis(columns, order, axis=-1)
    return columns, np.take_along_axis(given, columns, axis=-1)
