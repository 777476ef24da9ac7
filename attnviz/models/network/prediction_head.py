"""What turns a final hidden state into a prediction: logits over tokens, classes or places."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnviz.frozen import dataclass
from attnviz.models.layers import Floats, Linear

Step = Callable[[Floats], Floats]  # (places, features) → (places, features)

NEXT, MASK, CLASS, TOKEN_CLASS, ANSWER = "next", "mask", "class", "token class", "answer"
SIMILARITY = "similarity"  # of a text and a picture
FIRST, LAST, MEAN = "first", "last", "mean"


@dataclass(frozen=True)
class PredictionHead:
    """Steps before the output map, the map, and what is done with its logits.

    kind: "next" token, "mask", "class" of a text, "token class", or "answer" (where a span starts
    and ends). pool: which places a class is read from: "first", "last", "mean"; "" for each place.
    multiplier: of the logits (Cohere's logit_scale). softcap: they become softcap · tanh(logits /
    softcap) (Gemma 2). labels: names of classes. exclusive: whether one class excludes the others
    (softmax) or each is weighed alone (sigmoid).
    """

    kind: str
    output: Linear
    steps: tuple[Step, ...] = ()
    pool: str = ""
    multiplier: float = 1.0
    softcap: float | None = None
    labels: tuple[str, ...] = ()
    exclusive: bool = True

    def logits(self, hidden: Floats) -> Floats:
        """Return hidden (tokens, width) → (tokens, outputs), or (1, outputs) where places are
        pooled."""
        x = self._pooled(hidden)
        for step in self.steps:
            x = step(x)
        logits = self.output(x)
        if self.multiplier != 1:
            logits = logits * logits.dtype.type(self.multiplier)
        if self.softcap is not None:
            cap = logits.dtype.type(self.softcap)
            logits = cap * np.tanh(logits / cap)
        return logits

    def _pooled(self, hidden: Floats) -> Floats:
        if self.pool == FIRST:
            return hidden[:1]
        if self.pool == LAST:
            return hidden[-1:]
        if self.pool == MEAN:
            mean: Floats = hidden.mean(axis=0, keepdims=True, dtype=hidden.dtype)
            return mean
        return hidden

    def probabilities(self, logits: Floats) -> Floats:
        """Return (places, outputs) → softmax over the outputs; over the places for an answer's
        ends; each alone where classes do not exclude each other."""
        if not self.exclusive:
            alone: Floats = 1 / (1 + np.exp(-logits))
            return alone
        return softmax(logits, axis=0 if self.kind == ANSWER else -1)


def softmax(logits: Floats, axis: int = -1) -> Floats:
    """Return exponentials as shares of their sum along an axis, in float64."""
    wide = logits.astype(np.float64)
    powers = np.exp(wide - wide.max(axis=axis, keepdims=True))
    shares: Floats = powers / powers.sum(axis=axis, keepdims=True)
    return shares


def log_softmax(logits: Floats) -> Floats:
    """Return logarithms of the softmax over the last axis, in the dtype of the logits."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    found: Floats = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return found
