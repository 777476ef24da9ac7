"""A record as a table for spreadsheets, one line per weight, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, dropwhile, islice, takewhile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from attnviz.attention import masks
from attnviz.digits import grouped
from attnviz.errors import AttnvizError
from attnviz.files.arrays import LARGEST, LARGEST_JSON, check_length
from attnviz.files.table import is_comment, protected, quoted
from attnviz.record.digits import shortest
from attnviz.record.numbering import numbered
from attnviz.record.provenance import comments
from attnviz.record.stack import Stack
from attnviz.record.tree import Tree

TABLE = ("stack", "layer", "head", "query", "key", "query_token", "key_token", "weight")
OLD = (*TABLE, "record")  # of version 0.1: the record in pieces behind the weights
MOST_LINES = 6_000_000  # some hundred MB: a spreadsheet opens about a million
AT_ONCE = 1024  # lines that are handed on together
CELL = 30_000  # characters: spreadsheets take 32,767
RECORD = "# record: "  # begins lines above the table, which hold all but the weights


def csv_pieces(tree: Tree, stacks: Mapping[str, Stack]) -> Iterator[str]:
    """Give the stacks as a table, piece by piece: one line per weight that the mask lets through;
    of streamed stacks the strongest keys of each query. Lines above it that begin with # say where
    the weights come from, and hold what `read_table` needs beside them. AttnvizError before the
    first piece where they would be too many."""
    _check_length(count_lines(stacks) or 0)
    return chain(_above(tree, stacks), _together(_lines(stacks)))


def count_lines(stacks: Mapping[str, Stack]) -> int | None:
    """Count the lines that a table of these stacks has; None where some are streamed."""
    if any(stack.weights is None for stack in stacks.values()):
        return None
    return sum(int(stack.allowed_keys().sum()) * stack.n_heads for stack in stacks.values())


def _together(lines: Iterator[str]) -> Iterator[str]:
    while some := "".join(islice(lines, AT_ONCE)):
        yield some


def _lines(stacks: Mapping[str, Stack]) -> Iterator[str]:
    yield f"{','.join(TABLE)}\n"
    for name, stack in stacks.items():
        queries = [quoted(label) for label in stack.query_tokens.labels]
        keys = [quoted(label) for label in stack.key_tokens.labels]
        lines = _strongest_weights(stack) if stack.weights is None else _all_weights(stack)
        begin, numbers = quoted(name), stack.layer_numbers
        for layer, head, query, key, weight in lines:
            place = f"{numbers[layer]},{head},{query},{key}"
            yield f"{begin},{place},{queries[query]},{keys[key]},{weight}\n"


def _above(tree: Tree, stacks: Mapping[str, Stack]) -> Iterator[str]:
    """What is above the table: where weights come from, for people and programs."""
    model = tree["model"]
    told: dict[str, object] = {"attnviz": tree["attnviz"], "model": model["name"]}
    told |= {"origin": model["origin"], "type": tree["type"]} | tree["settings"]
    told |= {"command": tree.get("command")}
    yield from comments(told, model["details"], len(TABLE))
    text = protected(_without_weights(tree, stacks))
    for start in range(0, len(text), CELL):
        yield f"{RECORD}{text[start : start + CELL]}{',' * (len(TABLE) - 1)}\n"


def _without_weights(tree: Tree, stacks: Mapping[str, Stack]) -> str:
    """The tree without its weights, as JSON."""
    if count_lines(stacks) is None:
        told = tree | {"stacks": {}, "streamed": True}
    else:
        kept = {
            name: {key: value for key, value in stack.items() if key != "weights"}
            | {"shape": stack["weights"].shape[:2]}
            for name, stack in tree["stacks"].items()
        }
        told = tree | {"stacks": kept}
    return json.dumps(plain(told), default=item)


def _check_length(n_lines: int) -> None:
    """Refuse a table that nobody could open."""
    if n_lines > MOST_LINES:
        raise AttnvizError(
            f"The table would have {grouped(n_lines)} lines, and {grouped(MOST_LINES)} are the "
            f"most.",
            "Write .npz, or a part of the text.",
            key="err.table_would",
            n_lines=n_lines,
            most_lines=MOST_LINES,
        )


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
    """Return the tree of a .csv table that `to_csv` wrote."""
    check_length(path, LARGEST_JSON)
    above = _above_of(path)
    told = unquote("".join(above)) if above else "".join(line[-1] for line in _lines_of(path))
    tree: Tree = json.loads(told)
    if "streamed" in tree:
        raise ValueError(
            "it is a table of streamed weights, with only the strongest keys of each query: "
            "write .npz or .json to look at them again"
        )
    weights = {name: _blank(stack) for name, stack in tree["stacks"].items()}
    layers = {name: _layers(stack) for name, stack in tree["stacks"].items()}
    for number, line in enumerate(_lines_of(path), start=2):
        if line[0] not in weights:
            raise ValueError(f"line {number} is of no stack")
        place = (layers[line[0]][int(line[1])], int(line[2]), int(line[3]), int(line[4]))
        of_stack = weights[line[0]]
        if min(place) < 0 or not np.isnan(of_stack[place]):
            raise ValueError(f"layer, head, query and key {place} come twice")
        of_stack[place] = float(line[7])
    for name, stack in tree["stacks"].items():
        stack["weights"] = _complete(stack, weights[name])
    return tree


def _above_of(path: Path) -> list[str]:
    """The record in pieces, from the lines above a table; none above one of version 0.1."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        above = list(takewhile(is_comment, file))
    pieces = [line.rstrip('\r\n,"').lstrip('"') for line in above]  # a spreadsheet adds quotes
    return [line.removeprefix(RECORD) for line in pieces if line.startswith(RECORD)]


