"""A sound → the frames that a checkpoint looks at, and the picture of it that it is fed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnviz.errors import AttnvizError
from attnviz.inputs.sound import Sound, frame_tokens, open_sound
from attnviz.inputs.tokens import Tokens
from attnviz.inputs.where import Bytes
from attnviz.models.checkpoint.feature_extractor import LogMel, read_log_mel
from attnviz.models.layers import Floats
from attnviz.models.model import AUDIO, Inputs

if TYPE_CHECKING:
    from attnviz.models.trained import TrainedModel

COLUMNS = 600  # of the small picture in a record


def hear(model: TrainedModel, inputs: Inputs) -> tuple[Tokens, Floats]:
    """Open the sound and turn one window of it into tokens and a log-mel picture (mels, frames).

    Raises AttnvizError where there is none, and for more than one window.
    """
    if inputs.audio is None:
        raise AttnvizError(f"{model.name} ({model.family}) listens, and there is no sound.",
                           "Give an `audio`.")  # fmt: skip
    extractor = log_mel_of(model)
    sound = open_sound(inputs.audio, inputs.start, inputs.end, extractor.rate)
    if len(sound.samples) > extractor.n_samples:
        raise AttnvizError(
            f"The sound has {sound.duration:.1f} seconds, and {model.name} hears "
            f"{extractor.seconds} at a time.",
            "Choose a part with `start` and `end`, or use `attnviz transcribe`.",
        )
    return heard(model, sound, extractor)


def heard(model: TrainedModel, sound: Sound, extractor: LogMel) -> tuple[Tokens, Floats]:
    """Turn a window of a sound into tokens and a log-mel picture (mels, frames)."""
    mels = extractor(sound.samples)
    n_frames = model.network.limits(AUDIO).n_positions or mels.shape[1]
    seconds = extractor.seconds / n_frames
    return frame_tokens(sound, n_frames, seconds, _small(mels)), mels


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
