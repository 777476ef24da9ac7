"""GTE since version 1.5 (arXiv 2407.19669): BERT with rotated heads and a gate, in its authors'
names, which transformers also writes."""

from __future__ import annotations

from attnviz.attention.masks import full
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, PostNormBlock
from attnviz.models.network.embeddings import Embeddings
from attnviz.models.network.encoder import Sizes
from attnviz.models.network.rope import read_rope
from attnviz.models.network.tower import Tower

ANCHOR = "embeddings.word_embeddings.weight"


def build(fields: Fields, weights: Weights) -> Tower:
    sizes = Sizes.read(fields)
    width, n_layers = sizes.width, fields.number("num_hidden_layers", 12)
    head_dim = fields.number("head_dim", width // sizes.n_heads)
    kinds, at = fields.number("type_vocab_size", 1, 0), weights.under("embeddings.")
    embeddings = Embeddings(
        at.embedding("word_embeddings", fields.number("vocab_size", 30528), width),
        segments=at.embedding("token_type_embeddings", kinds, width) if kinds else None,
        norm=at.layer_norm("LayerNorm", width, sizes.eps),
    )
    layers = [weights.under(f"encoder.layer.{i}.") for i in range(n_layers)]
    return Tower(
        embeddings,
        tuple(_block(one, sizes, head_dim) for one in layers),
        (full(),) * n_layers,
        ropes={"": read_rope(fields, head_dim, theta=160000.0)},
        kinds=("",) * n_layers,
    )


def _block(weights: Weights, sizes: Sizes, head_dim: int) -> PostNormBlock:
    width, inner, heads = sizes.width, sizes.inner, sizes.n_heads * head_dim
    fused = weights.linear("attention.qkv_proj", width, 3 * heads)
    query, key, value = (fused.rows(i * heads, (i + 1) * heads) for i in range(3))
    output = weights.linear("attention.o_proj", heads, width)
    both = weights.linear("mlp.up_gate_proj", width, 2 * inner, False)
    return PostNormBlock(
        Attention(query, key, value, output, sizes.n_heads, sizes.n_heads, head_dim**-0.5),
        weights.layer_norm("attn_ln", width, sizes.eps),
        FeedForward(
            both.rows(0, inner),
            weights.linear("mlp.down_proj", inner, width),
            sizes.activation,
            both.rows(inner, 2 * inner),
        ),
        weights.layer_norm("mlp_ln", width, sizes.eps),
    )
