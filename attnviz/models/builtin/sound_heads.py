"""Heads over the frames of a sound, and from words at them, constructed like those over texts.

For features X (frames, width) a head has real matrices W_Q, W_K and W_V such that
softmax(X W_Q (X W_K)ᵀ / sqrt(head_dim)) listens where the head's name says. Nothing is trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from attnviz.attention.masks import full
from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.inputs.sound import frame_tokens, open_sound
from attnviz.inputs.text import tokenize
from attnviz.models.builtin import sound_words
from attnviz.models.builtin.heads import MOST_HEADS, SHARPNESS
from attnviz.models.builtin.parts import Floats, Plan, Term, joined, rotated
from attnviz.models.builtin.sound_features import (
    FREQUENCIES,
    HOP,
    PARTS,
    features,
    n_frames,
    picture,
)
from attnviz.models.model import (
    AUDIO,
    TEXT,
    Attend,
    Inputs,
    Layout,
    Prepared,
    StackShape,
    stack_shapes,
)

HEAD_DIM = 96
WORDS = sound_words.PARTS
# The kernel of a step leaves no wave out, so that it is sharp; that of nearness only slow ones.
STEP = FREQUENCIES**0.25 / (FREQUENCIES**0.25).sum()
WIDE = np.where(FREQUENCIES < 0.7, 1.0, 0.0)
WIDE /= WIDE.sum()


@dataclass(frozen=True)
class Head:
    """One head: its name and its matrices W_Q (queries' width, HEAD_DIM) and W_K (width,
    HEAD_DIM). W_V copies the spectrum."""

    name: str
    w_query: Floats
    w_key: Floats


@dataclass(frozen=True)
class SoundHeads:
    """One layer of such heads, over a sound or from a text at it."""

    heads: tuple[Head, ...]
    crosses: bool  # from words at frames

    notes = ()
    name = "builtin"
    origin = "constructed"
    any_type = True  # nothing was trained, so no mask is more its own than another

    @property
    def type(self) -> str:
        """Over a sound self-attention, from a text at it cross-attention."""
        return "cross" if self.crosses else "self"

    @property
    def reads(self) -> frozenset[str]:
        """A sound, and from words at frames a text too."""
        own = {"audio", "start", "end"}
        return frozenset(own | {"text", "tokenizer"} if self.crosses else own)

    @property
    def details(self) -> Mapping[str, Any]:
        """Nothing that the name does not say."""
        return {}

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """Its one stack."""
        n, names = len(self.heads), tuple(head.name for head in self.heads)
        queries, stack = (TEXT, "cross") if self.crosses else (AUDIO, "self")
        return {stack: Layout(n, n, HEAD_DIM, (full(),), queries, AUDIO, names)}

    def prepare(self, inputs: Inputs) -> Prepared:
        """Open the sound and cut it into frames; cut the text into words."""
        inputs.refuse_unread(self.reads, f"the {self.name} heads over a sound")
        if inputs.audio is None:
            raise AttnvizError("There is no sound.", "Give one.")
        sound = open_sound(inputs.audio, inputs.start, inputs.end)
        tokens = {AUDIO: frame_tokens(sound, n_frames(sound), HOP, picture(sound))}
        tokenizer = None
        if self.crosses:
            tokenizer = inputs.tokenizer or "words"
            tokens = {TEXT: tokenize(inputs.require_text(), tokenizer)} | tokens
        return Prepared(tokens, {AUDIO: features(sound)}, tokenizer=tokenizer)

    def stacks(self, prepared: Prepared) -> dict[str, StackShape]:
        """Return the one stack."""
        return stack_shapes(self.layouts, prepared.tokens)

    def run(self, prepared: Prepared, attend: Attend) -> Floats:
        """Attend from the frames, or from the words, to the frames.

        Returns (queries, width of a frame's features) float32: the mean of the spectra heard.
        """
        y = prepared.features[AUDIO].astype(np.float32, copy=False)  # (frames, width)
        x = sound_words.features(prepared.text) if self.crosses else y
        ((stack, _),) = self.stacks(prepared).items()
        n, w_value = len(self.heads), PARTS.take("sound")
        w_output = np.tile(w_value.T / np.float32(n), (n, 1))  # (heads × sound, width)
        query = np.stack([x @ head.w_query for head in self.heads])
        key = np.stack([y @ head.w_key for head in self.heads])
        value = np.stack([y @ w_value] * n)
        output = attend(stack, query, key, value, mask=full(), w_output=w_output)
        merged: Floats = np.concatenate(list(output), axis=1) @ w_output
        return merged


def sound_heads(n_heads: int, *, cross: bool = False) -> SoundHeads:
    """Make the first `n_heads` constructed heads over a sound, or from a text at it; past the end
    of the list they come again, blunter and sharper by turns. AttnvizError unless 1 … 64 heads."""
    if not 1 <= n_heads <= MOST_HEADS:
        raise AttnvizError(f"`heads` is {n_heads}.", f"Choose a number from 1 to {MOST_HEADS}.")
    plans, widths = (
        (CROSS_HEADS, (WORDS.width, PARTS.width)) if cross else (HEADS, (PARTS.width,) * 2)
    )
    made = []
    for i in range(n_heads):
        plan, sharpness = plans[i % len(plans)], SHARPNESS[i // len(plans) % len(SHARPNESS)]
        name = plan.name + ("" if sharpness == 1 else f" ×{sharpness:g}")
        made.append(Head(name, *joined(plan.terms(), widths, HEAD_DIM, sharpness)))
    return SoundHeads(tuple(made), cross)


def match(part: str, strength: float) -> Term:
    """strength × (the query's part · the key's part)."""
    return PARTS.take(part, strength), PARTS.take(part)


def toward(flag: str, strength: float) -> Term:
    """strength × the key's flag, for every query alike."""
    return PARTS.put("constant", np.array([[strength]])), PARTS.take(flag)


def at_time(step: int, strength: float, amplitude: np.ndarray[Any, Any] = STEP) -> Term:
    """Peaks at the key `step` frames from the query."""
    turned = strength * rotated(amplitude, FREQUENCIES * step)
    return PARTS.put("time", turned), PARTS.take("time")


def aligned(part: str, strength: float) -> Term:
    """Peaks where as much of the speech lies before a frame as of the text before a word."""
    n_waves = WORDS.widths[part] // 2
    return WORDS.take(part, strength / n_waves), PARTS.take("spoken")


def said(flag: str, key_part: str, strength: float) -> Term:
    """strength × the frame's flag, for words that have their own."""
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
