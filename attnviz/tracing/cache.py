"""Keys and values of earlier tokens, kept so that a new token is one row and not a whole pass.

The cache stands at the door for attention, in place of a recorder.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from attnviz.attention.masks import full
from attnviz.attention.rules import Rule
from attnviz.attention.streaming import stream
from attnviz.models.layers import Floats

FEWEST = 64  # tokens that there is room for at first; room doubles


class _Kept:
    """The keys and values of one layer: (heads, room, head_dim) each, the first `n` in use."""

    def __init__(self, key: Floats, value: Floats):
        room = max(2 * key.shape[1], FEWEST)
        self.n = 0
        self.arrays = tuple(
            np.empty((each.shape[0], room, each.shape[2]), each.dtype) for each in (key, value)
        )
        self.add(key, value)

    def add(self, *new: Floats) -> None:
        stop = self.n + new[0].shape[1]
        if stop > self.arrays[0].shape[1]:
            self.arrays = tuple(np.concatenate([a, np.empty_like(a)], axis=1) for a in self.arrays)
            return self.add(*new)
        for array, each in zip(self.arrays, new, strict=True):
            array[:, self.n : stop] = each
        self.n = stop
        return None

    def part(self) -> _Kept:
        """A copy that grows by itself."""
        return _Kept(*self.between(0, self.n))

    def between(self, low: int, high: int) -> tuple[Floats, Floats]:
        key, value = self.arrays
        return key[:, low:high], value[:, low:high]


class KeyValueCache:
    """A door for attention that keeps keys and values: pass `cache.attend` to a model's run.

    Whoever runs a model sets `start` to the position of the first token that is run. An encoder's
    attention passes through. What cross-attention looks at is kept from its first call: later
    calls may bring no keys. memory: what layers without attention carry, by their number; a run is
    given it as it is (`TrainedModel.begin`).
    """

    def __init__(self) -> None:
        self.start = 0
        self.memory: dict[int, Any] = {}
        self._kept: dict[tuple[str, int], _Kept] = {}

    def part(self) -> KeyValueCache:
        """Return a copy that goes on by itself; what cross-attention looks at is shared."""
        other = KeyValueCache()
        other.start, other.memory = self.start, dict(self.memory)
        other._kept = {
            place: kept if place[0] == "cross" else kept.part()
            for place, kept in self._kept.items()
        }
        return other

    def attend(
        self, stack: str, query: Floats, key: Floats, value: Floats, /, *, layer: int = 0,
        mask: Rule | None = None, bias: Any = None, w_output: Any = None, **options: Any,
    ) -> Floats:  # fmt: skip
        """Attend from new queries (heads, new tokens, head_dim) to all keys so far; arguments as
        in `Attend`. Returns (heads, new tokens, value_dim)."""
        del w_output  # nothing is weighed by its values here
        rule, first = full() if mask is None else mask, self.start
        if stack == "encoder":
            return _attend(query, key, value, rule, bias, options)
        kept = self._grown((stack, layer), key, value)
        if stack == "cross" or first == 0:
            return _attend(query, *kept.between(0, kept.n), rule, bias, options)
        rows = np.arange(first, first + query.shape[1])
        low, high = rule.span(rows)
        high = min(high, kept.n)
        allowed = rule(rows, np.arange(low, high))
        near = None if bias is None else bias[..., low:high]
        seen = None if allowed.all() else allowed
        return _attend(query, *kept.between(low, high), seen, near, options)

    def _grown(self, place: tuple[str, int], key: Floats, value: Floats) -> _Kept:
        kept = self._kept.get(place)
        if kept is None:
            kept = self._kept[place] = _Kept(key, value)
        elif place[0] != "cross":
            kept.add(key, value)
        return kept


def _attend(
    query: Floats, key: Floats, value: Floats, mask: Any, bias: Any, options: dict[str, Any]
) -> Floats:
    """One row at once, many rows by blocks that nobody looks at."""
    if query.shape[1] == 1:
        return _attend_once(query, key, value, mask=mask, bias=bias, **options)
    given = {"mask": mask, "bias": bias, "enable_gqa": key.shape[0] != query.shape[0], **options}
    return stream(query, key, value, (), **given)


def _attend_once(
    query: Floats, key: Floats, value: Floats, *, mask: Any, bias: Any, scale: float | None = None,
    softcap: float | None = None, sinks: Any = None,
) -> Floats:  # fmt: skip
    """Attend from one row, (heads, 1, head_dim), to keys and values (key heads, keys, …): what
    `scaled_dot_product_attention` gives, without its checks, which take longer than the work."""
    n_heads, _, head_dim = query.shape
    n_key_heads, n_keys, _ = key.shape
    dtype = query.dtype.type
    rows = query.reshape(n_key_heads, n_heads // n_key_heads, head_dim)
    rows = rows * dtype(head_dim**-0.5 if scale is None else scale)
    scores: Floats = np.matmul(rows, key.swapaxes(1, 2)).reshape(n_heads, n_keys)
    if softcap is not None:
        scores = dtype(softcap) * np.tanh(scores / dtype(softcap))
    if bias is not None:
        added = bias(query, key) if callable(bias) else bias
        scores += np.asarray(added, scores.dtype).reshape(-1, n_keys)
    if isinstance(mask, Rule):
        mask = mask([0], np.arange(n_keys))
    if mask is not None and not mask.all():
        scores[:, ~np.asarray(mask).reshape(n_keys)] = -np.inf
    largest = scores.max(axis=1, keepdims=True)
    if sinks is not None:
        sink = np.asarray(sinks, scores.dtype).reshape(n_heads, 1)
        largest = np.maximum(largest, sink)
    np.exp(scores - largest, out=scores)
    sums = scores.sum(axis=1, keepdims=True)
    if sinks is not None:
        sums += np.exp(sink - largest)
    weights = (scores / sums).reshape(n_key_heads, n_heads // n_key_heads, n_keys)
    found: Floats = np.matmul(weights, value).reshape(n_heads, 1, value.shape[2])
    return found
