"""GGUF files: keys, values and tensors, mapped; nothing but the header is read until it is used.

The format is that of ggml: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Every count,
length and offset is checked against the bytes that are there before anything of that size is made.
"""

from __future__ import annotations

import math
import mmap
import re
import struct
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.digits import grouped
from attnviz.errors import AttnvizError
from attnviz.files.gguf_blocks import BLOCKS, PLAIN, UNREAD, Blocks, rows_of_blocks
from attnviz.files.tensors import LARGEST, Array, Entry, Tensors, broken, float_dtype, packed
from attnviz.frozen import dataclass

MAGIC = b"GGUF"
VERSIONS = (2, 3)
SPLIT = re.compile(r"(.*)-(\d{5})-of-(\d{5})\.gguf")
# The format's types of values: struct codes of the numbers, then its text and list.
NUMBERS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
TEXT, LIST = 8, 9
# The largest vocabularies have 300,000 tokens; what is longer would only fill the memory.
MOST_ITEMS, MOST_AXES, MOST_KEYS, MOST_TENSORS = 1 << 22, 4, 1 << 16, 1 << 18
LONGEST_TEXT = 1 << 24
SMALLEST_KEY, SMALLEST_TENSOR = 13, 24  # bytes that one takes at least


@dataclass(frozen=True)
class GGUF:
    """A GGUF file: what it says of the model, and its tensors under their names in the file.

    fields: numbers, texts, lists of texts, and arrays of numbers, by key.
    """

    file: Path
    fields: Mapping[str, Any]
    tensors: Tensors


class _Cursor:
    """A place in a mapped header; raises ValueError rather than read past the end."""

    def __init__(self, mapped: mmap.mmap, place: int):
        self.mapped = mapped
        self.place = place

    def take(self, n_bytes: int) -> bytes:
        """The next bytes."""
        self.need(n_bytes)
        start, self.place = self.place, self.place + n_bytes
        return self.mapped[start : self.place]

    def need(self, n_bytes: int) -> None:
        """Check that as many bytes are left."""
        if n_bytes > len(self.mapped) - self.place:
            raise ValueError(f"it ends at byte {grouped(len(self.mapped))}, within its header")

    def number(self, code: str) -> Any:
        """The next number of a struct code."""
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]

    def count(self, most: int, smallest: int, what: str) -> int:
        """The next count, of things that take so many bytes at least."""
        found = int(self.number("Q"))
        if found > most:
            raise ValueError(f"it claims {grouped(found)} {what}")
        self.need(found * smallest)
        return found

    def text(self) -> str:
        """The next text."""
        return self.take(self.count(LONGEST_TEXT, 1, "bytes of a text")).decode(errors="replace")

    def texts(self, count: int) -> list[str]:
        """So many texts. In a loop without calls: vocabularies are long."""
        mapped, place, end = self.mapped, self.place, len(self.mapped)
        length_at = struct.Struct("<Q").unpack_from
        found = []
        for _ in range(count):
            start = place + 8
            if start > end:
                break
            place = start + length_at(mapped, place)[0]
            if place > end:
                break
            found.append(mapped[start:place].decode(errors="replace"))
        if len(found) < count:
            raise ValueError("a list of texts passes its end")
        self.place = place
        return found


def open_gguf(file: Path) -> GGUF:
    """Map a GGUF file, and the others that it is split into.

    Raises AttnvizError where a file is missing, of another version, or not what it claims to be.
    """
    first = _open_one(file)
    n_files = first.fields.get("split.count", 1)
    if type(n_files) is not int or n_files < 2:
        return first
    parts = [_open_one(part) for part in _parts(file, n_files)]
    entries: dict[str, Entry] = {}
    for part in parts:
        doubled = next((name for name in part.tensors if name in entries), None)
        if doubled is not None:
            raise broken(part.file, f"the tensor {doubled} is also in another part")
        entries |= part.tensors
    return GGUF(parts[0].file, parts[0].fields, Tensors(entries))


def _parts(file: Path, n_files: int) -> list[Path]:
    match = SPLIT.fullmatch(file.name)
    if match is None or int(match[3]) != n_files:
        raise broken(file, f"it is one of {n_files} files, and its name does not say which")
    return [
        file.with_name(f"{match[1]}-{part:05}-of-{n_files:05}.gguf")
        for part in range(1, n_files + 1)
    ]


def _open_one(file: Path) -> GGUF:
    try:
        with file.open("rb") as opened:
            mapped = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        return _read(file, mapped)
    except (OSError, ValueError) as error:  # ValueError: an empty file, or what _read found
        raise broken(file, str(error)[:200]) from error


