"""A recording of any length as a model hears it: part after part, and never whole.

Numbers are those of a log-mel picture of the whole: ends are mirrored at the ends of the recording
only, and what is quiet is measured against what is loudest anywhere in it.
"""

from __future__ import annotations

from functools import cached_property
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from attnviz.frozen import dataclass
from attnviz.inputs.sound import open_sound, voice_of, wave_of
from attnviz.inputs.where import Bytes
from attnviz.models.checkpoint.feature_extractor import QUIETEST, LogMel

MARGIN = 1  # seconds beside a part, so that its ends are resampled as they are within the whole


@dataclass(frozen=True, eq=False)
class Recording:
    """The part of a file from `start` to `end` in seconds; a part that is shorter than a window of
    the extractor is filled up with silence."""

    path: Path
    start: float
    end: float
    extractor: LogMel

    @property
    def n_heard(self) -> int:
        """Mel frames that hold sound."""
        return max(ceil(self._n / self.extractor.hop), 1)

    @property
    def n_frames(self) -> int:
        """Mel frames, those of the silence that fills a window too."""
        return max(self._n, self.extractor.n_samples) // self.extractor.hop

    @property
    def _n(self) -> int:
        """Samples at the extractor's rate."""
        return ceil((self.end - self.start) * self.extractor.rate - 1e-6)

    @property
    def _window(self) -> int:
        return self.extractor.n_samples // self.extractor.hop

    @cached_property
    def loudest(self) -> float:
        """The largest log10 of a mel energy in all of it: it is read once for that."""
        heard = min(self.n_heard + 2, self.n_frames)
        parts = [self._logs(at, min(at + self._window, heard)).max()
                 for at in range(0, heard, self._window)]  # fmt: skip
        return float(max(*parts, np.log10(QUIETEST)))

    def mels(self, first: int = 0) -> NDArray[np.float32]:
        """Turn one window from frame `first` into a log-mel picture (mels, frames); frames beyond
        the end are 0, as transformers fills them up."""
        logs = self._logs(first, min(first + self._window, self.n_frames))
        found = np.zeros((self.extractor.n_mels, self._window), dtype=np.float32)
        found[:, : len(logs)] = self.extractor.scaled(logs, self.loudest)
        return found

    def wave(self, first: int) -> Bytes:
        """Return the wave of the window from frame `first`, made small."""
        low = first * self.extractor.hop
        return wave_of(self._samples(low, min(low + self.extractor.n_samples, self._n)))

    def voice(self, first: int) -> Bytes | None:
        """Return the same window to listen to."""
        low, rate = first * self.extractor.hop, self.extractor.rate
        return voice_of(self._samples(low, min(low + self.extractor.n_samples, self._n)), rate)

    def _logs(self, first: int, last: int) -> NDArray[np.float64]:
        """Frames from `first` to before `last`: (frames, mels)."""
        hop, half = self.extractor.hop, self.extractor.n_fft // 2
        places = np.arange(first * hop - half, (last - 1) * hop + half)
        n = max(self._n, self.extractor.n_samples)
        places = np.abs(places)
        places = np.where(places >= n, 2 * (n - 1) - places, places)
        low = int(places.min())
        return self.extractor.logs(self._samples(low, int(places.max()) + 1)[places - low])

    def _samples(self, low: int, high: int) -> NDArray[np.float64]:
        """Samples from `low` to before `high`, zeros beyond the end."""
        rate, found = self.extractor.rate, np.zeros(high - low)
        if low >= self._n:
            return found
        begin = max(low // rate - MARGIN, 0)
        end = min(self.start + ceil(min(high, self._n) / rate) + MARGIN, self.end)
        part = open_sound(self.path, self.start + begin, end, rate).samples
        part = part[low - begin * rate :][: min(high, self._n) - low]
        found[: len(part)] = part
        return found
