"""The masks that people import: each function makes a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import and_, or_
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from attnviz.attention.rules import (
    Block,
    Bools,
    Causal,
    Cells,
    Chunked,
    Dilated,
    Document,
    Full,
    Global,
    Local,
    Nearby,
    Prefix,
    Rule,
    Sliding,
    Strided,
    Windows,
)
from attnviz.errors import AttnvizError, known_arguments

LARGEST = 1 << 60  # tokens in a rule; more means the same, and would not fit an index


@known_arguments()
def full() -> Rule:
    """Let every query see every key."""
    return Full()


@known_arguments()
def causal(offset: int = 0) -> Rule:
    """Allow j <= i + offset: the past and the query itself; `offset` counts cached keys."""
    return Causal(_size("causal offset", offset, None))


@known_arguments()
def local(window: int) -> Rule:
    """Allow |i - j| <= window: a radius, so window 2 shows at most 5 keys."""
    return Local(_size("window", window, 0))


@known_arguments()
def sliding(size: int) -> Rule:
    """Allow 0 <= i - j < size: the last `size` keys, the query's own among them (Mistral,
    Gemma)."""
    return Sliding(_size("sliding size", size, 1))


@known_arguments()
def dilated(window: int, dilation: int) -> Rule:
    """Allow |i - j| <= window and (i - j) a multiple of `dilation` (Longformer, arXiv
    2004.05150)."""
    return Dilated(_size("window", window, 0), _size("dilation", dilation, 1))


@known_arguments()
def global_(positions: Iterable[int]) -> Rule:
    """Let the tokens at `positions` see all and be seen by all (Longformer, arXiv 2004.05150)."""
    return Global(tuple(sorted(set(_integers("global position", positions, 0)))))


@known_arguments()
def prefix(length: int) -> Rule:
    """Allow j < length or j <= i: a prefix seen by all, causal after it (prefix language model)."""
    return Prefix(_size("prefix length", length, 0))


@known_arguments()
def block(first: int, stop: int, back: int = 0) -> Rule:
    """Let the tokens from `first` to `stop` - 1 see those of them that come later, themselves, and
    `back` before; others see nothing. By `|` with a causal mask they see one another, as the tokens
    of a picture among words do (Gemma 3, arXiv 2503.19786)."""
    return Block(
        _size("first token", first, 0),
        _size("end of the block", stop, 0),
        _size("number of tokens before", back, 0),
    )


@known_arguments()
def document(ids: Iterable[int]) -> Rule:
    """Allow keys of the query's own document; `ids`: one number per token (packed texts)."""
    return Document(_integers("document id", ids, None))


@known_arguments()
def chunked(size: int) -> Rule:
    """Allow the past within chunks of `size` tokens: i // size == j // size and j <= i (Llama
    4)."""
    return Chunked(_size("chunk size", size, 1))


@known_arguments()
def strided(stride: int) -> Rule:
    """Allow the last `stride` keys and every `stride`-th before them (arXiv 1904.10509)."""
    return Strided(_size("stride", stride, 1))


@known_arguments()
def nearby(columns: int, window: int, first: int = 0) -> Rule:
    """Allow keys at most `window` rows and columns away on a grid of so many columns, row after
    row; the `first` tokens stand before the grid, see all and are seen by all ([CLS],
    registers)."""
    return Nearby(
        _size("number of columns", columns, 1),
        _size("window", window, 0),
        _size("number of first tokens", first, 0),
    )


@known_arguments()
def windows(columns: int, size: int, shift: int = 0) -> Rule:
    """Allow the same square window of `size` rows and columns on a grid of so many columns, row
    after row; borders lie `shift` rows and columns further on, and what is before the first is a
    window of its own (Swin, arXiv 2103.14030)."""
    wide, moved = _size("size of windows", size, 1), _size("shift", shift, 0)
    if moved >= wide:
        raise AttnvizError(
            f"The shift is {moved}.",
            f"It must be less than the size, {wide}.",
            key="err.shift",
            moved=moved,
            wide=wide,
        )
    return Windows(_size("number of columns", columns, 1), wide, moved)


