"""Tensors of safetensors files as views of mapped files: nothing is read until it is touched.

The format is safetensors: eight bytes with the length of a JSON header, the header, the data.
The header's claims are checked before any of them is believed, as the format's own library does:
https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import AttnvizError

SIZES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1,
    "U16": 2, "U32": 4, "U64": 8, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1,
}  # fmt: skip
FLOATS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "bfloat16"}
LONGEST_HEADER = 100_000_000  # bytes: the format's own limit
LARGEST, MOST_AXES = 1 << 50, 32  # numbers and axes past which NumPy has no arrays
NOTES = "__metadata__"
ONE_FILE, INDEX, PICKLED = "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"


@dataclass(frozen=True)
class Entry:
    """One tensor's place: its file, dtype name, shape, and where its bytes start."""

    file: Path
    dtype: str
    shape: tuple[int, ...]
    start: int

    @property
    def n_bytes(self) -> int:
        """How many bytes it takes in the file."""
        return math.prod(self.shape) * SIZES[self.dtype]


class Tensors(Mapping[str, Entry]):
    """The tensors of one file, or of a checkpoint in several shards."""

    def __init__(self, entries: Mapping[str, Entry], maps: Mapping[Path, mmap.mmap]):
        self._entries = entries
        self._maps = maps

    def __getitem__(self, name: str) -> Entry:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def array(self, name: str) -> NDArray[Any]:
        """A read-only view of the file; AttnvizError if its numbers are not floats."""
        entry = self._entries[name]
        if entry.dtype not in FLOATS:
            raise AttnvizError(
                f"The tensor {name} in {entry.file} has dtype {entry.dtype}.",
                f"Only {', '.join(FLOATS)} can be used: convert the checkpoint first.",
            )
        count = math.prod(entry.shape)
        data = np.frombuffer(self._maps[entry.file], _dtype(entry.dtype), count, entry.start)
        return data.reshape(entry.shape)


def open_tensors(folder: Path) -> Tensors:
    """Map the safetensors of a checkpoint folder; AttnvizError names what is wrong with them."""
    return open_files(_files(folder))


def open_files(files: Iterable[Path]) -> Tensors:
    """Map safetensors files; AttnvizError names what is wrong with them."""
    entries: dict[str, Entry] = {}
    maps: dict[Path, mmap.mmap] = {}
    for file in files:
        maps[file], found = _open(file)
        doubled = next((name for name in found if name in entries), None)
        if doubled is not None:
            raise _broken(file, f"the tensor {doubled} is also in {entries[doubled].file.name}")
        entries |= found
    return Tensors(entries, maps)


def _files(folder: Path) -> list[Path]:
    if (folder / ONE_FILE).is_file():
        return [folder / ONE_FILE]
    if (folder / INDEX).is_file():
        return _shards(folder / INDEX)
    if (folder / PICKLED).is_file() or any(folder.glob("pytorch_model-*.bin")):
        raise AttnvizError(
            f"{folder} has its weights only as {PICKLED}, which is not opened: a pickle runs code.",
            "Convert it where you trust it: load it with transformers and call save_pretrained, "
            "which writes model.safetensors.",
        )
    others = sorted(folder.glob("*.safetensors"))
    if len(others) == 1:
        return others
    raise AttnvizError(
        f"{folder} has no {ONE_FILE}.", f"Give a folder that holds {ONE_FILE} or {INDEX}."
    )


def _shards(index: Path) -> list[Path]:
    try:
        names = json.loads(index.read_bytes())["weight_map"].values()
        files = [index.parent / name for name in sorted(set(names))]
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
        raise _broken(index, f"it is not an index of shards ({error})") from error
    for file in files:
        if file.parent != index.parent:
            raise _broken(index, f"it names {file}, which lies elsewhere")
        if not _is_there(file):
            raise AttnvizError(
                f"The shard {file.name[:99]} is missing from {index.parent}.",
                f"{index.name} names it: fetch the whole checkpoint.",
            )
    return files


def _is_there(file: Path) -> bool:
    try:
        return file.is_file()
    except (OSError, ValueError):  # a name that cannot be one
        return False


def _open(file: Path) -> tuple[mmap.mmap, dict[str, Entry]]:
    try:
        with file.open("rb") as opened:
            mapped = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:  # ValueError: an empty file
        raise _broken(file, str(error)) from error
    length = int.from_bytes(mapped[:8], "little")
    if len(mapped) < 8 or length > LONGEST_HEADER or 8 + length > len(mapped):
        raise _broken(file, f"its header claims {length:,} bytes and the file has {len(mapped):,}")
    try:
        header = json.loads(mapped[8 : 8 + length].decode(), object_pairs_hook=_once)
        notes = header.pop(NOTES, {})
        if not all(isinstance(part, str) for pair in notes.items() for part in pair):
            raise ValueError(f"{NOTES} does not map names to texts")
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _broken(file, f"its header cannot be read ({_short(error)})") from error
    entries = {name: _entry(file, name, claim, 8 + length) for name, claim in header.items()}
    _check_places(file, entries, 8 + length, len(mapped))
    return mapped, entries


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    "".join(found).encode()  # a lone surrogate is no name
    return found


def _entry(file: Path, name: str, claim: Any, data: int) -> Entry:
    try:
        dtype, shape, (start, stop) = claim["dtype"], claim["shape"], claim["data_offsets"]
        if not isinstance(dtype, str) or dtype not in SIZES:
            raise ValueError(f"dtype {dtype!r}")
        if not isinstance(shape, list) or len(shape) > MOST_AXES:
            raise ValueError(f"shape {shape}")
        whole = all(type(n) is int and 0 <= n < LARGEST for n in [*shape, start, stop])
        if (
            not whole
            or math.prod(max(n, 1) for n in shape) >= LARGEST
            or stop - start != math.prod(shape) * SIZES[dtype]
        ):
            raise ValueError(f"shape {shape} of {dtype} does not take bytes {start} to {stop}")
    except (ValueError, KeyError, TypeError) as error:
        raise _broken(file, f"of the tensor {name[:99]} it says {_short(error)}") from error
    return Entry(file, dtype, tuple(shape), data + start)


def _short(error: Exception) -> str:
    return str(error)[:200]


def _check_places(file: Path, entries: Mapping[str, Entry], data: int, size: int) -> None:
    """Tensors follow one another without hole or overlap, to the end of the file."""
    place = data
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].n_bytes)):
        if entry.start != place:
            raise _broken(file, f"the tensor {name} starts at byte {entry.start}, not at {place}")
        place += entry.n_bytes
    if place != size:
        raise _broken(file, f"its tensors end at byte {place:,} and the file at {size:,}")


def _dtype(name: str) -> np.dtype[Any]:
    if name == "BF16":
        import ml_dtypes  # gives NumPy the type

        bfloat16: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
        return bfloat16
    return np.dtype(FLOATS[name])


def _broken(file: Path, why: str) -> AttnvizError:
    return AttnvizError(f"{file} is broken: {why}.", "Fetch or save the checkpoint again.")
