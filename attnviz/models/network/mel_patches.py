"""Patches of a spectrogram as the first layer of an audio spectrogram transformer is given them."""

from __future__ import annotations

import numpy as np

from attnviz.frozen import dataclass
from attnviz.models.layers import Floats, Linear
from attnviz.models.network.network import Feed, Limits


@dataclass(frozen=True, eq=False)
class MelPatchStem:
    """A linear map of each patch of a mel picture, special tokens before, positions added (arXiv
    2104.01778). Patches overlap where a step is smaller than they are.

    projection: (width, size × size). steps: bands and frames from patch to patch. bands, frames: of
    the picture. special: (k, width), tokens that come first. positions: (k + patches, width).
    """

    projection: Linear
    size: int
    steps: tuple[int, int]
    bands: int
    frames: int
    special: Floats
    positions: Floats

    words = None  # it reads no ids

    @property
    def limits(self) -> Limits:
        """No ids, and no end: a picture always has the same size."""
        return Limits(0, None)

    @property
    def grid(self) -> tuple[int, int]:
        """Patches from low to high bands, and over time."""
        return (
            (self.bands - self.size) // self.steps[0] + 1,
            (self.frames - self.size) // self.steps[1] + 1,
        )

    def __call__(self, feed: Feed, role: str) -> Floats:
        """Turn a mel picture (bands, frames) into (special tokens + patches, width): all times of
        the lowest patches first."""
        mels = feed.features[role].astype(self.special.dtype, copy=False)
        cut = np.lib.stride_tricks.sliding_window_view(mels, (self.size, self.size))
        patches = cut[:: self.steps[0], :: self.steps[1]].reshape(-1, self.size * self.size)
        x = self.projection(np.ascontiguousarray(patches))
        whole: Floats = np.concatenate([self.special, x]) + self.positions
        return whole
