"""TrOCR's decoder (arXiv 2109.10282), which reads a line of writing from a picture."""

from __future__ import annotations

import math

from attnviz.attention.masks import causal
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, PostNormBlock
from attnviz.models.network.embeddings import (
    Embeddings,
    LearnedPositions,
    Positions,
    SinusoidsAfterPadding,
)
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.tower import Tower

EPS = 1e-5
LEARNED_FROM = 2  # rows that the learned table keeps before position 0


def decoder(fields: Fields, weights: Weights, source: str, seen: int) -> Tower:
    """Read a decoder that looks at an encoder of `source`, whose states have the width `seen`."""
    fields.get("is_decoder"), fields.get("model_type")
    fields.only("add_cross_attention", True)
    width, n_layers = fields.number("d_model", 1024), fields.number("decoder_layers", 12)
    n_ids, scaled = fields.number("vocab_size", 50265), fields.flag("scale_embedding", False)
    normed = fields.flag("layernorm_embedding", True)
    return Tower(
        Embeddings(
            weights.embedding("embed_tokens", n_ids, width),
            _positions(weights, fields, width),
            norm=weights.layer_norm("layernorm_embedding", width, EPS) if normed else None,
            strength=math.sqrt(width) if scaled else 1.0,
        ),
        tuple(_block(weights.under(f"layers.{i}."), fields, width, seen) for i in range(n_layers)),
        (causal(),) * n_layers,
        stack="decoder",
        source=source,
    )


def _positions(weights: Weights, fields: Fields, width: int) -> Positions:
    n_positions, padding = (
        fields.number("max_position_embeddings", 512),
        fields.number("pad_token_id", 1, 0),
    )
    if not fields.flag("use_learned_position_embeddings", True):
        return SinusoidsAfterPadding(width, padding)
    table = weights.embedding("embed_positions", n_positions + LEARNED_FROM, width)
    return LearnedPositions(table, LEARNED_FROM)


def _block(weights: Weights, fields: Fields, width: int, seen: int) -> PostNormBlock:
    n_heads = heads_of(fields, "d_model", "decoder_attention_heads", 1024, 16)
    inner = fields.number("decoder_ffn_dim", 4096)
    return PostNormBlock(
        _attention(weights.under("self_attn."), width, width, n_heads),
        weights.layer_norm("self_attn_layer_norm", width, EPS),
        FeedForward(
            weights.linear("fc1", width, inner),
            weights.linear("fc2", inner, width),
            fields.activation("activation_function", "gelu"),
        ),
        weights.layer_norm("final_layer_norm", width, EPS),
        _attention(weights.under("encoder_attn."), width, seen, n_heads),
        weights.layer_norm("encoder_attn_layer_norm", width, EPS),
    )


def _attention(weights: Weights, width: int, seen: int, n_heads: int) -> Attention:
    return Attention(
        weights.linear("q_proj", width, width),
        weights.linear("k_proj", seen, width),
        weights.linear("v_proj", seen, width),
        weights.linear("out_proj", width, width),
        n_heads,
        n_heads,
        (width // n_heads) ** -0.5,
    )
