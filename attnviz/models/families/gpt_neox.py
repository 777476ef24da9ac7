"""GPT-NeoX (arXiv 2204.06745), Pythia: part of each head is rotated, attention and feed-forward
side by side."""

from __future__ import annotations

from attnviz.attention.masks import causal
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.attention import InterleavedAttention
from attnviz.models.network.blocks import FeedForward, PreNormBlock, SideBySideBlock
from attnviz.models.network.embeddings import Embeddings
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.rope import read_rope
from attnviz.models.network.tower import Tower

ANCHOR = "embed_in.weight"


def build(fields: Fields, weights: Weights) -> Tower:
    fields.only("is_causal", True)
    fields.get("is_decoder")  # it is one, whatever this says
    width = fields.number("hidden_size", 6144)
    n_heads = heads_of(fields, "hidden_size", "num_attention_heads", 6144, 64)
    rope = read_rope(
        fields, width // n_heads, theta_field="rotary_emb_base", partial=0.25,
        partial_field="rotary_pct",
    )  # fmt: skip
    n_layers = fields.number("num_hidden_layers", 44)
    at = [weights.under(f"layers.{i}.") for i in range(n_layers)]
    return Tower(
        Embeddings(weights.embedding("embed_in", fields.number("vocab_size", 50432), width)),
        tuple(_block(one, fields, width, n_heads) for one in at),
        (causal(),) * n_layers,
        weights.layer_norm("final_layer_norm", width, fields.real("layer_norm_eps", 1e-5)),
        {"": rope},
        ("",) * n_layers,
    )


def _block(weights: Weights, fields: Fields, width: int, n_heads: int) -> PreNormBlock:
    inner, eps = fields.number("intermediate_size", 24576), fields.real("layer_norm_eps", 1e-5)
    bias = fields.flag("attention_bias", True)
    kind = SideBySideBlock if fields.flag("use_parallel_residual", True) else PreNormBlock
    return kind(
        weights.layer_norm("input_layernorm", width, eps),
        InterleavedAttention(
            weights.linear("attention.query_key_value", width, 3 * width, bias),
            weights.linear("attention.dense", width, width, bias),
            n_heads,
            n_heads,
        ),
        weights.layer_norm("post_attention_layernorm", width, eps),
        FeedForward(
            weights.linear("mlp.dense_h_to_4h", width, inner),
            weights.linear("mlp.dense_4h_to_h", inner, width),
            fields.activation("hidden_act", "gelu"),
        ),
    )
