"""Mixture of experts: each token passes only the few feed-forward parts that a router chooses."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from attnviz.frozen import dataclass
from attnviz.models.layers import Floats, Linear, RMSNorm, Weight
from attnviz.models.network.blocks import AnyFeedForward, FeedForward

Numbers = NDArray[np.int64]
SOFTMAX, SIGMOID, MIXER = "softmax", "sigmoid", "mixer"
LEAST = 1e-20  # what DeepSeek adds to the sum of shares, so that none divides by 0


@dataclass(frozen=True)
class Router:
    """Chooses the experts of each token and their shares (arXiv 2101.03961, 2401.04088).

    logits: (experts, width). n_chosen: experts of each token. rescaled: the chosen shares are made
    to add up to 1. scores: how logits become shares: SOFTMAX over all experts, SIGMOID of each
    alone (DeepSeek-V3, arXiv 2412.19437), or MIXER (Phi-3.5-MoE, `_mixed`). correction: (experts,),
    added to shares for the choice alone. groups, kept: experts stand in so many groups, of which
    only the best are chosen from, by their `group_best` best shares. strength: what the chosen
    shares are multiplied by. jitter: how near the best others count, for MIXER. least: what is
    added to the sum of shares before they are divided by it.
    """

    logits: Linear
    n_chosen: int
    rescaled: bool = False
    scores: str = SOFTMAX
    correction: Weight | None = None
    groups: int = 1
    kept: int = 1
    group_best: int = 2
    strength: float = 1.0
    jitter: float = 0.0
    least: float = LEAST

    def __call__(self, x: Floats) -> tuple[Numbers, Floats]:
        """x (tokens, width) → the chosen experts, most wanted first, and their shares:
        (tokens, n_chosen) each."""
        logits = self.logits(x)  # (tokens, experts)
        if self.scores == MIXER:
            return _mixed(logits, self.n_chosen, self.jitter)
        shares = _sigmoid(logits) if self.scores == SIGMOID else _softmax(logits)
        chosen = np.argsort(-self._wanted(shares), axis=1, kind="stable")[:, : self.n_chosen]
        kept: Floats = np.take_along_axis(shares, chosen, axis=1)
        if self.rescaled:
            kept /= kept.sum(axis=1, keepdims=True) + x.dtype.type(self.least)
        return chosen, kept * x.dtype.type(self.strength)

    def _wanted(self, shares: Floats) -> Floats:
        """Return what the choice is made by: (tokens, experts)."""
        if self.correction is not None:
            shares = shares + np.asarray(self.correction, shares.dtype)
        if self.groups == 1:
            return shares
        grouped = shares.reshape(len(shares), self.groups, -1)
        best = np.sort(grouped, axis=2)[:, :, -self.group_best :].sum(axis=2)  # (tokens, groups)
        order = np.argsort(-best, axis=1, kind="stable")
        wanted = grouped.copy()
        np.put_along_axis(wanted, order[:, self.kept :, None], -np.inf, axis=1)
        return wanted.reshape(shares.shape)


@dataclass(frozen=True)
class CrowdedRouter:
    """Lets each expert take only so many tokens of one text; those that come later are passed by.

    All first choices come before all second ones (GShard, arXiv 2006.16668); tokens in the order of
    the text, or the surest first. A text that is being written passes token by token, and each has
    room. usual: what chooses. capacity: tokens of each expert; fraction:
    of the text's tokens, in place of it where it is above 0. rescaled: shares of a token are made
    to add up to 1, "before" or "after" some are passed by, or "" for never. strength: what shares
    are multiplied by.
    """

    usual: Router
    capacity: int
    fraction: float = 0.0
    surest_first: bool = False
    rescaled: str = ""
    strength: float = 1.0

    @property
    def logits(self) -> Linear:
        """The map to the experts."""
        return self.usual.logits

    @property
    def n_chosen(self) -> int:
        """How many experts a token has at most."""
        return self.usual.n_chosen

    def __call__(self, x: Floats) -> tuple[Numbers, Floats]:
        """x (tokens, width) of one text → the chosen experts, -1 where one had no room, and their
        shares, 0 there: (tokens, n_chosen) each."""
        chosen, shares = self.usual(x)
        full = self._places(chosen, shares) >= self._room(len(x))
        if self.rescaled == "before":
            shares = _rescaled(shares)
        shares = np.where(full, x.dtype.type(0), shares)
        if self.rescaled == "after":
            shares = _rescaled(shares)
        return np.where(full, -1, chosen), shares * x.dtype.type(self.strength)

    def _room(self, n_tokens: int) -> int:
        return math.ceil(self.fraction * n_tokens) if self.fraction > 0 else self.capacity

    def _places(self, chosen: Numbers, shares: Floats) -> Numbers:
        """Return how many tokens come before each at its expert: (tokens, n_chosen). Those that an
        expert has no room for count too."""
        order = np.arange(len(chosen))
        if self.surest_first:
            order = np.argsort(-shares[:, 0], kind="stable")
        in_turn = chosen[order].T.ravel()  # first choices, then second ones
        same = in_turn[:, None] == np.unique(chosen)
        before = (np.cumsum(same, axis=0) - 1)[same].reshape(chosen.shape[::-1]).T
        places = np.empty_like(chosen)
        places[order] = before
        return places


@dataclass(frozen=True)
class NormedRouter:
    """Norms what it is given, and multiplies the share of each expert by a number of its own
    (Gemma 4). strengths: (experts,)."""

    norm: RMSNorm
    usual: Router
    strengths: Weight

    @property
    def logits(self) -> Linear:
        """The map to the experts."""
        return self.usual.logits

    @property
    def n_chosen(self) -> int:
        """How many experts a token has."""
        return self.usual.n_chosen

    def __call__(self, x: Floats) -> tuple[Numbers, Floats]:
        """x (tokens, width) → the chosen experts and their shares: (tokens, n_chosen) each."""
        chosen, shares = self.usual(self.norm(x))
        return chosen, shares * np.asarray(self.strengths, x.dtype)[chosen]


def _rescaled(shares: Floats) -> Floats:
    total: Floats = shares.sum(axis=1, keepdims=True)
    return shares / np.maximum(total, np.finfo(shares.dtype).eps)


def _softmax(logits: Floats) -> Floats:
    shares: Floats = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def _sigmoid(logits: Floats) -> Floats:
    return (1 + np.tanh(logits / 2)) / 2


def _mixed(logits: Floats, n_chosen: int, jitter: float) -> tuple[Numbers, Floats]:
    """Take the best expert, then the best of the rest (SparseMixer, arXiv 2409.12136). The share
    of each is a softmax over those that are left and nearly as good: within 2 jitter of the best,
    in proportion to the larger of |logit| and the best."""
    left, chosen, shares = logits.copy(), [], []
    for _ in range(n_chosen):
        best = left.max(axis=1, keepdims=True)
        far = (best - logits) / np.maximum(np.abs(logits), best) > 2 * jitter
        odds = _softmax(np.where(far, -np.inf, left))
        number = left.argmax(axis=1)[:, None]
        shares.append(np.take_along_axis(odds, number, axis=1))
        np.put_along_axis(left, number, -np.inf, axis=1)
        chosen.append(number)
    return np.concatenate(chosen, axis=1), np.concatenate(shares, axis=1)


@dataclass(frozen=True)
class Experts:
    """The sum of the chosen experts' outputs, each times its share.

    shared: what every token passes beside them, times sigmoid(shared_gate) where there is one.
    norm: of what the experts are given, which the router is given as it is (Gemma 4).
    Only the weights of experts that some token has chosen are read.
    """

    router: Router | CrowdedRouter | NormedRouter
    experts: tuple[AnyFeedForward, ...]
    shared: FeedForward | None = None
    shared_gate: Linear | None = None
    norm: RMSNorm | None = None

    def __call__(self, x: Floats) -> Floats:
        """(tokens, width) → (tokens, width)"""
        chosen, shares = self.router(x)
        x = x if self.norm is None else self.norm(x)
        y = np.zeros(x.shape, x.dtype)
        for number in np.unique(chosen[chosen >= 0]).tolist():
            tokens, places = np.nonzero(chosen == number)
            y[tokens] += shares[tokens, places, None] * self.experts[number](x[tokens])
        if self.shared is not None:
            beside = self.shared(x)
            y += beside if self.shared_gate is None else beside * _sigmoid(self.shared_gate(x))
        return y

    @property
    def crowded(self) -> bool:
        """Whether what a token is given depends on the others of its text."""
        return isinstance(self.router, CrowdedRouter)

    @property
    def passed(self) -> tuple[object, ...]:
        """The parts that one token passes; which of the experts is of no account for their size."""
        used = self.experts[: self.router.n_chosen]
        return self.router.logits, used, self.shared, self.shared_gate


@dataclass(frozen=True)
class BesideExperts:
    """A plain feed-forward part beside experts, both of the same state, each normed before and
    after (Gemma 4)."""

    before: RMSNorm
    plain: FeedForward
    after: RMSNorm
    experts: Experts
    after_experts: RMSNorm

    def __call__(self, x: Floats) -> Floats:
        """(tokens, width) → (tokens, width)"""
        return self.after(self.plain(self.before(x))) + self.after_experts(self.experts(x))


def experts_in(part: AnyFeedForward) -> Experts | None:
    """Find the experts of a feed-forward part; None where it has none."""
    if isinstance(part, BesideExperts):
        return part.experts
    return part if isinstance(part, Experts) else None