def _lines_of(path: Path) -> Iterator[Sequence[str]]:
    """Read the lines of a table, one after the other, without its header and what is above it."""
    import csv

    limit = csv.field_size_limit(LARGEST_JSON)  # the module's own is for shorter cells
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(dropwhile(is_comment, file))
            header = tuple(next(reader))
            if header not in (TABLE, OLD):
                raise ValueError(f"its columns are not {', '.join(TABLE)}")
            for number, line in enumerate(reader, start=2):
                if len(line) != len(header):
                    raise ValueError(f"line {number} is not one of its table")
                yield line
    except StopIteration:
        raise ValueError("it has no lines") from None
    except csv.Error as error:
        raise ValueError(f"it is not a table ({error})") from error
    finally:
        csv.field_size_limit(limit)


def _layers(stack: Tree) -> dict[int, int]:
    """Number of a layer → its place."""
    numbers = numbered(tuple(stack.get("layer_numbers", ())), stack["shape"][0])
    return {number: place for place, number in enumerate(numbers)}


def _blank(stack: Tree) -> NDArray[np.float64]:
    """Room for the weights of a stack, NaN everywhere: (layers, heads, queries, keys)."""
    queries = stack["query_tokens"]["labels"]
    keys = (stack["key_tokens"] or stack["query_tokens"])["labels"]
    shape = (*stack["shape"], len(queries), len(keys))
    if len(shape) != 4 or 8 * math.prod(shape) > LARGEST // 4:
        raise ValueError(f"its shape is {shape}")
    return np.full(shape, np.nan)


def _complete(stack: Tree, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fill in 0 where the mask lets nothing through; ValueError where another line is missing."""
    shape = weights.shape
    rules = [masks.from_dict(rule) for rule in stack["masks"]] or [masks.full()] * shape[0]
    for layer_weights, rule in zip(weights, rules, strict=True):
        missing = np.isnan(layer_weights)
        if (missing != ~rule.to_array(*shape[2:])).any():
            raise ValueError("it lacks lines, or has lines of what its mask hides")
        layer_weights[missing] = 0
    return weights


def item(value: Any) -> Any:
    """Return a number that came from NumPy, as JSON knows it."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} cannot stand in a file")


def plain(value: Any) -> Any:
    """Return arrays as nested lists that JSON can hold without loss."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if not isinstance(value, np.ndarray):
        return value
    if value.ndim > 1:
        return [plain(row) for row in value]
    if value.dtype == np.float32:  # the shortest digits that mean this float32
        value = shortest(value)
    return [None if number != number else number for number in value.tolist()]
