"""Patches of a picture as the first layer of a vision transformer is given them."""

from __future__ import annotations

import numpy as np

from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.models.layers import Floats, Linear, Norm
from attnviz.models.network.network import Feed, Limits

FIXED, CUBIC, ANTIALIASED = "fixed", "cubic", "antialiased"  # what other sizes do to positions


@dataclass(frozen=True, eq=False)
class PatchStem:
    """A linear map of each patch, special tokens before, positions added (arXiv 2010.11929).

    projection: (width, 3 × size × size). special: (k, width), tokens that get the first k
    positions; registers: (r, width), tokens after the first special one that get none. positions:
    (k + patches, width) or None. other_sizes: how positions stretch to another grid. norm: after
    all (CLIP).
    """

    projection: Linear
    size: int
    special: Floats
    positions: Floats | None
    other_sizes: str = FIXED
    registers: Floats | None = None
    norm: Norm | None = None

    words = None  # it reads no ids

    @property
    def limits(self) -> Limits:
        """No ids, and no end."""
        return Limits(0, None)

    def __call__(self, feed: Feed, role: str) -> Floats:
        """Turn pixels (3, height, width) into (special tokens + patches, width)."""
        pixels = feed.features[role]
        grid = self.grid(pixels.shape[1], pixels.shape[2])
        x = self.projection(flattened(pixels, self.size).astype(self.special.dtype, copy=False))
        x = np.concatenate([self.special, x])
        if self.positions is not None:
            x = x + self._positions(grid)
        if self.registers is not None:
            x = np.concatenate([x[:1], self.registers, x[1:]])
        return x if self.norm is None else self.norm(x)

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Return rows and columns of patches; AttnvizError where there are none, or a size that the
        model has no positions for."""
        rows, columns = height // self.size, width // self.size
        n = 0 if self.positions is None else len(self.positions) - len(self.special)
        side = round(n**0.5) * self.size
        fits = (height, width) == (side, side) or self.other_sizes != FIXED or not n
        if not rows * columns or not fits:
            raise AttnvizError(
                f"A picture of {width} × {height} pixels does not fit the model, which has "
                f"positions for {side} × {side}.",
                "Give the preprocessor_config.json that it was saved with.",
            )
        return rows, columns

    def _positions(self, grid: tuple[int, int]) -> Floats:
        """(special + patches, width) for a grid of patches."""
        assert self.positions is not None  # the caller made sure
        k = len(self.special)
        side = round((len(self.positions) - k) ** 0.5)
        if grid == (side, side):
            return self.positions
        table = self.positions[k:].reshape(side, side, -1)
        sharp = -0.5 if self.other_sizes == ANTIALIASED else -0.75
        wide = self.other_sizes == ANTIALIASED
        rows, columns = (taps(side, n, sharp, antialias=wide) for n in grid)
        stretched = np.einsum("ri,cj,ijw->rcw", rows, columns, table.astype(np.float64))
        flat = stretched.reshape(grid[0] * grid[1], -1).astype(self.positions.dtype)
        return np.concatenate([self.positions[:k], flat])


def flattened(pixels: Floats, size: int) -> Floats:
    """Cut pixels (3, height, width) into patches, row by row: (patches, 3 × size × size), as
    PyTorch lays a convolution's weight out. What is left at right and bottom is left out."""
    channels, height, width = pixels.shape
    rows, columns = height // size, width // size
    whole = pixels[:, : rows * size, : columns * size]
    cut = whole.reshape(channels, rows, size, columns, size).transpose(1, 3, 0, 2, 4)
    flat: Floats = np.ascontiguousarray(cut).reshape(rows * columns, -1)
    return flat


def taps(n_in: int, n_out: int, a: float, *, antialias: bool) -> np.ndarray:
    """Return the matrix (n_out, n_in) of cubic interpolation (Keys 1981) with parameter a, as
    PyTorch resizes. antialias: the kernel widens where it shrinks, and rows sum to 1 at the edges
    (Pillow's rule); else places beyond an edge are those of the edge."""
    scale = n_in / n_out
    centres = (np.arange(n_out) + 0.5) * scale - 0.5
    stretch = max(scale, 1.0) if antialias else 1.0
    reach = int(np.ceil(2 * stretch)) + 1
    offsets = np.arange(-reach, reach + 1)
    places = np.floor(centres)[:, None].astype(np.int64) + offsets
    shares = _keys(np.abs(centres[:, None] - places) / stretch, a)
    matrix = np.zeros((n_out, n_in))
    inside = (places >= 0) & (places < n_in)
    if antialias:
        shares = shares * inside
        shares /= shares.sum(axis=1, keepdims=True)
    rows = np.broadcast_to(np.arange(n_out)[:, None], places.shape)
    np.add.at(matrix, (rows, np.clip(places, 0, n_in - 1)), shares)
    return matrix


def _keys(d: np.ndarray, a: float) -> np.ndarray:
    near = (a + 2) * d**3 - (a + 3) * d**2 + 1
    far = a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))
