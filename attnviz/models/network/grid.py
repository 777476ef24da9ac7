"""What the places of patches on their grid do to attention: a rotation, or a bias for each step."""

from __future__ import annotations

import numpy as np

from attnviz.frozen import dataclass
from attnviz.models.interpolation import LINEAR, resized
from attnviz.models.layers import Floats, Rotation

GRID = "grid"  # the kind of layers that a rotation by the grid turns
Grid = tuple[int, int]


@dataclass(frozen=True, eq=False)
class GridRope:
    """Half of a head turns by the row of a patch, half by its column (DINOv3, arXiv 2508.10104);
    tokens before the patches are left alone. frequencies: (head_dim / 4,) float32."""

    frequencies: Floats

    def rotation(self, grid: Grid, n_tokens: int) -> Rotation:
        """Return the rotation of `n_tokens` tokens, the last of which are the patches: angles are
        2π times the middle of a patch, which goes from -1 to 1 along each side."""
        sides = [np.arange(0.5, n, dtype=np.float32) / np.float32(n) for n in grid]
        rows, columns = (side * np.float32(2) - np.float32(1) for side in sides)
        turns = np.float32(2 * np.pi) * np.stack(
            [np.repeat(rows, grid[1]), np.tile(columns, grid[0])], axis=1
        )  # (patches, 2)
        angles = (turns[:, :, None] * self.frequencies).reshape(len(turns), -1)
        before = np.zeros((n_tokens - len(angles), angles.shape[1]), np.float32)
        angles = np.concatenate([before, angles])
        return Rotation(np.cos(angles), np.sin(angles))


@dataclass(frozen=True, eq=False)
class StepRope:
    """Half of a head turns by the number of a patch's row, half by that of its column (Qwen 2 VL,
    arXiv 2409.12191). frequencies: (head_dim / 4,) float32."""

    frequencies: Floats

    @classmethod
    def of(cls, head_dim: int, theta: float) -> StepRope:
        """Make the one of a head so wide: theta^(-2i / (head_dim / 2))."""
        exponents = np.arange(0, head_dim // 2, 2, dtype=np.float32) / np.float32(head_dim // 2)
        powers = np.power(theta, exponents.astype(np.float64)).astype(np.float32)
        return cls(np.float32(1) / powers)

    def rotation(self, grid: Grid, n_tokens: int) -> Rotation:
        """Return the rotation of the patches, all `n_tokens` of them."""
        places = np.indices(grid).reshape(2, n_tokens).T.astype(np.float32)
        angles = (places[:, :, None] * self.frequencies).reshape(n_tokens, -1)
        return Rotation(np.cos(angles), np.sin(angles))


AnyGridRope = GridRope | StepRope


@dataclass(frozen=True, eq=False)
class GridBias:
    """What each step on the grid adds to the scores of each head (BEiT, arXiv 2106.08254).

    table: ((2 × side - 1)² + 3, heads); its last three rows are for [CLS] looking at a patch, a
    patch at [CLS], and [CLS] at itself. Other grids stretch it.
    """

    table: Floats
    side: int

    def __call__(self, grid: Grid) -> Floats:
        """Return (heads, 1 + patches, 1 + patches) for a grid of patches."""
        old = self.table[:-3].reshape(2 * self.side - 1, 2 * self.side - 1, -1)
        spans = (2 * grid[0] - 1, 2 * grid[1] - 1)
        steps = old if old.shape[:2] == spans else resized(old, spans, LINEAR, antialias=False)
        rows, columns = (index.ravel() for index in np.indices(grid))
        down = rows[:, None] - rows + grid[0] - 1
        across = columns[:, None] - columns + grid[1] - 1
        n = len(rows) + 1
        bias = np.empty((self.table.shape[1], n, n), self.table.dtype)
        bias[:, 1:, 1:] = steps[down, across].transpose(2, 0, 1)
        bias[:, 0, :], bias[:, 1:, 0] = self.table[-3][:, None], self.table[-2][:, None]
        bias[:, 0, 0] = self.table[-1]
        return bias


@dataclass(frozen=True, eq=False)
class WindowBias:
    """What each step within a window adds to the scores of each head (Swin, arXiv 2103.14030).

    table: ((2 × size - 1)², heads). Steps that leave a window are never seen.
    """

    table: Floats
    size: int

    def __call__(self, grid: Grid) -> Floats:
        """Return (heads, patches, patches) for a grid of patches."""
        span = 2 * self.size - 1
        steps = np.ascontiguousarray(self.table.T).reshape(-1, span, span)
        rows, columns = (index.ravel() for index in np.indices(grid))
        down, across = (
            np.clip(places[:, None] - places + self.size - 1, 0, span - 1)
            for places in (rows, columns)
        )
        return steps[:, down, across]


AnyGridBias = GridBias | WindowBias
