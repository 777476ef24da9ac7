"""From what a tower saw in a picture to the tokens that a decoder reads among its words."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from attnviz.frozen import dataclass
from attnviz.models.layers import Activation, Floats, Linear, Norm
from attnviz.models.network.grid import Grid


class Projector(Protocol):
    """What stands between a tower and a decoder.

    It says how many tokens it gives before anything is run: a text has to hold their places.
    """

    @property
    def dropped(self) -> int:
        """How many tokens before the patches are left out."""

    def grid(self, patches: Grid) -> Grid:
        """Return rows and columns of the image tokens that a grid of patches becomes; AttnvizError
        where it cannot be cut so."""

    def __call__(self, x: Floats, grid: Grid) -> Floats:
        """(tokens of the tower, width), whose patches lie on `grid` → (image tokens, width of the
        decoder)"""


@dataclass(frozen=True)
class TwoMaps:
    """outer(activation(inner(patches))): a token for each patch (LLaVA, arXiv 2310.03744)."""

    inner: Linear
    activation: Activation
    outer: Linear
    dropped: int

    def grid(self, patches: Grid) -> Grid:
        """Return every patch is a token."""
        return patches

    def __call__(self, x: Floats, grid: Grid) -> Floats:
        """(tokens of the tower, width) → (image tokens, width of the decoder)"""
        del grid  # each token by itself
        return self.outer(self.activation(self.inner(x[self.dropped :])))


@dataclass(frozen=True)
class OneMap:
    """A linear map of each patch (PaliGemma, arXiv 2407.07726)."""

    linear: Linear

    dropped = 0

    def grid(self, patches: Grid) -> Grid:
        """Return the same: every patch is a token."""
        return patches

    def __call__(self, x: Floats, grid: Grid) -> Floats:
        """(patches, width) → (image tokens, width of the decoder)"""
        del grid  # each token by itself
        return self.linear(x)


@dataclass(frozen=True)
class Pooled:
    """The mean of squares of `side` × `side` patches, normed, and a map of it (Gemma 3)."""

    norm: Norm
    linear: Linear
    side: int

    dropped = 0

    def grid(self, patches: Grid) -> Grid:
        """Return rows and columns of the squares: each is a token."""
        return squares(patches, self.side)

    def __call__(self, x: Floats, grid: Grid) -> Floats:
        """(patches, width) → (image tokens, width of the decoder)"""
        return self.linear(self.norm(in_squares(x, grid, self.side).mean(axis=1)))


@dataclass(frozen=True)
class Merger:
    """Squares of `side` × `side` patches as one long vector, and two maps of it (Qwen 2 VL, arXiv
    2409.12191). joined_first: the norm is of the long vector, and not of each patch."""

    norm: Norm
    inner: Linear
    activation: Activation
    outer: Linear
    side: int
    joined_first: bool = False

    dropped = 0

    def grid(self, patches: Grid) -> Grid:
        """Return rows and columns of the squares: each is a token."""
        return squares(patches, self.side)

    def __call__(self, x: Floats, grid: Grid) -> Floats:
        """(patches, width) → (image tokens, width of the decoder)"""
        x = in_squares(x if self.joined_first else self.norm(x), grid, self.side)
        x = x.reshape(len(x), -1)
        x = self.norm(x) if self.joined_first else x
        return self.outer(self.activation(self.inner(x)))


@dataclass(frozen=True)
class PixelShuffle:
    """Squares of `side` × `side` patches as one long vector, and a map of it (Idefics 3, arXiv
    2408.12637): row by row within the square."""

    proj: Linear
    side: int

    dropped = 0

    def grid(self, patches: Grid) -> Grid:
        """Return a token for each square."""
        return squares(patches, self.side)

    def __call__(self, x: Floats, grid: Grid) -> Floats:
        """(patches, width) → (image tokens, width of the decoder)"""
        return self.proj(in_squares(x, grid, self.side).reshape(-1, self.side**2 * x.shape[1]))


def squares(patches: Grid, side: int) -> Grid:
    """Return rows and columns of squares of `side` × `side` patches."""
    return patches[0] // side, patches[1] // side


def in_squares(x: Floats, grid: Grid, side: int) -> Floats:
    """Put the patches of each square beside one another, row by row: (patches, width) → (squares,
    side × side, width)."""
    rows, columns = squares(grid, side)
    whole = x.reshape(*grid, x.shape[1])[: rows * side, : columns * side]
    cut = whole.reshape(rows, side, columns, side, x.shape[1]).swapaxes(1, 2)
    found: Floats = np.ascontiguousarray(cut).reshape(rows * columns, side * side, x.shape[1])
    return found
