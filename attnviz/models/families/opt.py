"""OPT (arXiv 2205.01068), XGLM (2112.10668) and BioGPT (2210.10341): decoders made as BART's."""

from __future__ import annotations

import math

from attnviz.attention.masks import causal
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import LayerNorm
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import Block, FeedForward, PostNormBlock, PreNormBlock
from attnviz.models.network.embeddings import (
    Embeddings,
    LearnedPositions,
    Positions,
    SinusoidsAfterPadding,
)
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.tower import Tower

ANCHOR = "embed_tokens.weight"
EPS = 1e-5
LEARNED_FROM = 2  # rows that the learned tables keep before position 0


@dataclass(frozen=True)
class Kind:
    """Which fields of the config say how large a model is, and what its last norm is called."""

    width: str
    heads: str
    layers: str
    inner: str
    activation: str
    last: str


KINDS = {
    "biogpt": Kind(
        "hidden_size", "num_attention_heads", "num_hidden_layers", "intermediate_size",
        "hidden_act", "layer_norm",
    ),
    "opt": Kind(
        "hidden_size", "num_attention_heads", "num_hidden_layers", "ffn_dim",
        "activation_function", "final_layer_norm",
    ),
    "xglm": Kind(
        "d_model", "attention_heads", "num_layers", "ffn_dim", "activation_function", "layer_norm",
    ),
}  # fmt: skip


def build(fields: Fields, weights: Weights) -> Tower:
    kind = KINDS[fields.get("model_type")]
    width, n_layers = fields.number(kind.width), fields.number(kind.layers)
    first = fields.flag("do_layer_norm_before", True)
    fields.only("add_cross_attention", False)
    fields.only("word_embed_proj_dim", width)
    fields.only("layer_norm_elementwise_affine", True)
    fields.get("layer_norm_eps")  # the class of BioGPT has it, and no norm reads it
    has_last = first and not fields.flag("_remove_final_layer_norm")
    at = [weights.under(f"layers.{i}.") for i in range(n_layers)]
    return Tower(
        Embeddings(
            weights.embedding("embed_tokens", fields.number("vocab_size"), width),
            _positions(fields, weights, width),
            strength=math.sqrt(width) if fields.flag("scale_embedding") else 1.0,
        ),
        tuple(_block(one, fields, kind, first) for one in at),
        (causal(),) * n_layers,
        weights.layer_norm(kind.last, width, EPS) if has_last else None,
    )


def _positions(fields: Fields, weights: Weights, width: int) -> Positions:
    n_positions = fields.number("max_position_embeddings")
    if fields.get("model_type") == "xglm":
        return SinusoidsAfterPadding(width, fields.number("pad_token_id", 1, 0))
    table = weights.embedding("embed_positions", n_positions + LEARNED_FROM, width)
    return LearnedPositions(table, LEARNED_FROM)


def _block(weights: Weights, fields: Fields, kind: Kind, norm_first: bool) -> Block:
    width, inner = fields.number(kind.width), fields.number(kind.inner)
    n_heads = heads_of(fields, kind.width, kind.heads, width, 1)
    bias, at = fields.flag("enable_bias", True), weights.under("self_attn.")
    query, key, value, output = (
        at.linear(name, width, width, bias) for name in ("q_proj", "k_proj", "v_proj", "out_proj")
    )
    attention = Attention(query, key, value, output, n_heads, n_heads, (width // n_heads) ** -0.5)
    feed = FeedForward(
        weights.linear("fc1", width, inner, bias),
        weights.linear("fc2", inner, width, bias),
        fields.activation(kind.activation, "gelu"),
    )
    norms: tuple[LayerNorm, LayerNorm] = (
        weights.layer_norm("self_attn_layer_norm", width, EPS),
        weights.layer_norm("final_layer_norm", width, EPS),
    )
    if norm_first:
        return PreNormBlock(norms[0], attention, norms[1], feed)
    return PostNormBlock(attention, norms[0], feed, norms[1])
