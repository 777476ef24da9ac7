"""A record's tree as a file, and back: .npz for programs in Python, .json for all others, and a
.csv table for spreadsheets.

All hold the same tree, version 1. In .npz every array is an entry named by its path in the tree
("stacks/self/weights") and the rest is JSON in the entry "record". In .json arrays are nested lists
whose numbers read back to the same bits, and NaN is null. In .csv each line is one weight that the
mask lets through, and the rest of the tree is JSON in the column "record", cut into pieces from the
first line on; a table of streamed weights holds only the strongest keys and is not read back.

| key | what it holds |
|---|---|
| format, version, attnviz | "attnviz-record", 1, the version of the program that made it |
| command | what was typed, of records of trained models that the command line made |
| type | the kind of attention: self, causal, cross, local, global |
| settings | tokenizer, window, global_tokens, seed, truncated, replaces; notes: what was odd |
| model | name; origin: constructed, random, trained or given; details: of trained ones model_type,
  dtypes, and revision, or sha256 or bytes by file |
| stacks | by name: self, or encoder, decoder and cross |

| key of a stack | what it holds |
|---|---|
| two_texts | whether queries and keys are tokens of different texts |
| key_heads | how many heads of keys and values there are, null: as many as heads |
| head_names, masks | one name per head, one rule per layer (attention/masks.py), or none known |
| layer_numbers | those of the layers in their checkpoint, where some have no attention |
| query_tokens | text; per token labels, pieces, ids, spans, special, segments (of a pair);
  where: of patches and frames, see where.py |
| key_tokens | the same of the keys, null: they are the query tokens |
| dtype, weights | float32 or float64; (layers, heads, queries, keys) |
| vectors | query, key, value, scores, where they were kept: (layers, heads, tokens, …) |
| summary | in place of the two, of streamed weights: see summary.py |

Files are not trusted: nothing is unpickled, and sizes are checked before anything is unpacked.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.digits import grouped
from attnviz.errors import AttnvizError
from attnviz.files import arrays as arrays_of_files
from attnviz.files.arrays import read_arrays, read_json
from attnviz.record.digits import row_texts
from attnviz.record.table import item, plain, read_table
from attnviz.record.tree import Tree

AT_ONCE = 1 << 16  # characters that are handed on together
FEW_NUMBERS = 256  # that are sooner made text one by one
AT_ONCE_NUMBERS = 1 << 13  # that are made text together, in the cache
MOST_NUMBERS = 32_000_000  # of a JSON document: some hundred MB, the most that is read back


def json_pieces(tree: Tree, most: int = MOST_NUMBERS) -> Iterator[str]:
    """Give the tree as one JSON document, piece by piece: arrays are never text as a whole.

    Raises AttnvizError for more than `most` numbers, before the first piece.
    """
    if count_numbers(tree) > most:
        raise AttnvizError(
            f"The JSON would have {grouped(count_numbers(tree))} numbers, and {grouped(most)} are "
            f"the most.",
            "Write .npz, or a part of the text.",
            key="err.json_would",
            value=count_numbers(tree),
            most=most,
        )
    return _json_pieces(tree)


def count_numbers(tree: Tree) -> int:
    """Count the numbers in the arrays of a tree."""
    arrays: dict[str, NDArray[Any]] = {}
    _lift_arrays(tree, "", arrays)
    return sum(array.size for array in arrays.values())


def _json_pieces(tree: Tree) -> Iterator[str]:
    words = json.dumps(_lift_arrays(tree, "", {}), ensure_ascii=False, default=item)
    try:
        words.encode()
        escaped = False
    except UnicodeEncodeError:  # a lone surrogate in somebody's token: only escapes can hold it
        escaped = True
    encode = json.JSONEncoder(ensure_ascii=escaped, allow_nan=False, default=item).encode
    kept, size = list[str](), 0
    for piece in _pieces(tree, encode):
        kept.append(piece)
        size += len(piece)
        if size >= AT_ONCE:
            yield "".join(kept)
            kept, size = [], 0
    yield "".join(kept) + "\n"


def _pieces(value: Any, encode: Callable[[Any], str]) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for nth, (name, inner) in enumerate(value.items()):
            yield f"{', ' if nth else '{'}{encode(str(name))}: "
            yield from _pieces(inner, encode)
        yield "}"
    elif isinstance(value, np.ndarray) and value.ndim > 1 and len(value):
        rows = _rows(value) if value.ndim == 2 and value.dtype == np.float32 else None
        for nth, row in enumerate(value if rows is None else rows):
            yield ", " if nth else "["
            if isinstance(row, str):
                yield row
            else:
                yield from _pieces(row, encode)
        yield "]"
    else:
        yield encode(plain(value))


def _rows(weights: NDArray[np.float32]) -> Iterator[str | NDArray[np.float32]]:
    """Weights (rows, columns) row by row, as text where they are many and all from 0 to 1."""
    at_once = max(AT_ONCE_NUMBERS // max(weights.shape[1], 1), 1)
    for start in range(0, len(weights), at_once):
        some = weights[start : start + at_once]
        texts = row_texts(some) if some.size >= FEW_NUMBERS else None
        yield from some if texts is None else (f"[{text}]" for text in texts)


def to_npz(tree: Tree) -> bytes:
    """Return the tree as a compressed .npz archive that opens with allow_pickle=False.

    What would be packed so tight that no reader believes it is not packed. Raises AttnvizError for
    more than is read back.
    """
    arrays: dict[str, NDArray[Any]] = {}
    header = np.array(json.dumps(_lift_arrays(tree, "", arrays), default=item))
    size = header.nbytes + sum(array.nbytes for array in arrays.values())
    if size > arrays_of_files.LARGEST:
        raise _too_large(size, arrays_of_files.LARGEST)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, record=header, **arrays)  # type: ignore[arg-type]
    if arrays_of_files.is_bomb(size, buffer.tell() // 2):  # well before the reader says so
        buffer = io.BytesIO()
        np.savez(buffer, record=header, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _too_large(size: int, most: int) -> AttnvizError:
    found, largest = (f"{n / (1 << 30):.3g} GiB" for n in (size, most))
    return AttnvizError(
        f"The record would have {found}, and {largest} are the most that are read back.",
        "Write a part of the text.",
        key="err.record_would",
        found=found,
        most=largest,
    )


def read_tree(path: Path) -> Tree:
    """Open a .npz, .json or .csv file; raises one of `NOT_READABLE` if it cannot be read."""
    if path.suffix.lower() == ".csv":
        return read_table(path)
    if path.suffix.lower() != ".npz":
        tree: Tree = read_json(path)
        return tree
    entries = read_arrays(path)
    arrays: Tree = _put_arrays(json.loads(str(entries["record"])), entries)
    return arrays


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
