"""A record's tree as a file, and back: .npz for programs in Python, .json for all others, and a
.csv table for spreadsheets.

All hold the same tree, version 1. In .npz every array is an entry named by its path in the tree
("stacks/self/weights") and the rest is JSON in the entry "record". In .json arrays are nested lists
whose numbers read back to the same bits, and NaN is null. In .csv each line is one weight that the
mask lets through, and the rest of the tree is JSON in the column "record", cut into pieces from the
first line on; a table of streamed weights holds only the strongest keys and is not read back.

| key | what it holds |
|---|---|
| format, version, attnviz | "attnviz-record", 1, the version of the program that wrote it |
| type | the kind of attention: self, causal, cross, local, global |
| settings | tokenizer, window, global_tokens, seed, truncated, replaces; notes: what was odd |
| model | name; origin: constructed, random, trained or given; details |
| stacks | by name: self, or encoder, decoder and cross |

| key of a stack | what it holds |
|---|---|
| two_texts | whether queries and keys are tokens of different texts |
| key_heads | how many heads of keys and values there are, null: as many as heads |
| head_names, masks | one name per head, one rule per layer (attention/masks.py), or none known |
| query_tokens | text; per token labels, pieces, ids, spans, special, segments (of a pair);
  where: of patches and frames, see saved_where.py |
| key_tokens | the same of the keys, null: they are the query tokens |
| dtype, weights | float32 or float64; (layers, heads, queries, keys) |
| summary | in place of the two, of streamed weights: see summary.py |

Files are not trusted: nothing is unpickled, and sizes are checked before anything is unpacked.
"""

from __future__ import annotations

import io
import json
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention import masks
from attnviz.attention.measures import PER_QUERY
from attnviz.errors import AttnvizError, cannot_write
from attnviz.inputs.tokens import Tokens, visible
from attnviz.record.saved_where import where_of, where_tree
from attnviz.record.stack import Stack
from attnviz.record.summary import ARRAYS, STRONGEST, Summary

# What a file that is something else, or was tampered with, can raise on its way to a record.
NOT_A_RECORD = (
    ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, TypeError,
    ValueError, zipfile.BadZipFile, zlib.error, struct.error, AttnvizError,
)  # fmt: skip

GIB = 1 << 30
LARGEST = 2 * GIB  # bytes of arrays that are read from one file
PACKED = 100  # more than 1 GiB packed tighter than this is no file of weights
LARGEST_JSON = GIB // 2  # bytes: in memory numbers take several times their digits

TABLE = (
    "stack", "layer", "head", "query", "key", "query_token", "key_token", "weight", "record",
)  # fmt: skip
CELL = 30_000  # characters: spreadsheets take 32,767

Tree = dict[str, Any]


def to_json(tree: Tree) -> str:
    """The tree as one JSON document."""
    plain = _plain(tree)
    text = json.dumps(plain, ensure_ascii=False, allow_nan=False, default=_item)
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate in somebody's token: only escapes can hold it
        text = json.dumps(plain, allow_nan=False, default=_item)
    return text + "\n"


def to_npz(tree: Tree) -> bytes:
    """The tree as a compressed .npz archive that opens with allow_pickle=False."""
    arrays: dict[str, NDArray[Any]] = {}
    header = _lift_arrays(tree, "", arrays)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, record=np.array(json.dumps(header, default=_item)), **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


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
    text = json.dumps(_plain(told), default=_item)
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


def read_tree(path: Path) -> Tree:
    """Open a .npz, .json or .csv file; raises one of `NOT_A_RECORD` if it cannot be read."""
    if path.suffix.lower() == ".csv":
        return _read_table(path)
    if path.suffix.lower() != ".npz":
        tree: Tree = read_json(path)
        return tree
    entries = read_arrays(path)
    arrays: Tree = _put_arrays(json.loads(str(entries["record"])), entries)
    return arrays


def read_json(path: Path) -> Any:
    """What a JSON file holds; one of `NOT_A_RECORD` where it is none, too large or too deep."""
    _check_length(path, LARGEST_JSON)
    try:
        return json.loads(path.read_bytes())
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def array_names(path: Path) -> list[str]:
    """The names of the arrays in a .npz file."""
    with zipfile.ZipFile(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]


