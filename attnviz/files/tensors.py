"""Tensors by name, whatever file holds them: what each one is, and its numbers when touched."""

from __future__ import annotations

import math
import mmap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass

FLOATS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "bfloat16"}
LARGEST = 1 << 50  # numbers past which NumPy has no arrays

Rows = NDArray[np.int64]
Unpack = Callable[[Any], NDArray[np.float32]]  # Any: a slice, or Rows


@dataclass(frozen=True, eq=False)
class Packed:
    """A tensor kept in fewer bits, (…, columns): its rows become float32 when they are used.

    rows: (…), which stored rows it is made of. unpack: stored rows (n,) → (n, columns) float32.
    Taking rows keeps them packed; `astype`, `np.asarray` and arithmetic unpack them.
    """

    rows: Rows
    n_columns: int
    unpack: Unpack

    dtype = np.dtype(np.float32)

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the leading axes, and the columns."""
        return (*self.rows.shape, self.n_columns)

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return self.rows.ndim + 1

    @property
    def T(self) -> Transposed:  # noqa: N802 as NumPy calls it
        """The transpose, still packed."""
        return Transposed(self)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, tuple):
            return np.asarray(self)[index]
        return replace(self, rows=np.asarray(self.rows[index]))

    def __array__(
        self, dtype: DTypeLike | None = None, copy: bool | None = None
    ) -> NDArray[np.floating[Any]]:
        if copy is False:
            raise ValueError("a packed tensor cannot be seen without being unpacked")
        flat = self.rows.ravel()
        first = int(flat[0]) if flat.size else 0
        in_a_row = flat.size > 0 and np.array_equal(flat, np.arange(first, first + flat.size))
        numbers = self.unpack(slice(first, first + flat.size) if in_a_row else flat)
        return numbers.reshape(self.shape).astype(dtype or np.float32, copy=False)

    def astype(self, dtype: DTypeLike, copy: bool = True) -> NDArray[np.floating[Any]]:
        """Return the numbers, unpacked, as an array of this type."""
        return np.asarray(self).astype(dtype, copy=copy and np.dtype(dtype) != self.dtype)


@dataclass(frozen=True, eq=False)
class Transposed:
    """The last two axes of a packed tensor, exchanged: unpacked as a whole when it is used."""

    packed: Packed

    dtype = Packed.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """Leading axes, columns, rows."""
        *leading, rows, columns = self.packed.shape
        return (*leading, columns, rows)

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return self.packed.ndim

    @property
    def T(self) -> Packed:  # noqa: N802 as NumPy calls it
        """The packed matrix itself; of more axes than two there is no transpose."""
        if self.ndim > 2:
            raise ValueError("which axes to exchange is not clear")
        return self.packed

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(
        self, dtype: DTypeLike | None = None, copy: bool | None = None
    ) -> NDArray[np.floating[Any]]:
        return np.asarray(self.packed, dtype=dtype, copy=copy).swapaxes(-1, -2)

    def __getitem__(self, index: Any) -> Any:
        if self.ndim > 2 and isinstance(index, int | np.integer):
            return Transposed(self.packed[index])
        return np.asarray(self)[index]

    def astype(self, dtype: DTypeLike, copy: bool = True) -> NDArray[np.floating[Any]]:
        """Return the numbers, unpacked, as an array of this type."""
        return self.packed.astype(dtype, copy).swapaxes(-1, -2)


Array = NDArray[Any] | Packed | Transposed


@dataclass(frozen=True)
class Entry:
    """One tensor: its file, dtype in the file's own words, shape, and bytes in the file.

    read: gives the numbers, a view of the file or packed; raises AttnvizError where they are not
    `usable` as weights. stored: the numbers as the file has them, of whatever kind NumPy knows.
    """

    file: Path
    dtype: str
    shape: tuple[int, ...]
    n_bytes: int
    read: Callable[[], Array] = field(repr=False, compare=False)
    usable: bool = True
    stored: Callable[[], NDArray[Any]] | None = field(default=None, repr=False, compare=False)


class Tensors(Mapping[str, Entry]):
    """The tensors of a file, or of a checkpoint in several files.

    aliases: further names of some of them, for tensors that are stored once and used twice.
    """

    def __init__(self, entries: Mapping[str, Entry], aliases: Mapping[str, str] | None = None):
        self._entries = entries
        self._aliases = {
            name: kept
            for name, kept in (aliases or {}).items()
            if name not in entries and kept in entries
        }

    def __getitem__(self, name: str) -> Entry:
        return self._entries[self._aliases.get(name, name)]

    def __contains__(self, name: object) -> bool:
        return name in self._entries or name in self._aliases

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def array(self, name: str) -> Array:
        """Return the numbers of a tensor, a read-only view of the file or packed.

        Raises AttnvizError if they are not floats, nor packed in a way that is known.
        """
        return self[name].read()

    @property
    def aliases(self) -> Mapping[str, str]:
        """Names of tensors that are stored under another name."""
        return self._aliases


def packed(shape: tuple[int, ...], unpack: Unpack) -> Array:
    """Return a tensor of this shape whose rows, counted over all leading axes, `unpack` gives.

    A tensor of one axis is unpacked at once: it is one row.
    """
    if len(shape) < 2:
        return unpack(slice(0, 1)).reshape(shape)
    rows = np.arange(math.prod(shape[:-1])).reshape(shape[:-1])
    return Packed(rows, shape[-1], unpack)


def let_go(array: Array) -> None:
    """Give back the memory of a mapped file that was read: it comes back when it is touched.

    Whole pages of memory only, and nothing that is not a view of a mapped file.
    """
    base: Any = array
    while isinstance(base, np.ndarray | memoryview):
        base = base.base if isinstance(base, np.ndarray) else base.obj
    if not isinstance(base, mmap.mmap) or not isinstance(array, np.ndarray):
        return
    first = array.__array_interface__["data"][0] - np.frombuffer(base, np.uint8).ctypes.data
    start = -(-first // mmap.PAGESIZE) * mmap.PAGESIZE
    stop = (first + array.nbytes) // mmap.PAGESIZE * mmap.PAGESIZE
    if array.flags.c_contiguous and stop > start and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED, start, stop - start)


def float_dtype(name: str) -> np.dtype[Any]:
    """Return the NumPy dtype of F64, F32, F16 or BF16."""
    if name == "BF16":
        import ml_dtypes  # gives NumPy the type

        bfloat16: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
        return bfloat16
    return np.dtype(FLOATS[name])


def unusable(name: str, file: Path, dtype: str) -> AttnvizError:
    """Make the error for a tensor whose numbers are not weights."""
    return AttnvizError(
        f"The tensor {name} in {file} has dtype {dtype}.",
        f"Only {', '.join(FLOATS)} can be used: convert the checkpoint first.",
        key="err.tensor_dtype",
        name=name,
        place=file,
        dtype=dtype,
        names=", ".join(FLOATS),
    )


def broken(file: Path, why: str) -> AttnvizError:
    """Make the error for a file that is not what it claims to be."""
    return AttnvizError(
        f"{file} is broken: {why}.",
        "Fetch or save the checkpoint again.",
        key="err.broken",
        place=file,
        why=why,
    )
