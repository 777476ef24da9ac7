"""Projections around one attention: how layers make queries, keys and values of their input."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from attnviz.attention.masks import global_
from attnviz.attention.prepare import Bias
from attnviz.attention.rules import Rule
from attnviz.frozen import dataclass
from attnviz.models.layers import (
    Floats,
    HeadNorm,
    Linear,
    Norm,
    Rotation,
    Weight,
    merge_heads,
    split_heads,
)
from attnviz.models.model import TEXT, Attend, Layout
from attnviz.threads import by_tokens

# Where queries and keys are normed: each head, each after its rotation, or all heads as one.
EACH, TURNED, WHOLE = "each", "turned", "whole"


@dataclass(frozen=True, eq=False)
class LayerDoor:
    """The door for attention as one layer finds it: which layer of which stack passes, and what
    stands beside its queries, keys and values. bias: what is added to scores, or what makes it of
    queries and keys. source: what cross-attention looks at. borrowed: keys and values of an earlier
    layer, (heads, tokens, head_dim) each. number: of the layer in its checkpoint, whose layers need
    not all attend. memory, lengths: as in `Feed` and `Shared`."""

    attend: Attend
    stack: str
    layer: int
    mask: Rule
    rotation: Rotation | None = None
    bias: Bias | None = None
    source: Floats | None = None
    global_positions: tuple[int, ...] = ()
    borrowed: tuple[Floats, Floats] | None = None
    number: int = 0
    memory: dict[int, Any] | None = None
    lengths: tuple[int, ...] = ()

    def __call__(self, query: Floats, key: Floats, value: Floats, **options: Any) -> Floats:
        """(heads, tokens, …) each → (heads, queries, value_dim)"""
        return self.attend(
            self.stack, query, key, value, layer=self.layer, mask=self.mask, bias=self.bias,
            **options,
        )  # fmt: skip

    def rotate(self, x: Floats) -> Floats:
        """Turn queries or keys by their positions, where the model does."""
        return x if self.rotation is None else self.rotation(x)


class AnyAttention(Protocol):
    """What a block needs of its attention."""

    @property
    def output(self) -> Linear:
        """What merges the heads."""

    def layout(self, masks: tuple[Rule, ...], queries: str = TEXT, keys: str = TEXT) -> Layout:
        """Describe the stack whose layers all have heads like these."""

    def __call__(self, door: LayerDoor, x: Floats, norm: Norm | None = None) -> Floats:
        """x (tokens, width), normed first where there is a `norm` → the heads side by side,
        (tokens, heads × value_dim), before `output`."""


@dataclass(frozen=True)
class Attention:
    """Heads are split, normed, rotated, attended and merged.

    Norms apply to each head's queries and keys before the rotation (Qwen 3, Gemma 3), after it
    (Hunyuan), or to those of all heads as one vector (OLMo 2): `norm_place`. sinks: (heads,), a
    learned score of each head that takes part in every row's softmax and leads nowhere (gpt-oss).
    value_norm: of each head's values (Gemma 4).
    """

    query: Linear
    key: Linear
    value: Linear
    output: Linear
    n_heads: int
    n_key_heads: int
    scale: float
    softcap: float | None = None
    query_norm: Norm | HeadNorm | None = None
    key_norm: Norm | HeadNorm | None = None
    norm_place: str = EACH
    sinks: Weight | None = None
    value_norm: Norm | None = None

    def layout(self, masks: tuple[Rule, ...], queries: str = TEXT, keys: str = TEXT) -> Layout:
        """Describe the stack whose layers all have heads like these; by the roles of its tokens."""
        head_dim = len(self.query.weight) // self.n_heads
        has_sinks = self.sinks is not None
        return Layout(
            self.n_heads, self.n_key_heads, head_dim, masks, queries, keys, has_sinks=has_sinks
        )

    def __call__(self, door: LayerDoor, x: Floats, norm: Norm | None = None) -> Floats:
        """x (tokens, width), normed first where there is a `norm`, looking at the door's source or
        at itself → the heads side by side, (tokens, heads × value_dim), before `output`."""
        query, key, value = self._project(x, door.source, norm)
        query, key = self._normed(WHOLE, query, key)
        query = split_heads(query, self.n_heads)
        key, value = split_heads(key, self.n_key_heads), split_heads(value, self.n_key_heads)
        value = value if self.value_norm is None else self.value_norm(value)
        query, key = self._normed(EACH, query, key)
        query, key = self._normed(TURNED, door.rotate(query), door.rotate(key))
        attended = door(
            query, key, value, scale=self.scale, softcap=self.softcap,
            w_output=self.output.weight.T,
            **({} if self.sinks is None else {"sinks": self.sinks.astype(query.dtype)}),
        )  # fmt: skip
        return merge_heads(attended)

    def _normed(self, place: str, query: Floats, key: Floats) -> tuple[Floats, Floats]:
        """Norm queries and keys, (…, tokens, features) each, if this is the place for it."""
        if place != self.norm_place or self.query_norm is None or self.key_norm is None:
            return query, key
        return self.query_norm(query), self.key_norm(key)

    def _project(
        self, x: Floats, source: Floats | None, norm: Norm | None
    ) -> tuple[Floats, Floats, Floats]:
        """Make queries, keys and values, (tokens, heads × head_dim) each."""

        def own(part: Floats) -> tuple[Floats, Floats, Floats]:
            normed = part if norm is None else norm(part)
            return self.query(normed), self.key(normed), self.value(normed)

        if source is None:
            return by_tokens(own, x)
        query = by_tokens(lambda part: self.query(part if norm is None else norm(part)), x)
        return query, *by_tokens(lambda part: (self.key(part), self.value(part)), source)


@dataclass(frozen=True)
class BorrowingAttention:
    """Queries alone: keys and values are those that an earlier layer made (Gemma 3n and 4)."""

    query: Linear
    output: Linear
    n_heads: int
    n_key_heads: int
    scale: float
    query_norm: Norm | None = None

    def layout(self, masks: tuple[Rule, ...], queries: str = TEXT, keys: str = TEXT) -> Layout:
        """Describe the stack whose layers all have heads like these."""
        head_dim = len(self.query.weight) // self.n_heads
        return Layout(self.n_heads, self.n_key_heads, head_dim, masks, queries, keys)

    def __call__(self, door: LayerDoor, x: Floats, norm: Norm | None = None) -> Floats:
        """(tokens, width) → (tokens, heads × head_dim), before `output`"""
        assert door.borrowed is not None  # the tower says which layer lends
        made = by_tokens(lambda part: self.query(part if norm is None else norm(part)), x)
        query = split_heads(made, self.n_heads)
        query = door.rotate(query if self.query_norm is None else self.query_norm(query))
        attended = door(query, *door.borrowed, scale=self.scale, w_output=self.output.weight.T)
        return merge_heads(attended)


@dataclass(frozen=True, eq=False)
class GatedDistances:
    """Each token decides how much the distances count for it (WavLM, arXiv 2110.13900, 2.2.1): the
    bias of the door times a gate that each head makes of its own part of the layer's input.

    gate: (8, head_dim), the same for all heads; strength: (heads, 1, 1).
    """

    usual: Attention
    gate: Linear
    strength: Floats

    @property
    def output(self) -> Linear:
        """What merges the heads."""
        return self.usual.output

    def layout(self, masks: tuple[Rule, ...], queries: str = TEXT, keys: str = TEXT) -> Layout:
        """Describe the stack whose layers all have heads like these."""
        return self.usual.layout(masks, queries, keys)

    def __call__(self, door: LayerDoor, x: Floats, norm: Norm | None = None) -> Floats:
        """(tokens, width) → (tokens, heads × head_dim), before `output`"""
        x = x if norm is None else norm(x)
        assert isinstance(door.bias, np.ndarray)  # the tower has distances
        return self.usual(replace(door, bias=self.gates(x) * door.bias), x)

    def gates(self, x: Floats) -> Floats:
        """Make of x (tokens, width) what the bias of each query is multiplied by: (heads, tokens,
        1), from 1 to 2 + strength."""
        n_heads = self.usual.n_heads
        parts = x.reshape(len(x) * n_heads, -1)  # (tokens × heads, head_dim)
        two = self.gate(parts).reshape(len(x), n_heads, 2, 4).sum(axis=-1).transpose(1, 0, 2)
        first, second = np.split((1 + np.tanh(two / 2)) / 2, 2, axis=-1)  # sigmoids
        gates: Floats = first * (second * self.strength - 1) + 2
        return gates


@dataclass(frozen=True)
class InterleavedAttention:
    """One projection for all: the queries that share a key head, its key and its value, one key
    head after another (GPT-NeoX and BLOOM with as many as heads, Falcon with few, StarCoder with
    one). scale: 1 / sqrt(head_dim) where it is None."""

    fused: Linear  # ((heads + 2 × key heads) × head_dim, width)
    output: Linear
    n_heads: int
    n_key_heads: int
    scale: float | None = None

    @property
    def head_dim(self) -> int:
        """How wide each head is."""
        n_rows: int = self.fused.weight.shape[0]
        return n_rows // (self.n_heads + 2 * self.n_key_heads)

    def layout(self, masks: tuple[Rule, ...], queries: str = TEXT, keys: str = TEXT) -> Layout:
        """Describe the stack whose layers all have heads like these."""
        return Layout(self.n_heads, self.n_key_heads, self.head_dim, masks, queries, keys)

    def __call__(self, door: LayerDoor, x: Floats, norm: Norm | None = None) -> Floats:
        """(tokens, width) → (tokens, heads × head_dim), before `output`"""
        fused = by_tokens(lambda part: self.fused(part if norm is None else norm(part)), x)
        # (key heads, those that share it + 2, head_dim, tokens)
        parts = fused.T.reshape(self.n_key_heads, -1, self.head_dim, len(x))
        query = parts[:, :-2].reshape(self.n_heads, self.head_dim, len(x))
        query, key, value = (
            part.swapaxes(1, 2) for part in (query, parts[:, -2], parts[:, -1])
        )  # (heads, tokens, head_dim) each
        attended = door(
            door.rotate(query), door.rotate(key), value, scale=self.scale,
            w_output=self.output.weight.T,
        )  # fmt: skip
        return merge_heads(attended)


@dataclass(frozen=True)
class GlobalAttention:
    """A window around each token, and a few tokens that see all (Longformer, arXiv 2004.05150).

    Global tokens have projections of their own for their own rows; their columns are seen through
    the usual ones.
    """

    usual: Attention
    query: Linear
    key: Linear
    value: Linear

    @property
    def output(self) -> Linear:
        """What merges the heads of both kinds of rows."""
        return self.usual.output

    def layout(self, masks: tuple[Rule, ...], queries: str = TEXT, keys: str = TEXT) -> Layout:
        """Describe the stack whose layers all have heads like these."""
        return replace(self.usual.layout(masks, queries, keys), has_global_tokens=True)

    def __call__(self, door: LayerDoor, x: Floats, norm: Norm | None = None) -> Floats:
        """(tokens, width) → (tokens, heads × head_dim), both kinds of rows in one call, so that
        they come out as one map.

        Usual rows ask with [query, 0] and global rows with [0, query_global]; keys stand as
        [key, key_global], so that each row meets the keys that are meant for it. Values stand side
        by side too, and each row takes its half.
        """
        chosen, usual = door.global_positions, self.usual
        if not chosen:
            return usual(door, x, norm)
        x = x if norm is None else norm(x)
        is_global = np.isin(np.arange(len(x)), chosen)
        query, key, value = (  # (heads, tokens, 2 × head_dim) each
            np.concatenate(
                [split_heads(by_tokens(each, x), usual.n_heads) for each in pair], axis=2
            )
            for pair in (
                (usual.query, self.query), (usual.key, self.key), (usual.value, self.value)
            )
        )  # fmt: skip
        half = query.shape[2] // 2  # head_dim
        query[:, is_global, :half] = 0
        query[:, ~is_global, half:] = 0
        both = replace(door, mask=door.mask | global_(chosen))(query, key, value, scale=usual.scale)
        attended = np.where(is_global[:, None], both[..., half:], both[..., :half])
        return merge_heads(attended)
