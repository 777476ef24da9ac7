"""A record's tree as a file, and back: .npz for programs in Python, .json for all others.

Both hold the same tree. In .npz every array is an entry named by its path in the tree
("stacks/self/weights") and the rest is JSON in the entry "record"; in .json arrays are nested
lists whose numbers read back to the same bits, and NaN is null.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention import masks
from attnviz.errors import AttnvizError, cannot_write
from attnviz.measures import PER_QUERY
from attnviz.stack import Stack
from attnviz.summary import ARRAYS, MAP_SIZE, STRONGEST, Summary, cell_size
from attnviz.tokens import Tokens, visible

# What a file that is something else, or was tampered with, can raise on its way to a record.
NOT_A_RECORD = (
    ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, TypeError,
    ValueError, zipfile.BadZipFile, zlib.error, AttnvizError,
)  # fmt: skip

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


def read_tree(path: Path) -> Tree:
    """Open a .npz or .json file; raises one of `NOT_A_RECORD` if it cannot be read."""
    if path.suffix != ".npz":
        tree: Tree = json.loads(path.read_bytes())
        return tree
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        arrays: Tree = _put_arrays(json.loads(str(archive["record"])), archive)
    return arrays


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
    summary = {"cells": list(stack.summary.cells), "measures": stack.summary.measures, **kept}
    return tree | {"summary": summary}


def _tokens_tree(tokens: Tokens) -> Tree:
    tree = {
        "text": tokens.text,
        "labels": list(tokens.labels),
        "pieces": list(tokens.pieces),
        "ids": tokens.ids,
        "spans": tokens.spans,
        "special": tokens.special,
    }
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
        cells = cell_size(n_queries, MAP_SIZE), cell_size(n_keys, MAP_SIZE)
        rows, columns = -(-n_queries // cells[0]), -(-n_keys // cells[1])
        expected = {
            "cells": (kept.cells, cells),
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
    return Summary(
        (rows, columns),
        np.array(tree["sums"], dtype=np.float32),
        np.array(tree["maxima"], dtype=np.float32),
        np.array(tree["strongest_keys"], dtype=np.int64),
        np.array(tree["strongest_weights"], dtype=np.float32),
        np.array(tree["received"], dtype=np.float64),
        {name: np.array(values, dtype=np.float64) for name, values in tree["measures"].items()},
    )


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
