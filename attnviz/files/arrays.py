"""Arrays and JSON in files that are not trusted.

Nothing is unpickled, and sizes are checked before anything is unpacked.
"""

from __future__ import annotations

import json
import math
import struct
import warnings
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from attnviz.digits import grouped
from attnviz.errors import AttnvizError

if TYPE_CHECKING:
    from zipfile import ZipFile

# What a file that is something else, or was tampered with, can raise on its way to a record.
NOT_READABLE = (
    ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, TypeError,
    ValueError, zlib.error, struct.error, AttnvizError,
)  # fmt: skip

GIB = 1 << 30
FLOAT = 4  # bytes of a number that is worked with
LARGEST = 2 * GIB  # bytes of arrays that are read from one file
PACKED = 100  # more than 1 GiB packed tighter than this is no file of weights
SMALL = 64 << 20  # bytes: what is no more than that never takes more than 1 GiB
LARGEST_JSON = GIB // 2  # bytes: in memory numbers take several times their digits
# Bytes that Python takes for what begins or ends with these.
TAKEN = {b"[": 96, b"{": 240, b",": 32, b'"': 30}


def read_json(path: Path) -> Any:
    """Return what a JSON file holds; one of `NOT_READABLE` where it is none, too large or too
    deep."""
    check_length(path, LARGEST_JSON)
    data = path.read_bytes()
    taken = 2 * len(data) + sum(size * data.count(sign) for sign, size in TAKEN.items())
    if taken > max(GIB, GIB * len(data) // SMALL):
        raise ValueError(f"it has {_gib(len(data))} and would take {_gib(taken)} of memory")
    try:
        return json.loads(data)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


@contextmanager
def _archive(path: Path) -> Iterator[ZipFile]:
    """Open a .npz file; ValueError where it is none."""
    import zipfile  # few runs read one

    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except zipfile.BadZipFile as error:
        raise ValueError(str(error)) from error


def array_names(path: Path) -> list[str]:
    """Return the names of the arrays in a .npz file."""
    with _archive(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]


def is_bomb(unpacked: int, packed: int) -> bool:
    """Tell whether so many bytes are packed tighter than arrays of weights are."""
    return unpacked > GIB and packed <= max(SMALL, unpacked // PACKED)


def read_arrays(path: Path, names: Collection[str] | None = None) -> dict[str, NDArray[Any]]:
    """Return the arrays of a .npz file, all or those of these names; one of `NOT_READABLE` where it
    is broken, holds Python objects, or is a bomb, which is never unpacked."""
    found = {}
    with _archive(path) as archive:
        entries = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
        unpacked = sum(entry.file_size for entry in entries)
        packed = max(sum(entry.compress_size for entry in entries), 1)
        if unpacked > LARGEST or is_bomb(unpacked, packed):
            most = f"{_gib(LARGEST)} are the most, {_gib(GIB)} where it was packed this tight"
            raise ValueError(
                f"{grouped(packed)} bytes would be unpacked to {_gib(unpacked)}: {most}"
            )
        for entry in entries:
            name = entry.filename.removesuffix(".npy")
            if names is None or name in names:
                with archive.open(entry) as file:
                    found[name] = _read_array(file, entry.file_size)
    return found


def read_array(path: Path) -> NDArray[Any]:
    """Return the array of a .npy file; one of `NOT_READABLE` where it is broken or holds
    objects."""
    size = check_length(path, LARGEST)
    with path.open("rb") as file:
        return _read_array(file, size)


def _read_array(file: IO[bytes], size: int) -> NDArray[Any]:
    """An array whose header claims no more than its `size` bytes hold, and no objects."""
    shape, dtype = _read_header(file)
    if dtype.hasobject:
        raise ValueError("it holds pickled objects, which are not opened: a pickle runs code")
    claimed, held = math.prod(shape) * dtype.itemsize, size - file.tell()
    if min(shape, default=0) < 0 or claimed > held:
        raise ValueError(f"its header claims {grouped(claimed)} bytes and it has {grouped(held)}")
    if math.prod(shape) * FLOAT > max(claimed, GIB):  # narrow numbers are made float32
        raise ValueError(
            f"it has {grouped(math.prod(shape))} numbers, and {grouped(GIB // FLOAT)} are the most"
        )
    file.seek(0)
    with warnings.catch_warnings():  # its text is Python's, whose warnings are for programmers
        warnings.simplefilter("ignore")
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array


def _read_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """The shape and dtype that the header of a .npy claims."""
    numpy_format = np.lib.format
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if numpy_format.read_magic(file) == (1, 0):
                shape, _, dtype = numpy_format.read_array_header_1_0(file)
            else:
                shape, _, dtype = numpy_format.read_array_header_2_0(file)
    except Exception as error:  # what a header can raise that is Python's text and no such text
        raise ValueError(f"it does not begin as an array of NumPy does ({error})") from error
    return shape, dtype


def check_length(path: Path, most: int) -> int:
    """Return a file's bytes; ValueError where they are more than `most`."""
    size = path.stat().st_size
    if size > most:
        raise ValueError(f"it has {_gib(size)}, and {_gib(most)} is the most")
    return size


def _gib(n_bytes: int) -> str:
    return f"{n_bytes / GIB:.3g} GiB"
