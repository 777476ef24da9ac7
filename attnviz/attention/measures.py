"""Weights → numbers. Natural logarithms, distances in tokens; float64 results.

Every per-query measure is a function of weights `(…, rows, keys)`, the indices `rows` and `keys`
that they belong to, and `n_keys`, the keys of the whole text; it returns `(…, rows)`. So a block
of rows gives the same numbers as the whole matrix.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnviz.attention.top_k import CACHED, Indices, Weights
from attnviz.attention.top_k import strongest as strongest  # one of the public measures
from attnviz.errors import known_arguments

Floats = NDArray[np.float64]


@known_arguments()
def entropy(weights: ArrayLike) -> Floats:
    """Return -Σ w ln w over the keys, with 0 ln 0 = 0; nats (Clark et al. 2019). (…, rows)"""
    w = _weights(weights)
    rows = w.reshape(-1, w.shape[-1]) if w.size else w.reshape(0, 1)
    found = np.zeros(math.prod(w.shape[:-1]))
    at_once = max(CACHED // max(w.shape[-1], 1), 1)
    room = np.empty((min(at_once, len(rows)), rows.shape[1]), w.dtype)
    for start in range(0, len(rows), at_once):
        here = rows[start : start + at_once]
        logarithms = room[: len(here)]
        np.log(np.maximum(here, np.finfo(w.dtype).tiny, out=logarithms), out=logarithms)
        found[start : start + at_once] = row_dot(here, logarithms)
    return 0.0 - found.reshape(w.shape[:-1])  # no zero has a sign


@known_arguments()
def largest(weights: ArrayLike) -> Weights:
    """Return the largest weight of each query, 0 where there is no key. (…, rows)"""
    w = _weights(weights)
    if not w.shape[-1]:
        return np.zeros(w.shape[:-1], w.dtype)
    at = w.argmax(axis=-1, keepdims=True)  # quicker in short rows than the maximum itself
    found: Weights = np.take_along_axis(w, at, axis=-1)[..., 0]
    return found


@known_arguments()
def normalized(entropies: ArrayLike, allowed: ArrayLike) -> Floats:
    """Return entropies divided by ln(allowed keys of the row): 1 is even, 0 is all on one key.

    A row with one allowed key or none has no spread to speak of: 0.
    """
    most = np.log(np.maximum(np.asarray(allowed, dtype=np.float64), 1))
    values = np.asarray(entropies, dtype=np.float64)
    spread: Floats = np.divide(values, most, out=np.zeros_like(values * most), where=most > 0)
    return spread


@known_arguments()
def distance(weights: ArrayLike, rows: ArrayLike, keys: ArrayLike) -> Floats:
    """Return Σ w |i - j| / Σ w per query (Vig & Belinkov 2019); NaN where a row has no weight."""
    w = _weights(weights)
    places = (np.asarray(index).astype(w.dtype) for index in (rows, keys))
    apart = np.subtract.outer(*places)
    return mean_of(row_dot(w, np.abs(apart, out=apart)), total_weight(w))


@known_arguments()
def mean_of(moved: Floats, total: Floats) -> Floats:
    """Return a sum over weights divided by their `total`; NaN where there is none."""
    return np.divide(moved, total, out=np.full_like(total, np.nan), where=total > 0)


@known_arguments()
def total_weight(weights: ArrayLike) -> Floats:
    """Return Σ w per query: 1, or less where a sink took the rest, or 0 where all was masked."""
    w = _weights(weights)
    return _in_pieces(np.matmul, w, np.ones(w.shape[-1], w.dtype))


_COLUMNS_AT_ONCE = 4096  # sums in the weights' own precision stay short; their total is float64


@known_arguments()
def row_dot(weights: Weights, factors: Weights) -> Floats:
    """Return Σ over the last axis of weights × factors, in float64 over pieces of the row."""
    return _in_pieces(np.vecdot, weights, factors)


def _in_pieces(product: np.ufunc, weights: Weights, factors: Weights) -> Floats:
    total = np.zeros(weights.shape[:-1])
    # A product's flags are of all that BLAS computed on its way, room beside the numbers included.
    # They are not believed: numbers are checked where they come in.
    with np.errstate(invalid="ignore", over="ignore"):
        _add_pieces(product, weights, factors, total)
    return total


def _add_pieces(product: np.ufunc, weights: Weights, factors: Weights, total: Floats) -> None:
    for start in range(0, weights.shape[-1], _COLUMNS_AT_ONCE):
        here = np.s_[..., start : start + _COLUMNS_AT_ONCE]
        total += product(weights[here], factors[here])


def _weights(given: ArrayLike) -> Weights:
    array = np.asarray(given)
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


@known_arguments()
def at_offset(weights: Weights, rows: Indices, keys: Indices, n_keys: int, offset: int) -> Floats:
    """Return the weight of key i + offset; NaN where the text has no such key."""
    wanted = rows + offset
    column = np.minimum(np.searchsorted(keys, wanted), max(keys.size - 1, 0))
    found = np.zeros((*weights.shape[:-1],), dtype=np.float64)
    if keys.size:
        here = keys[column] == wanted
        found[..., here] = weights[..., np.flatnonzero(here), column[here]]
    found[..., (wanted < 0) | (wanted >= n_keys)] = np.nan
    return found


@known_arguments()
def on_first(weights: Weights, keys: Indices) -> Floats:
    """Return the weight of key 0, where attention sinks form (Xiao et al. 2023)."""
    if keys.size and keys[0] == 0:
        return weights[..., 0].astype(np.float64)
    return np.zeros(weights.shape[:-1])


PerQuery = Callable[[Weights, Indices, Indices, int], Floats]

PER_QUERY: dict[str, PerQuery] = {
    "entropy": lambda w, rows, keys, n: entropy(w),
    "largest": lambda w, rows, keys, n: largest(w).astype(np.float64),
    "total": lambda w, rows, keys, n: total_weight(w),
    "distance": lambda w, rows, keys, n: distance(w, rows, keys),
    "self": lambda w, rows, keys, n: at_offset(w, rows, keys, n, 0),
    "previous": lambda w, rows, keys, n: at_offset(w, rows, keys, n, -1),
    "next": lambda w, rows, keys, n: at_offset(w, rows, keys, n, 1),
    "first": lambda w, rows, keys, n: on_first(w, keys),
}

# These compare positions, which says nothing when queries and keys are two different texts.
WITHIN_ONE_TEXT = ("distance", "self", "previous", "next")


@known_arguments()
def received(weights: ArrayLike) -> Floats:
    """Return the mean weight each key gets from the queries: (…, keys)."""
    mean: Floats = np.asarray(weights, dtype=np.float64).mean(axis=-2)
    return mean


# One number for a whole head ------------------------------------------------------------------

FEW = 16  # times as many weights as pairs: then pairs are picked out one by one
Pattern = NDArray[np.bool_]  # (queries, keys): the pairs that a kind of head would look at


@known_arguments()
def sink_share(first: ArrayLike, *, two_texts: bool = False) -> Floats:
    """Return mean_{i ≥ 1} A_i0: how much of the weight rests on key 0 (Xiao et al. 2023). (…,)

    first: the weights of key 0, (…, queries). The key's own row is left out: under a causal mask
    its weight is 1 by necessity (Gu et al. 2024, arXiv 2410.10781, count it). With two texts key 0
    has no row of its own and every row counts. NaN where no row is left.
    """
    return _mean_of_rows(np.asarray(first, dtype=np.float64)[..., 0 if two_texts else 1 :])


@known_arguments()
def special_share(
    weights: ArrayLike, special_keys: ArrayLike, special_queries: ArrayLike
) -> Floats:
    """Return mean_i Σ_{j special} A_ij over the queries i that are not special (Clark et al. 2019).
    (…,)

    special_keys: (keys,) bool, special_queries: (queries,) bool. NaN where every query is special.
    """
    on_special = total_weight(_weights(weights)[..., np.asarray(special_keys, dtype=np.bool_)])
    return _mean_of_rows(on_special[..., ~np.asarray(special_queries, dtype=np.bool_)])


@known_arguments()
def duplicate_token(ids: ArrayLike) -> Pattern:
    """Return P_ij: t_j = t_i and j < i, earlier places of the same token (TransformerLens). (n,
    n)"""
    tokens = np.asarray(ids)
    return _lower(tokens[:, None] == tokens[None, :], -1)


@known_arguments()
def induction(ids: ArrayLike) -> Pattern:
    """Return P_ij: t_{j-1} = t_i and 1 ≤ j ≤ i, what came after earlier places of the same token
    (Olsson et al. 2022; TransformerLens). (n, n)"""
    tokens = np.asarray(ids)
    pattern = np.zeros((tokens.size, tokens.size), dtype=np.bool_)
    pattern[:, 1:] = tokens[:, None] == tokens[None, :-1]
    return _lower(pattern, 0)


def _lower(pattern: Pattern, diagonal: int) -> Pattern:
    kept: Pattern = np.tril(pattern, diagonal)
    return kept


@known_arguments()
def on_pattern(weights: ArrayLike, pattern: ArrayLike) -> Floats:
    """Return Σ_j A_ij P_ij per query. (…, queries)"""
    w, p = _weights(weights), np.asarray(pattern)
    if p.ndim == 2 and p.dtype == np.bool_ and FEW * np.count_nonzero(p) < p.size:
        return _on_pairs(w, *np.nonzero(p))
    return row_dot(w, np.broadcast_to(p.astype(w.dtype, copy=False), w.shape))


def _on_pairs(weights: Weights, queries: Indices, keys: Indices) -> Floats:
    """The sum over these pairs, queries in their order, of every query: (…, queries)"""
    found = np.zeros(weights.shape[:-1])
    some, first = np.unique(queries, return_index=True)
    if some.size:
        on = weights[..., queries, keys].astype(np.float64)
        found[..., some] = np.add.reduceat(on, first, axis=-1)
    return found


@known_arguments()
def pattern_score(weights: ArrayLike, pattern: ArrayLike, *, without_first: bool = False) -> Floats:
    """Return Σ(A∘P) / ΣA, the "mul" score of TransformerLens. (…,)

    without_first: column 0, where sinks form, counts neither above nor below the line. NaN where
    there is no weight at all.
    """
    w, p = _weights(weights), np.asarray(pattern)
    if without_first:
        w, p = w[..., 1:], p[..., 1:]
    total = total_weight(w).sum(axis=-1)
    found = on_pattern(w, p).sum(axis=-1)
    score: Floats = np.divide(found, total, out=np.full_like(total, np.nan), where=total > 0)
    return score


def _mean_of_rows(values: Floats) -> Floats:
    if not values.shape[-1]:
        return np.full(values.shape[:-1], np.nan)
    mean: Floats = values.mean(axis=-1)
    return mean
