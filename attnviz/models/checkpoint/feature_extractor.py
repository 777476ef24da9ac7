"""A sound as a checkpoint reads it: what preprocessor_config.json says, exactly.

Numbers are those of transformers' feature extractors on their NumPy paths, in float64.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.inputs.spectrogram import cut_frames, hann, kaldi_filters, mel_filters, power
from attnviz.models.checkpoint.processor_file import read_processor

LARGEST = 1 << 20  # samples of a window, bands, bins
# Of Kaldi's filter banks at 16 kHz: samples of a frame, to the next, of its Fourier transform; what
# is taken off, the lowest frequency, and float32's epsilon, the least energy.
FRAME, HOP, FRAME_FFT, EMPHASIS, LOWEST, FLOOR = 400, 160, 512, 0.97, 20.0, 2.0**-23
QUIETEST = 1e-10  # the least mel energy that is told apart


@dataclass(frozen=True)
class LogMel:
    """The log-mel picture of Whisper (arXiv 2212.04356): windows of `seconds`, of which each has
    `n_mels` bands every `hop` samples."""

    n_mels: int = 80
    n_fft: int = 400
    hop: int = 160
    seconds: int = 30
    rate: int = 16_000

    @property
    def n_samples(self) -> int:
        """Samples of a window."""
        return self.seconds * self.rate

    def __call__(self, samples: NDArray[Any]) -> NDArray[np.float32]:
        """Turn samples (n,), cut to a window or filled up with zeros, into (mels, frames).

        log10 of mel energies, at least 8 below the largest, plus 4, over 4; the last frame is left
        out, and the ends are mirrored.
        """
        whole = np.zeros(self.n_samples)
        whole[: min(len(samples), self.n_samples)] = samples[: self.n_samples]
        logs = self.logs(np.pad(whole, self.n_fft // 2, mode="reflect"))[:-1]
        return self.scaled(logs, logs.max())

    def logs(self, samples: NDArray[Any]) -> NDArray[np.float64]:
        """Turn samples, whose ends are mirrored already, into log10 of mel energies (frames,
        mels)."""
        frames = cut_frames(samples, self.n_fft, self.hop)
        filters = mel_filters(self.n_fft // 2 + 1, self.n_mels, self.rate, 0, 8000)
        found: NDArray[np.float64] = np.log10(
            np.maximum(power(frames, hann(self.n_fft)) @ filters, QUIETEST)
        )
        return found

    def scaled(self, logs: NDArray[np.float64], loudest: float) -> NDArray[np.float32]:
        """Turn logs (frames, mels), of a sound whose largest is `loudest`, into (mels, frames)."""
        return np.asarray((np.maximum(logs, loudest - 8).T + 4) / 4, dtype=np.float32)


def read_log_mel(folder: Path | None, n_mels: int) -> LogMel:
    """Read how a checkpoint hears; Whisper's usual way where its folder does not say.

    n_mels: the bands that its network takes. Raises AttnvizError for settings that do not fit.
    """
    given = read_processor(folder, "feature_extractor")
    names = {"feature_size": "n_mels", "n_fft": "n_fft", "hop_length": "hop",
             "chunk_length": "seconds", "sampling_rate": "rate"}  # fmt: skip
    chosen = {mine: given[name] for name, mine in names.items() if given.get(name) is not None}
    found = LogMel(**({"n_mels": n_mels} | chosen))
    for name, value in vars(found).items():
        if type(value) is not int or not 1 <= value <= LARGEST:
            raise _wrong(folder, f"{name} is {str(value)[:40]}")
    if found.n_mels != n_mels or found.n_samples > LARGEST or found.hop > found.n_fft:
        raise _wrong(folder, f"its {found.n_mels} bands are not the {n_mels} of the model")
    return found


@dataclass(frozen=True)
class Fbank:
    """Filter banks as Kaldi makes them, cut or filled up with zeros to `max_length` frames and then
    normed (audio spectrogram transformers, arXiv 2104.01778). Names are those of the file."""

    num_mel_bins: int = 128
    max_length: int = 1024
    sampling_rate: int = 16_000
    do_normalize: bool = True
    mean: float = -4.2677393
    std: float = 4.5689974

    def __call__(self, samples: NDArray[Any]) -> NDArray[np.float32]:
        """Turn samples (n,) into (bands, max_length): frames of 400 samples every 160, each minus
        its mean, of which 0.97 of the sample before is taken off, as natural logarithms."""
        frames = cut_frames(np.asarray(samples, dtype=np.float64), FRAME, HOP)[: self.max_length]
        frames = frames - frames.mean(axis=1, keepdims=True)
        before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
        window, n_fft = hann(FRAME, periodic=False), FRAME_FFT
        spectrum = power(frames - EMPHASIS * before, window, n_fft)
        bins, rate = n_fft // 2 + 1, self.sampling_rate
        bands = spectrum @ kaldi_filters(bins, self.num_mel_bins, rate, LOWEST, rate // 2)
        found = np.zeros((self.num_mel_bins, self.max_length))
        found[:, : len(frames)] = np.log(np.maximum(bands, FLOOR)).T
        if self.do_normalize:
            found = (found - self.mean) / (2 * self.std)
        return found.astype(np.float32)

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames hold sound."""
        return max(0, min(1 + (n_samples - FRAME) // HOP, self.max_length))


def read_fbank(folder: Path | None, n_mels: int, n_frames: int) -> Fbank:
    """Read how an audio spectrogram transformer hears; its usual way where its folder does not say.

    n_mels, n_frames: what its network takes. Raises AttnvizError for settings that do not fit.
    """
    given = read_processor(folder, "feature_extractor")
    usual = Fbank(n_mels, n_frames)
    chosen = {name: given[name] for name in vars(usual) if given.get(name) is not None}
    found = replace(usual, **chosen)
    for name in ("num_mel_bins", "max_length", "sampling_rate"):
        value = getattr(found, name)
        if type(value) is not int or not 1 <= value <= LARGEST:
            raise _wrong(folder, f"{name} is {str(value)[:40]}")
    for name in ("mean", "std"):
        value = getattr(found, name)
        if type(value) not in (int, float) or not abs(value) < LARGEST:
            raise _wrong(folder, f"{name} is {str(value)[:40]}")
    if (found.num_mel_bins, found.max_length) != (n_mels, n_frames) or not found.std:
        size = f"{found.num_mel_bins} bands and {found.max_length} frames"
        raise _wrong(folder, f"its {size} are not the {n_mels} and {n_frames} of the model")
    return found


def norms_waves(folder: Path | None) -> bool:
    """Say whether samples are normed to mean 0 and variance 1 first (wav2vec 2.0)."""
    return read_processor(folder, "feature_extractor").get("do_normalize", True) is not False


def _wrong(folder: Path | None, why: str) -> AttnvizError:
    return AttnvizError(
        f"The feature extractor of {folder} does not fit: {why}.",
        "Give the preprocessor_config.json that the model was saved with.",
        key="err.feature_extractor",
        place=folder,
        why=why,
    )
