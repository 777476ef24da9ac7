"""How BERT's relatives are put together: embeddings, then layers with a norm after each part.

Families differ in the names of their tensors and in what they add to the scores.
"""

from __future__ import annotations

from collections.abc import Iterable

from attnviz.attention.masks import causal, full
from attnviz.attention.rules import Rule
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Activation, Linear
from attnviz.models.network.attention import Attention, GlobalAttention
from attnviz.models.network.blocks import Block, FeedForward, PostNormBlock
from attnviz.models.network.embeddings import Embeddings, LearnedPositions
from attnviz.models.network.tower import Tower


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
        """Read the field names that most relatives use; what is not stated has these values."""
        return cls(
            fields.number("hidden_size", width),
            heads_of(fields, "hidden_size", "num_attention_heads", width, n_heads),
            fields.number("intermediate_size", inner),
            fields.real("layer_norm_eps", 1e-12),
            fields.activation("hidden_act", activation),
        )


def heads_of(fields: Fields, width: str, heads: str, usual: int, usual_heads: int) -> int:
    """Read how many heads share the width; AttnvizError if it cannot be shared evenly."""
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


def block(weights: Weights, sizes: Sizes, names: Names = BERT_NAMES) -> PostNormBlock:
    """Read the layer whose tensors `weights` holds."""
    width = sizes.width
    return PostNormBlock(
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


def read_global(weights: Weights, usual: Attention, width: int) -> GlobalAttention:
    """Read Longformer's projections of the tokens that see all, beside the usual ones."""
    query, key, value = (
        weights.linear(name, width, width)
        for name in ("query_global", "key_global", "value_global")
    )
    return GlobalAttention(usual, query, key, value)


def bert_embeddings(
    weights: Weights, fields: Fields, width: int, eps: float, *, n_segments: int = 2,
    widen: Linear | None = None, padding: int | None = None,
) -> Embeddings:  # fmt: skip
    """Read the embeddings under the names that BERT gave them.

    padding: the id that gets no position of its own, if any.
    """
    fields.only("position_embedding_type", "absolute")
    at = weights.under("embeddings.")
    n_segments = fields.number("type_vocab_size", n_segments, 0)
    n_positions = fields.number("max_position_embeddings", 512)
    positions = at.embedding("position_embeddings", n_positions, width)
    return Embeddings(
        at.embedding("word_embeddings", fields.number("vocab_size", 30522), width),
        LearnedPositions(positions, padding=padding),
        at.embedding("token_type_embeddings", n_segments, width) if n_segments else None,
        at.layer_norm("LayerNorm", width, eps),
        widen,
    )


def tower(embeddings: Embeddings, blocks: Iterable[Block], mask: Rule) -> Tower:
    """Put the layers together, with the same mask in each."""
    blocks = tuple(blocks)
    return Tower(embeddings, blocks, (mask,) * len(blocks))


def self_mask(fields: Fields) -> Rule:
    """Choose a causal mask where the config makes a decoder of the encoder."""
    fields.only("add_cross_attention", False)
    return causal() if fields.flag("is_decoder") else full()
