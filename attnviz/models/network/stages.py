"""A tower in stages: between two of them four neighbouring patches become one (Swin)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.models.layers import Floats, LayerNorm, Linear
from attnviz.models.model import Attend, Layout
from attnviz.models.network.network import Feed, Limits, Shared, State
from attnviz.models.network.tower import Tower

Grid = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Merging:
    """reduction(norm(four patches as one)), column by column within the four."""

    norm: LayerNorm
    reduction: Linear

    def __call__(self, x: Floats, grid: Grid) -> Floats:
        """(rows × columns, width) → (a quarter of them, 2 × width); odd sides end in zeros."""
        laid = x.reshape(*grid, -1)
        laid = np.pad(laid, ((0, grid[0] % 2), (0, grid[1] % 2), (0, 0)))
        four = [laid[row::2, column::2] for column in range(2) for row in range(2)]
        joined = np.concatenate(four, axis=-1)
        return self.reduction(self.norm(joined.reshape(-1, joined.shape[-1])))


@dataclass(frozen=True)
class Stages:
    """Towers one after the other, the first with the patches; each is a stack of its own.

    grids: rows and columns of patches in each stage, which masks are made for. mergings: what
    stands between two stages.
    """

    towers: tuple[Tower, ...]
    grids: tuple[Grid, ...]
    mergings: tuple[Merging, ...]

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """One stack a stage."""
        return {name: one for tower in self.towers for name, one in tower.layouts.items()}

    @property
    def writer(self) -> Tower:
        """The last stage: its final state is the network's."""
        return self.towers[-1]

    def tower(self, _: str) -> Tower:
        """Return the first stage, which is given the patches."""
        return self.towers[0]

    def limits(self, _: str) -> Limits:
        """Return limits without ids and without an end."""
        return self.towers[0].embeddings.limits

    def begin(self, feed: Feed) -> State:
        """Embed the patches; AttnvizError for another grid than windows were laid on."""
        first = self.towers[0]
        state = first.begin(feed)
        if state.shared.grid != self.grids[0]:
            raise AttnvizError(
                f"A picture of {_size(state.shared.grid)} patches does not fit the model, whose "
                f"windows lie on {_size(self.grids[0])}.",
                "Give the preprocessor_config.json that it was saved with.",
                key="err.picture_patches",
                grid=_size(state.shared.grid),
                grids=_size(self.grids[0]),
            )
        return state

    def layer(self, state: State, attend: Attend) -> State:
        """Run one layer; after the last one of a stage its patches are merged."""
        at = self._stage(state)
        state = self.towers[at].layer(state, attend)
        if not self.towers[at].is_done(state) or at + 1 == len(self.towers):
            return state
        x, after, grid = (
            self.mergings[at](state.x, self.grids[at]), self.towers[at + 1], self.grids[at + 1]
        )  # fmt: skip
        bias = after.bias(len(x), 0, grid)
        return State(x, Shared(state.shared.feed, bias=bias, grid=grid), after.stack)

    def is_done(self, state: State) -> bool:
        """Say whether no layer of the last stage is left."""
        at = self._stage(state)
        return at + 1 == len(self.towers) and self.towers[at].is_done(state)

    def end(self, state: State) -> Floats:
        """Return the final hidden state: (patches of the last stage, width)."""
        return self.writer.end(state)

    def _stage(self, state: State) -> int:
        return [tower.stack for tower in self.towers].index(state.tower)


def _size(grid: Grid | None) -> str:
    return "no" if grid is None else f"{grid[0]} × {grid[1]}"
