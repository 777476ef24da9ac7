"""Patches of a picture as the first layer of a vision transformer is given them."""

from __future__ import annotations

import numpy as np

from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.models.interpolation import resized, resized_by_corners
from attnviz.models.layers import Floats, Linear, Norm
from attnviz.models.network.network import Feed, Limits

FIXED = "fixed"  # there are no positions for other sizes
# How positions stretch to other sizes: the cubic's parameter, and whether it widens to shrink.
CUBIC, ANTIALIASED, LINEAR = "cubic", "antialiased", "linear"
CORNERS = "corners"  # linear, and the corners of both grids lie on one another (Qwen 3 VL)
STRETCHES = {CUBIC: (-0.75, False), ANTIALIASED: (-0.5, True), LINEAR: (None, True)}


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

    def grid_of(self, feed: Feed, role: str) -> tuple[int, int]:
        """Return rows and columns of the patches of what the network is fed."""
        return self.grid(*feed.features[role].shape[1:])

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
                key="err.picture_pixels",
                width=width,
                height=height,
                side=side,
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
        if self.other_sizes == CORNERS:
            stretched = resized_by_corners(table, grid)
        else:
            sharp, wide = STRETCHES[self.other_sizes]
            stretched = resized(table, grid, sharp, antialias=wide)
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
