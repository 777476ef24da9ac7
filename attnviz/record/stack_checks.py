"""What a file may not claim of a stack: shapes that do not fit, numbers that cannot be.

Each check raises ValueError or AttnvizError; whoever reads the file says which file it was.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention.measures import PER_QUERY
from attnviz.inputs.tokens import Tokens
from attnviz.record.checks import DUST, ROUNDING, check_numbers, check_rows, first_leak, place_of
from attnviz.record.stack import Stack
from attnviz.record.summary import STRONGEST, Summary

Array = NDArray[Any]
Shapes = dict[str, tuple[Any, Any]]  # what → (found, due)

MOST = 1 + ROUNDING + DUST  # of a weight, or of a row of them
OFFSETS = {"self": 0, "previous": -1, "next": 1}
MOST_NUMBER = 1 << 20  # of a layer
CLOSE = 1e-3  # what float32 may change of a sum, as a share of it


def check_stack(stack: Stack) -> None:
    """Refuse a stack whose parts do not belong together, or whose weights cannot be."""
    n_queries, n_keys = stack.shape
    if stack.weights is None and stack.summary is None:
        raise ValueError("a stack has neither weights nor a summary")
    if stack.weights is not None and stack.summary is not None:
        raise ValueError("a stack has both weights and a summary")
    for tokens in (stack.query_tokens, stack.key_tokens):
        _check_tokens(tokens)
    for name, (found, due) in (_shapes(stack) | _shapes_of_vectors(stack)).items():
        if found != due:
            raise ValueError(f"{name}: {found} where {due} is due")
    if not stack.n_layers * stack.n_heads * n_queries * n_keys:
        raise ValueError("a stack is empty")
    n_heads, shared = stack.n_heads, stack.key_heads
    if shared is not None and (type(shared) is not int or shared < 1 or n_heads % shared):
        raise ValueError(f"{shared!r} key heads for {n_heads} heads")
    _check_layer_numbers(stack.numbers, stack.n_layers)
    for rule in stack.masks:
        rule.check(n_queries, n_keys)
    if stack.weights is not None:
        _check_weights(stack, stack.weights)
    if stack.summary is not None:
        _check_summary(stack.summary, n_queries, n_keys)


def _check_layer_numbers(numbers: tuple[Any, ...], n_layers: int) -> None:
    """Refuse numbers of layers that do not rise from 0 up, or are not as many as layers."""
    whole = all(type(number) is int and 0 <= number <= MOST_NUMBER for number in numbers)
    if not whole or list(numbers) != sorted({*numbers}) or len(numbers) not in (0, n_layers):
        raise ValueError(f"layer_numbers {str(numbers)[:60]} for {n_layers} layers")


def _check_tokens(tokens: Tokens) -> None:
    """Refuse ids below 0, and spans outside of the text."""
    starts, stops = tokens.spans[:, 0], tokens.spans[:, 1]
    if (starts < 0).any() or (starts > stops).any() or (stops > len(tokens.text)).any():
        raise ValueError("a token's span lies outside of the text")
    if tokens.ids.min(initial=0) < 0:
        raise ValueError("a token's id is negative")
    if tokens.segments is not None and tokens.segments.min(initial=0) < 0:
        raise ValueError("a token's segment is negative")


def _shapes(stack: Stack) -> Shapes:
    """Compare the shapes of weights, or of a summary, with the tokens."""
    n_queries, n_keys = stack.shape
    if stack.weights is not None:
        layers, heads = stack.weights.shape[:2] or (0, 0)
        found: Shapes = {"weights": (stack.weights.shape, (layers, heads, n_queries, n_keys))}
    else:
        assert stack.summary is not None  # one of the two is there
        kept, cells = stack.summary, stack.summary.cells
        if any(cell < 1 or cell & (cell - 1) for cell in cells):
            raise ValueError(f"the map's cells are {cells} and not powers of two")
        (layers, heads), k = kept.sums.shape[:2], min(STRONGEST, n_keys)
        pooled = layers, heads, -(-n_queries // cells[0]), -(-n_keys // cells[1])
        strongest = layers, heads + 1, n_queries, k
        found = {
            "sums": (kept.sums.shape, pooled),
            "maxima": (kept.maxima.shape, pooled),
            "strongest_keys": (kept.strongest_keys.shape, strongest),
            "strongest_weights": (kept.strongest_weights.shape, strongest),
            "received": (kept.received.shape, (layers, heads, n_keys)),
            "measures": (kept.measures.keys(), PER_QUERY.keys()),
        }
        for name, values in kept.measures.items():
            found[name] = values.shape, (layers, heads, n_queries)
    found["head names"] = len(stack.head_names), heads if stack.head_names else 0
    found["masks"] = len(stack.masks), layers if stack.masks else 0
    return found


def _shapes_of_vectors(stack: Stack) -> Shapes:
    n_queries, n_keys = stack.shape
    n_of = {"query": n_queries, "key": n_keys, "value": n_keys, "scores": n_queries}
    found: Shapes = {}
    for name, array in stack.vectors.items():
        heads = stack.n_heads if name in ("query", "scores") else stack.key_heads or stack.n_heads
        found[name] = array.shape[:3], (stack.n_layers, heads, n_of[name])
    return found


def _check_weights(stack: Stack, weights: Array) -> None:
    """Refuse what `from_weights` refuses of anybody, and weight where the mask hides."""
    check_numbers(weights, "")
    check_rows(weights, "", [])
    for layer, rule in enumerate(stack.masks):
        if leak := first_leak(weights[layer : layer + 1], rule):
            place = place_of("", layer, *leak[1:])
            raise ValueError(f"its mask hides the weight in {place}")


def _check_summary(kept: Summary, n_queries: int, n_keys: int) -> None:
    """Refuse sums, maxima, strongest keys and measures that no weights have."""
    keys, weights = kept.strongest_keys, kept.strongest_weights
    if keys.min() < 0 or keys.max() >= n_keys:
        raise ValueError("strongest keys lie outside of the text")
    most_received = n_queries * MOST
    _check_range("strongest_weights", weights, MOST)
    _check_range("maxima", kept.maxima, MOST)
    _check_range("received", kept.received, most_received)
    if (np.diff(weights, axis=-1) > DUST).any():
        raise ValueError("strongest_weights are not in order")
    area = math.prod(kept.cells)
    _check_range("sums", kept.sums, kept.maxima * (area * (1 + CLOSE)) + DUST)
    if (kept.sums < kept.maxima * (1 - CLOSE) - DUST).any():
        raise ValueError("sums are less than the largest weight in them")
    highest = {"entropy": math.log(n_keys) + ROUNDING, "distance": float(max(n_queries, n_keys))}
    for name, values in kept.measures.items():
        unknown = np.isnan(values)
        if (unknown & ~_may_be_unknown(name, kept, n_queries, n_keys)).any():
            raise ValueError(f"{name} is missing where there is one")
        _check_range(name, values[~unknown], highest.get(name, MOST), -DUST)


def _may_be_unknown(name: str, kept: Summary, n_queries: int, n_keys: int) -> Array:
    """Say of which queries a measure may be NaN: (queries,), or (layers, heads, queries)."""
    if name == "distance":  # where a row has no weight
        return ~(kept.measures["total"] > 0)
    wanted = np.arange(n_queries) + OFFSETS.get(name, 0)  # not each has a key before or after it
    return (wanted < 0) | (wanted >= n_keys) if name in OFFSETS else np.zeros(n_queries, bool)


def _check_range(name: str, values: Array, highest: Array | float, lowest: float = 0) -> None:
    if not ((values >= lowest) & (values <= highest)).all():
        raise ValueError(f"{name} holds a number that cannot be")
