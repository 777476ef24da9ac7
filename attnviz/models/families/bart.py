"""BART (arXiv 1910.13461), mBART (2001.08210), Marian, M2M-100 and NLLB (2207.04672), Pegasus.

One encoder-decoder with three choices: where the norms stand, how positions are told, and whether
the embeddings are normed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from attnviz.attention.masks import causal, full
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Embedding, Floats, LayerNorm, interleaved_sinusoids
from attnviz.models.model import SOURCE, TEXT, Attend, Layout
from attnviz.models.network.encoder import heads_of, places
from attnviz.models.network.network import Attention, Feed, FeedForward, Ids
from attnviz.threads import by_tokens

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
}


@dataclass(frozen=True)
class Part:
    """An attention or a feed-forward whose result is added to what came in, with a norm before it
    or after the sum."""

    norm: LayerNorm
    norm_first: bool

    @property
    def before(self) -> LayerNorm | None:
        """The norm of what goes in."""
        return self.norm if self.norm_first else None

    def added(self, x: Floats, result: Floats) -> Floats:
        """(tokens, width) each → (tokens, width)"""
        return x + result if self.norm_first else self.norm(x + result)


@dataclass(frozen=True)
class Block:
    """One layer. Decoders also look at the encoder."""

    attention: Attention
    attention_part: Part
    feed_forward: FeedForward
    feed_part: Part
    cross: Attention | None = None
    cross_part: Part | None = None

    def attended(self, x: Floats, heads: Floats) -> Floats:
        """What came in, and what the layer's own attention adds, token by token."""
        return self.attention_part.added(x, self.attention.output(heads))

    def crossed(self, x: Floats, heads: Floats) -> Floats:
        """The end of a decoder's layer, token by token."""
        assert self.cross is not None  # every decoder has both
        assert self.cross_part is not None
        return self.fed(self.cross_part.added(x, self.cross.output(heads)))

    def encoded(self, x: Floats, heads: Floats) -> Floats:
        """The end of an encoder's layer, token by token."""
        return self.fed(self.attended(x, heads))

    def fed(self, x: Floats) -> Floats:
        """The feed-forward part."""
        before = self.feed_part.before
        return self.feed_part.added(x, self.feed_forward(x if before is None else before(x)))


@dataclass(frozen=True)
class Half:
    """The encoder or the decoder."""

    words: Embedding
    strength: float
    positions: Callable[[Ids], Floats]
    first_norm: LayerNorm | None
    blocks: tuple[Block, ...]
    last_norm: LayerNorm | None

    def embedded(self, ids: Ids) -> Floats:
        """Words and positions, normed where the model does: (tokens, width)."""
        x = self.words(ids)
        x = x * x.dtype.type(self.strength) + self.positions(ids)
        return x if self.first_norm is None else self.first_norm(x)

    def finished(self, x: Floats) -> Floats:
        """The last norm, where the model has one."""
        return x if self.last_norm is None else self.last_norm(x)


@dataclass(frozen=True)
class Bart:
    """An encoder that reads the source and a decoder that is fed the text."""

    encoder: Half
    decoder: Half
    n_positions: int | None

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """Encoder, decoder, and the cross-attention from one to the other."""
        reading, writing = (half.blocks[0].attention for half in (self.encoder, self.decoder))
        layers = len(self.decoder.blocks)
        return {
            "encoder": reading.layout((full(),) * len(self.encoder.blocks), SOURCE, SOURCE),
            "decoder": writing.layout((causal(),) * layers),
            "cross": writing.layout((full(),) * layers, TEXT, SOURCE),
        }

    @property
    def n_ids(self) -> int:
        """Ids that have an embedding."""
        return len(self.decoder.words.weight)

    def __call__(self, feed: Feed, attend: Attend) -> Floats:
        """The decoder's final hidden state: (tokens, width)."""
        assert feed.source is not None  # the model asks for one
        source = self._encoded(feed.source, attend)
        x = self.decoder.embedded(feed.ids)
        for layer, one in enumerate(self.decoder.blocks):
            assert one.cross is not None  # every decoder has both
            assert one.cross_part is not None
            norm = one.attention_part.before
            heads = one.attention(attend, "decoder", layer, x, mask=causal(), norm=norm)
            x = by_tokens(one.attended, x, heads)
            norm = one.cross_part.before
            heads = one.cross(attend, "cross", layer, x, source, mask=full(), norm=norm)
            x = by_tokens(one.crossed, x, heads)
        return self.decoder.finished(x)

    def _encoded(self, ids: Ids, attend: Attend) -> Floats:
        x = self.encoder.embedded(ids)
        for layer, one in enumerate(self.encoder.blocks):
            norm = one.attention_part.before
            heads = one.attention(attend, "encoder", layer, x, mask=full(), norm=norm)
            x = by_tokens(one.encoded, x, heads)
        return self.encoder.finished(x)


