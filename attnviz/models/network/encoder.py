"""The encoder that BERT's relatives share: embeddings, then layers with a norm after each part.

Families differ in the names of their tensors and in what they add to the scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from attnviz.attention.masks import Rule, causal, full
from attnviz.errors import AttnvizError
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import (
    Activation,
    Embedding,
    Floats,
    LayerNorm,
    Linear,
    Norm,
    relative_buckets,
)
from attnviz.models.model import Attend, Layout
from attnviz.models.network.network import Attention, Feed, FeedForward, Ids
from attnviz.threads import by_tokens

BUCKETS, FARTHEST = 32, 128  # MPNet's, whatever its config says


@dataclass(frozen=True)
class Sizes:
    """What a layer is measured by."""

    width: int
    n_heads: int
    inner: int
    eps: float
    activation: Activation

    @classmethod
    def read(
        cls, fields: Fields, width: int = 768, n_heads: int = 12, inner: int = 3072,
        activation: str = "gelu",
    ) -> Sizes:  # fmt: skip
        """From the field names that most relatives use; what is not stated has these values."""
        return cls(
            fields.number("hidden_size", width),
            heads_of(fields, "hidden_size", "num_attention_heads", width, n_heads),
            fields.number("intermediate_size", inner),
            fields.real("layer_norm_eps", 1e-12),
            fields.activation("hidden_act", activation),
        )


def heads_of(fields: Fields, width: str, heads: str, usual: int, usual_heads: int) -> int:
    """How many heads share the width; AttnvizError if it cannot be shared evenly."""
    n_heads = fields.number(heads, usual_heads)
    if fields.number(width, usual) % n_heads:
        raise fields.wrong(heads, n_heads, f"a divisor of {width} ({fields.number(width, usual)})")
    return n_heads


@dataclass(frozen=True)
class Names:
    """Where a family keeps the tensors of one layer."""

    query: str = "attention.self.query"
    key: str = "attention.self.key"
    value: str = "attention.self.value"
    output: str = "attention.output.dense"
    attention_norm: str = "attention.output.LayerNorm"
    up: str = "intermediate.dense"
    down: str = "output.dense"
    norm: str = "output.LayerNorm"


BERT_NAMES = Names()


@dataclass(frozen=True)
class Embeddings:
    """Word, position and segment vectors, added, normed, and widened where the model is wider."""

    words: Embedding
    norm: LayerNorm
    positions: Embedding | None = None
    segments: Embedding | None = None
    widen: Linear | None = None

    def __call__(self, ids: Ids, places: Ids, segments: Ids) -> Floats:
        """(tokens,) each → (tokens, width)"""
        x = self.words(ids)
        if self.segments is not None:
            n_kinds = len(self.segments.weight)
            one_kind = n_kinds == 1  # RoBERTa has one segment for all
            if not one_kind and segments.max(initial=0) >= n_kinds:
                raise AttnvizError(
                    f"The tokenizer has {segments.max() + 1} segments and the model {n_kinds}.",
                    "It belongs to another model: give the right one with --tokenizer.",
                )
            x = x + self.segments(np.zeros_like(segments) if one_kind else segments)
        if self.positions is not None:
            x = x + self.positions(places)
        x = self.norm(x)
        return x if self.widen is None else self.widen(x)


@dataclass(frozen=True)
class Block:
    """One layer: attention and feed-forward, each added to what came in and then normed."""

    attention: Attention
    attention_norm: Norm
    feed_forward: FeedForward
    norm: Norm

    def after(self, x: Floats, heads: Floats) -> Floats:
        """What the layer makes of its input and of what its heads gave, token by token."""
        x = self.attention_norm(x + self.attention.output(heads))
        return self.norm(x + self.feed_forward(x))


def block(weights: Weights, sizes: Sizes, names: Names = BERT_NAMES) -> Block:
    """The layer whose tensors `weights` holds."""
    width = sizes.width
    return Block(
        Attention(
            weights.linear(names.query, width, width),
            weights.linear(names.key, width, width),
            weights.linear(names.value, width, width),
            weights.linear(names.output, width, width),
            sizes.n_heads,
            sizes.n_heads,
            (width // sizes.n_heads) ** -0.5,
        ),
        weights.layer_norm(names.attention_norm, width, sizes.eps),
        FeedForward(
            weights.linear(names.up, width, sizes.inner),
            weights.linear(names.down, sizes.inner, width),
            sizes.activation,
        ),
        weights.layer_norm(names.norm, width, sizes.eps),
    )


def bert_embeddings(
    weights: Weights, fields: Fields, width: int, eps: float, *, n_segments: int = 2,
    widen: Linear | None = None,
) -> Embeddings:  # fmt: skip
    """The embeddings under the names that BERT gave them."""
    fields.only("position_embedding_type", "absolute")
    at = weights.under("embeddings.")
    n_segments = fields.number("type_vocab_size", n_segments, 0)
    return Embeddings(
        at.embedding("word_embeddings", fields.number("vocab_size", 30522), width),
        at.layer_norm("LayerNorm", width, eps),
        at.embedding("position_embeddings", fields.number("max_position_embeddings", 512), width),
        at.embedding("token_type_embeddings", n_segments, width) if n_segments else None,
        widen,
    )


def self_mask(fields: Fields) -> Rule:
    """Causal where the config makes a decoder of the encoder."""
    fields.only("add_cross_attention", False)
    return causal() if fields.flag("is_decoder") else full()


@dataclass(frozen=True)
class Encoder:
    """Embeddings and layers. `padding` is the id that gets no position of its own, if any:
    positions then count from padding + 1 and skip it. `buckets` is a bias table over distances."""

    embeddings: Embeddings
    blocks: tuple[Block, ...]
    mask: Rule
    padding: int | None = None
    buckets: Embedding | None = None  # (buckets, heads)

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """One stack, the same mask in every layer."""
        masks = (self.mask,) * len(self.blocks)
        return {"self": self.blocks[0].attention.layout(masks)}

    @property
    def n_ids(self) -> int:
        """Ids that have an embedding."""
        return len(self.embeddings.words.weight)

    @property
    def n_positions(self) -> int | None:
        """Rows of the position table that a token can get."""
        if self.embeddings.positions is None:
            return None
        reserved = 0 if self.padding is None else self.padding + 1
        return len(self.embeddings.positions.weight) - reserved

    def __call__(self, feed: Feed, attend: Attend) -> Floats:
        """The final hidden state: (tokens, width)."""
        x = self.embeddings(feed.ids, places(feed.ids, self.padding), feed.segments)
        bias = self._bias(x)
        for layer, one in enumerate(self.blocks):
            heads = one.attention(attend, "self", layer, x, mask=self.mask, bias=bias)
            x = by_tokens(one.after, x, heads)
        return x

    def _bias(self, x: Floats) -> Floats | None:
        if self.buckets is None:
            return None
        table = self.buckets
        found = relative_buckets(len(x), len(x), BUCKETS, FARTHEST, both_ways=True)
        return table(found).transpose(2, 0, 1)  # (heads, queries, keys)


def places(ids: Ids, padding: int | None) -> Ids:
    """The position of each token: 0, 1 …, or past the padding id, which keeps its own number."""
    if padding is None:
        return np.arange(len(ids))
    counted = ids != padding
    found: Ids = np.cumsum(counted) * counted + padding
    return found
