"""A record as a table for spreadsheets, one line per weight, and back."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention import masks
from attnviz.files.arrays import LARGEST, LARGEST_JSON, check_length
from attnviz.record.stack import Stack
from attnviz.record.tree import Tree

TABLE = (
    "stack", "layer", "head", "query", "key", "query_token", "key_token", "weight", "record",
)  # fmt: skip
CELL = 30_000  # characters: spreadsheets take 32,767


def to_csv(tree: Tree, stacks: Mapping[str, Stack]) -> str:
    """The stacks as a table, one line per weight that the mask lets through; of streamed stacks
    the strongest keys of each query."""
    import csv  # few runs write a table

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(TABLE)
    pieces = _pieces(tree, stacks)
    for name, stack in stacks.items():
        lines = _strongest_weights(stack) if stack.weights is None else _all_weights(stack)
        for layer, head, query, key, weight in lines:
            tokens = stack.query_tokens.labels[query], stack.key_tokens.labels[key]
            writer.writerow((name, layer, head, query, key, *tokens, weight, next(pieces, "")))
    return buffer.getvalue()


def _pieces(tree: Tree, stacks: Mapping[str, Stack]) -> Iterator[str]:
    """The tree without its weights, in as many cells as it needs."""
    streamed = any(stack.weights is None for stack in stacks.values())
    if streamed:
        told, n_lines = tree | {"stacks": {}, "streamed": True}, 1
    else:
        n_lines = sum(_n_lines(stack) for stack in stacks.values())
        kept = {
            name: {key: value for key, value in stack.items() if key != "weights"}
            | {"shape": stack["weights"].shape[:2]}
            for name, stack in tree["stacks"].items()
        }
        told = tree | {"stacks": kept}
    text = json.dumps(plain(told), default=item)
    size = max(CELL, -(-len(text) // max(n_lines, 1)))
    return (text[start : start + size] for start in range(0, len(text), size))


def _n_lines(stack: Stack) -> int:
    return int(stack.allowed_keys().sum()) * stack.n_heads


def _all_weights(stack: Stack) -> Iterator[tuple[int, int, int, int, str]]:
    assert stack.weights is not None  # streamed stacks go the other way
    for layer in range(stack.n_layers):
        allowed = stack.allowed(layer, max(stack.shape))
        for head in range(stack.n_heads):
            for query, row in enumerate(stack.weights[layer, head]):
                keys = np.flatnonzero(allowed[query])
                # astype(str) gives the shortest digits that mean the number
                for key, weight in zip(keys.tolist(), row[keys].astype(str).tolist(), strict=True):
                    yield layer, head, query, key, weight


def _strongest_weights(stack: Stack) -> Iterator[tuple[int, int, int, int, str]]:
    for layer in range(stack.n_layers):
        for head in range(stack.n_heads):
            keys, weights = stack.strongest(layer, head, min(8, stack.shape[1]))
            for query, row in enumerate(
                zip(keys.tolist(), weights.astype(str).tolist(), strict=True)
            ):
                for key, weight in zip(*row, strict=True):
                    if float(weight) > 0:
                        yield layer, head, query, key, weight


def read_table(path: Path) -> Tree:
    """The tree of a .csv table that `to_csv` wrote."""
    import csv

    check_length(path, LARGEST_JSON)
    limit = csv.field_size_limit(LARGEST_JSON)  # the module's own is for shorter cells
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *lines = csv.reader(file)
    except csv.Error as error:
        raise ValueError(f"it is not a table ({error})") from error
    finally:
        csv.field_size_limit(limit)
    if tuple(header) != TABLE:
        raise ValueError(f"its columns are not {', '.join(TABLE)}")
    tree: Tree = json.loads("".join(line[-1] for line in lines))
    if "streamed" in tree:
        raise ValueError(
            "it is a table of streamed weights, with only the strongest keys of each query: "
            "write .npz or .json to look at them again"
        )
    by_stack: dict[str, list[Sequence[str]]] = {name: [] for name in tree["stacks"]}
    for number, line in enumerate(lines, start=2):
        if len(line) != len(TABLE) or line[0] not in by_stack:
            raise ValueError(f"line {number} is not one of its table")
        by_stack[line[0]].append(line)
    for name, stack in tree["stacks"].items():
        stack["weights"] = _weights_of_lines(stack, by_stack[name])
    return tree


def _weights_of_lines(stack: Tree, lines: Sequence[Sequence[str]]) -> NDArray[Any]:
    """The weights of a table, 0 where the mask lets none through and no line stands."""
    queries = stack["query_tokens"]["labels"]
    keys = (stack["key_tokens"] or stack["query_tokens"])["labels"]
    shape = (*stack["shape"], len(queries), len(keys))
    if len(shape) != 4 or 8 * math.prod(shape) > LARGEST:
        raise ValueError(f"its shape is {shape}")
    weights = np.full(shape, np.nan)
    for _, layer, head, query, key, _, _, weight, _ in lines:
        place = int(layer), int(head), int(query), int(key)
        if min(place) < 0 or not np.isnan(weights[place]):
            raise ValueError(f"layer, head, query and key {place} come twice")
        weights[place] = float(weight)
    rules = [masks.from_dict(rule) for rule in stack["masks"]] or [masks.full()] * shape[0]
    for layer_weights, rule in zip(weights, rules, strict=True):
        missing = np.isnan(layer_weights)
        if (missing != ~rule.to_array(*shape[2:])).any():
            raise ValueError("it lacks lines, or has lines of what its mask hides")
        layer_weights[missing] = 0
    return weights


def item(value: Any) -> Any:
    """A number that came from NumPy, as JSON knows it."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} cannot stand in a file")


def plain(value: Any) -> Any:
    """Arrays as nested lists that JSON can hold without loss."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if not isinstance(value, np.ndarray):
        return value
    if value.ndim > 1:
        return [plain(row) for row in value]
    if value.dtype == np.float32:  # the shortest digits that mean this float32
        value = value.astype(np.str_).astype(np.float64)
    return [None if number != number else number for number in value.tolist()]
