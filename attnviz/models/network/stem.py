"""What comes before the layers where no words are read: convolutions as products."""

from __future__ import annotations

import math

import numpy as np

from attnviz.frozen import dataclass
from attnviz.models.layers import (
    ACTIVATIONS,
    Activation,
    Embedding,
    Floats,
    LayerNorm,
    Linear,
)
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


@dataclass(frozen=True)
class Convolution:
    """One convolution over time without padding: a linear map over windows of `size` frames, every
    `step`; norm: None, or what follows it. over_time: the norm is of each channel over time."""

    linear: Linear
    size: int
    step: int
    norm: LayerNorm | None
    over_time: bool
    activation: Activation

    def __call__(self, x: Floats) -> Floats:
        """(frames, channels) → (fewer frames, channels)"""
        cut = np.lib.stride_tricks.sliding_window_view(x, self.size, axis=0)[:: self.step]
        y = self.linear(np.ascontiguousarray(cut).reshape(len(cut), -1))
        if self.norm is not None:
            y = _over_time(y, self.norm) if self.over_time else self.norm(y)
        return self.activation(y)


@dataclass(frozen=True, eq=False)
class GroupedPositions:
    """Positions as a convolution over many frames, in groups of channels (wav2vec 2.0): groups:
    a map over windows of each. strength, shift: (width,), a batch norm before it (some HuBERT)."""

    groups: tuple[Linear, ...]
    size: int
    activation: Activation
    strength: Floats | None = None
    shift: Floats | None = None

    def __call__(self, x: Floats) -> Floats:
        """(frames, width) → (frames, width), to be added"""
        half = self.size // 2
        if self.strength is not None and self.shift is not None:
            x = x * self.strength.astype(x.dtype) + self.shift.astype(x.dtype)
        padded = np.pad(x, ((half, half), (0, 0)))
        cut = np.lib.stride_tricks.sliding_window_view(padded, self.size, axis=0)[: len(x)]
        each = x.shape[1] // len(self.groups)  # channels
        parts = [
            linear(np.ascontiguousarray(cut[:, i * each : (i + 1) * each]).reshape(len(x), -1))
            for i, linear in enumerate(self.groups)
        ]
        return self.activation(np.concatenate(parts, axis=1))


@dataclass(frozen=True, eq=False)
class WaveStem:
    """Convolutions over the samples themselves, a projection, and positions (wav2vec 2.0, HuBERT).
    norm: after all, where the layers are normed after their sums."""

    convolutions: tuple[Convolution, ...]
    feature_norm: LayerNorm | None
    projection: Linear
    positions: GroupedPositions
    norm: LayerNorm | None

    words = None  # it reads no ids

    @property
    def limits(self) -> Limits:
        """No ids, and no end."""
        return Limits(0, None)

    @property
    def hop(self) -> int:
        """Samples from frame to frame."""
        return math.prod(one.step for one in self.convolutions)

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames so many samples give; 0 where they are too few."""
        for one in self.convolutions:
            n_samples = (n_samples - one.size) // one.step + 1
            if n_samples < 1:
                return 0
        return n_samples

    def __call__(self, feed: Feed, role: str) -> Floats:
        """Turn samples (1, n) into (frames, width)."""
        x = feed.features[role].T
        for one in self.convolutions:
            x = one(x)
        x = x if self.feature_norm is None else self.feature_norm(x)
        x = self.projection(x)
        x = x + self.positions(x)
        return x if self.norm is None else self.norm(x)


@dataclass(frozen=True)
class Shortened:
    """A convolution that leaves every `step`-th frame, gated by half of what it gives (the adapter
    of wav2vec 2.0)."""

    linear: Linear
    size: int
    step: int

    def __call__(self, x: Floats) -> Floats:
        """(frames, width) → (fewer frames, width)"""
        given, gate = np.split(self.linear(windows(x, self.size, self.step)), 2, axis=1)
        found: Floats = given / (1 + np.exp(-gate))
        return found


def _over_time(x: Floats, norm: LayerNorm) -> Floats:
    """Norm each channel over all frames: a group norm with a group for each channel."""
    wide = x - x.mean(axis=0, dtype=x.dtype)
    y = wide / np.sqrt(np.square(wide).mean(axis=0, dtype=x.dtype) + x.dtype.type(norm.eps))
    bias = 0 if norm.bias is None else np.asarray(norm.bias).astype(x.dtype)
    found: Floats = y * np.asarray(norm.weight).astype(x.dtype) + bias
    return found
