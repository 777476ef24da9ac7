"""Mixture of experts: each token passes only the few feed-forward parts that a router chooses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attnviz.frozen import dataclass
from attnviz.models.layers import Floats, Linear
from attnviz.models.network.blocks import FeedForward


@dataclass(frozen=True)
class Experts:
    """The sum of the chosen experts' outputs, each times its share (arXiv 2101.03961, 2401.04088).

    router: (experts, width). n_chosen: experts of each token. rescaled: the chosen shares are made
    to add up to 1. shared: what every token passes beside them, times sigmoid(shared_gate).
    Only the weights of experts that some token has chosen are read.
    """

    router: Linear
    experts: tuple[FeedForward, ...]
    n_chosen: int
    rescaled: bool
    shared: FeedForward | None = None
    shared_gate: Linear | None = None

    def route(self, x: Floats) -> tuple[NDArray[np.int64], Floats]:
        """x (tokens, width) → the chosen experts, most wanted first, and their shares:
        (tokens, n_chosen) each."""
        scores = self.router(x)  # (tokens, experts)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        chosen = np.argsort(-shares, axis=1, kind="stable")[:, : self.n_chosen]
        kept: Floats = np.take_along_axis(shares, chosen, axis=1)
        if self.rescaled:
            kept /= kept.sum(axis=1, keepdims=True)
        return chosen, kept

    def __call__(self, x: Floats) -> Floats:
        """(tokens, width) → (tokens, width)"""
        chosen, shares = self.route(x)
        y = np.zeros(x.shape, x.dtype)
        for number in np.unique(chosen).tolist():
            tokens, places = np.nonzero(chosen == number)
            y[tokens] += shares[tokens, places, None] * self.experts[number](x[tokens])
        if self.shared is not None and self.shared_gate is not None:
            y += self.shared(x) / (1 + np.exp(-self.shared_gate(x)))
        return y

    @property
    def passed(self) -> tuple[object, ...]:
        """The parts that one token passes; which of the experts is of no account for their size."""
        return self.router, self.experts[: self.n_chosen], self.shared, self.shared_gate
