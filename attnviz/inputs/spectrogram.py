"""What frequencies a sound has, frame by frame: power spectra, and mel bands as ears hear them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def cut_frames(samples: NDArray[Any], size: int, hop: int) -> NDArray[Any]:
    """Cut samples (n,) into frames of `size` that begin `hop` apart: (frames, size), a view."""
    windows = np.lib.stride_tricks.sliding_window_view(samples, size)
    return windows[::hop]


def hann(size: int, *, periodic: bool = True) -> Array:
    """Return the Hann window: 0.5 − 0.5 cos(2πn / size), or over size − 1 where it is symmetric."""
    n = np.arange(size)
    window: Array = 0.5 - 0.5 * np.cos(2 * np.pi * n / (size if periodic else size - 1))
    return window


def power(frames: NDArray[Any], window: Array, n_fft: int | None = None) -> Array:
    """Return |FFT|² of windowed frames (frames, size): (frames, n_fft // 2 + 1) float64."""
    spectrum = np.fft.rfft(frames * window, n_fft)
    found: Array = spectrum.real**2 + spectrum.imag**2
    return found


def mel_filters(n_bins: int, n_mels: int, rate: int, low: float, high: float) -> Array:
    """Return triangles over the bins of a power spectrum, (n_bins, n_mels), each of area 1 on
    Slaney's scale (Auditory Toolbox, 1998), as librosa makes them."""
    edges = slaney_to_hertz(
        np.linspace(hertz_to_slaney(np.array(low)), hertz_to_slaney(np.array(high)), n_mels + 2)
    )
    bins = np.linspace(0, rate / 2, n_bins)[:, None]
    rising = (bins - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - bins) / np.diff(edges)[1:]
    triangles = np.maximum(0, np.minimum(rising, falling))
    filters: Array = triangles * (2 / (edges[2:] - edges[:-2]))
    return filters


def kaldi_filters(n_bins: int, n_mels: int, rate: int, low: float, high: float) -> Array:
    """Return triangles over the bins of a power spectrum, (n_bins, n_mels), of height 1 and with
    straight sides on the scale 1127 ln(1 + f / 700), as Kaldi makes them."""

    def mel(hertz: Array) -> Array:
        return np.asarray(1127 * np.log(1 + hertz / 700))

    low_mel, high_mel = mel(np.array([low, high], dtype=np.float64)).tolist()
    edges = np.linspace(low_mel, high_mel, n_mels + 2)
    bins = mel(np.arange(n_bins) * rate / 2 / (n_bins - 1))[:, None]
    rising = (bins - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - bins) / np.diff(edges)[1:]
    triangles: Array = np.maximum(0, np.minimum(rising, falling))
    return triangles


def hertz_to_slaney(hertz: Array) -> Array:
    """Turn hertz into mels: linear below 1 kHz, logarithmic above."""
    high = np.maximum(hertz, 1000)
    return np.where(hertz < 1000, 3 * hertz / 200, 15 + 27 * np.log(high / 1000) / np.log(6.4))


def slaney_to_hertz(mels: Array) -> Array:
    """Undo `hertz_to_slaney`."""
    return np.where(mels < 15, 200 * mels / 3, 1000 * np.exp(np.log(6.4) * (mels - 15) / 27))