def build(fields: Fields, weights: Weights) -> Bart:
    """The network that the config and the weights describe."""
    kind = KINDS[fields.get("model_type")]
    fields.get("is_decoder")  # of the two halves; it says nothing of the whole
    fields.only("add_cross_attention", False)
    fields.get("num_hidden_layers")  # says encoder_layers again
    endless = kind.positions == "after padding"
    return Bart(
        _half(weights, fields, kind, "encoder"),
        _half(weights, fields, kind, "decoder"),
        None if endless else fields.number("max_position_embeddings", 1024),
    )


def _half(weights: Weights, fields: Fields, kind: Kind, name: str) -> Half:
    width, at = fields.number("d_model", 1024), weights.under(f"{name}.")
    scaled = fields.flag("scale_embedding", kind.scaled)
    layers = range(fields.number(f"{name}_layers", 12))
    return Half(
        _words(weights, fields, name),
        float(np.float32(math.sqrt(width))) if scaled else 1.0,
        _positions(at, fields, kind),
        at.layer_norm("layernorm_embedding", width, EPS) if kind.norm_embeddings else None,
        tuple(_block(at.under(f"layers.{i}."), fields, kind, name) for i in layers),
        at.layer_norm("layer_norm", width, EPS) if kind.norm_first else None,
    )


def _words(weights: Weights, fields: Fields, name: str) -> Embedding:
    """One table for both, or one each (some Marian models)."""
    own = weights.has(f"{name}.embed_tokens.weight")
    n_ids = fields.number("vocab_size", 50265)
    if name == "decoder" and own:
        n_ids = fields.number("decoder_vocab_size", n_ids)
    fields.get("decoder_vocab_size")
    return weights.embedding(
        f"{name}.embed_tokens" if own else "shared", n_ids, fields.number("d_model", 1024)
    )


def _positions(weights: Weights, fields: Fields, kind: Kind) -> Callable[[Ids], Floats]:
    width, n_positions = (
        fields.number("d_model", 1024),
        fields.number("max_position_embeddings", 1024),
    )
    if kind.positions == "learned":
        table = weights.embedding("embed_positions", n_positions + LEARNED_FROM, width)
        return lambda ids: table(np.arange(len(ids)) + LEARNED_FROM)
    if kind.positions == "sinusoids" and weights.has("embed_positions.weight"):  # older files
        kept = weights.embedding("embed_positions", n_positions, width)
        return lambda ids: kept(np.arange(len(ids)))
    if kind.positions == "sinusoids":
        return lambda ids: interleaved_sinusoids(len(ids), width)
    padding = fields.number("pad_token_id", 1, 0)
    return lambda ids: _fairseq_sinusoids(places(ids, padding), width) * (ids != padding)[:, None]


def _fairseq_sinusoids(at: Ids, width: int) -> Floats:
    """sin and cos of position / 10000^(i / (width / 2 - 1)): (positions, width) float32."""
    half = width // 2
    steps = np.arange(half, dtype=np.float32) * np.float32(-math.log(10000) / (half - 1))
    frequencies = np.exp(steps.astype(np.float64)).astype(np.float32)  # rounded once
    angles = np.multiply.outer(at.astype(np.float32), frequencies)
    both = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    return np.pad(both, ((0, 0), (0, width % 2)))


def _block(weights: Weights, fields: Fields, kind: Kind, half: str) -> Block:
    width, inner = fields.number("d_model", 1024), fields.number(f"{half}_ffn_dim", 4096)
    n_heads = heads_of(fields, "d_model", f"{half}_attention_heads", 1024, 16)

    def part(name: str) -> Part:
        return Part(weights.layer_norm(name, width, EPS), kind.norm_first)

    usual = (
        _attention(weights.under("self_attn."), width, n_heads),
        part("self_attn_layer_norm"),
        FeedForward(
            weights.linear("fc1", width, inner),
            weights.linear("fc2", inner, width),
            fields.activation("activation_function", kind.activation),
        ),
        part("final_layer_norm"),
    )
    if half == "encoder":
        return Block(*usual)
    cross = _attention(weights.under("encoder_attn."), width, n_heads)
    return Block(*usual, cross, part("encoder_attn_layer_norm"))


def _attention(weights: Weights, width: int, n_heads: int) -> Attention:
    query, key, value, output = (
        weights.linear(name, width, width) for name in ("q_proj", "k_proj", "v_proj", "out_proj")
    )
    return Attention(query, key, value, output, n_heads, n_heads, (width // n_heads) ** -0.5)
