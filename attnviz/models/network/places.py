"""Where patches stand for a network: positions with three axes, and windows on their grid."""

from __future__ import annotations

import numpy as np

from attnviz.attention.masks import windows
from attnviz.attention.rules import Rule
from attnviz.frozen import dataclass
from attnviz.models.model import IMAGE, TEXT
from attnviz.models.network.grid import Grid
from attnviz.models.network.network import Feed, Ids


def axes_of(sections: object, n: int, *, woven: bool) -> Ids | None:
    """Return which axis each of `n` frequencies follows, 0 time, 1 rows, 2 columns: (n,) int64.

    sections: how many there are of each, one after another (Qwen 2 VL, arXiv 2409.12191); woven:
    the second and the third take every third place from the start on (Qwen 3 VL). None where the
    sections are not three numbers that give n.
    """
    if not isinstance(sections, list) or len(sections) != 3:
        return None
    if not all(type(one) is int and one >= 0 for one in sections) or sum(sections) != n:
        return None
    if not woven:
        return np.repeat(np.arange(3), sections)
    axes = np.zeros(n, dtype=np.int64)
    for axis in (1, 2):
        axes[axis : 3 * sections[axis] : 3] = axis
    return axes


def picture_in(feed: Feed, image_token: int) -> np.ndarray:
    """Tell where tokens of the picture stand in the text: (tokens,) bool. The image token among
    what the model wrote itself is a word like others."""
    is_image: np.ndarray = feed.ids[TEXT] == image_token
    n_prompt = 0 if feed.start else feed.n_prompt
    return is_image if n_prompt is None else is_image & (np.arange(len(is_image)) < n_prompt)


def positions_of(is_image: np.ndarray, grid: Grid) -> Ids:
    """Return the positions of a text with a picture: (3, tokens), time, rows and columns.

    is_image: (tokens,), where the picture's tokens stand, which lie on `grid`. Words count on as
    they do in any text; a picture's tokens stand where it begins, and as many rows and columns
    further on; after it words go on from the largest (Qwen 2 VL, arXiv 2409.12191, 2.1).
    """
    n, there = len(is_image), np.flatnonzero(is_image)
    found = np.tile(np.arange(n, dtype=np.int64), (3, 1))
    first = there[0]
    rows, columns = (index.ravel() for index in np.indices(grid))
    found[:, there] = first + np.stack([np.zeros_like(rows), rows, columns])
    words = ~is_image & (np.arange(n) > first)
    found[:, words] = first + max(grid) + np.arange(int(words.sum()))
    return found


@dataclass(frozen=True)
class GridWindows:
    """Masks of layers that see a square of `size` × `size` patches, wherever it lies on the grid of
    a picture (Qwen 2.5 VL, arXiv 2502.13923)."""

    size: int
    layers: tuple[int, ...]
    patch: int

    def __call__(self, masks: tuple[Rule, ...], feed: Feed) -> tuple[Rule, ...]:
        """Return the mask of each layer."""
        columns = feed.features[IMAGE].shape[2] // self.patch
        near = windows(columns, self.size)
        return tuple(near if i in self.layers else mask for i, mask in enumerate(masks))
