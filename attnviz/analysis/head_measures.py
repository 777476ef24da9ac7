"""The measures of a head: one row each. Help texts, tables, sorting and JSON are made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention import measures
from attnviz.errors import bad_choice
from attnviz.frozen import dataclass
from attnviz.inputs.where import Boxes
from attnviz.record.stack import Stack

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

# What a measure can need. IN_LINE: tokens one after the other, which patches of a picture are not.
# IDS: tokens that can come twice, which neither patches nor frames can. OF_HEADS: another run than
# that of the weights.
ONE_TEXT, WEIGHTS, OF_HEADS = "one text", "weights", "of heads"
IN_LINE, IDS = "in line", "ids"
AT_ONCE = 1 << 22  # bytes of weights of all layers that are measured together
LARGEST, SMALLEST = "largest", "smallest"  # which heads come first when they are sorted by it


class Layers:
    """Some layers of a stack, and what several measures are made of."""

    def __init__(self, stack: Stack, layers: Sequence[int]) -> None:
        self.stack, self.layers = stack, list(layers)

    @property
    def shape(self) -> tuple[int, int]:
        """(layers, heads)"""
        return len(self.layers), self.stack.n_heads

    @cached_property
    def entropies(self) -> Array:
        """(layers, heads, queries), in nats."""
        return self.of_queries("entropy")

    @cached_property
    def keys_seen(self) -> NDArray[np.int64]:
        """How many keys each query may see: (layers, queries)"""
        if self.stack.masks or self.stack.weights is None:
            return self.stack.allowed_keys()[self.layers]
        return np.stack([keys_seen(self.stack, layer) for layer in self.layers])

    @cached_property
    def totals(self) -> Array:
        """The weight of every query, (layers, heads, queries)."""
        return self.of_queries("total")

    @cached_property
    def total_without_first(self) -> Array:
        """The weight of each head on all keys but the first, (layers, heads)."""
        return self.of_weights(lambda w: measures.total_weight(w[..., 1:]).sum(axis=-1))

    def on_pattern(self, pairs: Bools, *, without_first: bool) -> Array:
        """Return the share of each head's weight on some pairs (queries, keys), as `pattern_score`
        has it: (layers, heads)."""
        first = int(without_first)
        total = self.total_without_first if without_first else self.totals.sum(axis=-1)
        if not pairs[:, first:].any():  # most short texts say nothing twice
            return divided(np.zeros(self.shape), total)
        on = self.of_weights(
            lambda w: measures.on_pattern(w[..., first:], pairs[:, first:]).sum(axis=-1)
        )
        return divided(on, total)

    def of_queries(self, name: str) -> Array:
        """Return one of `attnviz.measures` of every query: (layers, heads, queries)."""
        return self.stack.measure(name)[self.layers]

    def of_weights(self, measure: Callable[[Any], Any]) -> Array:
        """Measure the kept weights (heads, queries, keys) of each layer: (layers, heads)."""
        assert self.stack.weights is not None  # a measure that needs them is else left out
        if self.stack.weights.nbytes > AT_ONCE:
            return np.stack([measure(self.stack.weights[layer]) for layer in self.layers])
        some = self.stack.weights[self.layers]
        measured: Array = np.asarray(measure(some.reshape(-1, *some.shape[2:])))
        return measured.reshape(self.shape)


@dataclass(frozen=True)
class Measure:
    """A measure of a head.

    short, long: what narrow and wide tables call it. decimals: None for a share, shown in percent.
    order: which heads come first when they are sorted by it. needs: ONE_TEXT, WEIGHTS (kept, not
    streamed), IN_LINE, IDS, OF_HEADS (`Stack.of_heads`). compute: → (layers, heads), NaN where a
    head has none.
    of_one: on a scale from 0 to 1 whatever the heads are. in_table: whether it has a column
    without being asked for.
    """

    name: str
    short: str
    long: str
    decimals: int | None
    order: str
    needs: tuple[str, ...]
    compute: Callable[[Layers], Array]
    of_one: bool = False
    in_table: bool = True

    def is_missing(self, stack: Stack) -> bool:
        """Say whether a stack has no such measure: it is of two texts, a picture or a sound, or
        its weights were streamed."""
        where = stack.key_tokens.where
        if ONE_TEXT in self.needs and stack.two_texts:
            return True
        if (IN_LINE in self.needs and on_grid(stack)) or (IDS in self.needs and where is not None):
            return True
        if OF_HEADS in self.needs and self.name not in stack.of_heads:
            return True
        return WEIGHTS in self.needs and stack.weights is None and not self._is_zero(stack)

    def _is_zero(self, stack: Stack) -> bool:
        """Whether it is known without weights: there are no special tokens to look at."""
        return self.name == "special" and not stack.key_tokens.special.any()


def _evenness(of: Layers) -> Array:
    """A row that sees one key has no spread: it says nothing of the head."""
    allowed = of.keys_seen[:, None, :]
    even = measures.normalized(of.entropies, allowed)
    return mean_of_known(np.where(allowed > 1, even, np.nan))


def on_grid(stack: Stack) -> bool:
    """Say whether the tokens are patches of a picture, which stand on a grid, not in a line."""
    return not stack.two_texts and isinstance(stack.key_tokens.where, Boxes)


def neighbours(stack: Stack) -> Bools:
    """Return which patches of a picture touch each other, or are the same: (n, n)."""
    where = stack.key_tokens.where
    assert isinstance(where, Boxes)
    touch: Bools = (_apart(where).max(axis=0) <= 1) & np.outer(where.on_grid, where.on_grid)
    return touch


def _apart(where: Boxes) -> Array:
    """How far patches are from each other in rows and columns of the grid: (2, n, n)."""
    places = np.stack(np.divmod(where.cells, where.grid[1])).astype(np.float64)
    return np.abs(places[:, :, None] - places[:, None, :])


def _distance(of: Layers) -> Array:
    """Σ A |i - j| / Σ A: rows count by their weight, which is 1 unless a sink took some. Of patches
    the straight way over the grid, special tokens left out."""
    where = of.stack.key_tokens.where
    if isinstance(where, Boxes):
        if of.stack.weights is None:
            return np.full(of.shape, np.nan)
        both = np.outer(where.on_grid, where.on_grid)
        far = np.hypot(*_apart(where)) * both
        return of.of_weights(
            lambda weights: divided((weights * far).sum((-2, -1)), (weights * both).sum((-2, -1)))
        )
    weight = of.totals
    moved = np.where(weight > 0, of.of_queries("distance"), 0) * weight
    return divided(moved.sum(axis=-1), weight.sum(axis=-1))


def _sink(of: Layers) -> Array:
    return measures.sink_share(of.of_queries("first"), two_texts=of.stack.two_texts)


def _special(of: Layers) -> Array:
    keys, queries = of.stack.key_tokens.special, of.stack.query_tokens.special
    if of.stack.weights is None:
        return np.zeros(of.shape)
    return of.of_weights(lambda weights: measures.special_share(weights, keys, queries))


def _offset(name: str) -> Callable[[Layers], Array]:
    return lambda of: mean_of_known(of.of_queries(name))


def _of_heads(name: str) -> Callable[[Layers], Array]:
    return lambda of: of.stack.of_heads[name][of.layers]


def _pattern(
    pattern: Callable[[Any], Bools], *, without_first: bool = False
) -> Callable[[Layers], Array]:
    def compute(of: Layers) -> Array:
        return of.on_pattern(pattern(of.stack.key_tokens.ids), without_first=without_first)

    return compute


# In the order of a reader's interest. "no_first": column 0 left out.
# fmt: off
MEASURES = {
    each.name: each
    for each in (
        Measure("effect", "effect", "effect", 3, LARGEST, (OF_HEADS,), _of_heads("effect")),
        Measure("writes", "writes", "writes", 2, LARGEST, (OF_HEADS,), _of_heads("writes")),
        Measure("normalized_entropy", "even", "evenness", 2, SMALLEST, (), _evenness, of_one=True),
        Measure("entropy", "nats", "entropy", 2, SMALLEST, (), lambda of: of.entropies.mean(-1)),
        Measure("distance", "dist", "distance", 1, LARGEST, (ONE_TEXT,), _distance),
        Measure("sink", "sink", "sink", None, LARGEST, (), _sink),
        Measure("previous", "prev", "previous", None, LARGEST, (ONE_TEXT, IN_LINE),
                _offset("previous")),
        Measure("self", "self", "self", None, LARGEST, (ONE_TEXT,), _offset("self")),
        Measure("next", "next", "next", None, LARGEST, (ONE_TEXT, IN_LINE), _offset("next")),
        Measure("duplicate", "dup", "duplicate", None, LARGEST, (ONE_TEXT, WEIGHTS, IDS),
                _pattern(measures.duplicate_token)),
        Measure("induction", "ind", "induction", None, LARGEST, (ONE_TEXT, WEIGHTS, IDS),
                _pattern(measures.induction)),
        Measure("special", "spec", "special", None, LARGEST, (WEIGHTS,), _special),
        Measure("largest", "max", "largest", None, LARGEST, (),
                lambda of: of.of_queries("largest").mean(-1)),
        Measure("duplicate_no_first", "dup-1", "dup., no 1st", None, LARGEST,
                (ONE_TEXT, WEIGHTS, IDS),
                _pattern(measures.duplicate_token, without_first=True), in_table=False),
        Measure("induction_no_first", "ind-1", "ind., no 1st", None, LARGEST,
                (ONE_TEXT, WEIGHTS, IDS),
                _pattern(measures.induction, without_first=True), in_table=False),
    )
}
# fmt: on


def measured(stack: Stack, layers: Sequence[int]) -> dict[str, Array]:
    """Return every measure of every head of some layers: each (layers, heads), NaN where not
    there."""
    of = Layers(stack, layers)
    return {
        name: np.full(of.shape, np.nan) if each.is_missing(stack) else each.compute(of)
        for name, each in MEASURES.items()
    }


def missing(stack: Stack) -> tuple[str, ...]:
    """Return measures that this stack does not have: of two texts, or of weights that were not
    kept."""
    return tuple(name for name, each in MEASURES.items() if each.is_missing(stack))


def check_measure(stack: Stack, name: str) -> None:
    """Refuse a measure that there is not."""
    known = [each for each in MEASURES if each not in missing(stack)]
    if name not in known:
        raise bad_choice(name, "`sort`", known)


def sign(name: str) -> int:
    """Return 1 where the smallest comes first when heads are sorted by it, -1 where the largest
    does."""
    return 1 if MEASURES[name].order == SMALLEST else -1


# What measures are made of --------------------------------------------------------------------


def pairs_allowed(stack: Stack, layer: int) -> Bools:
    """Return the pairs that the mask of a layer lets through; without masks every pair, or, where
    no head has weight on what comes later, as a causal mask would."""
    if stack.masks:
        return stack.masks[layer].to_array(*stack.shape)
    assert stack.weights is not None  # streamed stacks have masks
    everything = np.ones(stack.shape, dtype=np.bool_)
    ahead = np.triu(everything, 1)
    if stack.two_texts or (stack.weights[layer] * ahead).any():
        return everything
    return ~ahead


def keys_seen(stack: Stack, layer: int) -> NDArray[np.int64]:
    """Return how many keys each query may see."""
    if stack.masks or stack.weights is None:
        return np.asarray(stack.allowed_keys()[layer])
    seen: NDArray[np.int64] = pairs_allowed(stack, layer).sum(axis=1)
    return seen


def mean_of_known(values: Array) -> Array:
    """Return the mean over the last axis of what is a number; NaN where nothing is."""
    known = np.isfinite(values)
    return divided(np.where(known, values, 0).sum(axis=-1), known.sum(axis=-1))


def divided(above: Any, below: Any) -> Array:
    """Return above / below; NaN where that is 0."""
    a, b = np.broadcast_arrays(np.asarray(above, np.float64), np.asarray(below, np.float64))
    quotient: Array = np.divide(a, b, out=np.full(a.shape, np.nan), where=b > 0)
    return quotient
