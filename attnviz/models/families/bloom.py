"""BLOOM (arXiv 2211.05100): no positions but a slope in each head, by ALiBi (2108.12409)."""

from __future__ import annotations

from attnviz.attention.masks import causal
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import ACTIVATIONS
from attnviz.models.network.attention import InterleavedAttention
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.embeddings import Embeddings
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.slopes import Slopes, even_slopes
from attnviz.models.network.tower import Tower

ANCHOR = "word_embeddings.weight"


def build(fields: Fields, weights: Weights) -> Tower:
    fields.only("apply_residual_connection_post_layernorm", False)
    for trained in ("slow_but_exact", "seq_length", "offset_alibi", "unk_token_id"):
        fields.get(trained)  # how it was trained and run
    width = fields.number("hidden_size", fields.get("n_embed"))
    n_heads, n_layers = (
        heads_of(fields, "hidden_size", "n_head", width, 8),
        fields.number("n_layer"),
    )
    eps = fields.real("layer_norm_epsilon", 1e-5)
    words = weights.embedding("word_embeddings", fields.number("vocab_size"), width)
    return Tower(
        Embeddings(words, norm=weights.layer_norm("word_embeddings_layernorm", width, eps)),
        tuple(_block(weights.under(f"h.{i}."), width, n_heads, eps) for i in range(n_layers)),
        (causal(),) * n_layers,
        weights.layer_norm("ln_f", width, eps),
        distances=(Slopes(even_slopes(n_heads)),),
    )


def _block(weights: Weights, width: int, n_heads: int, eps: float) -> PreNormBlock:
    at = weights.under("self_attention.")
    fused, output = at.linear("query_key_value", width, 3 * width), at.linear("dense", width, width)
    return PreNormBlock(
        weights.layer_norm("input_layernorm", width, eps),
        InterleavedAttention(fused, output, n_heads, n_heads),
        weights.layer_norm("post_attention_layernorm", width, eps),
        FeedForward(
            weights.linear("mlp.dense_h_to_4h", width, 4 * width),
            weights.linear("mlp.dense_4h_to_h", 4 * width, width),
            ACTIVATIONS["gelu_new"],
        ),
    )
