"""Tensors of safetensors files as views of mapped files: nothing is read until it is touched.

The format is safetensors: eight bytes with the length of a JSON header, the header, the data.
The header's claims are checked before any of them is believed, as the format's own library does:
https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.digits import grouped
from attnviz.files.tensors import (
    FLOATS,
    LARGEST,
    Array,
    Entry,
    Tensors,
    broken,
    float_dtype,
    unusable,
)
from attnviz.frozen import dataclass

BITS = {
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "I64": 64, "I32": 32, "I16": 16, "I8": 8,
    "U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8, "C64": 64, "F8_E4M3": 8, "F8_E5M2": 8,
    "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "F8_E8M0": 8, "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
}  # fmt: skip
WHOLE = {
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U64": "<u8", "U32": "<u4",
    "U16": "<u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip
EIGHT_BITS = {
    "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2", "F8_E8M0": "float8_e8m0fnu",
    "F8_E4M3FNUZ": "float8_e4m3fnuz", "F8_E5M2FNUZ": "float8_e5m2fnuz",
}  # fmt: skip
STORED = FLOATS.keys() | WHOLE.keys() | EIGHT_BITS.keys()
LONGEST_HEADER = 100_000_000  # bytes: the format's own limit
MOST_AXES = 32  # past which NumPy has no arrays
NOTES = "__metadata__"


@dataclass(frozen=True)
class _Claim:
    """What a header says of one tensor: its bytes run from start to stop in the file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


def open_files(files: Iterable[Path]) -> Tensors:
    """Map safetensors files; AttnvizError names what is wrong with them.

    Where two of them have a tensor of the same name, the later file's counts.
    """
    entries: dict[str, Entry] = {}
    aliases: dict[str, str] = {}
    for file in files:
        found, notes = _open(file)
        entries |= found
        aliases |= notes
    return Tensors(entries, aliases)


def _open(file: Path) -> tuple[dict[str, Entry], dict[str, str]]:
    """The tensors of a file, and its notes: some writers say there which name stands for which."""
    try:
        with file.open("rb") as opened:
            mapped = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:  # ValueError: an empty file
        raise broken(file, str(error)) from error
    length = int.from_bytes(mapped[:8], "little")
    if len(mapped) < 8 or length > LONGEST_HEADER or 8 + length > len(mapped):
        raise broken(
            file,
            f"its header claims {grouped(length)} bytes and the file has {grouped(len(mapped))}",
        )
    try:
        header = json.loads(mapped[8 : 8 + length].decode(), object_pairs_hook=_once)
        notes = header.pop(NOTES, None)
        notes = {} if notes is None else notes
        if not all(isinstance(part, str) for pair in notes.items() for part in pair):
            raise ValueError(f"{NOTES} does not map names to texts")
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise broken(file, f"its header cannot be read ({_short(error)})") from error
    claims = {name: _claim(file, name, claim, 8 + length) for name, claim in header.items()}
    _check_places(file, claims, 8 + length, len(mapped))
    return {name: _entry(file, mapped, name, claim) for name, claim in claims.items()}, notes


def _entry(file: Path, mapped: mmap.mmap, name: str, claim: _Claim) -> Entry:
    stored = partial(_stored, mapped, claim) if claim.dtype in STORED else None
    usable = claim.dtype in FLOATS
    read = stored if usable and stored else partial(_refuse, name, file, claim.dtype)
    n_bytes = claim.stop - claim.start
    return Entry(file, claim.dtype, claim.shape, n_bytes, read, usable, stored)


def _stored(mapped: mmap.mmap, claim: _Claim) -> NDArray[Any]:
    dtype = float_dtype(claim.dtype) if claim.dtype in FLOATS else _other_dtype(claim.dtype)
    data = np.frombuffer(mapped, dtype, math.prod(claim.shape), claim.start)
    return data.reshape(claim.shape)


def _other_dtype(name: str) -> np.dtype[Any]:
    if name in WHOLE:
        return np.dtype(WHOLE[name])
    import ml_dtypes  # gives NumPy the types

    eight_bits: np.dtype[Any] = np.dtype(getattr(ml_dtypes, EIGHT_BITS[name]))
    return eight_bits


def _refuse(name: str, file: Path, dtype: str) -> Array:
    raise unusable(name, file, dtype)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    "".join(found).encode()  # a lone surrogate is no name
    return found


def _claim(file: Path, name: str, claim: Any, data: int) -> _Claim:
    try:
        dtype, shape, (start, stop) = claim["dtype"], claim["shape"], claim["data_offsets"]
        if not isinstance(dtype, str) or dtype not in BITS:
            raise ValueError(f"dtype {dtype!r}")
        if not isinstance(shape, list) or len(shape) > MOST_AXES:
            raise ValueError(f"shape {shape}")
        whole = all(type(n) is int and 0 <= n < LARGEST for n in [*shape, start, stop])
        if (
            not whole
            or math.prod(max(n, 1) for n in shape) >= LARGEST
            or 8 * (stop - start) != math.prod(shape) * BITS[dtype]
        ):
            raise ValueError(f"shape {shape} of {dtype} does not take bytes {start} to {stop}")
    except (ValueError, KeyError, TypeError) as error:
        raise broken(file, f"of the tensor {name[:99]} it says {_short(error)}") from error
    return _Claim(dtype, tuple(shape), data + start, data + stop)


def _short(error: Exception) -> str:
    return str(error)[:200]


def _check_places(file: Path, claims: Mapping[str, _Claim], data: int, size: int) -> None:
    """Tensors follow one another without hole or overlap, to the end of the file."""
    place = data
    for name, claim in sorted(claims.items(), key=lambda item: (item[1].start, item[1].stop)):
        if claim.start != place:
            raise broken(file, f"the tensor {name} starts at byte {claim.start}, not at {place}")
        place = claim.stop
    if place != size:
        raise broken(
            file, f"its tensors end at byte {grouped(place)} and the file at {grouped(size)}"
        )
