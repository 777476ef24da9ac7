"""GPT-BigCode (SantaCoder, arXiv 2301.03988; StarCoder, 2305.06161): GPT-2 with one key for all
heads."""

from __future__ import annotations

from attnviz.attention.masks import causal
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.attention import InterleavedAttention
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.embeddings import Embeddings, LearnedPositions
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.tower import Tower

ANCHOR = "wte.weight"


def build(fields: Fields, weights: Weights) -> Tower:
    width, n_layers = fields.number("n_embd", 768), fields.number("n_layer", 12)
    fields.only("add_cross_attention", False)
    for rounding in ("attention_softmax_in_fp32", "scale_attention_softmax_in_fp32"):
        fields.get(rounding)  # float32 is what this computes in
    words = weights.embedding("wte", fields.number("vocab_size", 50257), width)
    positions = weights.embedding("wpe", fields.number("n_positions", 1024), width)
    return Tower(
        Embeddings(words, LearnedPositions(positions)),
        tuple(_block(weights.under(f"h.{i}."), fields, width) for i in range(n_layers)),
        (causal(),) * n_layers,
        weights.layer_norm("ln_f", width, fields.real("layer_norm_epsilon", 1e-5)),
    )


def _block(weights: Weights, fields: Fields, width: int) -> PreNormBlock:
    eps, n_heads = (
        fields.real("layer_norm_epsilon", 1e-5),
        heads_of(fields, "n_embd", "n_head", 768, 12),
    )
    n_key_heads = 1 if fields.flag("multi_query", True) else n_heads
    inner, head_dim = fields.number("n_inner", 4 * width), width // n_heads
    scale = head_dim**-0.5 if fields.flag("scale_attn_weights", True) else 1.0
    return PreNormBlock(
        weights.layer_norm("ln_1", width, eps),
        InterleavedAttention(
            weights.linear("attn.c_attn", width, width + 2 * n_key_heads * head_dim),
            weights.linear("attn.c_proj", width, width),
            n_heads, n_key_heads, scale,
        ),
        weights.layer_norm("ln_2", width, eps),
        FeedForward(
            weights.linear("mlp.c_fc", width, inner),
            weights.linear("mlp.c_proj", inner, width),
            fields.activation("activation_function", "gelu_pytorch_tanh"),
        ),
    )  # fmt: skip
