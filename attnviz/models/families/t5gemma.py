"""T5Gemma (arXiv 2504.06225): an encoder and a decoder of Gemma 2's layers, which may differ in
size; cross-attention has norms of its own around it and knows no positions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnviz.attention.masks import full, local
from attnviz.attention.rules import Rule
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import RMSNorm
from attnviz.models.model import SOURCE, TEXT
from attnviz.models.network.blocks import PreNormBlock
from attnviz.models.network.embeddings import Embeddings
from attnviz.models.network.encoder_decoder import EncoderDecoder
from attnviz.models.network.gemma_layers import (
    GemmaHeads,
    gemma_attention,
    gemma_feed_forward,
    read_heads,
    read_softcap,
)
from attnviz.models.network.layer_masks import FULL, SLIDING, layer_kinds, layer_masks
from attnviz.models.network.rope import read_rope
from attnviz.models.network.tower import Tower

ANCHOR = "encoder.embed_tokens.weight"
ENCODER, DECODER = "encoder", "decoder"


def build(fields: Fields, weights: Weights) -> EncoderDecoder | Tower:
    for unused in ("vocab_size", "hidden_size", "classifier_dropout_rate", DECODER):
        fields.get(unused)  # of the halves, which say it again; of training
    fields.only("add_cross_attention", False)
    seen = fields.part(ENCODER)
    encoder = _tower(seen, weights.under("encoder."), ENCODER, None)
    if not weights.has_any("decoder."):
        return replace(encoder, stack="self", role=TEXT)
    width = seen.number("hidden_size", 2304)
    return EncoderDecoder(
        encoder, _tower(fields.part(DECODER), weights.under("decoder."), DECODER, width)
    )


def _tower(fields: Fields, weights: Weights, name: str, source: int | None) -> Tower:
    """Read a half. source: how wide the encoder is that it looks at."""
    fields.only("model_type", "t5_gemma_module")
    for unused in (
        "is_decoder",
        "add_cross_attention",
        "dropout_rate",
        "cross_attention_hidden_size",
    ):
        fields.get(unused)
    width, n_layers = fields.number("hidden_size", 2304), fields.number("num_hidden_layers", 26)
    scale = fields.real("query_pre_attn_scalar", 256) ** -0.5
    heads = replace(read_heads(fields), scale=scale, softcap=read_softcap(fields))
    kinds = layer_kinds(fields, n_layers, [(SLIDING, FULL)[i % 2] for i in range(n_layers)])
    words = weights.embedding("embed_tokens", fields.number("vocab_size", 256000), width)
    return Tower(
        Embeddings(words, strength=float(np.float32(width**0.5))),
        tuple(
            _block(weights.under(f"layers.{i}."), fields, heads, source) for i in range(n_layers)
        ),
        _masks(fields, kinds, name),
        weights.rms_norm("norm", width, heads.eps, 1.0),
        {"": read_rope(fields, heads.head_dim)},
        ("",) * n_layers,
        stack=name,
        role=TEXT if name == DECODER else SOURCE,
    )


def _masks(fields: Fields, kinds: list[str], name: str) -> tuple[Rule, ...]:
    """Return the mask of each layer; a window of the encoder reaches as far as it is wide, each
    way."""
    window = fields.or_none("sliding_window", 4096)
    masks = layer_masks(fields, kinds, window)
    if name == DECODER:
        return masks
    return tuple(local(window or 1) if kind == SLIDING else full() for kind in kinds)


def _block(weights: Weights, fields: Fields, heads: GemmaHeads, source: int | None) -> PreNormBlock:
    width = fields.number("hidden_size", 2304)

    def norm(name: str) -> RMSNorm:
        return weights.rms_norm(f"{name}_layernorm", width, heads.eps, 1.0)

    crossing = source is not None
    return PreNormBlock(
        norm("pre_self_attn"),
        gemma_attention(weights.under("self_attn."), heads, width),
        norm("pre_feedforward"),
        gemma_feed_forward(
            weights.under("mlp."), fields, width, fields.number("intermediate_size", 9216)
        ),
        norm("post_self_attn"),
        norm("post_feedforward"),
        norm("pre_cross_attn") if crossing else None,
        gemma_attention(weights.under("cross_attn."), heads, width, source) if crossing else None,
        after_cross=norm("post_cross_attn") if crossing else None,
    )
