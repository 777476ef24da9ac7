"""Attention in which content and distance look at one another (DeBERTa, arXiv 2006.03654)."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from attnviz.attention.rules import Rule
from attnviz.frozen import dataclass
from attnviz.models.layers import Embedding, Floats, Linear, Norm, split_heads
from attnviz.models.model import TEXT, Layout
from attnviz.models.network.attention import Attention, LayerDoor

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Distances:
    """Vectors of distances, (2 × span, width), the nearest in the middle.

    buckets: how many distances of each side have a vector of their own or share one; 0: all have
    their own. longest: from there on all share the last.
    """

    table: Embedding
    norm: Norm | None
    span: int
    buckets: int
    longest: int

    def rows(self, n: int) -> Numbers:
        """Return which vector each distance i - j has: (queries, keys)."""
        apart = np.subtract.outer(np.arange(n), np.arange(n))
        found = _bucketed(apart, self.buckets, self.longest) if self.buckets else apart
        return np.clip(found + self.span, 0, 2 * self.span - 1)

    def vectors(self, low: int, high: int) -> Floats:
        """Return the vectors of some rows of the table: (high - low, width)."""
        vectors = self.table(np.arange(low, high))
        return vectors if self.norm is None else self.norm(vectors)


def _bucketed(apart: Numbers, buckets: int, longest: int) -> Numbers:
    """Near distances as they are, far ones by their logarithm (`make_log_bucket_position` of
    transformers)."""
    middle = buckets // 2
    size = np.where(np.abs(apart) < middle, middle - 1, np.abs(apart)).astype(np.float32)
    growth = np.log(size / np.float32(middle)) / np.log(np.float32((longest - 1) / middle))
    far = np.ceil(growth * (middle - 1)) + middle
    found: Numbers = np.where(size <= middle, apart, far * np.sign(apart)).astype(np.int64)
    return found


@dataclass(frozen=True, eq=False)
class PositionScores:
    """What distances add to the scores of one text: content to position, and position to content,
    as far as the model has the maps for them."""

    distances: Distances
    key: Linear | None
    query: Linear | None
    n_heads: int
    scale: float

    def __call__(self, query: Floats, key: Floats) -> Floats:
        """(…, heads, tokens, head_dim) of queries and of keys → (…, heads, queries, keys)"""
        rows = self.distances.rows(query.shape[-2])
        low, high = int(rows.min()), int(rows.max()) + 1
        vectors = self.distances.vectors(low, high).astype(query.dtype, copy=False)
        scores = np.zeros((*query.shape[:-1], key.shape[-2]), query.dtype)
        if self.key is not None:
            scores += self._met(query, self.key(vectors), rows - low)
        if self.query is not None:
            scores += self._met(key, self.query(vectors), (rows - low).T).swapaxes(-1, -2)
        scores *= query.dtype.type(self.scale)
        return scores

    def _met(self, content: Floats, positions: Floats, rows: Numbers) -> Floats:
        """Let content (…, heads, tokens, head_dim) meet the vectors of its distances."""
        each = split_heads(positions, self.n_heads)  # (heads, distances, head_dim)
        met = content @ each.swapaxes(1, 2)  # (…, heads, tokens, distances)
        everywhere = np.broadcast_to(rows, (*met.shape[:-1], rows.shape[1]))
        found: Floats = np.take_along_axis(met, everywhere, axis=-1)
        return found


@dataclass(frozen=True, eq=False)
class DisentangledAttention:
    """Heads whose scores are content to content, content to position and position to content.

    position_key, position_query: the maps of distances; those of the content where they are shared.
    """

    usual: Attention
    distances: Distances
    position_key: Linear | None
    position_query: Linear | None

    @property
    def output(self) -> Linear:
        """What merges the heads."""
        return self.usual.output

    def layout(self, masks: tuple[Rule, ...], queries: str = TEXT, keys: str = TEXT) -> Layout:
        """Describe the stack whose layers all have heads like these."""
        return self.usual.layout(masks, queries, keys)

    def __call__(self, door: LayerDoor, x: Floats, norm: Norm | None = None) -> Floats:
        """(tokens, width) → (tokens, heads × head_dim), before `output`"""
        scores = PositionScores(
            self.distances, self.position_key, self.position_query, self.usual.n_heads,
            self.usual.scale,
        )  # fmt: skip
        return self.usual(replace(door, bias=scores), x, norm)


def scale_of(head_dim: int, n_kinds: int) -> float:
    """Return what scores of so many kinds are multiplied by."""
    return 1 / math.sqrt(head_dim * n_kinds)
