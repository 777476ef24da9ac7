"""What comes before the layers where no words are read: convolutions as products."""

from __future__ import annotations

import numpy as np

from attnviz.frozen import dataclass
from attnviz.models.layers import ACTIVATIONS, Embedding, Floats, Linear
from attnviz.models.network.network import Feed, Limits

GELU = ACTIVATIONS["gelu"]  # whatever the config says of the layers
PADDING = 1  # frames of zeros on each side


@dataclass(frozen=True)
class MelStem:
    """Two convolutions of three frames over a log-mel picture, the second of every other frame,
    and positions (Whisper). first, second: (width, channels × 3)."""

    first: Linear
    second: Linear
    positions: Embedding

    words = None  # it reads no ids

    @property
    def limits(self) -> Limits:
        """No ids; as many frames as there are positions."""
        return Limits(0, len(self.positions.weight))

    def __call__(self, feed: Feed, role: str) -> Floats:
        """Turn the log-mel picture (mels, frames) into (frames / 2, width)."""
        mels = feed.features[role].astype(self._dtype, copy=False)
        x = GELU(self.first(windows(mels.T, 3, 1)))
        x = GELU(self.second(windows(x, 3, 2)))
        return x + self.positions(np.arange(len(x)))

    @property
    def _dtype(self) -> type[np.floating]:
        return np.float64 if self.positions.weight.dtype == np.float64 else np.float32


def windows(x: Floats, size: int, step: int) -> Floats:
    """Cut (frames, channels) into windows, zeros beyond both ends: (windows, channels × size), as
    PyTorch lays a convolution's weight out."""
    padded = np.pad(x, ((PADDING, PADDING), (0, 0)))
    cut = np.lib.stride_tricks.sliding_window_view(padded, size, axis=0)[::step]
    laid: Floats = np.ascontiguousarray(cut).reshape(len(cut), -1)
    return laid