def _read(file: Path, mapped: mmap.mmap) -> GGUF:
    cursor = _Cursor(mapped, 0)
    if cursor.take(4) != MAGIC:
        raise ValueError("it does not begin with GGUF")
    version = cursor.number("I")
    if version not in VERSIONS:
        swapped = int.from_bytes(version.to_bytes(4, "little"), "big") in VERSIONS
        kind = "for a big-endian machine" if swapped else f"of version {version}"
        raise ValueError(f"it is {kind}, and versions 2 and 3 are read")
    n_tensors = cursor.count(MOST_TENSORS, SMALLEST_TENSOR, "tensors")
    n_keys = cursor.count(MOST_KEYS, SMALLEST_KEY, "keys")
    fields: dict[str, Any] = {}
    for _ in range(n_keys):
        key = cursor.text()
        if key in fields:
            raise ValueError(f"the key {key[:99]} comes twice")
        fields[key] = _value(cursor, cursor.number("I"))
    return GGUF(file, fields, _tensors(file, cursor, n_tensors, _alignment(fields)))


def _value(cursor: _Cursor, kind: int) -> Any:
    if kind in NUMBERS:
        return cursor.number(NUMBERS[kind])
    if kind == TEXT:
        return cursor.text()
    if kind != LIST:
        raise ValueError(f"it has a value of type {kind}, and the format has types 0 to 12")
    inner = cursor.number("I")
    if inner == TEXT:
        return cursor.texts(cursor.count(MOST_ITEMS, 8, "texts of a list"))
    if inner not in NUMBERS:
        raise ValueError(f"it has a list of type {inner}")
    dtype = np.dtype("<" + NUMBERS[inner])
    count = cursor.count(MOST_ITEMS, dtype.itemsize, "numbers of a list")
    return np.frombuffer(cursor.take(count * dtype.itemsize), dtype)


def _alignment(fields: Mapping[str, Any]) -> int:
    found = fields.get("general.alignment", 32)
    if type(found) is not int or not 0 < found <= 1 << 20 or found & (found - 1):
        raise ValueError(f"its alignment is {str(found)[:20]}")
    return found


def _tensors(file: Path, cursor: _Cursor, count: int, alignment: int) -> Tensors:
    claims = {}
    for _ in range(count):
        name = cursor.text()
        if name in claims:
            raise ValueError(f"the tensor {name[:99]} comes twice")
        n_axes = cursor.number("I")
        if n_axes > MOST_AXES:
            raise ValueError(f"the tensor {name[:99]} has {grouped(n_axes)} axes")
        # The file gives the axis that changes quickest first, NumPy last.
        shape = tuple(cursor.number("Q") for _ in range(n_axes))[::-1]
        claims[name] = shape, cursor.number("I"), cursor.number("Q")
    data = -(-cursor.place // alignment) * alignment
    return Tensors(
        {name: _entry(file, cursor.mapped, data, name, *claim) for name, claim in claims.items()}
    )


def _entry(
    file: Path, mapped: mmap.mmap, data: int, name: str, shape: tuple[int, ...], kind: int,
    offset: int,
) -> Entry:  # fmt: skip
    what = f"the tensor {name[:99]}"
    if kind in UNREAD:
        dtype, n_columns, n_bytes = UNREAD[kind]
    elif kind in BLOCKS:
        dtype, n_columns, n_bytes = BLOCKS[kind].name, BLOCKS[kind].n_columns, BLOCKS[kind].n_bytes
    elif kind in PLAIN:
        dtype, n_columns, n_bytes = PLAIN[kind], 1, float_dtype(PLAIN[kind]).itemsize
    else:
        raise ValueError(f"{what} is of type {kind}, which is not known")
    size = math.prod(shape)
    if math.prod(max(n, 1) for n in shape) >= LARGEST or (shape[-1] if shape else 1) % n_columns:
        raise ValueError(f"{what} of {dtype} has the shape {list(shape)}")
    total, start = size // n_columns * n_bytes, data + offset
    if start + total > len(mapped):
        raise ValueError(
            f"{what} ends at byte {grouped(start + total)} and the file at {grouped(len(mapped))}"
        )
    read = partial(_numbers, mapped, start, shape, kind, name, file)
    return Entry(file, dtype, shape, total, read, kind not in UNREAD)


def _numbers(
    mapped: mmap.mmap, start: int, shape: tuple[int, ...], kind: int, name: str, file: Path
) -> Array:
    if kind in PLAIN:
        size = math.prod(shape)
        return np.frombuffer(mapped, float_dtype(PLAIN[kind]), size, start).reshape(shape)
    if kind in UNREAD:
        raise _unread(file, name, UNREAD[kind][0])
    blocks: Blocks = BLOCKS[kind]
    in_row = (shape[-1] if shape else 1) // blocks.n_columns
    n_rows = math.prod(shape[:-1])
    raw = np.frombuffer(mapped, np.uint8, n_rows * in_row * blocks.n_bytes, start)
    return packed(shape, rows_of_blocks(blocks, raw.reshape(n_rows, in_row, blocks.n_bytes)))


def _unread(file: Path, name: str, dtype: str) -> AttnvizError:
    known = ", ".join([*PLAIN.values(), *(blocks.name for blocks in BLOCKS.values())])
    return AttnvizError(
        f"The tensor {name} in {file} is quantised as {dtype}, which is not read.",
        f"Give a file of one of these: {known}.",
        key="err.tensor_quantised",
        name=name,
        place=file,
        dtype=dtype,
        known=known,
    )
