"""A sound from a file: its samples as one channel at the rate that is asked for, and its frames.

WAV is read here, because the standard library knows neither floats nor the extensible header before
Python 3.12; FLAC, OGG and MP3 through soundfile (the extra `attnviz[audio]`). Only the part that is
asked for is read, block after block: beside the samples that come out no more than one is held.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from attnviz.digits import grouped
from attnviz.errors import AttnvizError, not_found
from attnviz.frozen import dataclass
from attnviz.inputs.resample import BLOCK, Samples, resample, resampled
from attnviz.inputs.tokens import Tokens, from_labels
from attnviz.inputs.where import VOICE_RATE, Bytes, Times

RATE = 16_000  # samples a second that models of speech are trained at
LOWEST_RATE, HIGHEST_RATE = 1_000, 768_000
MOST_CHANNELS = 64
MOST_SECONDS = 3_600  # that are read at once: 230 MB of float32 at 16 kHz
LEAST_SAMPLES = 160  # at 16 kHz: a hundredth of a second
LOUDEST = 2.0**31  # floats that somebody forgot to scale from 32 bits; their squares still fit
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
WAVE = 600  # columns of a wave made small
MOST_VOICE, MU = 60, 255  # seconds of a sound that is kept to listen to, half a MB; its curve


@dataclass(frozen=True, eq=False)
class Sound:
    """A part of a recording. samples: (n,) float32 from -1 to 1, the mean of all channels. rate:
    samples a second. begin: seconds of the recording before it."""

    samples: Samples
    rate: int
    begin: float = 0.0

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / self.rate


@dataclass(frozen=True)
class _Format:
    """What the head of a WAV file says: where samples lie, and of what kind they are."""

    kind: int
    channels: int
    rate: int
    width: int  # bytes of one sample
    start: int
    n_bytes: int

    @property
    def n_samples(self) -> int:
        return self.n_bytes // (self.width * self.channels)


@dataclass(frozen=True, eq=False)
class _Part:
    """A part of a file that is read when its blocks are asked for: (samples, channels) each.
    n_samples: of each channel, in all."""

    blocks: Iterator[Samples]
    n_samples: int
    rate: int


def open_sound(
    path: str | Path, start: float | None = None, end: float | None = None, rate: int = RATE
) -> Sound:
    """Open a sound, or the part from `start` to `end` in seconds, as one channel at `rate`.

    Raises AttnvizError for a file that is no sound, is cut off, is empty or holds NaN, for a part
    that is not there, and for more than an hour at once.
    """
    place = Path(path)
    if place.is_dir():
        raise AttnvizError(
            f"{place} is a folder.", "Name a sound.", key="err.folder_name_sound", place=place
        )
    if not place.is_file():
        raise not_found(place)
    _check_span(start, end)
    try:
        with place.open("rb") as file:
            part = (_wav if _is_wav(file) else _other)(place, file, start or 0.0, end)
            mono = (_mono(place, block) for block in part.blocks)
            found = resampled(mono, part.n_samples, part.rate, rate)
    except OSError as error:
        raise AttnvizError(
            f"Cannot read {place}: {error.strerror or error}.",
            key="err.cannot_read",
            place=place,
            reason=error.strerror or error,
        ) from error
    if len(found) < LEAST_SAMPLES * rate // RATE:
        raise AttnvizError(
            f"{place} has {grouped(part.n_samples)} samples here: that is too short to hear "
            f"anything.",
            "Give a hundredth of a second and more.",
            key="err.samples_here",
            place=place,
            n=part.n_samples,
        )
    return Sound(found, rate, start or 0.0)


def _mono(place: Path, samples: Samples) -> Samples:
    """The mean of all channels of a block (n, channels): (n,)."""
    if not np.isfinite(samples).all():
        raise AttnvizError(
            f"{place} holds samples that are not numbers.",
            "Write the sound again.",
            key="err.holds_samples",
            place=place,
        )
    if samples.size and max(samples.max(), -samples.min()) > LOUDEST:
        raise AttnvizError(
            f"{place} holds samples far beyond the loudest that there is.",
            "Write the sound again.",
            key="err.holds_samples_far",
            place=place,
        )
    mono: Samples = samples.mean(axis=1, dtype=np.float32)
    return mono


def sound_length(path: str | Path) -> float:
    """Return how many seconds a sound has, without reading it. Raises AttnvizError as `open_sound`
    does."""
    place = Path(path)
    if place.is_dir():
        raise AttnvizError(
            f"{place} is a folder.", "Name a sound.", key="err.folder_name_sound", place=place
        )
    if not place.is_file():
        raise not_found(place)
    with place.open("rb") as file:
        if _is_wav(file):
            form = _read_format(place, file)
            return form.n_samples / form.rate
        soundfile = _soundfile(place, file)
        with _readable(place, soundfile), soundfile.SoundFile(file) as opened:
            return float(opened.frames / opened.samplerate)


def _is_wav(file: IO[bytes]) -> bool:
    head = file.read(12)
    file.seek(0)
    return head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE"


def _unreadable(place: Path) -> AttnvizError:
    return AttnvizError(
        f"{place} is not a sound that can be read.",
        "Give a WAV, FLAC, OGG or MP3 file.",
        key="err.not_sound",
        place=place,
    )


def frame_tokens(sound: Sound, n_frames: int, hop: float, picture: Bytes | None = None) -> Tokens:
    """Return tokens for frames of `hop` seconds, named "0.44s" by where they begin in the
    recording.

    picture: the spectrogram made small, (bands, columns) uint8, low frequencies first.
    """
    end, wave = sound.begin + sound.duration, wave_of(sound.samples)
    voice = voice_of(sound.samples, sound.rate)
    return times_of(sound.begin, end, n_frames, hop, picture, wave, voice)


def wave_of(samples: NDArray[Any]) -> Bytes:
    """Make a wave (n,) small: the lowest and the highest sample of each of at most `WAVE` columns,
    (2, columns) uint8; 128 is silence, and the loudest reaches 1 or 255."""
    step = max(-(-len(samples) // WAVE), 1)
    begins = np.arange(0, len(samples), step)
    ends = np.stack([np.minimum.reduceat(samples, begins), np.maximum.reduceat(samples, begins)])
    loudest = max(float(np.abs(ends).max()), 1e-9)
    return np.asarray((128 + 127 * ends / loudest).round(), dtype=np.uint8)


def voice_of(samples: NDArray[Any], rate: int) -> Bytes | None:
    """Make a sound (n,) small enough to travel with a record: at VOICE_RATE, as loud as it can be,
    in mu-law levels (the curve of ITU-T G.711), (m,) uint8. None where it is longer than MOST_VOICE
    seconds."""
    if len(samples) > MOST_VOICE * rate:
        return None
    slow = resample(np.asarray(samples, dtype=np.float32), rate, VOICE_RATE)
    shares = slow / max(float(np.abs(slow).max(initial=0)), 1e-9)
    levels = np.sign(shares) * np.log1p(MU * np.abs(shares)) / np.log1p(MU)
    return np.asarray((127.5 + 127.5 * levels).round(), dtype=np.uint8)


def times_of(
    begin: float, end: float, n_frames: int, hop: float, picture: Bytes | None = None,
    wave: Bytes | None = None, voice: Bytes | None = None,
) -> Tokens:  # fmt: skip
    """Make tokens as `frame_tokens` does, of a sound from `begin` to `end` in seconds."""
    begins = begin + hop * np.arange(n_frames)
    tokens = from_labels([f"{begin:.2f}s" for begin in begins.tolist()])
    times = np.stack([begins, begins + hop], axis=1)
    return Tokens(
        tokens.text, tokens.ids, tokens.labels, tokens.pieces, tokens.spans, tokens.special,
        where=Times(times, end, picture, wave, voice),
    )  # fmt: skip


def _check_span(start: float | None, end: float | None) -> None:
    for name, value in (("start", start), ("end", end)):
        if value is not None and not 0 <= value < float("inf"):
            raise AttnvizError(
                f"`{name}` is {value} seconds.",
                "Give 0 or more.",
                key="err.seconds_more",
                name=name,
                value=value,
            )
    if start is not None and end is not None and end <= start:
        raise AttnvizError(
            f"The part from {start:g} to {end:g} seconds is empty.",
            "`end` lies after `start`.",
            key="err.part_from",
            start=f"{start:g}",
            end=f"{end:g}",
        )


# WAV -------------------------------------------------------------------------------------------


def _wav(place: Path, file: IO[bytes], start: float, end: float | None) -> _Part:
    """Find the part of a WAV file."""
    form = _read_format(place, file)
    first, last = _part(place, form.rate, form.n_samples, start, end)
    file.seek(form.start + first * form.width * form.channels)
    return _Part(_wav_blocks(file, form, last - first), last - first, form.rate)


def _wav_blocks(file: IO[bytes], form: _Format, n: int) -> Iterator[Samples]:
    """The next n samples of a WAV file."""
    size, step = form.width * form.channels, max(BLOCK // form.channels, 1)
    for first in range(0, n, step):
        data = file.read(min(step, n - first) * size)
        yield _decoded(form, data[: len(data) - len(data) % size]).reshape(-1, form.channels)


def _read_format(place: Path, file: IO[bytes]) -> _Format:
    """Walk the chunks until both the format and the samples are found."""
    file.seek(12)
    form: tuple[int, ...] | None = None
    size = place.stat().st_size
    while len(head := file.read(8)) == 8:
        name, n_bytes = head[:4], struct.unpack("<I", head[4:])[0]
        here = file.tell()
        if name == b"fmt " and n_bytes >= 16:
            form = _format(place, file.read(min(n_bytes, 40)))
        if name == b"data":
            if form is None:
                break
            # Recorders that were stopped leave 0, or all ones; a file that is cut off has less.
            there = size - here
            length = there if n_bytes in (0, 0xFFFFFFFF) else n_bytes
            if length > there:
                raise _cut_off(place)
            kind, channels, rate, width = form
            _check_format(place, kind, channels, rate, width)
            return _Format(kind, channels, rate, width, here, length)
        file.seek(here + n_bytes + n_bytes % 2)
    raise AttnvizError(
        f"{place} is a WAV file without samples that can be found.",
        "The file is damaged.",
        key="err.wav_file",
        place=place,
    )


def _cut_off(place: Path) -> AttnvizError:
    return AttnvizError(
        f"{place} is cut off before its samples end.",
        "Copy the sound again.",
        key="err.cut_off",
        place=place,
    )


def _format(place: Path, data: bytes) -> tuple[int, int, int, int]:
    if len(data) < 16:
        raise _cut_off(place)
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", data[:16])
    if kind == EXTENSIBLE and len(data) >= 26:
        kind = struct.unpack("<H", data[24:26])[0]  # the first two bytes of its sub-format
    return kind, channels, rate, (bits + 7) // 8


def _check_format(place: Path, kind: int, channels: int, rate: int, width: int) -> None:
    if (kind, width) not in {(PCM, 1), (PCM, 2), (PCM, 3), (PCM, 4), (FLOAT, 4), (FLOAT, 8)}:
        raise AttnvizError(
            f"{place} holds samples of a kind that is not read (format {kind}, {8 * width} bits).",
            "Write it as WAV with 16 bits.",
            key="err.holds_samples_kind",
            place=place,
            kind=kind,
            value=8 * width,
        )
    _check_rate(place, rate, channels)


def _check_rate(place: Path, rate: int, channels: int) -> None:
    if not 1 <= channels <= MOST_CHANNELS:
        raise AttnvizError(
            f"{place} has {channels} channels.",
            f"At most {MOST_CHANNELS} are read.",
            key="err.channels",
            place=place,
            channels=channels,
            most_channels=MOST_CHANNELS,
        )
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise AttnvizError(
            f"{place} has {grouped(rate)} samples a second.",
            f"From {grouped(LOWEST_RATE)} to {grouped(HIGHEST_RATE)} are read.",
            key="err.samples_second",
            place=place,
            rate=rate,
            lowest_rate=LOWEST_RATE,
            highest_rate=HIGHEST_RATE,
        )


def _decoded(form: _Format, data: bytes) -> NDArray[np.float32]:
    """Bytes → samples from -1 to 1, (n,) float32."""
    if form.kind == FLOAT:
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes inf, which is refused
            return np.asarray(np.frombuffer(data, f"<f{form.width}"), dtype=np.float32)
    if form.width == 1:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - np.float32(128)) / np.float32(
            128
        )
    if form.width == 3:
        low = np.frombuffer(data, np.uint8).reshape(-1, 3)
        whole = np.zeros((len(low), 4), np.uint8)
        whole[:, 1:] = low
        return (whole.view("<i4")[:, 0] / 2**31).astype(np.float32)
    whole_numbers = np.frombuffer(data, f"<i{form.width}")
    return np.asarray(whole_numbers / 2.0 ** (8 * form.width - 1), dtype=np.float32)


def _part(place: Path, rate: int, n: int, start: float, end: float | None) -> tuple[int, int]:
    """The first sample of a part, and the one after its last."""
    if not n:
        raise AttnvizError(
            f"{place} holds no samples.",
            "Give a sound with something to hear.",
            key="err.holds_no_samples",
            place=place,
        )
    first = round(start * rate)
    last = n if end is None else min(round(end * rate), n)
    if first >= n:
        raise AttnvizError(
            f"{place} is {n / rate:.2f} seconds long, and the part begins at {start:g}.",
            "Choose an earlier `start`.",
            key="err.seconds_long",
            place=place,
            value=f"{n / rate:.2f}",
            start=f"{start:g}",
        )
    if last - first > MOST_SECONDS * rate:
        raise AttnvizError(
            f"{place} has {grouped((last - first) / rate, '.0f')} seconds here: "
            f"{grouped(MOST_SECONDS)} are the most "
            "at once.",
            "Choose a part with `start` and `end`.",
            key="err.seconds_here",
            place=place,
            value=grouped((last - first) / rate, ".0f"),
            most_seconds=MOST_SECONDS,
        )
    return first, last


# Other formats ----------------------------------------------------------------------------------


def _other(place: Path, file: IO[bytes], start: float, end: float | None) -> _Part:
    """Find a part of a FLAC, OGG or MP3 file."""
    soundfile = _soundfile(place, file)
    with _readable(place, soundfile):
        opened = soundfile.SoundFile(file)
        _check_rate(place, opened.samplerate, opened.channels)
        first, last = _part(place, opened.samplerate, opened.frames, start, end)
        opened.seek(first)
        rate = int(opened.samplerate)
        return _Part(_other_blocks(place, soundfile, opened, last - first), last - first, rate)


def _other_blocks(place: Path, soundfile: Any, opened: Any, n: int) -> Iterator[Samples]:
    """The next n samples of an opened file."""
    step = max(BLOCK // opened.channels, 1)
    with _readable(place, soundfile), opened:
        for first in range(0, n, step):
            block: Samples = opened.read(min(step, n - first), np.float32, always_2d=True)
            yield block
            if not len(block):
                return


@contextmanager
def _readable(place: Path, soundfile: Any) -> Iterator[None]:
    """Turn what soundfile says of a file that it cannot read into one line."""
    try:
        yield
    except (soundfile.LibsndfileError, RuntimeError, TypeError, ValueError) as error:
        raise _unreadable(place) from error


def _soundfile(place: Path, file: IO[bytes]) -> Any:
    head = file.read(4)
    file.seek(0, io.SEEK_SET)
    known = head in (b"fLaC", b"OggS") or head[:3] == b"ID3" or head[:1] == b"\xff"
    if not known:
        raise _unreadable(place)
    try:
        import soundfile
    except ImportError as error:
        raise AttnvizError(
            f"{place} is not a WAV file, and other sounds need soundfile.",
            'Install it with: pip install "attnviz[audio]"; or convert the file to WAV.',
            key="err.no_wav",
            place=place,
        ) from error
    return soundfile
