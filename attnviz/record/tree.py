"""A record's stacks as a tree whose leaves are arrays and what JSON can hold, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention import masks
from attnviz.attention.measures import PER_QUERY
from attnviz.inputs.tokens import Tokens, visible
from attnviz.record.stack import Stack
from attnviz.record.summary import ARRAYS, STRONGEST, Summary
from attnviz.record.where import where_of, where_tree

Tree = dict[str, Any]

VECTORS = ("query", "key", "value", "scores")


def stack_tree(stack: Stack) -> Tree:
    """A stack as a tree whose leaves are arrays and what JSON can hold."""
    tree: Tree = {
        "two_texts": stack.two_texts,
        "key_heads": stack.key_heads,
        "head_names": list(stack.head_names),
        "masks": [rule.to_dict() for rule in stack.masks],
        "query_tokens": _tokens_tree(stack.query_tokens),
        "key_tokens": None
        if stack.key_tokens is stack.query_tokens
        else _tokens_tree(stack.key_tokens),
    }
    if stack.vectors:
        tree["vectors"] = dict(stack.vectors)
    if stack.weights is not None:
        return tree | {"dtype": str(stack.weights.dtype), "weights": stack.weights}
    assert stack.summary is not None  # a stack has weights or a summary
    kept = {name: getattr(stack.summary, name) for name in ARRAYS}
    measured = stack.summary.measures
    summary = {"cells": list(stack.summary.cells), "measures": measured, **kept}
    summary["dtype"] = str(next(iter(measured.values())).dtype)
    return tree | {"summary": summary}


def _tokens_tree(tokens: Tokens) -> Tree:
    tree: Tree = {
        "text": tokens.text,
        "labels": list(tokens.labels),
        "pieces": list(tokens.pieces),
        "ids": tokens.ids,
        "spans": tokens.spans,
        "special": tokens.special,
    }
    if tokens.where is not None:
        tree["where"] = where_tree(tokens.where)
    return tree if tokens.segments is None else tree | {"segments": tokens.segments}


def stack_of(tree: Tree) -> Stack:
    """The stack that `stack_tree` described; ValueError where shapes do not fit."""
    queries = _tokens(tree["query_tokens"])
    keys = queries if tree["key_tokens"] is None else _tokens(tree["key_tokens"])
    stack = Stack(
        query_tokens=queries,
        key_tokens=keys,
        weights=_weights(tree) if "weights" in tree else None,
        summary=_summary(tree["summary"]) if "summary" in tree else None,
        masks=tuple(masks.from_dict(rule) for rule in tree["masks"]),
        head_names=tuple(visible(name) for name in tree["head_names"]),
        two_texts=bool(tree["two_texts"]),
        key_heads=tree.get("key_heads"),
        vectors=_all_vectors(tree),
    )
    _check(stack)
    return stack


def _weights(tree: Tree) -> NDArray[Any]:
    if tree["dtype"] not in ("float32", "float64"):
        raise ValueError(f"weights are {tree['dtype']}")
    weights = np.asarray(tree["weights"])
    if weights.dtype.kind not in "fi" or not np.isfinite(weights).all():
        raise ValueError("weights are not finite numbers")
    return weights.astype(tree["dtype"])


def _all_vectors(tree: Tree) -> dict[str, NDArray[Any]]:
    if "vectors" not in tree:
        return {}
    return {
        name: _vectors(name, kept).astype(tree["dtype"]) for name, kept in tree["vectors"].items()
    }


def _vectors(name: str, kept: Any) -> NDArray[Any]:
    array = np.asarray(kept)
    if name not in VECTORS or array.ndim != 4 or array.dtype.kind != "f":
        raise ValueError(f"{name!r} is not among the vectors of a stack, or has another shape")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds what is no number")
    return array


def _check(stack: Stack) -> None:
    """ValueError where the parts of a stack do not belong together."""
    n_queries, n_keys = stack.shape
    if stack.weights is not None:
        layers, heads = stack.weights.shape[:2] or (0, 0)
        expected: dict[str, tuple[Any, Any]] = {
            "weights": (stack.weights.shape, (layers, heads, n_queries, n_keys))
        }
    elif stack.summary is not None:
        kept = stack.summary
        (layers, heads), k = kept.sums.shape[:2], min(STRONGEST, n_keys)
        cells = kept.cells
        if any(cell < 1 or cell & (cell - 1) for cell in cells):
            raise ValueError(f"the map's cells are {cells} and not powers of two")
        rows, columns = -(-n_queries // cells[0]), -(-n_keys // cells[1])
        expected = {
            "sums": (kept.sums.shape, (layers, heads, rows, columns)),
            "maxima": (kept.maxima.shape, (layers, heads, rows, columns)),
            "strongest_keys": (kept.strongest_keys.shape, (layers, heads + 1, n_queries, k)),
            "strongest_weights": (kept.strongest_weights.shape, (layers, heads + 1, n_queries, k)),
            "received": (kept.received.shape, (layers, heads, n_keys)),
            "measures": (kept.measures.keys(), PER_QUERY.keys()),
        }
        expected |= {
            name: (values.shape, (layers, heads, n_queries))
            for name, values in kept.measures.items()
        }
        if (
            kept.strongest_keys.size
            and not 0 <= kept.strongest_keys.min() <= kept.strongest_keys.max() < n_keys
        ):
            raise ValueError("strongest keys lie outside of the text")
    else:
        raise ValueError("a stack has neither weights nor a summary")
    expected["head names"] = (len(stack.head_names), heads if stack.head_names else 0)
    if stack.key_heads not in (None, *(n for n in range(1, heads + 1) if heads % n == 0)):
        raise ValueError(f"{stack.key_heads} key heads for {heads} heads")
    n_of = {"query": n_queries, "key": n_keys, "value": n_keys, "scores": n_queries}
    for name, array in stack.vectors.items():
        of_heads = heads if name in ("query", "scores") else stack.key_heads or heads
        expected[name] = (array.shape[:3], (layers, of_heads, n_of[name]))
    expected["masks"] = (len(stack.masks), layers if stack.masks else 0)
    for name, (found, wanted) in expected.items():
        if found != wanted:
            raise ValueError(f"{name}: {found} where {wanted} is due")
    if not layers * heads * n_queries * n_keys:
        raise ValueError("a stack is empty")
    for rule in stack.masks:
        rule.check(n_queries, n_keys)


def _summary(tree: Tree) -> Summary:
    rows, columns = tree["cells"]
    dtype = {"float32": np.float32, "float64": np.float64}[tree.get("dtype", "float64")]
    summary = Summary(
        (rows, columns),
        np.array(tree["sums"], dtype=np.float32),
        np.array(tree["maxima"], dtype=np.float32),
        np.array(tree["strongest_keys"], dtype=np.int32),
        np.array(tree["strongest_weights"], dtype=np.float32),
        np.array(tree["received"], dtype=np.float64),
        {name: np.array(values, dtype=dtype) for name, values in tree["measures"].items()},
    )
    for name in ARRAYS:
        if not np.isfinite(getattr(summary, name)).all():
            raise ValueError(f"{name} holds what is no number")
    return summary


def _tokens(tree: Tree) -> Tokens:
    labels = tuple(visible(label) for label in tree["labels"])
    tokens = Tokens(
        str.__str__(tree["text"]),
        np.array(tree["ids"], dtype=np.int64),
        labels,
        tuple(str.__str__(piece) for piece in tree["pieces"]),
        np.array(tree["spans"], dtype=np.int64).reshape(-1, 2),
        np.array(tree["special"], dtype=np.bool_),
        np.array(tree["segments"], dtype=np.int64) if "segments" in tree else None,
        where_of(tree["where"], len(labels)) if "where" in tree else None,
    )
    parts = (tokens.ids, tokens.pieces, tokens.spans, tokens.special, tokens.segments)
    if any(part is not None and len(part) != len(labels) for part in parts):
        raise ValueError("tokens have parts of unequal length")
    return tokens
