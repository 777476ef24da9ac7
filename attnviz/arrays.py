"""Weights that somebody else computed → record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import AttnvizError
from attnviz.record import AttentionRecord, Model
from attnviz.stack import Stack
from attnviz.tokens import from_labels

ROUNDING = 0.01  # what half precision may add to a weight of 1


def from_weights(
    weights: Any, tokens: Iterable[object], key_tokens: Iterable[object] | None = None
) -> AttentionRecord:
    """A record of weights that are already there.

    weights: (queries, keys), (heads, queries, keys), (layers, heads, queries, keys), or one
    (heads, queries, keys) or (1, heads, queries, keys) array per layer, as transformers'
    `outputs.attentions`; NumPy, nested lists, or anything with `__array__` or `detach`.
    tokens: one string per query, and per key unless `key_tokens` has those.

    Raises AttnvizError for other shapes, numbers that cannot be weights, or tokens that do not
    match.
    """
    array = _four_axes(weights)
    _check_numbers(array)
    queries = from_labels(tokens)
    keys = queries if key_tokens is None else from_labels(key_tokens)
    for what, n_tokens, axis in (("query", len(queries), 2), ("key", len(keys), 3)):
        if n_tokens != array.shape[axis]:
            raise AttnvizError(
                f"There are {n_tokens} {what} tokens and the weights have {array.shape[axis]}.",
                "Give one token for each row, and key_tokens if the columns are other tokens.",
            )
    stack = Stack(queries, keys, array, two_texts=key_tokens is not None)
    name = "self" if key_tokens is None else "cross"
    return AttentionRecord(Model("given", "given"), name, {name: stack})


def dense_longformer(
    band: NDArray[Any], rows: NDArray[Any] | None, positions: Sequence[int]
) -> NDArray[Any]:
    """The weights of a Longformer layer as one map: (heads, queries, keys).

    band: (heads, queries, globals + window + 1), weights on the global tokens, then on the window
    around each query. rows: (heads, keys or more, globals), the weights of the global tokens' own
    rows, or None where there are none. positions: of the global tokens. (arXiv 2004.05150; layout
    of transformers' `attentions` and `global_attentions`.)
    """
    n, n_global = band.shape[1], len(positions)
    half = (band.shape[2] - n_global - 1) // 2
    dense = np.zeros((band.shape[0], n, n), band.dtype)
    for offset in range(-half, half + 1):
        queries = np.arange(max(-offset, 0), min(n - offset, n))
        dense[:, queries, queries + offset] = band[:, queries, n_global + half + offset]
    for nth, position in enumerate(positions):
        dense[:, :, position] += band[:, :, nth]  # where a window meets it, its own column is 0
    for nth, position in enumerate(positions):
        assert rows is not None  # there are global tokens
        dense[:, position] = rows[:, :n, nth]
    return dense


def _four_axes(weights: Any) -> NDArray[np.floating[Any]]:
    layers = weights if isinstance(weights, Sequence) else None
    try:
        if layers and not isinstance(layers[0], Sequence):
            array = np.stack([_without_batch(_array(layer)) for layer in layers])
        else:
            array = _array(weights)
            if array.ndim == 5 and array.shape[1] == 1:  # a batch of one in every layer
                array = array[:, 0]
    except (TypeError, ValueError) as error:
        raise AttnvizError(
            f"The weights are not a regular array of numbers ({error}).",
            "Give (queries, keys), (heads, queries, keys) or one such array per layer.",
        ) from error
    if not 2 <= array.ndim <= 4 or not array.size:
        raise AttnvizError(
            f"The weights have shape {array.shape}.",
            "Give (queries, keys), (heads, queries, keys) or (layers, heads, queries, keys).",
        )
    return array.reshape((1,) * (4 - array.ndim) + array.shape)


def _array(given: Any) -> NDArray[np.floating[Any]]:
    if hasattr(given, "detach"):  # a PyTorch tensor, on any device, with or without gradient
        given = given.detach().cpu()
        given = given.float() if "bfloat16" in str(given.dtype) else given
    array = np.asarray(given)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"dtype {array.dtype}")
    wide = np.result_type(array.dtype, np.float32)
    return array.astype(wide if wide == np.float32 else np.float64, copy=False)


def _without_batch(layer: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    if layer.ndim == 4:
        if layer.shape[0] != 1:
            raise ValueError(f"a batch of {layer.shape[0]}; choose one text")
        layer = layer[0]
    return layer if layer.ndim == 3 else layer[None] if layer.ndim == 2 else _refuse(layer)


def _refuse(layer: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    raise ValueError(f"a layer of shape {layer.shape}")


def _check_numbers(array: NDArray[np.floating[Any]]) -> None:
    kinds = {
        "not a finite number": ~np.isfinite(array),
        "negative": array < 0,
        "more than all": array > 1 + ROUNDING,
    }
    for what, wrong in kinds.items():
        if wrong.any():
            layer, head, row, column = np.argwhere(wrong)[0].tolist()
            raise AttnvizError(
                f"A weight is {what} ({array[layer, head, row, column]}) in layer {layer}, "
                f"head {head}, row {row}, column {column}.",
                "Weights come after the softmax, from 0 to 1.",
            )
