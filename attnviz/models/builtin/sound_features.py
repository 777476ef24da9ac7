"""What the built-in heads know of each frame of a sound: one row of numbers, nothing learned.

sound         24  the mel spectrum less its mean, of length 1; zeros in silence
pitch         48  a soft code of semitones above 55 Hz: products fall with the distance in pitch
time          24  sines and cosines of the frame's place, at 12 frequencies
spoken        24  cosines and sines of how much of the speech lies before it, 0 to 1
flags          8  loud, silent, onset, voiced, bright, high, low, constant

Pitch is the first peak of the autocorrelation from 70 to 500 Hz.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.inputs.sound import Sound
from attnviz.inputs.spectrogram import cut_frames, hann, mel_filters, power
from attnviz.inputs.where import Bytes
from attnviz.models.builtin.parts import Floats, Parts

HOP = 0.04  # seconds from frame to frame
WINDOW = 0.064  # seconds that each frame hears
BANDS, PITCHES = 24, 48
FREQUENCIES = 1.0 * 0.6 ** np.arange(12.0)  # radians per frame
SPOKEN = np.pi * np.arange(1.0, 13.0)  # radians over all of the speech
LOWEST, HIGHEST = 70.0, 500.0  # hertz of a voice
BASE = 55.0  # hertz of semitone 0
RANGE = 45.0  # decibels below the loudest frame at which nothing is heard
SILENT = 0.2  # of that range
VOICED = 0.5  # of the signal that has to come again after a period
FIRST_PEAK = 0.9  # of the highest peak that an earlier one has to reach
AT_ONCE = 1 << 10  # frames
PICTURE_BANDS, PICTURE_COLUMNS = 40, 600  # of the small spectrogram in a record
FLAGS = ("loud", "silent", "onset", "voiced", "bright", "high", "low", "constant")
PARTS = Parts(
    {
        "sound": BANDS,
        "pitch": PITCHES,
        "time": 2 * FREQUENCIES.size,
        "spoken": 2 * SPOKEN.size,
        **dict.fromkeys(FLAGS, 1),
    }
)

Array = NDArray[np.float64]


def n_frames(sound: Sound) -> int:
    """Return how many frames a sound has: the last one may be cut short."""
    return max(-(-len(sound.samples) // round(HOP * sound.rate)), 1)


def features(sound: Sound) -> Floats:
    """Return the features of every frame: (frames, PARTS.width) float32."""
    bands = mel_bands(sound, BANDS)  # decibels
    loud = _loudness(sound)
    silent = loud < SILENT
    pitch = _in_parts(lambda some, quiet: _pitch(some, sound.rate, quiet), sound, silent)
    voiced = np.isfinite(pitch)
    n = len(bands)
    high = np.clip((np.nan_to_num(pitch, nan=0.0) - 12) / 24, 0, 1) * voiced
    spoken = _spoken_before(silent)
    flags: dict[str, Any] = {
        "loud": loud,
        "silent": silent,
        "onset": _onsets(bands, loud),
        "voiced": voiced,
        "bright": _brightness(bands) * ~silent,
        "high": high,
        "low": (1 - high) * voiced,
        "constant": np.ones(n),
    }
    table = np.zeros((n, PARTS.width), dtype=np.float32)
    for first in range(0, n, AT_ONCE):
        some = slice(first, min(first + AT_ONCE, n))
        values = {
            "sound": _shape(bands[some]) * ~silent[some, None],
            "pitch": pitch_code(pitch[some]),
            "time": _waves(np.arange(some.start, some.stop)),
            "spoken": spoken_code(spoken[some]),
        }
        values |= {name: value[some, None] for name, value in flags.items()}
        for name, value in values.items():
            table[some, PARTS.at(name)] = value
    return table


def picture(sound: Sound) -> Bytes:
    """Return the spectrogram made small: (bands, columns) uint8, low frequencies first, 255 the
    loudest and 0 what is 45 dB below it."""
    decibels = mel_bands(sound, PICTURE_BANDS)
    share = np.clip(1 + (decibels - decibels.max()) / (RANGE + 15), 0, 1)
    step = -(-len(share) // PICTURE_COLUMNS)
    pooled = [share[i : i + step].max(axis=0) for i in range(0, len(share), step)]
    return (255 * np.array(pooled).T).round().astype(np.uint8)


def pitch_code(semitones: Array) -> Array:
    """Return vectors of length 1 whose products fall with the distance of two pitches, zeros where
    there is none: (…,) → (…, 48)."""
    centres = np.arange(float(PITCHES))
    apart = np.nan_to_num(semitones, nan=-100.0)[..., None] - centres
    code = np.exp(-(apart**2) / 2)
    length = np.sqrt((code**2).sum(axis=-1, keepdims=True))
    found: Array = np.divide(code, length, out=np.zeros_like(code), where=length > 1e-6)
    return found


def spoken_code(share: Array) -> Array:
    """Return cosines and sines of a place in the speech, 0 to 1: (…,) → (…, 24)."""
    angles = np.multiply.outer(np.asarray(share, dtype=np.float64), SPOKEN)
    code: Array = np.concatenate([np.cos(angles), np.sin(angles)], axis=-1)
    return code


def mel_bands(sound: Sound, n_bands: int) -> Array:
    """Return decibels of mel bands, at least -100: (frames, bands)."""
    size = round(WINDOW * sound.rate)
    filters = mel_filters(size // 2 + 1, n_bands, sound.rate, 50, sound.rate / 2)
    energy = _in_parts(lambda some: power(some, hann(size)) @ filters, sound)
    found: Array = 10 * np.log10(np.maximum(energy, 1e-10))
    return found


def _frames(sound: Sound, first: int, last: int) -> Array:
    """(frames, samples): what each frame from `first` to before `last` hears, around its middle."""
    hop, size = round(HOP * sound.rate), round(WINDOW * sound.rate)
    low = first * hop - (size - hop) // 2
    padded = np.zeros((last - first - 1) * hop + size)
    heard = sound.samples[max(low, 0) : low + len(padded)]
    padded[max(-low, 0) : max(-low, 0) + len(heard)] = heard
    return np.asarray(cut_frames(padded, size, hop))


def _in_parts(work: Callable[..., Array], sound: Sound, *arrays: NDArray[Any]) -> Array:
    """What `work` makes of frames, and of rows beside them, some at a time: a spectrum takes much
    more than its frame."""
    n = n_frames(sound)
    parts = ((first, min(first + AT_ONCE, n)) for first in range(0, n, AT_ONCE))
    return np.concatenate(
        [work(_frames(sound, *part), *(a[slice(*part)] for a in arrays)) for part in parts]
    )


def _loudness(sound: Sound) -> Array:
    """From 0 (nothing is heard) to 1 (the loudest frame)."""
    decibels = 10 * np.log10(_in_parts(lambda some: (some**2).mean(axis=1), sound) + 1e-10)
    loud: Array = np.clip((decibels - max(float(decibels.max()), -60) + RANGE) / RANGE, 0, 1)
    return loud


def _shape(bands: Array) -> Array:
    """The mel spectrum less its mean, of length 1."""
    shape = bands - bands.mean(axis=1, keepdims=True)
    unit: Array = shape / np.maximum(np.linalg.norm(shape, axis=1, keepdims=True), 1e-9)
    return unit


def _onsets(bands: Array, loud: Array) -> Array:
    """How much louder the bands are than a frame ago, against the steepest rises."""
    lowest = bands.max() - RANGE  # what is below is not heard, and so is what was before the sound
    floor = np.maximum(bands, lowest)
    before = np.full((1, floor.shape[1]), lowest)
    rise = np.maximum(np.diff(floor, axis=0, prepend=before), 0).sum(axis=1) * (loud >= SILENT)
    found: Array = np.minimum(rise / max(float(np.quantile(rise, 0.98)), 1.0), 1)
    return found


def _brightness(bands: Array) -> Array:
    """Where the middle of the spectrum lies, from the lowest band (0) to the highest (1)."""
    energy = 10 ** (bands / 10)
    centre = (energy @ np.arange(bands.shape[1])) / energy.sum(axis=1)
    low, high = np.quantile(centre, (0.05, 0.95))
    found: Array = np.clip((centre - low) / max(high - low, 1.0), 0, 1)
    return found


def _pitch(frames: Array, rate: int, silent: NDArray[np.bool_]) -> Array:
    """Semitones above 55 Hz, NaN where no period is heard."""
    size = frames.shape[1]
    spectrum = np.fft.rfft(frames - frames.mean(axis=1, keepdims=True), 2 * size)
    correlation = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)[:, :size]
    # The further a copy is moved the less of it overlaps.
    correlation *= size / np.maximum(size - np.arange(size), 1)
    correlation /= np.maximum(correlation[:, :1], 1e-12)
    first, last = int(rate / HIGHEST), int(rate / LOWEST) + 1
    found = np.full(len(frames), np.nan)
    for i in np.flatnonzero(~silent).tolist():
        lag = _first_peak(correlation[i], first, last)
        if lag is not None:
            found[i] = 12 * np.log2(rate / lag / BASE)
    return found


def _first_peak(correlation: Array, first: int, last: int) -> float | None:
    """The lag of the first peak that is nearly as high as the highest, between samples."""
    here = correlation[first - 1 : last + 2]
    peaks = np.flatnonzero((here[1:-1] > here[:-2]) & (here[1:-1] >= here[2:])) + first
    if not peaks.size or correlation[peaks].max() < VOICED:
        return None
    chosen = peaks[correlation[peaks] >= FIRST_PEAK * correlation[peaks].max()][0]
    before, at, after = correlation[chosen - 1 : chosen + 2]
    bend = before - 2 * at + after
    return float(chosen + (0.5 * (before - after) / bend if bend < 0 else 0.0))


def _spoken_before(silent: NDArray[np.bool_]) -> Array:
    """The share of all frames with sound that lie before the middle of each frame."""
    heard = (~silent).astype(np.float64)
    total = max(heard.sum(), 1.0)
    share: Array = (np.cumsum(heard) - heard / 2) / total
    return share


def _waves(places: NDArray[Any]) -> Array:
    angles = np.multiply.outer(places, FREQUENCIES)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
