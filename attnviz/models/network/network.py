"""What every family builds: a network that reads ids and sends its attention through one door."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from attnviz.attention.masks import Rule
from attnviz.models.layers import (
    Activation,
    Floats,
    Linear,
    Norm,
    Rotation,
    merge_heads,
    split_heads,
)
from attnviz.models.model import TEXT, Attend, Layout
from attnviz.threads import by_tokens

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Feed:
    """What a network is fed. `source` is what an encoder-decoder's encoder reads.

    segments: which of two texts each token belongs to. global_positions: for Longformer.
    features: arrays beside the ids, by role: the pixels of an image, the frames of a sound.
    """

    ids: Ids
    segments: Ids
    source: Ids | None = None
    global_positions: tuple[int, ...] = (0,)
    features: Mapping[str, Floats] = field(default_factory=dict)


class Network(Protocol):
    """A checkpoint's forward pass. n_positions: tokens it can take, None if there is no end."""

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """Its stacks: "self", or "encoder", "decoder" and "cross"."""

    @property
    def n_ids(self) -> int:
        """Ids that have an embedding."""

    @property
    def n_positions(self) -> int | None:
        """How many tokens it can take; None if there is no end."""

    def __call__(self, feed: Feed, attend: Attend) -> Floats:
        """The final hidden state: (tokens, width)."""


@dataclass(frozen=True)
class Attention:
    """Projections around one attention: heads are split, normed, rotated, attended and merged.

    Norms apply to each head's queries and keys before the rotation (Qwen 3, Gemma 3).
    """

    query: Linear
    key: Linear
    value: Linear
    output: Linear
    n_heads: int
    n_key_heads: int
    scale: float
    softcap: float | None = None
    query_norm: Norm | None = None
    key_norm: Norm | None = None

    def layout(self, masks: tuple[Rule, ...], queries: str = TEXT, keys: str = TEXT) -> Layout:
        """Describe the stack whose layers all have heads like these; by the roles of its tokens."""
        head_dim = len(self.query.weight) // self.n_heads
        return Layout(self.n_heads, self.n_key_heads, head_dim, masks, queries, keys)

    def __call__(
        self,
        attend: Attend,
        stack: str,
        layer: int,
        x: Floats,
        source: Floats | None = None,
        *,
        mask: Rule,
        norm: Norm | None = None,
        bias: Floats | None = None,
        rotation: Rotation | None = None,
    ) -> Floats:
        """x (tokens, width), normed first where there is a `norm`, looking at `source` or at
        itself → the heads side by side, (tokens, heads × value_dim), before `output`."""
        query, key, value = self._projected(x, source, norm)
        query = split_heads(query, self.n_heads)
        key, value = split_heads(key, self.n_key_heads), split_heads(value, self.n_key_heads)
        query = query if self.query_norm is None else self.query_norm(query)
        key = key if self.key_norm is None else self.key_norm(key)
        if rotation is not None:
            query, key = rotation(query), rotation(key)
        attended = attend(
            stack, query, key, value, layer=layer, mask=mask, bias=bias, scale=self.scale,
            softcap=self.softcap, w_output=self.output.weight.T,
        )  # fmt: skip
        return merge_heads(attended)

    def _projected(
        self, x: Floats, source: Floats | None, norm: Norm | None
    ) -> tuple[Floats, Floats, Floats]:
        """Queries, keys and values, (tokens, heads × head_dim) each."""

        def own(part: Floats) -> tuple[Floats, Floats, Floats]:
            normed = part if norm is None else norm(part)
            return self.query(normed), self.key(normed), self.value(normed)

        if source is None:
            return by_tokens(own, x)
        query = by_tokens(lambda part: self.query(part if norm is None else norm(part)), x)
        return query, *by_tokens(lambda part: (self.key(part), self.value(part)), source)


@dataclass(frozen=True)
class FeedForward:
    """down(activation(up(x))), or down(activation(gate(x)) * up(x)) with a gate."""

    up: Linear
    down: Linear
    activation: Activation
    gate: Linear | None = None

    def __call__(self, x: Floats) -> Floats:
        """(tokens, width) → (tokens, width)"""
        if self.gate is None:
            return self.down(self.activation(self.up(x)))
        gated = self.activation(self.gate(x))
        gated *= self.up(x)
        return self.down(gated)


@dataclass(frozen=True)
class PreNormBlock:
    """One layer with a norm before each part. ModernBERT's first has none before its attention,
    the embeddings were normed."""

    norm: Norm | None
    attention: Attention
    feed_norm: Norm
    feed_forward: FeedForward

    def after(self, x: Floats, heads: Floats) -> Floats:
        """What the layer makes of its input and of what its heads gave, token by token."""
        x = x + self.attention.output(heads)
        return x + self.feed_forward(self.feed_norm(x))


def linears(part: object) -> Iterator[Linear]:
    """The linear maps that a token passes in a network, or in a part of one: a map that several
    layers share comes once for each."""
    if isinstance(part, Linear):
        yield part
    elif isinstance(part, tuple):
        for one in part:
            yield from linears(one)
    elif is_dataclass(part):
        for each in fields(part):
            yield from linears(getattr(part, each.name))
