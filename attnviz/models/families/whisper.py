"""Whisper (arXiv 2212.04356): convolutions over a log-mel picture, an encoder, a decoder."""

from __future__ import annotations

from attnviz.attention.masks import causal, full
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.model import AUDIO, TEXT
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.embeddings import Embed, Embeddings, LearnedPositions
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.encoder_decoder import EncoderDecoder
from attnviz.models.network.stem import MelStem
from attnviz.models.network.tower import Tower

ANCHOR = "encoder.layers.0.self_attn.q_proj.weight"
EPS = 1e-5


def build(fields: Fields, weights: Weights) -> EncoderDecoder:
    for name in ("num_hidden_layers", "use_weighted_layer_sum", "classifier_proj_size",
                 "apply_spec_augment", "median_filter_width"):  # fmt: skip
        fields.get(name)  # of the encoder again, of a class head, of training, of word times
    return EncoderDecoder(_tower(weights, fields, "encoder"), _tower(weights, fields, "decoder"))


def _tower(weights: Weights, fields: Fields, name: str) -> Tower:
    width, at = fields.number("d_model", 384), weights.under(f"{name}.")
    n_layers, writes = fields.number(f"{name}_layers", 4), name == "decoder"
    return Tower(
        _words(at, fields, width) if writes else _stem(at, fields, width),
        tuple(_block(at.under(f"layers.{i}."), fields, name) for i in range(n_layers)),
        (causal() if writes else full(),) * n_layers,
        at.layer_norm("layer_norm", width, EPS),
        stack=name,
        role=TEXT if writes else AUDIO,
        source=AUDIO,
    )


def _stem(weights: Weights, fields: Fields, width: int) -> Embed:
    n_mels = fields.number("num_mel_bins", 80)
    return MelStem(
        weights.convolution("conv1", n_mels, width, 3),
        weights.convolution("conv2", width, width, 3),
        weights.embedding("embed_positions", fields.number("max_source_positions", 1500), width),
    )


def _words(weights: Weights, fields: Fields, width: int) -> Embed:
    n_positions = fields.number("max_target_positions", 448)
    fields.get("scale_embedding")  # no implementation multiplies by it
    return Embeddings(
        weights.embedding("embed_tokens", fields.number("vocab_size", 51865), width),
        LearnedPositions(weights.embedding("embed_positions", n_positions, width)),
    )


def _block(weights: Weights, fields: Fields, name: str) -> PreNormBlock:
    width, inner = fields.number("d_model", 384), fields.number(f"{name}_ffn_dim", 1536)
    n_heads = heads_of(fields, "d_model", f"{name}_attention_heads", 384, 6)
    crosses = name == "decoder"
    return PreNormBlock(
        weights.layer_norm("self_attn_layer_norm", width, EPS),
        _attention(weights.under("self_attn."), width, n_heads),
        weights.layer_norm("final_layer_norm", width, EPS),
        FeedForward(
            weights.linear("fc1", width, inner),
            weights.linear("fc2", inner, width),
            fields.activation("activation_function", "gelu"),
        ),
        cross_norm=weights.layer_norm("encoder_attn_layer_norm", width, EPS) if crosses else None,
        cross=_attention(weights.under("encoder_attn."), width, n_heads) if crosses else None,
    )


def _attention(weights: Weights, width: int, n_heads: int) -> Attention:
    """Keys have no bias."""
    query, key, value, output = (
        weights.linear(name, width, width, bias=name != "k_proj")
        for name in ("q_proj", "k_proj", "v_proj", "out_proj")
    )
    return Attention(query, key, value, output, n_heads, n_heads, (width // n_heads) ** -0.5)
