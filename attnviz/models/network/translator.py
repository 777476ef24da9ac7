"""How BART's relatives are put together: an encoder and a decoder that differ in where norms stand,
how positions are told, and whether the embeddings are normed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from attnviz.attention.masks import causal, full
from attnviz.attention.rules import Rule
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Embedding
from attnviz.models.model import SOURCE, TEXT
from attnviz.models.network.attention import AnyAttention, Attention
from attnviz.models.network.blocks import (
    AnyFeedForward,
    Block,
    CrowdedBlock,
    FeedForward,
    PostNormBlock,
    PreNormBlock,
)
from attnviz.models.network.embeddings import (
    Embeddings,
    InterleavedSinusoids,
    LearnedPositions,
    Positions,
    SinusoidsAfterPadding,
)
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.encoder_decoder import EncoderDecoder
from attnviz.models.network.experts import Experts
from attnviz.models.network.tower import Tower

EPS = 1e-5
ENCODER, DECODER = "encoder", "decoder"
PROJECTIONS = ("q_proj", "k_proj", "v_proj", "out_proj")
# (tensors, fields, the name of the tower, and the number of the layer) → a part of a layer
ReadAttention = Callable[[Weights, Fields, str], AnyAttention]
ReadFeed = Callable[[Weights, Fields, str, int], AnyFeedForward]


@dataclass(frozen=True)
class Kin:
    """How one model_type differs from the others.

    positions: "learned", "sinusoids" or "after padding". kept: rows that learned tables keep before
    position 0. scaled: embeddings are multiplied by sqrt(width) unless the config says. cross,
    feed_norm: where a layer keeps its cross-attention, and the norm of its feed-forward part.
    lengths: the fields of the positions of encoder and decoder. attention, feed_forward: how the
    encoder's attention and all feed-forward parts are read where that is another way than usual.
    masks: of the encoder's layers, full where there are none.
    """

    norm_first: bool
    norm_embeddings: bool
    positions: str
    scaled: bool = False
    activation: str = "gelu"
    kept: int = 2
    cross: tuple[str, str] = ("encoder_attn", "encoder_attn_layer_norm")
    feed_norm: str = "final_layer_norm"
    lengths: tuple[str, str] = ("max_position_embeddings", "max_position_embeddings")
    attention: ReadAttention | None = None
    feed_forward: ReadFeed | None = None
    masks: Callable[[Fields, int], tuple[Rule, ...]] | None = None


def build_translator(fields: Fields, weights: Weights, kin: Kin) -> EncoderDecoder:
    """Read both towers. Raises AttnvizError for a config that is not understood."""
    fields.get("is_decoder")  # of the two halves; it says nothing of the whole
    fields.only("add_cross_attention", False)
    fields.get("num_hidden_layers")  # says encoder_layers again
    return EncoderDecoder(
        _tower(weights, fields, kin, ENCODER), _tower(weights, fields, kin, DECODER)
    )


def _tower(weights: Weights, fields: Fields, kin: Kin, name: str) -> Tower:
    width, at = fields.number("d_model", 1024), weights.under(f"{name}.")
    scaled = fields.flag("scale_embedding", kin.scaled)
    n_layers, crossing = fields.number(f"{name}_layers", 12), name == DECODER
    masks = (causal() if crossing else full(),) * n_layers
    return Tower(
        Embeddings(
            _words(weights, fields, name),
            _positions(at, fields, kin, name),
            norm=at.layer_norm("layernorm_embedding", width, EPS) if kin.norm_embeddings else None,
            strength=float(np.float32(math.sqrt(width))) if scaled else 1.0,
        ),
        tuple(_block(at.under(f"layers.{i}."), fields, kin, name, i) for i in range(n_layers)),
        masks if crossing or kin.masks is None else kin.masks(fields, n_layers),
        at.layer_norm("layer_norm", width, EPS) if kin.norm_first else None,
        stack=name,
        role=TEXT if crossing else SOURCE,
    )


def _words(weights: Weights, fields: Fields, name: str) -> Embedding:
    """Read the one table for both, or the one of each (some Marian models)."""
    own = weights.has(f"{name}.embed_tokens.weight")
    n_ids = fields.number("vocab_size", 50265)
    if name == DECODER and own:
        n_ids = fields.number("decoder_vocab_size", n_ids)
    fields.get("decoder_vocab_size")
    return weights.embedding(
        f"{name}.embed_tokens" if own else "shared", n_ids, fields.number("d_model", 1024)
    )


def _positions(weights: Weights, fields: Fields, kin: Kin, name: str) -> Positions:
    width = fields.number("d_model", 1024)
    n_positions = fields.number(kin.lengths[name == DECODER], 1024)
    if kin.positions == "learned":
        table = weights.embedding("embed_positions", n_positions + kin.kept, width)
        return LearnedPositions(table, kin.kept)
    if kin.positions == "after padding":
        return SinusoidsAfterPadding(width, fields.number("pad_token_id", 1, 0))
    if weights.has("embed_positions.weight"):  # older files keep their sinusoids
        return LearnedPositions(weights.embedding("embed_positions", n_positions, width))
    return InterleavedSinusoids(width, n_positions)


def _block(weights: Weights, fields: Fields, kin: Kin, name: str, layer: int) -> Block:
    width, crossing = fields.number("d_model", 1024), name == DECODER
    read = usual_attention if crossing or kin.attention is None else kin.attention
    attention = read(weights.under("self_attn."), fields, name)
    norm = weights.layer_norm("self_attn_layer_norm", width, EPS)
    if kin.feed_forward is None:
        feed_forward: AnyFeedForward = plain_feed_forward(weights, fields, name, kin.activation)
    else:
        feed_forward = kin.feed_forward(weights, fields, name, layer)
    feed_norm = weights.layer_norm(kin.feed_norm, width, EPS)
    cross = cross_norm = None
    if crossing:
        cross = usual_attention(weights.under(f"{kin.cross[0]}."), fields, name)
        cross_norm = weights.layer_norm(kin.cross[1], width, EPS)
    if not kin.norm_first:
        assert isinstance(feed_forward, FeedForward)  # experts stand in layers with norms first
        return PostNormBlock(attention, norm, feed_forward, feed_norm, cross, cross_norm)
    crowded = isinstance(feed_forward, Experts) and feed_forward.crowded
    return (CrowdedBlock if crowded else PreNormBlock)(
        norm, attention, feed_norm, feed_forward, cross_norm=cross_norm, cross=cross
    )


def usual_attention(
    weights: Weights, fields: Fields, name: str, names: Sequence[str] = PROJECTIONS
) -> Attention:
    """Read an attention of a tower, whose four maps have biases. names: of the maps."""
    width = fields.number("d_model", 1024)
    n_heads = heads_of(fields, "d_model", f"{name}_attention_heads", 1024, 16)
    query, key, value, output = (weights.linear(part, width, width) for part in names)
    return Attention(query, key, value, output, n_heads, n_heads, (width // n_heads) ** -0.5)


def plain_feed_forward(weights: Weights, fields: Fields, name: str, activation: str) -> FeedForward:
    """Read the feed-forward part of a layer of a tower. activation: the usual one."""
    width, inner = fields.number("d_model", 1024), fields.number(f"{name}_ffn_dim", 4096)
    return FeedForward(
        weights.linear("fc1", width, inner),
        weights.linear("fc2", inner, width),
        fields.activation("activation_function", activation),
    )
