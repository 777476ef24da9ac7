"""Where tokens stand that are not characters of a text: patches of a picture, frames of a sound.

`Tokens.where` is one of these, or None for a text, whose tokens stand at their `spans`. Each has
one row per token, in their order; special tokens ([CLS], registers) have a row of zeros.
Both carry a small copy of what was looked at, or None where it was left out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.frozen import dataclass

VOICE_RATE = 8_000  # samples a second of a sound that is kept to listen to
NOT_ON_THE_GRID = -1  # the cell of a special token

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Boxes:
    """Patches of a picture.

    boxes: (n, 4) float64, left, top, right and bottom in pixels of the original picture. cells:
    (n,) int64, the place of each patch on the grid, row by row, or -1 for a special token. grid:
    rows and columns. size: width and height of the original picture in pixels. thumbnail: (height,
    width, 3) uint8, the whole picture made small.
    """

    boxes: NDArray[np.float64]
    cells: NDArray[np.int64]
    grid: tuple[int, int]
    size: tuple[int, int]
    thumbnail: Bytes | None = None

    def at(self, places: NDArray[np.int64]) -> Boxes:
        """Return the patches of these places, of the same picture."""
        return replace(self, boxes=self.boxes[places], cells=self.cells[places])

    def without_media(self) -> Boxes:
        """Return the same without the picture."""
        return replace(self, thumbnail=None)

    def laid(self, values: NDArray[Any]) -> NDArray[Any]:
        """Lay one value per token out on the grid: (rows, columns), 0 where no token stands."""
        table = np.zeros(self.grid[0] * self.grid[1], dtype=np.asarray(values).dtype)
        table[self.cells[self.on_grid]] = values[self.on_grid]
        return table.reshape(self.grid)

    @property
    def on_grid(self) -> NDArray[np.bool_]:
        """Which tokens are patches, (n,), and not special tokens."""
        found: NDArray[np.bool_] = self.cells != NOT_ON_THE_GRID
        return found

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Boxes)
            and (self.grid, self.size) == (other.grid, other.size)
            and np.array_equal(self.boxes, other.boxes)
            and np.array_equal(self.cells, other.cells)
            and _same(self.thumbnail, other.thumbnail)
        )


@dataclass(frozen=True, eq=False)
class Times:
    """Frames of a sound.

    times: (n, 2) float64, begin and end in seconds. duration: of the whole sound, in seconds;
    frames beyond it hold only what was padded. picture: (bands, columns) uint8, its spectrogram
    made small, low frequencies first. wave: (2, columns) uint8, the lowest and the highest sample
    of each column up to the end of the sound, 128 where there is silence. voice: (n,) uint8, the
    sound itself to listen to, VOICE_RATE samples a second from the first frame on, each an 8-bit
    mu-law level (inputs/sound.py: voice_of).
    """

    times: NDArray[np.float64]
    duration: float
    picture: Bytes | None = None
    wave: Bytes | None = None
    voice: Bytes | None = None

    def at(self, places: NDArray[np.int64]) -> Times:
        """Return the frames of these places, of the same sound."""
        return replace(self, times=self.times[places])

    def without_media(self) -> Times:
        """Return the same without the spectrogram, the wave and the sound."""
        return replace(self, picture=None, wave=None, voice=None)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Times)
            and self.duration == other.duration
            and np.array_equal(self.times, other.times)
            and _same(self.picture, other.picture)
            and _same(self.wave, other.wave)
            and _same(self.voice, other.voice)
        )


Where = Boxes | Times


def _same(one: Bytes | None, other: Bytes | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)
