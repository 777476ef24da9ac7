"""Tensors of PyTorch files (pytorch_model.bin, .pt), without running what they hold.

Since PyTorch 1.6 such a file is a zip archive: a pickle that says how the tensors lie in their
storages, and each storage as it is in memory, uncompressed
(https://pytorch.org/docs/stable/notes/serialization.html). Before, it was five pickles, the fourth
of which is that one, and then the storages in the order that the fifth lists. A pickle is a program
for a stack machine. The one here has no instruction that calls anything: it knows containers,
numbers, texts, storages and tensors, and refuses the rest by name.
"""

from __future__ import annotations

import io
import math
import mmap
import zipfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.digits import grouped
from attnviz.errors import AttnvizError
from attnviz.files.pickle_machine import Storage, StoredTensor, run_pickle
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

ZIP, PICKLE = b"PK\x03\x04", b"\x80"  # how the files begin
OLD_MAGIC, OLD_VERSION = 0x1950A86A20F9469CFC6C, 1001
LONGEST_PICKLE = 1 << 23  # bytes; 50,000 tensors take about as many
LARGEST_VIEW = 1 << 24  # numbers of a view that repeats those of its storage
DEEPEST = 4  # lists and dicts within one another
WRAPPERS = ("state_dict", "model_state_dict", "model", "module")
LONGEST_DIRECTORY = 1 << 24  # bytes of a zip file's list of entries; 50,000 tensors take a third
LONGEST_TAIL = (1 << 16) + 98  # of a zip file: the longest comment, and the records before it
# What those records begin with, and where they say how long the list is.
DIRECTORY_SIZES = ((b"PK\x05\x06", 12, 4), (b"PK\x06\x06", 40, 8))
LOCAL_HEADER = 30  # bytes before a zip entry's name


