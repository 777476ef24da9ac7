"""Weights times the length of what each key gives (Kobayashi et al. 2020, arXiv 2004.10102)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import AttnvizError

Weights = NDArray[np.floating[Any]]
Shape = tuple[int, ...]


def value_weighted(weights: Weights, values: Weights, w_output: Weights) -> Weights:
    """Return ‖α_ij f(x_j)‖ = α_ij ‖v_j W_O‖: how much of each key's value a query takes, by length
    (Kobayashi et al. 2020, arXiv 2004.10102). Not shares: rows do not sum to 1.

    weights: (heads, queries, keys). values: (heads or fewer that are shared, keys, head_dim), with
    their bias. w_output: (heads × head_dim, width), head after head, as `x @ w_output` merges them;
    its bias belongs to no key and is left out. Returns (heads, queries, keys), in the weights'
    precision; one head's (keys, width) is held at a time.

    Raises AttnvizError for shapes that do not fit.
    """
    if not _fit(weights.shape, values.shape, w_output.shape):
        raise AttnvizError(
            f"Weights {weights.shape}, values {values.shape} and the output matrix "
            f"{w_output.shape} do not fit.",
            "Give (heads, queries, keys), (key heads, keys, size) and (heads × size, width).",
            key="err.weights_values",
            shape=weights.shape,
            shape2=values.shape,
            shape3=w_output.shape,
        )
    weighted = np.empty_like(weights)
    for head, lengths in enumerate(value_lengths(values, w_output)):
        np.multiply(weights[head], lengths, out=weighted[head], casting="same_kind")
    return weighted


def value_lengths(values: Weights, w_output: Weights) -> Iterator[Weights]:
    """Return ‖v_j W_O‖ of every key, (keys,), head after head; shapes as for `value_weighted`."""
    shared, _, head_dim = values.shape
    n_heads = len(w_output) // head_dim
    for head in range(n_heads):
        rows = w_output[head * head_dim : (head + 1) * head_dim]
        moved = values[head * shared // n_heads] @ rows  # (keys, width)
        yield np.sqrt(np.einsum("kw,kw->k", moved, moved))


def _fit(weights: Shape, values: Shape, w_output: Shape) -> bool:
    if (len(weights), len(values), len(w_output)) != (3, 3, 2):
        return False
    n_heads, _, n_keys = weights
    shared, n_values, head_dim = values
    divided = shared > 0 and n_heads % shared == 0
    return divided and n_values == n_keys and w_output[0] == n_heads * head_dim
