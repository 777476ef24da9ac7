"""Heads over the frames of a sound, and from words at them, constructed as those over texts."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnviz.inputs.sound import frame_tokens, open_sound
from attnviz.inputs.tokens import Tokens
from attnviz.models.builtin import sound_words
from attnviz.models.builtin.medium_heads import Medium, MediumHeads, plan_heads
from attnviz.models.builtin.parts import Floats, Plan, Term, rotated
from attnviz.models.builtin.sound_features import (
    FREQUENCIES,
    HOP,
    PARTS,
    features,
    n_frames,
    picture,
)
from attnviz.models.model import AUDIO, Inputs

WORDS = sound_words.PARTS
# The kernel of a step leaves no wave out, so that it is sharp; that of nearness only slow ones.
STEP = FREQUENCIES**0.25 / (FREQUENCIES**0.25).sum()
WIDE = np.where(FREQUENCIES < 0.7, 1.0, 0.0)
WIDE /= WIDE.sum()


MEDIUM = Medium(
    role=AUDIO,
    called="sound",
    reads=frozenset({"audio", "start", "end"}),
    head_dim=96,
    parts=PARTS,
    word_parts=WORDS,
    word_features=sound_words.features,
    value="sound",
)


class SoundHeads(MediumHeads):
    """One layer of such heads, over a sound or from a text at it."""

    medium = MEDIUM

    def open(self, inputs: Inputs) -> tuple[Tokens, Floats]:
        """Open the sound and cut it into frames."""
        assert inputs.audio is not None  # `prepare` made sure
        sound = open_sound(inputs.audio, inputs.start, inputs.end)
        tokens = frame_tokens(sound, n_frames(sound), HOP, picture(sound))
        return tokens, features(sound)


def sound_heads(n_heads: int, *, cross: bool = False) -> SoundHeads:
    """Make the first `n_heads` constructed heads over a sound, or from a text at it; past the end
    of the list they come again, blunter and sharper by turns. AttnvizError unless 1 … 64 heads."""
    plans = CROSS_HEADS if cross else HEADS
    return SoundHeads(plan_heads(plans, n_heads, MEDIUM, cross=cross), cross)


def match(part: str, strength: float) -> Term:
    """Return strength × (the query's part · the key's part)."""
    return PARTS.take(part, strength), PARTS.take(part)


def toward(flag: str, strength: float) -> Term:
    """Return strength × the key's flag, for every query alike."""
    return PARTS.put("constant", np.array([[strength]])), PARTS.take(flag)


def at_time(step: int, strength: float, amplitude: np.ndarray[Any, Any] = STEP) -> Term:
    """Return peaks at the key `step` frames from the query."""
    turned = strength * rotated(amplitude, FREQUENCIES * step)
    return PARTS.put("time", turned), PARTS.take("time")


def aligned(part: str, strength: float) -> Term:
    """Return peaks where as much of the speech lies before a frame as of the text before a word."""
    n_waves = WORDS.widths[part] // 2
    return WORDS.take(part, strength / n_waves), PARTS.take("spoken")


def said(flag: str, key_part: str, strength: float) -> Term:
    """Return strength × the frame's flag, for words that have their own."""
    return WORDS.put(flag, np.array([[strength]])), PARTS.take(key_part)


HEADS = (
    Plan("same sound", lambda: [match("sound", 14)]),
    Plan("near in time", lambda: [at_time(0, 20, WIDE)]),
    Plan("onsets", lambda: [toward("onset", 10)]),
    Plan("same pitch", lambda: [match("pitch", 10)]),
    Plan("previous frame", lambda: [at_time(-1, 28)]),
    Plan("loud", lambda: [toward("loud", 8)]),
    Plan("silence", lambda: [toward("silent", 8)]),
    Plan("voiced", lambda: [toward("voiced", 8)]),
    Plan("hiss & brightness", lambda: [toward("bright", 10)]),
    Plan("sounded alike, far", lambda: [match("sound", 14), at_time(0, -14, WIDE)]),
    Plan("all alike", list),
)

CROSS_HEADS = (
    Plan("aligned in time", lambda: [aligned("middle", 30), said("is word", "silent", -6)]),
    Plan(
        "word starts",
        lambda: [aligned("start", 30), said("is word", "onset", 6), said("is word", "silent", -6)],
    ),
    Plan("pauses", lambda: [aligned("pause", 14), said("is pause", "silent", 10)]),
    Plan("hiss letters", lambda: [aligned("hiss", 20), said("is hiss", "bright", 8)]),
    Plan("all alike", list),
)
