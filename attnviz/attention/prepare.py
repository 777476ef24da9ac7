"""Queries, keys and values checked: shapes, dtypes, masks, and heads that share keys."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any, TypedDict

import numpy as np
from numpy.lib.introspect import opt_func_info
from numpy.typing import ArrayLike, NDArray

from attnviz.attention.masks import causal, full
from attnviz.attention.products import PackedKeyValue, pack_all
from attnviz.attention.rules import Rule
from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.threads import WORTH_SHARING

Floats = NDArray[np.floating[Any]]
Index = tuple[int | slice, ...]  # neighbouring heads: a position in the leading axes, a slice last

# Scores that are worked on together: 1 MiB of float32, which stays in the second-level cache.
SCRATCH_SCORES = 1 << 18

LOG2_E = math.log2(math.e)
# Powers of two up to 2^100 fit float32 without taking the largest score of a row away first. So do
# their sums with values: below 2^60 with values up to 10^14, above while all stays below 2^127.
MAX_SAFE_SCORE = 100.0
SAFE_WITH_ANY_VALUES, LARGEST = 60.0, 127.0


# Scores from which a sum of products could pass the largest number of a dtype.
BEYOND = {np.dtype(np.float32): 1e37, np.dtype(np.float64): 1e306}


def _largest(array: Floats) -> float:
    """The largest size of any number, 0 of none; NaN where one is not a number."""
    return max(float(array.max()), -float(array.min())) if array.size else 0.0


def _power() -> Any:
    """exp2 where NumPy has it for wide vectors, else exp: about twice as fast, one rounding less
    exact or more."""
    (found,) = opt_func_info(func_name="^exp2$", signature="float32").values()
    wide = any("V4" in says["current"] or "AVX512" in says["current"] for says in found.values())
    return np.exp2 if wide else np.exp


POWER = _power()


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
    def lead(self) -> tuple[int, ...]:
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
        """Return where the keys and values of the query heads `index` stand."""
        heads = index[-1]
        if not isinstance(heads, slice):
            return (*index[:-1], heads // self.shared_by)
        first, last = heads.start // self.shared_by, (heads.stop - 1) // self.shared_by
        return (*index[:-1], slice(first, last + 1))

    @cached_property
    def packed(self) -> PackedKeyValue:
        """All keys and values, packed; where there is one leading axis."""
        return pack_all(self.key, self.value)

    @cached_property
    def skips_max_subtraction(self) -> bool:
        """Whether no score can be so large that its exponential overflows: |q| |k| says so."""
        if self.added or self.softcap is not None or self.sinks is not None:
            return False
        with np.errstate(over="ignore", invalid="ignore"):  # infinity is no small bound
            q, k = (np.vecdot(a, a).max(initial=0) for a in (self.query, self.key))
        bound = math.sqrt(q) * math.sqrt(k) * abs(self.scale) * LOG2_E
        if not SAFE_WITH_ANY_VALUES <= bound < MAX_SAFE_SCORE:
            return bool(bound < MAX_SAFE_SCORE)
        largest = float(np.abs(self.value).max(initial=1)) * max(self.n_keys, 1)
        return bool(bound + math.log2(largest) < LARGEST)

    def with_room_for_scores(self) -> Inputs:
        """Return the same in float64 where scores might pass float32's largest number.

        Raises AttnvizError where finite inputs give scores that float64 cannot hold either.
        """
        largest = [_largest(array) for array in (self.query, self.key)]
        score = math.prod(largest) * self.query.shape[-1] * abs(self.scale)
        score = max(score, *(float(array.max(initial=0)) for array in self.added), 0.0)
        if score < BEYOND[np.dtype(np.float32)] or not self._is_finite():
            return self  # what is infinite already gives NaN, as it should
        if score >= BEYOND[np.dtype(np.float64)]:
            raise AttnvizError(
                "The scores are too large for float64.",
                "Make `query`, `key`, `scale` or `bias` smaller.",
                key="err.scores_too",
            )
        wide = {name: getattr(self, name).astype(np.float64) for name in ("query", "key", "value")}
        added = tuple(array.astype(np.float64) for array in self.added)
        sinks = None if self.sinks is None else self.sinks.astype(np.float64)
        return replace(self, **wide, added=added, sinks=sinks)

    def _is_finite(self) -> bool:
        """Whether no query, key or bias is infinite or not a number; a bias may forbid a pair."""
        whole = all(np.isfinite(array).all() for array in (self.query, self.key))
        return whole and all(float(array.max(initial=0)) < math.inf for array in self.added)

    @property
    def factor(self) -> float:
        """What products of queries and keys are multiplied by before `raise_scores`."""
        if self.skips_max_subtraction:
            return self.scale * (LOG2_E if POWER is np.exp2 else 1)
        return self.scale / (self.softcap or 1)

    def with_one_axis(self) -> Inputs:
        """Return the same with all leading axes in one; with several left as they are where an
        array would have to be copied for that."""

        def joined(array: NDArray[Any]) -> NDArray[Any]:
            lead = math.prod(array.shape[:-2])
            return array.reshape(lead, *array.shape[-2:], copy=False)

        try:
            return replace(
                self,
                query=joined(self.query),
                key=joined(self.key),
                value=joined(self.value),
                allowed=None if self.allowed is None else joined(self.allowed),
                added=tuple(map(joined, self.added)),
                sinks=None if self.sinks is None else self.sinks.ravel(),
            )
        except ValueError:
            return self

    def groups(self, scores_each: int, n_parts: int = 1) -> list[Index]:
        """Return the heads in groups that are worked on together: neighbours whose `scores_each`
        fit the cache, sharing keys if any heads do, in at least `n_parts` groups where there are
        heads."""
        *outer, n_heads = self.lead
        if not n_heads:
            return []
        size = min(max(SCRATCH_SCORES // max(scores_each, 1), 1), -(-n_heads // n_parts))
        whole = n_heads if self.shared_by == 1 else self.shared_by
        parts = [
            slice(start, min(start + size, first + whole))
            for first in range(0, n_heads, whole)
            for start in range(first, first + whole, size)
        ]
        return [(*prefix, part) for prefix in np.ndindex(*outer) for part in parts]

    def worth_sharing(self, n_scores: int) -> bool:
        """Tell whether so many scores of every head are worth more than one thread."""
        n_scores *= math.prod(self.lead)
        return n_scores * 2 * int(self.query.shape[-1]) > WORTH_SHARING


# What is added to scores, or a function of queries and keys that gives it (DeBERTa).
Bias = ArrayLike | Callable[[Floats, Floats], Floats]


class Options(TypedDict, total=False):
    """What attention can be asked with; `scaled_dot_product_attention` tells of each."""

    mask: ArrayLike | Rule | None
    is_causal: bool
    bias: Bias | None
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
    bias: Bias | None = None,
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
        raise AttnvizError(
            f"mask has dtype {array.dtype}.",
            "Give booleans, floats or a rule.",
            key="err.mask_dtype",
            dtype=array.dtype,
        )
    added = [("bias", bias(q, k) if callable(bias) else bias), ("mask", None if boolean else array)]
    rule.check(q.shape[-2], k.shape[-2])
    cap = None if softcap is None else _number("softcap", softcap)
    if cap is not None and not 0 < cap < np.inf:
        raise AttnvizError(
            f"The softcap is {softcap}.",
            "It must be a number above 0.",
            key="err.softcap",
            softcap=softcap,
        )
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


def _number(name: str, given: Any) -> float:
    try:
        return float(given)
    except (TypeError, ValueError) as error:
        raise AttnvizError(
            f"The {name} is {given!r}.",
            "It must be a number.",
            key="err.must_number",
            name=name,
            value=repr(given),
        ) from error


def _cast(array: Floats, dtype: Any) -> Floats:
    with np.errstate(over="ignore"):  # the lowest float64 is -inf in float32, and forbids too
        return array.astype(dtype, copy=False)


def _floats(name: str, given: ArrayLike) -> Floats:
    if isinstance(given, np.ndarray) and given.dtype in (np.float32, np.float64):
        return given
    try:
        array = np.asarray(given)
        wide = np.result_type(array.dtype, np.float32)
    except (TypeError, ValueError) as error:
        raise AttnvizError(
            f"{name} is not an array of numbers: {error}",
            key="err.not_array",
            name=name,
            reason=error,
        ) from error
    if not np.issubdtype(wide, np.floating):
        raise AttnvizError(
            f"{name} has dtype {array.dtype}.",
            "It must be real numbers.",
            key="err.dtype",
            name=name,
            dtype=array.dtype,
        )
    return array.astype(wide, copy=False)


def _three(query: ArrayLike, key: ArrayLike, value: ArrayLike) -> tuple[Floats, Floats, Floats]:
    names = ("query", "key", "value")
    given = [_floats(n, a) for n, a in zip(names, (query, key, value), strict=True)]
    for name, array in zip(names, given, strict=True):
        if array.ndim < 2:
            raise AttnvizError(
                f"{name} has shape {array.shape}.",
                "It must be (…, heads, tokens, head_dim).",
                key="err.shape",
                name=name,
                shape=array.shape,
            )
    q, k, v = (a.astype(np.result_type(*given), copy=False) for a in given)
    if q.shape[-1] != k.shape[-1]:
        raise AttnvizError(
            f"query has head_dim {q.shape[-1]} and key has {k.shape[-1]}.",
            "They must be equal.",
            key="err.query_head",
            shape=q.shape[-1],
            shape2=k.shape[-1],
        )
    if k.shape[-2] != v.shape[-2]:
        raise AttnvizError(
            f"There are {k.shape[-2]} keys and {v.shape[-2]} values.",
            "Every key needs one value.",
            key="err.keys_values",
            shape=k.shape[-2],
            shape2=v.shape[-2],
        )
    return q, k, v


def _shared_by(q: Floats, k: Floats, v: Floats) -> int:
    heads = [a.shape[-3] if a.ndim > 2 else 1 for a in (q, k, v)]
    if heads[1] != heads[2] or not heads[1] or heads[0] % heads[1]:
        raise AttnvizError(
            f"{heads[0]} query heads cannot share {heads[1]} key heads and {heads[2]} value heads.",
            "The query heads must be a multiple of the key heads, with as many value heads.",
            key="err.query_heads",
            heads=heads[0],
            heads2=heads[1],
            heads3=heads[2],
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
            key="err.query_key",
            shape=q.shape,
            shape2=k.shape,
            shape3=v.shape,
        ) from error
    q, k, v = (_spread_lead(a, lead + a.shape[a.ndim - keep :]) for a in (q, k, v))
    return q, k, v


def _spread_lead(array: Floats, shape: tuple[int, ...]) -> Floats:
    return array if array.shape == shape else np.broadcast_to(array, shape)


def _spread(name: str, array: Any, shape: tuple[int, ...]) -> Any:
    try:
        return np.broadcast_to(array, shape)
    except ValueError as error:
        raise AttnvizError(
            f"{name} has shape {np.shape(array)} and cannot stand for shape {shape}.",
            key="err.shape_cannot",
            name=name,
            value=np.shape(array),
            shape=shape,
        ) from error
