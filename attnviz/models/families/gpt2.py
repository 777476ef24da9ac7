"""GPT-2 (Radford et al. 2019), distilGPT-2, AraGPT2; also beside an encoder."""

from __future__ import annotations

from dataclasses import replace

from attnviz.attention.masks import causal
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.embeddings import Embeddings, LearnedPositions
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.tower import Tower

ANCHOR = "wte.weight"


def build(fields: Fields, weights: Weights) -> Tower:
    fields.only("add_cross_attention", False)
    return _tower(fields, weights)


def decoder(fields: Fields, weights: Weights, source: str, seen: int) -> Tower:
    """Read a decoder that looks at an encoder of `source`, whose states have the width `seen`."""
    fields.only("add_cross_attention", True)
    fields.get("is_decoder")
    width = fields.number("n_embd", 768)
    if seen != width:  # a map between the two stands before its cross-attention
        raise fields.wrong("n_embd", width, f"the width that is looked at, {seen}")
    return replace(_tower(fields, weights, crosses=True), stack="decoder", source=source)


def _tower(fields: Fields, weights: Weights, *, crosses: bool = False) -> Tower:
    fields.only("is_causal", True)
    width, n_layers = fields.number("n_embd", 768), fields.number("n_layer", 12)
    positions = weights.embedding("wpe", fields.number("n_positions", 1024), width)
    return Tower(
        Embeddings(
            weights.embedding("wte", fields.number("vocab_size", 50257), width),
            LearnedPositions(positions),
        ),
        tuple(_block(weights.under(f"h.{i}."), fields, i, crosses) for i in range(n_layers)),
        (causal(),) * n_layers,
        weights.layer_norm("ln_f", width, fields.real("layer_norm_epsilon", 1e-5)),
    )


def _block(weights: Weights, fields: Fields, layer: int, crosses: bool) -> PreNormBlock:
    width, eps = fields.number("n_embd", 768), fields.real("layer_norm_epsilon", 1e-5)
    n_heads = heads_of(fields, "n_embd", "n_head", 768, 12)
    inner = fields.number("n_inner", 4 * width)
    scale = (width // n_heads) ** -0.5 if fields.flag("scale_attn_weights", True) else 1.0
    scale /= layer + 1 if fields.flag("scale_attn_by_inverse_layer_idx") else 1
    fused = weights.conv1d("attn.c_attn", width, 3 * width)
    query, key, value = (fused.rows(i * width, (i + 1) * width) for i in range(3))
    output = weights.conv1d("attn.c_proj", width, width)
    cross = _cross(weights.under("crossattention."), width, n_heads, scale) if crosses else None
    return PreNormBlock(
        weights.layer_norm("ln_1", width, eps),
        Attention(query, key, value, output, n_heads, n_heads, scale),
        weights.layer_norm("ln_2", width, eps),
        FeedForward(
            weights.conv1d("mlp.c_fc", width, inner),
            weights.conv1d("mlp.c_proj", inner, width),
            fields.activation("activation_function", "gelu_new"),
        ),
        cross_norm=weights.layer_norm("ln_cross_attn", width, eps) if crosses else None,
        cross=cross,
    )


def _cross(weights: Weights, width: int, n_heads: int, scale: float) -> Attention:
    """Keys and values have one map, queries another."""
    both = weights.conv1d("c_attn", width, 2 * width)
    return Attention(
        weights.conv1d("q_attn", width, width),
        both.rows(0, width),
        both.rows(width, 2 * width),
        weights.conv1d("c_proj", width, width),
        n_heads,
        n_heads,
        scale,
    )
