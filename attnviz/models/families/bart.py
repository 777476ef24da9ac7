"""BART (arXiv 1910.13461), mBART (2001.08210), Marian, M2M-100 and NLLB (2207.04672), Pegasus,
PLBART (2103.06333), Blenderbot (2004.13637).

One encoder-decoder with three choices: where the norms stand, how positions are told, and whether
the embeddings are normed.
"""

from __future__ import annotations

import math

import numpy as np

from attnviz.attention.masks import causal, full
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Embedding
from attnviz.models.model import SOURCE, TEXT
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import Block, FeedForward, PostNormBlock, PreNormBlock
from attnviz.models.network.embeddings import (
    Embeddings,
    InterleavedSinusoids,
    LearnedPositions,
    Positions,
    SinusoidsAfterPadding,
)
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.encoder_decoder import EncoderDecoder
from attnviz.models.network.tower import Tower

ANCHOR = "encoder.layers.0.self_attn.q_proj.weight"
EPS = 1e-5
LEARNED_FROM = 2  # rows that the learned tables keep before position 0


@dataclass(frozen=True)
class Kind:
    """How one model_type differs from the others."""

    norm_first: bool
    norm_embeddings: bool
    positions: str  # "learned", "sinusoids", or "after padding"
    scaled: bool = False  # whether embeddings are multiplied by sqrt(width) unless the config says
    activation: str = "gelu"


KINDS = {
    "bart": Kind(False, True, "learned"),
    "mbart": Kind(True, True, "learned"),
    "marian": Kind(False, False, "sinusoids"),
    "m2m_100": Kind(True, False, "after padding", True, "relu"),
    "pegasus": Kind(True, False, "sinusoids"),
    "plbart": Kind(False, True, "learned", True),
    "blenderbot": Kind(True, False, "sinusoids"),  # its file has a table in their place
}


def build(fields: Fields, weights: Weights) -> EncoderDecoder:
    kind = KINDS[fields.get("model_type")]
    fields.get("is_decoder")  # of the two halves; it says nothing of the whole
    fields.only("add_cross_attention", False)
    fields.get("num_hidden_layers")  # says encoder_layers again
    return EncoderDecoder(
        _tower(weights, fields, kind, "encoder"), _tower(weights, fields, kind, "decoder")
    )


def _tower(weights: Weights, fields: Fields, kind: Kind, name: str) -> Tower:
    width, at = fields.number("d_model", 1024), weights.under(f"{name}.")
    scaled = fields.flag("scale_embedding", kind.scaled)
    n_layers, crossing = fields.number(f"{name}_layers", 12), name == "decoder"
    return Tower(
        Embeddings(
            _words(weights, fields, name),
            _positions(at, fields, kind),
            norm=at.layer_norm("layernorm_embedding", width, EPS) if kind.norm_embeddings else None,
            strength=float(np.float32(math.sqrt(width))) if scaled else 1.0,
        ),
        tuple(_block(at.under(f"layers.{i}."), fields, kind, name) for i in range(n_layers)),
        (causal() if crossing else full(),) * n_layers,
        at.layer_norm("layer_norm", width, EPS) if kind.norm_first else None,
        stack=name,
        role=TEXT if crossing else SOURCE,
    )


def _words(weights: Weights, fields: Fields, name: str) -> Embedding:
    """Read the one table for both, or the one of each (some Marian models)."""
    own = weights.has(f"{name}.embed_tokens.weight")
    n_ids = fields.number("vocab_size", 50265)
    if name == "decoder" and own:
        n_ids = fields.number("decoder_vocab_size", n_ids)
    fields.get("decoder_vocab_size")
    return weights.embedding(
        f"{name}.embed_tokens" if own else "shared", n_ids, fields.number("d_model", 1024)
    )


def _positions(weights: Weights, fields: Fields, kind: Kind) -> Positions:
    width = fields.number("d_model", 1024)
    n_positions = fields.number("max_position_embeddings", 1024)
    if kind.positions == "learned":
        table = weights.embedding("embed_positions", n_positions + LEARNED_FROM, width)
        return LearnedPositions(table, LEARNED_FROM)
    if kind.positions == "after padding":
        return SinusoidsAfterPadding(width, fields.number("pad_token_id", 1, 0))
    if weights.has("embed_positions.weight"):  # older files keep their sinusoids
        return LearnedPositions(weights.embedding("embed_positions", n_positions, width))
    return InterleavedSinusoids(width, n_positions)


def _block(weights: Weights, fields: Fields, kind: Kind, name: str) -> Block:
    width, inner = fields.number("d_model", 1024), fields.number(f"{name}_ffn_dim", 4096)
    n_heads = heads_of(fields, "d_model", f"{name}_attention_heads", 1024, 16)
    attention = _attention(weights.under("self_attn."), width, n_heads)
    norm = weights.layer_norm("self_attn_layer_norm", width, EPS)
    feed_forward = FeedForward(
        weights.linear("fc1", width, inner),
        weights.linear("fc2", inner, width),
        fields.activation("activation_function", kind.activation),
    )
    feed_norm = weights.layer_norm("final_layer_norm", width, EPS)
    cross = cross_norm = None
    if name == "decoder":
        cross = _attention(weights.under("encoder_attn."), width, n_heads)
        cross_norm = weights.layer_norm("encoder_attn_layer_norm", width, EPS)
    if kind.norm_first:
        return PreNormBlock(
            norm, attention, feed_norm, feed_forward, cross_norm=cross_norm, cross=cross
        )
    return PostNormBlock(attention, norm, feed_forward, feed_norm, cross, cross_norm)


def _attention(weights: Weights, width: int, n_heads: int) -> Attention:
    query, key, value, output = (
        weights.linear(name, width, width) for name in ("q_proj", "k_proj", "v_proj", "out_proj")
    )
    return Attention(query, key, value, output, n_heads, n_heads, (width // n_heads) ** -0.5)
