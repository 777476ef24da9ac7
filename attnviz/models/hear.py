"""A sound → the frames that a checkpoint looks at, and the picture of it that it is fed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnviz.errors import AttnvizError
from attnviz.inputs.sound import RATE, Sound, frame_tokens, open_sound, times_of, voice_of, wave_of
from attnviz.inputs.tokens import Tokens, from_labels
from attnviz.inputs.where import NOT_ON_THE_GRID, Boxes, Bytes
from attnviz.models.checkpoint.feature_extractor import (
    FRAME,
    HOP,
    LogMel,
    norms_waves,
    read_fbank,
    read_log_mel,
)
from attnviz.models.layers import Floats
from attnviz.models.model import AUDIO, Inputs
from attnviz.models.network.mel_patches import MelPatchStem
from attnviz.models.network.stem import WaveStem
from attnviz.models.see import CLS, DISTILLATION

if TYPE_CHECKING:
    from attnviz.models.trained import TrainedModel

LONGEST_WAVE = 60  # seconds: the first convolution gives 1.3 MB for each
COLUMNS, FINE = 600, 1500  # of the small picture in a record; of one that is mostly silence


def hear(model: TrainedModel, inputs: Inputs) -> tuple[Tokens, Floats]:
    """Open the sound and turn one window of it into tokens and a log-mel picture (mels, frames).

    Raises AttnvizError where there is none, and for more than one window.
    """
    if inputs.audio is None:
        raise AttnvizError(
            f"{model.name} ({model.family}) listens, and there is no sound.",
            "Give an `audio`.",
            key="err.listens_no",
            model=model.name,
            family=model.family,
        )
    stem = model.network.tower(AUDIO).embeddings
    if isinstance(stem, WaveStem):
        return _waves(model, stem, inputs)
    if isinstance(stem, MelPatchStem):
        return _patches(model, stem, inputs)
    extractor = log_mel_of(model)
    sound = open_sound(inputs.audio, inputs.start, inputs.end, extractor.rate)
    if len(sound.samples) > extractor.n_samples:
        raise AttnvizError(
            f"The sound has {sound.duration:.1f} seconds, and {model.name} hears "
            f"{extractor.seconds} at a time.",
            "Choose a part with `start` and `end`, or use `attnviz transcribe`.",
            key="err.sound_seconds",
            duration=f"{sound.duration:.1f}",
            model=model.name,
            seconds=extractor.seconds,
        )
    return heard(model, sound, extractor)


def _waves(model: TrainedModel, stem: WaveStem, inputs: Inputs) -> tuple[Tokens, Floats]:
    """Turn a sound into frames and its samples (1, n), normed where the model wants it."""
    assert inputs.audio is not None  # the caller made sure
    sound = open_sound(inputs.audio, inputs.start, inputs.end)
    if sound.duration > LONGEST_WAVE:
        raise AttnvizError(
            f"The sound has {sound.duration:.0f} seconds, and {LONGEST_WAVE} fit the memory.",
            "Choose a part with `start` and `end`, or use `attnviz transcribe`.",
            key="err.sound_seconds_fit",
            duration=f"{sound.duration:.0f}",
            longest_wave=LONGEST_WAVE,
        )
    return heard_waves(model, sound, stem)


def _patches(model: TrainedModel, stem: MelPatchStem, inputs: Inputs) -> tuple[Tokens, Floats]:
    """Turn a sound into patches of its spectrogram, which lie on it as patches on a picture do, low
    bands at the bottom; and the spectrogram (bands, frames)."""
    assert inputs.audio is not None  # the caller made sure
    fbank = read_fbank(model.checkpoint.folder, stem.bands, stem.frames)
    sound = open_sound(inputs.audio, inputs.start, inputs.end, fbank.sampling_rate)
    longest = (FRAME + (stem.frames - 1) * HOP) / fbank.sampling_rate
    if len(sound.samples) >= (longest * fbank.sampling_rate) + HOP:
        raise AttnvizError(
            f"The sound has {sound.duration:.2f} seconds, and {model.name} hears {longest:.2f} at "
            "a time.",
            "Choose a part with `start` and `end`.",
            key="err.sound_seconds_hears",
            duration=f"{sound.duration:.2f}",
            model=model.name,
            longest=f"{longest:.2f}",
        )
    n_frames = fbank.n_frames(len(sound.samples))
    if not n_frames:
        raise _too_short(model)
    mels = fbank(sound.samples)
    return mel_patch_tokens(sound.begin, mels, n_frames, stem), mels


def mel_patch_tokens(begin: float, mels: Floats, n_frames: int, stem: MelPatchStem) -> Tokens:
    """Name each patch by the second at which it begins and its lowest band ("1.20s b30").

    begin: of the sound, in seconds. mels: (bands, frames), of which `n_frames` hold sound.
    """
    rows, columns = stem.grid
    low, first = (each.ravel() for each in np.mgrid[:rows, :columns])
    low, first = low * stem.steps[0], first * stem.steps[1]
    seconds = begin + first * HOP / RATE
    names = [f"{s:.2f}s b{b}" for s, b in zip(seconds.tolist(), low.tolist(), strict=True)]
    n_special = len(stem.special)
    names = [*(CLS, DISTILLATION)[:n_special], *names]
    top = stem.bands - low - stem.size  # bands rise, rows of a picture fall
    boxes = np.stack([first, top, first + stem.size, top + stem.size], axis=1)
    cells = (rows - 1 - low // stem.steps[0]) * columns + first // stem.steps[1]
    cells = np.concatenate([np.full(n_special, NOT_ON_THE_GRID), cells])
    where = Boxes(
        np.concatenate([np.zeros((n_special, 4)), boxes]), cells, (rows, columns),
        (stem.frames, stem.bands), _painted(mels, n_frames),
    )  # fmt: skip
    tokens = from_labels(names)
    spans = np.where(cells[:, None] < 0, 0, tokens.spans)
    return Tokens(
        tokens.text, tokens.ids, tokens.labels, tokens.pieces, spans, cells < 0, where=where
    )


def _painted(mels: Floats, n_frames: int) -> Bytes:
    """The spectrogram as a picture (bands, frames, 3), high bands at the top; grey where there was
    no sound any more."""
    heard = mels[::-1, :n_frames]
    low, high = float(heard.min()), float(heard.max())
    levels = np.full(mels.shape, 128.0)
    levels[:, :n_frames] = 255 * (heard - low) / max(high - low, 1e-6)
    return np.repeat(levels.round().astype(np.uint8)[:, :, None], 3, axis=2)


def _too_short(model: TrainedModel) -> AttnvizError:
    return AttnvizError(
        f"The sound is too short for {model.name}: not one frame fits.",
        "Give a longer one.",
        key="err.sound_too",
        model=model.name,
    )


def heard_waves(model: TrainedModel, sound: Sound, stem: WaveStem) -> tuple[Tokens, Floats]:
    """Turn a part of a sound into frames and samples (1, n)."""
    n_frames = stem.n_frames(len(sound.samples))
    if not n_frames:
        raise _too_short(model)
    samples = sound.samples
    if norms_waves(model.checkpoint.folder):
        wide = samples - samples.mean(dtype=np.float32)
        samples = wide / np.sqrt(samples.var(dtype=np.float32) + np.float32(1e-7))
    picture = _small(LogMel(seconds=-(-len(sound.samples) // sound.rate))(sound.samples))
    shown = max(round(picture.shape[1] * sound.duration / -(-len(samples) // sound.rate)), 1)
    tokens = frame_tokens(sound, n_frames, stem.hop / sound.rate, picture[:, :shown])
    return tokens, samples[None]


def heard(model: TrainedModel, sound: Sound, extractor: LogMel) -> tuple[Tokens, Floats]:
    """Turn a window of a sound into tokens and a log-mel picture (mels, frames)."""
    mels = extractor(sound.samples)
    end, wave = sound.begin + sound.duration, wave_of(sound.samples)
    voice = voice_of(sound.samples, sound.rate)
    return heard_frames(model, mels, sound.begin, end, extractor, wave, voice), mels


def heard_frames(
    model: TrainedModel,
    mels: Floats,
    begin: float,
    end: float,
    extractor: LogMel,
    wave: Bytes,
    voice: Bytes | None = None,
) -> Tokens:
    """Return tokens for the frames of a log-mel picture (mels, frames) of a sound from `begin` to
    `end` in seconds; wave and voice: as `wave_of` and `voice_of` give them."""
    n_frames = model.network.limits(AUDIO).n_positions or mels.shape[1]
    hop, picture = extractor.seconds / n_frames, _small(mels, FINE)
    return times_of(begin, end, n_frames, hop, picture, wave, voice)


def log_mel_of(model: TrainedModel) -> LogMel:
    """Read how the model hears."""
    n_mels = model.config.get("num_mel_bins", 80)
    return read_log_mel(model.checkpoint.folder, n_mels if isinstance(n_mels, int) else 80)


def _small(mels: Floats, most: int = COLUMNS) -> Bytes:
    """The picture with at most `most` columns: what is 1.5 (60 dB) below the loudest is 0."""
    step = -(-mels.shape[1] // most)
    columns = [mels[:, i : i + step].max(axis=1) for i in range(0, mels.shape[1], step)]
    pooled = np.stack(columns, axis=1)
    share = np.clip(1 + (pooled - pooled.max()) / 1.5, 0, 1)
    return np.asarray((255 * share).round(), dtype=np.uint8)