def is_torch(file: Path) -> bool:
    """Tell whether a file is a zip archive that PyTorch wrote, whatever its name."""
    try:
        with zipfile.ZipFile(file) as archive:
            return any(name.endswith("/data.pkl") for name in archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def open_pickled(file: Path, *, nested: bool = False) -> Tensors:
    """Map the tensors of a PyTorch file, under the names of its state dict.

    nested: whether it is no model's, but what anybody saved: a tensor, or tensors in lists and
    dicts, each of which then has the names and numbers that lead to it (`attentions_0`).
    Raises AttnvizError where the file is not a zip archive of PyTorch, holds anything but tensors
    and plain containers, or claims what it does not have.
    """
    try:
        with file.open("rb") as opened:
            mapped = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
            if mapped[:1] == PICKLE:
                return _open_old(file, mapped, nested)
            if mapped[:4] != ZIP:
                raise ValueError("it is not a zip archive of tensors, as PyTorch files are")
            _check_directory(mapped)
            records = _records(zipfile.ZipFile(opened), mapped)
        return _open_zip(file, records, mapped, nested)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise broken(file, str(error)[:200]) from error


@dataclass(frozen=True)
class _Record:
    """Where the bytes of a storage, or of another entry of the archive, lie."""

    start: int
    n_bytes: int


def _check_directory(mapped: mmap.mmap) -> None:
    """Refuse an archive whose list of entries would fill the memory, before it is read."""
    tail = mapped[-LONGEST_TAIL:]
    for mark, place, width in DIRECTORY_SIZES:
        at = tail.rfind(mark)
        size = int.from_bytes(tail[at + place : at + place + width], "little") if at >= 0 else 0
        if LONGEST_DIRECTORY < size < (1 << 8 * width) - 1:  # the last says: see the other record
            raise ValueError(f"its list of entries has {grouped(size)} bytes")


def _records(archive: zipfile.ZipFile, mapped: mmap.mmap) -> dict[str, _Record]:
    """The entries by their names, without the folder that all of them lie in."""
    found = {}
    for info in archive.infolist():
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
            raise ValueError(f"its entry {info.filename[:99]} is compressed or encrypted")
        header = mapped[info.header_offset : info.header_offset + LOCAL_HEADER]
        if len(header) < LOCAL_HEADER or header[:4] != ZIP:
            raise ValueError(f"its entry {info.filename[:99]} lies past its end")
        lengths = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
        start = info.header_offset + LOCAL_HEADER + sum(lengths)
        if start + info.file_size > len(mapped):
            raise ValueError(f"its entry {info.filename[:99]} lies past its end")
        found[info.filename.partition("/")[2]] = _Record(start, info.file_size)
    return found


def _open_old(file: Path, mapped: mmap.mmap, nested: bool) -> Tensors:
    """The form of PyTorch before 1.6: magic, version, machine, tensors, names of storages."""
    storages: dict[str, Storage] = {}
    opened = io.BytesIO(mapped[:LONGEST_PICKLE])  # which never gives more than it has
    if run_pickle(file, opened, storages) != OLD_MAGIC:
        raise ValueError("it is a pickle of another program")
    version, machine, found, keys = (run_pickle(file, opened, storages) for _ in range(4))
    if version != OLD_VERSION or not isinstance(machine, dict):
        raise ValueError("it is of an unknown version")
    if machine.get("little_endian") is not True or not isinstance(keys, list):
        raise ValueError("it was saved on a big-endian machine, or lists no storages")
    place, records = opened.tell(), {}
    for key in keys:
        if type(key) is not str or key not in storages:
            raise ValueError("it lists a storage that no tensor has")
        count = int.from_bytes(mapped[place : place + 8], "little")
        records[key] = _Record(place + 8, count * storages[key].dtype_bytes)
        place += 8 + records[key].n_bytes
        if place > len(mapped):
            raise ValueError(f"its storage {key[:99]} lies past its end")
    return _tensors(file, found, records, mapped, nested)


def _open_zip(
    file: Path, records: Mapping[str, _Record], mapped: mmap.mmap, nested: bool
) -> Tensors:
    program = records.get("data.pkl")
    if program is None:
        raise ValueError("it is a zip archive without data.pkl, as PyTorch files have it")
    if program.n_bytes > LONGEST_PICKLE:
        raise ValueError(f"its pickle has {grouped(program.n_bytes)} bytes")
    order = records.get("byteorder", _Record(0, 0))
    if mapped[order.start : order.start + min(order.n_bytes, 3)] == b"big":
        raise ValueError("it was saved on a big-endian machine")
    found = run_pickle(file, mapped[program.start : program.start + program.n_bytes], {})
    storages = {name.removeprefix("data/"): record for name, record in records.items()}
    return _tensors(file, found, storages, mapped, nested)


def _tensors(
    file: Path, found: Any, records: Mapping[str, _Record], mapped: mmap.mmap, nested: bool
) -> Tensors:
    entries = {}
    for name, tensor in _leaves(found) if nested else _state_dict(file, found):
        record = records.get(tensor.storage.key)
        if record is None:
            raise ValueError(f"the storage of the tensor {name[:99]} is missing")
        entries[name] = _entry(file, mapped, name, tensor, record)
    return Tensors(entries)


def _state_dict(file: Path, found: Any) -> Iterator[tuple[str, StoredTensor]]:
    """The named tensors: of the dict itself, or of the dict that training wrapped with others."""
    if not isinstance(found, dict):
        raise ValueError("it holds no dict of tensors")
    for part in (found, *(found.get(wrapper) for wrapper in WRAPPERS)):
        if isinstance(part, dict):
            named = [
                (name, tensor)
                for name, tensor in part.items()
                if isinstance(name, str) and isinstance(tensor, StoredTensor)
            ]
            if named:
                return iter(named)
    raise AttnvizError(
        f"{file} holds no tensors under names.",
        "Give a file with the state dict of a model.",
        key="err.holds_no",
        place=file,
    )


def _leaves(found: Any, path: str = "", deep: int = 0) -> Iterator[tuple[str, StoredTensor]]:
    """Every tensor that is there, under the names and numbers that lead to it."""
    if isinstance(found, StoredTensor):
        yield path or "weights", found
    if deep >= DEEPEST:
        return
    if isinstance(found, dict):
        for name, value in found.items():
            if isinstance(name, str | int):
                yield from _leaves(value, f"{path}_{name}" if path else str(name), deep + 1)
    elif isinstance(found, list | tuple):
        for i, value in enumerate(found):
            yield from _leaves(value, f"{path or 'layer'}_{i}", deep + 1)


def _entry(
    file: Path, mapped: mmap.mmap, name: str, tensor: StoredTensor, record: _Record
) -> Entry:
    storage, shape = tensor.storage, tensor.shape
    if len(shape) != len(tensor.strides) or len(shape) > 32 or tensor.offset < 0:
        raise ValueError(f"the tensor {name[:99]} has the shape {str(shape)[:99]}")
    if any(n < 0 for n in (*shape, *tensor.strides)):
        raise ValueError(f"the tensor {name[:99]} has a negative size or stride")
    width = tensor.dtype_bytes
    in_storage = record.n_bytes // width
    size = math.prod(shape)
    past = tensor.offset + sum((n - 1) * s for n, s in zip(shape, tensor.strides, strict=True)) + 1
    largest = max(n for n in (*shape, 1))
    if (size and past > in_storage) or size > max(in_storage, LARGEST_VIEW) or largest > LARGEST:
        raise ValueError(
            f"the tensor {name[:99]} of shape {str(list(shape))[:99]} passes the "
            f"{grouped(in_storage)} numbers of its storage"
        )
    if storage.n_bytes > record.n_bytes:
        raise ValueError(f"the storage of the tensor {name[:99]} is cut off")
    read = partial(_numbers, mapped, record.start, tensor, name, file)
    return Entry(file, tensor.dtype, shape, size * width, read, tensor.dtype in FLOATS)


def _numbers(mapped: mmap.mmap, start: int, tensor: StoredTensor, name: str, file: Path) -> Array:
    if tensor.dtype not in FLOATS:
        raise unusable(name, file, tensor.dtype)
    dtype = float_dtype(tensor.dtype)
    if not math.prod(tensor.shape):
        return np.frombuffer(b"", dtype).reshape(tensor.shape)
    spans = [(n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True)]
    whole = np.frombuffer(mapped, dtype, sum(spans) + 1, start + tensor.offset * dtype.itemsize)
    strides = [s * dtype.itemsize for s in tensor.strides]
    return np.lib.stride_tricks.as_strided(whole, tensor.shape, strides, writeable=False)
