"""Interpolation along one axis as a matrix, for pictures and for tables of positions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

LINEAR = None  # in the place of the cubic's parameter: a triangle


def taps(n_in: int, n_out: int, a: float | None, *, antialias: bool) -> np.ndarray:
    """Return the matrix (n_out, n_in) of an interpolation as PyTorch resizes: cubic (Keys 1981)
    with parameter a, or linear. antialias: the kernel widens where it shrinks, and rows sum to 1 at
    the edges (Pillow's rule); else places beyond an edge are those of the edge."""
    scale = n_in / n_out
    centres = (np.arange(n_out) + 0.5) * scale - 0.5
    stretch = max(scale, 1.0) if antialias else 1.0
    reach = int(np.ceil(2 * stretch)) + 1
    offsets = np.arange(-reach, reach + 1)
    places = np.floor(centres)[:, None].astype(np.int64) + offsets
    distances = np.abs(centres[:, None] - places) / stretch
    shares = np.maximum(1 - distances, 0) if a is None else _keys(distances, a)
    matrix = np.zeros((n_out, n_in))
    inside = (places >= 0) & (places < n_in)
    if antialias:
        shares = shares * inside
        shares /= shares.sum(axis=1, keepdims=True)
    rows = np.broadcast_to(np.arange(n_out)[:, None], places.shape)
    np.add.at(matrix, (rows, np.clip(places, 0, n_in - 1)), shares)
    return matrix


def resized(
    table: np.ndarray, grid: tuple[int, int], a: float | None, *, antialias: bool
) -> np.ndarray:
    """Stretch a table (rows, columns, width) to another grid: the same axes, float64."""
    return resized_parts([table], table.shape[:2], grid, a, antialias=antialias)


def resized_by_corners(table: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Stretch a table (rows, columns, width) to another grid so that the corners stay where they
    are, linear between: the same axes, float64."""

    def shares(n_in: int, n_out: int) -> np.ndarray:
        places = np.arange(n_out) * np.float32(n_in - 1) / np.float32(max(n_out - 1, 1))
        distances = np.abs(places[:, None].astype(np.float64) - np.arange(n_in))
        found: np.ndarray = np.maximum(1 - distances, 0)
        return found

    rows, columns = (shares(old, new) for old, new in zip(table.shape[:2], grid, strict=True))
    across = columns @ table.astype(np.float64)
    stretched: np.ndarray = np.tensordot(rows, across, axes=1)
    return stretched


def resized_parts(
    parts: Iterable[np.ndarray], shape: tuple[int, ...], grid: tuple[int, int], a: float | None,
    *, antialias: bool,
) -> np.ndarray:  # fmt: skip
    """Resize as `resized` does, a table of `shape` (rows, columns) whose rows come some at a
    time."""
    rows, columns = (
        taps(old, new, a, antialias=antialias) for old, new in zip(shape, grid, strict=True)
    )
    # (rows, new columns, width)
    across = np.concatenate([columns @ part.astype(np.float64) for part in parts])
    stretched: np.ndarray = np.tensordot(rows, across, axes=1)
    return stretched


def _keys(d: np.ndarray, a: float) -> np.ndarray:
    near = (a + 2) * d**3 - (a + 3) * d**2 + 1
    far = a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))
