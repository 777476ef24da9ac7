"""What the first layer is given: vectors of tokens, of their positions and of their segments."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.models.layers import (
    Embedding,
    Floats,
    Linear,
    Norm,
    interleaved_sinusoids,
    relative_buckets,
)
from attnviz.models.network.network import Feed, Ids, Limits


class Embed(Protocol):
    """How a tower begins."""

    @property
    def words(self) -> Embedding | None:
        """The table of ids, which a prediction head may share; None where no ids are read."""

    @property
    def limits(self) -> Limits:
        """What it can be fed."""

    def __call__(self, feed: Feed, role: str) -> Floats:
        """Embed what the network is fed in one role: (tokens, width)."""


class Positions(Protocol):
    """Vectors of positions."""

    @property
    def n_positions(self) -> int | None:
        """How many positions there are; None if there is no end."""

    def __call__(self, ids: Ids, start: int) -> Floats:
        """Return the vectors of `ids` (tokens,), the first of which stands at `start`: (tokens,
        width)."""


@dataclass(frozen=True)
class LearnedPositions:
    """A table of positions. first: rows that it keeps before position 0 (BART). padding: the id
    that has no position; the others count from padding + 1 (RoBERTa)."""

    table: Embedding
    first: int = 0
    padding: int | None = None

    @property
    def n_positions(self) -> int:
        """Rows that a token can get."""
        reserved = self.first if self.padding is None else self.padding + 1
        return len(self.table.weight) - reserved

    def __call__(self, ids: Ids, start: int) -> Floats:
        """(tokens,) → (tokens, width)"""
        if self.padding is not None:
            return self.table(after_padding(ids, start, self.padding))
        return self.table(np.arange(start, start + len(ids)) + self.first)


@dataclass(frozen=True)
class InterleavedSinusoids:
    """Sines and cosines in the order of Marian and Pegasus."""

    width: int
    n_positions: int

    def __call__(self, ids: Ids, start: int) -> Floats:
        """(tokens,) → (tokens, width)"""
        return interleaved_sinusoids(start + len(ids), self.width)[start:]


@dataclass(frozen=True)
class SinusoidsAfterPadding:
    """Sines, then cosines, of position / 10000^(i / (width / 2 - 1)), none for the padding id
    (fairseq, M2M-100): float32."""

    width: int
    padding: int

    n_positions = None  # sinusoids have no end

    def __call__(self, ids: Ids, start: int) -> Floats:
        """(tokens,) → (tokens, width)"""
        half = self.width // 2
        steps = np.arange(half, dtype=np.float32) * np.float32(-math.log(10000) / (half - 1))
        frequencies = np.exp(steps.astype(np.float64)).astype(np.float32)  # rounded once
        at = after_padding(ids, start, self.padding).astype(np.float32)
        angles = np.multiply.outer(at, frequencies)
        both = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
        vectors: Floats = np.pad(both, ((0, 0), (0, self.width % 2)))
        vectors *= (ids != self.padding)[:, None]
        return vectors


def after_padding(ids: Ids, start: int, padding: int) -> Ids:
    """Count positions from padding + 1 and leave the padding id at its own number: (tokens,)."""
    counted = ids != padding
    found: Ids = (np.cumsum(counted) + start) * counted + padding
    return found


@dataclass(frozen=True)
class Embeddings:
    """Vectors of tokens times `strength`, of segments and of positions, added, normed, and widened
    where the model is wider. filled_with: the id that a short text is filled up with, to as many
    tokens as there are positions: SigLIP was trained so, without a mask."""

    words: Embedding
    positions: Positions | None = None
    segments: Embedding | None = None
    norm: Norm | None = None
    widen: Linear | None = None
    strength: float = 1.0
    filled_with: int | None = None

    @property
    def limits(self) -> Limits:
        """Ids that have an embedding, and positions that have a vector."""
        n_positions = None if self.positions is None else self.positions.n_positions
        return Limits(len(self.words.weight), n_positions)

    def __call__(self, feed: Feed, role: str) -> Floats:
        """Embed the ids of a role: (tokens, width)."""
        ids = feed.ids[role]
        x = self.words(ids)
        x = x if self.strength == 1 else x * x.dtype.type(self.strength)
        if self.segments is not None:
            x = x + self.segments(self._segments_of(feed, len(ids)))
        if self.positions is not None:
            x = x + self.positions(ids, feed.starts_at(role))
        x = x if self.norm is None else self.norm(x)
        return x if self.widen is None else self.widen(x)

    def _segments_of(self, feed: Feed, n_tokens: int) -> Ids:
        """Return which text each token belongs to, (tokens,); RoBERTa has one segment for all."""
        assert self.segments is not None  # who has none does not ask
        n_kinds = len(self.segments.weight)
        if feed.segments is None or n_kinds == 1:
            return np.zeros(n_tokens, dtype=np.int64)
        largest = feed.segments.max(initial=0)
        if largest >= n_kinds:
            raise AttnvizError(
                f"The tokenizer has {largest + 1} segments and the model {n_kinds}.",
                "It belongs to another model: give the right `tokenizer`.",
                key="err.tokenizer_segments",
                value=largest + 1,
                n_kinds=n_kinds,
            )
        return feed.segments


class Distances(Protocol):
    """What distances add to the scores of all layers."""

    def __call__(self, n_tokens: int, start: int = 0) -> Floats:
        """Return (heads, queries, keys): the queries stand at `start` and after it, the keys from
        0 on."""


@dataclass(frozen=True)
class DistanceBias:
    """What each distance adds to the scores of each head: a table for buckets of distances that
    all layers share (T5, MPNet). table: (buckets, heads)."""

    table: Embedding
    n_buckets: int
    max_distance: int
    both_ways: bool

    def __call__(self, n_tokens: int, start: int = 0) -> Floats:
        """Return (heads, queries, keys): the queries stand at `start` and after it, the keys from
        0 on."""
        found = relative_buckets(
            start + n_tokens, start + n_tokens, self.n_buckets, self.max_distance,
            both_ways=self.both_ways,
        )  # fmt: skip
        return self.table(found[start:]).transpose(2, 0, 1)