@known_arguments()
def cells(rows: ArrayLike) -> Rule:
    """Allow just these cells: an array of booleans (queries, keys), or of each query a string of 0
    and 1.

    It knows no more queries and keys than it was given.
    """
    array = _cells(rows)
    lines = (array.astype(np.uint8) + ord("0")).tobytes().decode()
    n = array.shape[1]
    return Cells(tuple(lines[start : start + n] for start in range(0, len(lines), n)))


@known_arguments()
def from_array(array: Bools) -> Rule:
    """Make the rule that allows what `array` (queries, keys) does: full or causal where it is
    that, else `cells`."""
    rule = cells(array)
    for simple in (full(), causal(int(array[0].sum()) - 1)):
        if np.array_equal(simple.to_array(*array.shape), array):
            return simple
    return rule


def _cells(rows: ArrayLike) -> Bools:
    try:
        if isinstance(rows, list | tuple) and all(isinstance(row, str) for row in rows):
            rows = [[{"0": False, "1": True}[sign] for sign in row] for row in rows]
        array = np.asarray(rows)
    except (KeyError, ValueError) as error:
        raise _no_cells(f"The cells of the mask are not a table ({error}).") from error
    if array.dtype != np.bool_ or array.ndim != 2 or not array.size:
        raise _no_cells(f"The cells of the mask have shape {array.shape} and dtype {array.dtype}.")
    return array


def _no_cells(message: str) -> AttnvizError:
    return AttnvizError(
        message,
        "Give booleans (queries, keys), or strings of 0 and 1 of a length.",
        key="err.no_cells",
        why=message,
    )


def _integer(what: str, value: object, lowest: int | None) -> int:
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        raise AttnvizError(
            f"The {what} is {value!r}.",
            "It must be a whole number.",
            key="err.must_whole",
            what=what,
            value=repr(value),
        )
    if lowest is not None and value < lowest:
        raise AttnvizError(
            f"The {what} is {value}.",
            f"It must be {lowest} or more.",
            key="err.must_more",
            what=what,
            value=value,
            lowest=lowest,
        )
    return int(value)


def _size(what: str, value: object, lowest: int | None) -> int:
    """A number of tokens: beyond `LARGEST` more means the same."""
    number = _integer(what, value, lowest)
    return min(max(number, -LARGEST), LARGEST)


def _integers(what: str, values: object, lowest: int | None) -> tuple[int, ...]:
    if not isinstance(values, Iterable):
        raise AttnvizError(
            f"The {what}s are {values!r}.",
            "Give a list of whole numbers.",
            key="err.give_list",
            what=what,
            values=repr(values),
        )
    return tuple(_integer(what, value, lowest) for value in values)


MAKERS: dict[str, Callable[..., Rule]] = {
    "full": full,
    "causal": causal,
    "local": local,
    "sliding": sliding,
    "dilated": dilated,
    "global": global_,
    "prefix": prefix,
    "block": block,
    "document": document,
    "chunked": chunked,
    "strided": strided,
    "cells": cells,
    "nearby": nearby,
    "windows": windows,
}


@known_arguments()
def from_dict(description: Mapping[str, Any]) -> Rule:
    """Turn what `Rule.to_dict` wrote back into the rule; AttnvizError if it names none."""
    name = description.get("rule") if isinstance(description, Mapping) else description
    try:
        fields = {key: value for key, value in description.items() if key != "rule"}
        if name in ("any", "all"):
            parts = tuple(from_dict(part) for part in fields["rules"])
            return reduce(or_ if name == "any" else and_, parts)
        return MAKERS[name](**fields)  # type: ignore[index]
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise AttnvizError(
            f"Unknown mask rule {name!r} in the record.", key="err.unknown_mask", name=repr(name)
        ) from error