def read_arrays(path: Path, names: Collection[str] | None = None) -> dict[str, NDArray[Any]]:
    """The arrays of a .npz file, all or those of these names; one of `NOT_A_RECORD` where it is
    broken, holds Python objects, or is a bomb, which is never unpacked."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
        unpacked = sum(entry.file_size for entry in entries)
        packed = max(sum(entry.compress_size for entry in entries), 1)
        if unpacked > LARGEST or (unpacked > GIB and unpacked > PACKED * packed):
            most = f"{_gib(LARGEST)} are the most, {_gib(GIB)} where it was packed this tight"
            raise ValueError(f"{packed:,} bytes would be unpacked to {_gib(unpacked)}: {most}")
        for entry in entries:
            name = entry.filename.removesuffix(".npy")
            if names is None or name in names:
                with archive.open(entry) as file:
                    found[name] = _read_array(file, entry.file_size)
    return found


def read_array(path: Path) -> NDArray[Any]:
    """The array of a .npy file; one of `NOT_A_RECORD` where it is broken or holds objects."""
    size = _check_length(path, LARGEST)
    with path.open("rb") as file:
        return _read_array(file, size)


def _read_array(file: IO[bytes], size: int) -> NDArray[Any]:
    """An array whose header claims no more than its `size` bytes hold, and no objects."""
    numpy_format = np.lib.format
    try:
        if numpy_format.read_magic(file) == (1, 0):
            shape, _, dtype = numpy_format.read_array_header_1_0(file)
        else:
            shape, _, dtype = numpy_format.read_array_header_2_0(file)
    except Exception as error:  # what a header can raise that is Python's text and no such text
        raise ValueError(f"it does not begin as an array of NumPy does ({error})") from error
    if dtype.hasobject:
        raise ValueError("it holds pickled objects, which are not opened: a pickle runs code")
    claimed, held = math.prod(shape) * dtype.itemsize, size - file.tell()
    if min(shape, default=0) < 0 or claimed > held:
        raise ValueError(f"its header claims {claimed:,} bytes and it has {held:,}")
    file.seek(0)
    array: NDArray[Any] = numpy_format.read_array(file, allow_pickle=False)
    return array


def _check_length(path: Path, most: int) -> int:
    size = path.stat().st_size
    if size > most:
        raise ValueError(f"it has {_gib(size)}, and {_gib(most)} is the most")
    return size


def _gib(n_bytes: int) -> str:
    return f"{n_bytes / GIB:.3g} GiB"


def _read_table(path: Path) -> Tree:
    """The tree of a .csv table that `to_csv` wrote."""
    import csv

    _check_length(path, LARGEST_JSON)
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


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name only once it is complete: written beside, then renamed.

    A device or pipe is written directly. Raises AttnvizError where writing fails, and leaves
    what stood at `path` as it was.
    """
    import tempfile  # slow to load, and most runs write no file

    target = Path(os.path.realpath(path))  # a link goes on pointing to what it pointed to
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as file:
                yield file
            return
        handle, beside = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
            os.chmod(beside, target.stat().st_mode if target.exists() else 0o666 & ~_umask())
            os.replace(beside, target)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise cannot_write(path, error.strerror or str(error)) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


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


def _item(value: Any) -> Any:
    """A number that came from NumPy, as JSON knows it."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} cannot stand in a file")


def _plain(value: Any) -> Any:
    """Arrays as nested lists that JSON can hold without loss."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if not isinstance(value, np.ndarray):
        return value
    if value.ndim > 1:
        return [_plain(row) for row in value]
    if value.dtype == np.float32:  # the shortest digits that mean this float32
        value = value.astype(np.str_).astype(np.float64)
    return [None if number != number else number for number in value.tolist()]


def _lift_arrays(value: Any, path: str, arrays: dict[str, NDArray[Any]]) -> Any:
    """The tree with each array moved to `arrays` and its path left in its place."""
    if isinstance(value, dict):
        return {k: _lift_arrays(v, f"{path}/{k}".lstrip("/"), arrays) for k, v in value.items()}
    if not isinstance(value, np.ndarray):
        return value
    arrays[path] = value
    return {"array": path}


def _put_arrays(value: Any, archive: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value.keys() == {"array"}:
        return archive[value["array"]]
    return {name: _put_arrays(inner, archive) for name, inner in value.items()}
