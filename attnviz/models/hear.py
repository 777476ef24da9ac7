"""A sound → the frames that a checkpoint looks at, and the picture of it that it is fed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnviz.errors import AttnvizError
from attnviz.inputs.sound import Sound, frame_tokens, open_sound, times_of
from attnviz.inputs.tokens import Tokens
from attnviz.inputs.where import Bytes
from attnviz.models.checkpoint.feature_extractor import LogMel, norms_waves, read_log_mel
from attnviz.models.layers import Floats
from attnviz.models.model import AUDIO, Inputs
from attnviz.models.network.stem import WaveStem

if TYPE_CHECKING:
    from attnviz.models.trained import TrainedModel

LONGEST_WAVE = 60  # seconds: the first convolution gives 1.3 MB for each
COLUMNS = 600  # of the small picture in a record


def hear(model: TrainedModel, inputs: Inputs) -> tuple[Tokens, Floats]:
    """Open the sound and turn one window of it into tokens and a log-mel picture (mels, frames).

    Raises AttnvizError where there is none, and for more than one window.
    """
    if inputs.audio is None:
        raise AttnvizError(f"{model.name} ({model.family}) listens, and there is no sound.",
                           "Give an `audio`.")  # fmt: skip
    stem = model.network.tower(AUDIO).embeddings
    if isinstance(stem, WaveStem):
        return _waves(model, stem, inputs)
    extractor = log_mel_of(model)
    sound = open_sound(inputs.audio, inputs.start, inputs.end, extractor.rate)
    if len(sound.samples) > extractor.n_samples:
        raise AttnvizError(
            f"The sound has {sound.duration:.1f} seconds, and {model.name} hears "
            f"{extractor.seconds} at a time.",
            "Choose a part with `start` and `end`, or use `attnviz transcribe`.",
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
        )
    return heard_waves(model, sound, stem)


def heard_waves(model: TrainedModel, sound: Sound, stem: WaveStem) -> tuple[Tokens, Floats]:
    """Turn a part of a sound into frames and samples (1, n)."""
    n_frames = stem.n_frames(len(sound.samples))
    if not n_frames:
        raise AttnvizError(
            f"The sound is too short for {model.name}: not one frame fits.", "Give a longer one."
        )
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
    return heard_frames(model, mels, sound.begin, sound.begin + sound.duration, extractor), mels


def heard_frames(
    model: TrainedModel, mels: Floats, begin: float, end: float, extractor: LogMel
) -> Tokens:
    """Tokens for the frames of a log-mel picture (mels, frames) of a sound from `begin` to `end` in
    seconds."""
    n_frames = model.network.limits(AUDIO).n_positions or mels.shape[1]
    return times_of(begin, end, n_frames, extractor.seconds / n_frames, _small(mels))


def log_mel_of(model: TrainedModel) -> LogMel:
    """Read how the model hears."""
    n_mels = model.config.get("num_mel_bins", 80)
    return read_log_mel(model.checkpoint.folder, n_mels if isinstance(n_mels, int) else 80)


def _small(mels: Floats) -> Bytes:
    """The picture with at most `COLUMNS` columns: what is 1.5 (60 dB) below the loudest is 0."""
    step = -(-mels.shape[1] // COLUMNS)
    columns = [mels[:, i : i + step].max(axis=1) for i in range(0, mels.shape[1], step)]
    pooled = np.stack(columns, axis=1)
    share = np.clip(1 + (pooled - pooled.max()) / 1.5, 0, 1)
    return np.asarray((255 * share).round(), dtype=np.uint8)
