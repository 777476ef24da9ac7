"""A record's stacks as a tree whose leaves are arrays and what JSON can hold, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention import masks
from attnviz.inputs.labels import visible
from attnviz.inputs.tokens import Tokens
from attnviz.record.checks import without_dust
from attnviz.record.stack import Stack
from attnviz.record.stack_checks import check_stack
from attnviz.record.summary import ARRAYS, Summary
from attnviz.record.where import where_of, where_tree

Tree = dict[str, Any]

VECTORS = ("query", "key", "value", "scores")


def stack_tree(stack: Stack) -> Tree:
    """Return a stack as a tree whose leaves are arrays and what JSON can hold."""
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
    if stack.numbers:
        tree["layer_numbers"] = list(stack.numbers)
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
    """Return the stack that `stack_tree` described; ValueError where shapes do not fit."""
    queries = _tokens(tree["query_tokens"])
    keys = queries if tree["key_tokens"] is None else _tokens(tree["key_tokens"])
    stack = Stack(
        query_tokens=queries,
        key_tokens=keys,
        weights=_weights(tree) if "weights" in tree else None,
        summary=_summary(tree["summary"]) if "summary" in tree else None,
        masks=tuple(masks.from_dict(rule) for rule in _typed(tree, "masks", list)),
        head_names=tuple(visible(name) for name in _typed(tree, "head_names", list)),
        two_texts=_typed(tree, "two_texts", bool),
        key_heads=tree.get("key_heads"),
        vectors=_all_vectors(tree),
        numbers=tuple(tree.get("layer_numbers", ())),
    )
    check_stack(stack)
    if stack.weights is None:
        return stack
    return replace(stack, weights=without_dust(stack.weights, stack.masks))


def _typed(tree: Tree, name: str, kind: type) -> Any:
    """A value of a tree; ValueError unless it is of this type."""
    if not isinstance(tree[name], kind):
        raise ValueError(f"{name} is no {'list' if kind is list else 'true or false'}")
    return tree[name]


def _weights(tree: Tree) -> NDArray[Any]:
    if tree["dtype"] not in ("float32", "float64"):
        raise ValueError(f"weights are {tree['dtype']}")
    return _floats("weights", tree["weights"], np.dtype(tree["dtype"]))


def _floats(name: str, given: Any, dtype: np.dtype[Any], *, or_nan: bool = False) -> NDArray[Any]:
    """Finite numbers of this dtype, checked after the cast: 1e300 is infinite in float32."""
    array = np.asarray([] if given is None else given)
    if or_nan and array.dtype.kind == "O":  # JSON has null for NaN
        array = array.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        cast = array.astype(dtype) if array.dtype.kind in "fi" else np.array(np.nan)
    if not (np.isfinite(cast) | (or_nan & np.isnan(cast))).all() or array.dtype.kind not in "fi":
        raise ValueError(f"{name} are not finite numbers")
    return cast


def _whole(name: str, given: Any) -> NDArray[np.int64]:
    array = np.asarray(given)
    if array.dtype.kind not in "iu" and array.size:
        raise ValueError(f"{name} are not whole numbers")
    return array.astype(np.int64)


def _all_vectors(tree: Tree) -> dict[str, NDArray[Any]]:
    if "vectors" not in tree:
        return {}
    return {name: _vectors(name, kept, tree["dtype"]) for name, kept in tree["vectors"].items()}


def _vectors(name: str, kept: Any, dtype: str) -> NDArray[Any]:
    array = _floats(name, kept, np.dtype(dtype))
    if name not in VECTORS or array.ndim != 4:
        raise ValueError(f"{name!r} is not among the vectors of a stack, or has another shape")
    return array


def _summary(tree: Tree) -> Summary:
    rows, columns = tree["cells"]
    if not all(type(cell) is int for cell in (rows, columns)):
        raise ValueError("the map's cells are not whole numbers")
    dtype = np.dtype({"float32": "f4", "float64": "f8"}[tree.get("dtype", "float64")])
    single, double = np.dtype(np.float32), np.dtype(np.float64)
    return Summary(
        (rows, columns),
        _floats("sums", tree["sums"], single),
        _floats("maxima", tree["maxima"], single),
        _whole("strongest_keys", tree["strongest_keys"]).astype(np.int32),
        _floats("strongest_weights", tree["strongest_weights"], single),
        _floats("received", tree["received"], double),
        {
            name: _floats(name, values, dtype, or_nan=True)
            for name, values in tree["measures"].items()
        },
    )


def _flags(given: Any) -> NDArray[np.bool_]:
    array = np.asarray(given)
    if array.dtype != np.bool_ and array.size:
        raise ValueError("special is true or false of each token")
    return array.astype(np.bool_)


def _tokens(tree: Tree) -> Tokens:
    labels = tuple(visible(label) for label in tree["labels"])
    tokens = Tokens(
        str.__str__(tree["text"]),
        _whole("ids", tree["ids"]),
        labels,
        tuple(str.__str__(piece) for piece in tree["pieces"]),
        _whole("spans", tree["spans"]).reshape(-1, 2),
        _flags(tree["special"]),
        _whole("segments", tree["segments"]) if "segments" in tree else None,
        where_of(tree["where"], len(labels)) if "where" in tree else None,
    )
    parts = (tokens.ids, tokens.pieces, tokens.spans, tokens.special, tokens.segments)
    if any(part is not None and len(part) != len(labels) for part in parts):
        raise ValueError("tokens have parts of unequal length")
    return tokens
