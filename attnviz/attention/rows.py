"""The arithmetic of attention for one head and one block of query rows.

A block of query rows holds all the keys those rows may see, so its softmax is exact when the
block is done. The dense and the streaming way both go through here, which is why they agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnviz.attention.masks import Range, Rule, causal, clip, full
from attnviz.errors import AttnvizError

Floats = NDArray[np.floating[Any]]
Index = tuple[int, ...]  # one head: a position in the leading axes

# Scores of one head and one block: 2 MiB of float32, which stays in the second-level cache.
SCRATCH_SCORES = 1 << 19
ROWS_AT_MOST, ROWS_AT_LEAST = 256, 64


@dataclass(frozen=True)
class Inputs:
    """Checked inputs of one attention call. `lead` is the leading axes, heads last."""

    query: Floats  # (*lead, n_queries, head_dim)
    key: Floats  # (*lead, n_keys, head_dim), with fewer heads when they are shared
    value: Floats  # (*lead, n_keys, value_dim)
    shared_by: int  # query heads that share one key/value head
    rule: Rule
    allowed: NDArray[np.bool_] | None  # (*lead, n_queries, n_keys)
    added: tuple[Floats, ...]  # each (*lead, n_queries, n_keys)
    scale: float
    softcap: float | None
    sinks: Floats | None  # (*lead)

    @property
    def lead(self) -> Index:
        """The leading axes of the queries, heads last."""
        return self.query.shape[:-2]

    @property
    def n_queries(self) -> int:
        """Queries per head."""
        return int(self.query.shape[-2])

    @property
    def n_keys(self) -> int:
        """Keys per head."""
        return int(self.key.shape[-2])

    def source(self, index: Index) -> Index:
        """Where the keys and values of query head `index` stand."""
        return (*index[:-1], index[-1] // self.shared_by) if index else index


@dataclass(frozen=True)
class Rows:
    """Query rows start … stop and the keys they may see."""

    start: int
    stop: int
    ranges: tuple[Range, ...]
    penalty: Floats | None = field(repr=False)  # (rows, keys): 0 where allowed, -inf elsewhere

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


class Options(TypedDict, total=False):
    """What attention can be asked with; `scaled_dot_product_attention` tells of each."""

    mask: ArrayLike | Rule | None
    is_causal: bool
    bias: ArrayLike | None
    scale: float | None
    softcap: float | None
    sinks: ArrayLike | None
    enable_gqa: bool


def prepare(
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    *,
    mask: ArrayLike | Rule | None = None,
    is_causal: bool = False,
    bias: ArrayLike | None = None,
    scale: float | None = None,
    softcap: float | None = None,
    sinks: ArrayLike | None = None,
    enable_gqa: bool = False,
) -> Inputs:
    """Check shapes and dtypes and say what is wrong; float16 and integers are widened."""
    q, k, v = _three(query, key, value)
    shared_by = _shared_by(q, k, v) if enable_gqa else 1
    q, k, v = _same_lead(q, k, v, heads_differ=shared_by > 1)
    shape = (*q.shape[:-1], k.shape[-2])
    rule = mask if isinstance(mask, Rule) else full()
    array = None if mask is None or isinstance(mask, Rule) else np.asarray(mask)
    boolean = array is not None and array.dtype == np.bool_
    if array is not None and array.dtype.kind in "iu":
        raise AttnvizError(f"mask has dtype {array.dtype}.", "Give booleans, floats or a rule.")
    added = [("bias", bias), ("mask", None if boolean else array)]
    rule.check(q.shape[-2], k.shape[-2])
    cap = None if softcap is None else _number("softcap", softcap)
    if cap is not None and not 0 < cap < np.inf:
        raise AttnvizError(f"The softcap is {softcap}.", "It must be a number above 0.")
    return Inputs(
        query=q,
        key=k,
        value=v,
        shared_by=shared_by,
        rule=(rule & causal() if isinstance(mask, Rule) else causal()) if is_causal else rule,
        allowed=_spread("mask", array, shape) if boolean else None,
        added=tuple(
            _spread(name, _cast(_floats(name, given), q.dtype), shape)
            for name, given in added
            if given is not None
        ),
        scale=max(q.shape[-1], 1) ** -0.5 if scale is None else _number("scale", scale),
        softcap=cap,
        sinks=None if sinks is None else _spread("sinks", _floats("sinks", sinks), q.shape[:-2]),
    )


def blocks(inputs: Inputs, rows_at_once: int | None = None) -> Iterator[Rows]:
    """Cut the queries into blocks of rows whose scores for one head fit the cache."""
    if rows_at_once is not None and rows_at_once < 1:
        raise AttnvizError(f"The block of rows is {rows_at_once}.", "It must be 1 or more.")
    start = 0
    while start < inputs.n_queries:
        stop = min(start + (rows_at_once or ROWS_AT_MOST), inputs.n_queries)
        rows, ranges = _seen(inputs, start, stop)
        if rows_at_once is None and rows.size * _length(ranges) > SCRATCH_SCORES:
            fitting = max(SCRATCH_SCORES // _length(ranges), ROWS_AT_LEAST)
            rows, ranges = _seen(inputs, start, min(start + fitting, stop))
        yield Rows(start, start + rows.size, tuple(ranges), _penalty(inputs, rows, ranges))
        start += rows.size


def _seen(inputs: Inputs, start: int, stop: int) -> tuple[NDArray[np.int64], list[Range]]:
    rows = np.arange(start, stop)
    return rows, clip(inputs.rule.ranges(rows), inputs.n_keys)


def _length(ranges: Iterable[Range]) -> int:
    return sum(high - low for low, high in ranges)


def grown(buffer: Floats, size: int) -> Floats:
    """A flat buffer of at least `size` numbers: the one given when it is large enough."""
    return buffer if buffer.size >= size else np.empty(size, buffer.dtype)


def attend(
    inputs: Inputs, index: Index, rows: Rows, exponentials: Floats, output: Floats
) -> Floats:
    """One head's rows: fill `exponentials` (rows, keys) and `output` (rows, value_dim).

    Returns the factor (rows, 1) that makes the exponentials weights: that one multiply is left to
    the caller, because it is also the one write to wherever the weights go. Scores are scaled,
    then softcapped (Gemma 2, arXiv 2408.00118), then biased and masked; a sink is one more logit
    in the sum (arXiv 2309.17453). A row with no allowed key gets factor 0.
    """
    source = inputs.source(index)
    key = _columns(inputs.key[source], rows.ranges, axis=0)
    value = _columns(inputs.value[source], rows.ranges, axis=0)
    with np.errstate(over="ignore", invalid="ignore"):  # infinite inputs give NaN, as they should
        _scores(inputs, index, rows, key, exponentials)
        largest = exponentials.max(axis=1, keepdims=True, initial=-np.inf)
        if inputs.sinks is not None:
            np.maximum(largest, inputs.sinks[index], out=largest)
        largest[np.isneginf(largest)] = 0
        np.exp(np.subtract(exponentials, largest, out=exponentials), out=exponentials)
        total = exponentials.sum(axis=1, keepdims=True)
        if inputs.sinks is not None:
            total += np.exp(inputs.sinks[index] - largest)
        factor: Floats = np.divide(1, total, out=np.zeros_like(total), where=total != 0)
        np.matmul(exponentials, value, out=output)
        output *= factor
    return factor


def _scores(inputs: Inputs, index: Index, rows: Rows, key: Floats, scores: Floats) -> None:
    query = inputs.query[index][rows.start : rows.stop]  # (rows, head_dim)
    cap = inputs.softcap
    scaled = query * query.dtype.type(inputs.scale / (cap or 1))
    np.matmul(scaled, key.T, out=scores)  # (rows, head_dim) @ (head_dim, keys)
    if cap is not None:
        np.multiply(np.tanh(scores, out=scores), cap, out=scores)
    for added in inputs.added:
        scores += _columns(added[index][rows.start : rows.stop], rows.ranges, axis=1)
    if inputs.allowed is not None:
        allowed = _columns(inputs.allowed[index][rows.start : rows.stop], rows.ranges, axis=1)
        np.copyto(scores, -np.inf, where=~allowed)
    if rows.penalty is not None:
        scores += rows.penalty


def _penalty(inputs: Inputs, rows: NDArray[np.int64], ranges: list[Range]) -> Floats | None:
    keys = Rows(0, 0, tuple(ranges), None).keys
    allowed = inputs.rule(rows, keys)
    if allowed.all():
        return None
    penalty: Floats = np.where(allowed, 0, -np.inf).astype(inputs.query.dtype)
    return penalty


def _columns(array: NDArray[Any], ranges: tuple[Range, ...], axis: int) -> NDArray[Any]:
    """The part of `array` that lies in `ranges` along `axis`; a view when there is one range."""
    parts = [array[low:high] if axis == 0 else array[:, low:high] for low, high in ranges]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts, axis=axis) if parts else array[(slice(None),) * axis + (slice(0),)]


def _number(name: str, given: Any) -> float:
    try:
        return float(given)
    except (TypeError, ValueError) as error:
        raise AttnvizError(f"The {name} is {given!r}.", "It must be a number.") from error


def _cast(array: Floats, dtype: Any) -> Floats:
    with np.errstate(over="ignore"):  # the lowest float64 is -inf in float32, and forbids too
        return array.astype(dtype, copy=False)


def _floats(name: str, given: ArrayLike) -> Floats:
    try:
        array = np.asarray(given)
        wide = np.result_type(array.dtype, np.float32)
    except (TypeError, ValueError) as error:
        raise AttnvizError(f"{name} is not an array of numbers: {error}") from error
    if not np.issubdtype(wide, np.floating):
        raise AttnvizError(f"{name} has dtype {array.dtype}.", "It must be real numbers.")
    return array.astype(wide, copy=False)


def _three(query: ArrayLike, key: ArrayLike, value: ArrayLike) -> tuple[Floats, Floats, Floats]:
    names = ("query", "key", "value")
    given = [_floats(n, a) for n, a in zip(names, (query, key, value), strict=True)]
    for name, array in zip(names, given, strict=True):
        if array.ndim < 2:
            raise AttnvizError(
                f"{name} has shape {array.shape}.", "It must be (…, heads, tokens, head_dim)."
            )
    q, k, v = (a.astype(np.result_type(*given), copy=False) for a in given)
    if q.shape[-1] != k.shape[-1]:
        raise AttnvizError(
            f"query has head_dim {q.shape[-1]} and key has {k.shape[-1]}.", "They must be equal."
        )
    if k.shape[-2] != v.shape[-2]:
        raise AttnvizError(
            f"There are {k.shape[-2]} keys and {v.shape[-2]} values.",
            "Every key needs one value.",
        )
    return q, k, v


def _shared_by(q: Floats, k: Floats, v: Floats) -> int:
    heads = [a.shape[-3] if a.ndim > 2 else 1 for a in (q, k, v)]
    if heads[1] != heads[2] or not heads[1] or heads[0] % heads[1]:
        raise AttnvizError(
            f"{heads[0]} query heads cannot share {heads[1]} key heads and {heads[2]} value heads.",
            "The query heads must be a multiple of the key heads, with as many value heads.",
        )
    return heads[0] // heads[1]


def _same_lead(
    q: Floats, k: Floats, v: Floats, *, heads_differ: bool
) -> tuple[Floats, Floats, Floats]:
    """Broadcast the leading axes, all but the head axis when heads are shared."""
    keep = 3 if heads_differ else 2
    try:
        lead = np.broadcast_shapes(*(a.shape[: a.ndim - keep] for a in (q, k, v)))
    except ValueError as error:
        raise AttnvizError(
            f"query, key and value have shapes {q.shape}, {k.shape} and {v.shape}.",
            "Their leading axes must agree (enable_gqa=True lets query heads share keys).",
        ) from error
    q, k, v = (np.broadcast_to(a, lead + a.shape[a.ndim - keep :]) for a in (q, k, v))
    return q, k, v


def _spread(name: str, array: Any, shape: tuple[int, ...]) -> Any:
    try:
        return np.broadcast_to(array, shape)
    except ValueError as error:
        raise AttnvizError(
            f"{name} has shape {np.shape(array)} and cannot stand for shape {shape}."
        ) from error
