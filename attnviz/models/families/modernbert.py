"""ModernBERT (arXiv 2412.13663): windows and full attention by turns, rotary positions."""

from __future__ import annotations

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.embeddings import Embeddings
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.layer_masks import FULL, SLIDING, layer_kinds, layer_masks
from attnviz.models.network.rope import read_rope
from attnviz.models.network.tower import Tower

ANCHOR = "embeddings.tok_embeddings.weight"


def build(fields: Fields, weights: Weights) -> Tower:
    fields.only("position_embedding_type", "absolute")  # left over from BERT, as the next is
    fields.get("layer_norm_eps")
    width = fields.number("hidden_size", 768)
    n_heads = heads_of(fields, "hidden_size", "num_attention_heads", 768, 12)
    eps, bias = fields.real("norm_eps", 1e-5), fields.flag("norm_bias")
    n_layers = fields.number("num_hidden_layers", 22)
    every = fields.number("global_attn_every_n_layers", 3)
    usual = [SLIDING if i % every else FULL for i in range(n_layers)]
    kinds = layer_kinds(fields, n_layers, usual)
    head_dim = width // n_heads
    words = weights.embedding(
        "embeddings.tok_embeddings", fields.number("vocab_size", 50368), width
    )
    return Tower(
        Embeddings(words, norm=weights.layer_norm("embeddings.norm", width, eps, bias)),
        tuple(_block(weights.under(f"layers.{i}."), fields, n_heads, i) for i in range(n_layers)),
        layer_masks(fields, kinds, fields.number("local_attention", 128), both_ways=True),
        weights.layer_norm("final_norm", width, eps, bias),
        {
            FULL: read_rope(
                fields, head_dim, kind=FULL, theta=160000.0, theta_field="global_rope_theta"
            ),
            SLIDING: read_rope(fields, head_dim, kind=SLIDING, theta_field="local_rope_theta"),
        },
        tuple(kinds),
    )


def _block(weights: Weights, fields: Fields, n_heads: int, layer: int) -> PreNormBlock:
    width, inner = fields.number("hidden_size", 768), fields.number("intermediate_size", 1152)
    eps, norm_bias = fields.real("norm_eps", 1e-5), fields.flag("norm_bias")
    bias, feed_bias = fields.flag("attention_bias"), fields.flag("mlp_bias")
    fused = weights.linear("attn.Wqkv", width, 3 * width, bias)
    query, key, value = (fused.rows(i * width, (i + 1) * width) for i in range(3))
    output = weights.linear("attn.Wo", width, width, bias)
    up = weights.linear("mlp.Wi", width, 2 * inner, feed_bias)  # activated, then its multiplier
    return PreNormBlock(
        weights.layer_norm("attn_norm", width, eps, norm_bias) if layer else None,
        Attention(query, key, value, output, n_heads, n_heads, (width // n_heads) ** -0.5),
        weights.layer_norm("mlp_norm", width, eps, norm_bias),
        FeedForward(
            up.rows(inner, 2 * inner),
            weights.linear("mlp.Wo", inner, width, feed_bias),
            fields.activation("hidden_activation", "gelu"),
            up.rows(0, inner),
        ),
    )
