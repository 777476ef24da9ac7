"""T5 (arXiv 1910.10683) and mT5 (2010.11934): unscaled scores with a bias for each distance.

The first layer's table of biases serves all layers of its stack; cross-attention has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from attnviz.attention.masks import causal, full
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import (
    ACTIVATIONS,
    Embedding,
    Floats,
    RMSNorm,
    relative_buckets,
)
from attnviz.models.model import SOURCE, TEXT, Attend, Layout
from attnviz.models.network.network import Attention, Feed, FeedForward
from attnviz.threads import by_tokens

ANCHOR = "encoder.block.0.layer.0.SelfAttention.q.weight"


@dataclass(frozen=True)
class Block:
    """One layer: a norm before each part. Decoders also look at the encoder."""

    norm: RMSNorm
    attention: Attention
    feed_norm: RMSNorm
    feed_forward: FeedForward
    cross_norm: RMSNorm | None = None
    cross: Attention | None = None

    def fed(self, x: Floats, heads: Floats) -> Floats:
        """The end of a layer, token by token, from what its last attention's heads gave."""
        x = x + (self.cross or self.attention).output(heads)
        return x + self.feed_forward(self.feed_norm(x))


@dataclass(frozen=True)
class Half:
    """The encoder or the decoder. table: (buckets, heads)."""

    words: Embedding
    blocks: tuple[Block, ...]
    norm: RMSNorm
    table: Embedding
    max_distance: int

    def bias(self, n_tokens: int, *, both_ways: bool) -> Floats:
        """What each distance adds to the scores: (heads, queries, keys)."""
        n_buckets = len(self.table.weight)
        found = relative_buckets(
            n_tokens, n_tokens, n_buckets, self.max_distance, both_ways=both_ways
        )
        return self.table(found).transpose(2, 0, 1)


@dataclass(frozen=True)
class T5:
    """An encoder that reads the source and a decoder that is fed the text."""

    encoder: Half
    decoder: Half

    n_positions = None  # distances have no end

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
        source = self._encoded(self.encoder.words(feed.source), attend)
        x = self.decoder.words(feed.ids)
        bias = self.decoder.bias(len(x), both_ways=False)
        for layer, one in enumerate(self.decoder.blocks):
            assert one.cross is not None  # every decoder has it
            heads = one.attention(
                attend, "decoder", layer, x, mask=causal(), norm=one.norm, bias=bias
            )
            x = x + by_tokens(one.attention.output, heads)
            heads = one.cross(attend, "cross", layer, x, source, mask=full(), norm=one.cross_norm)
            x = by_tokens(one.fed, x, heads)
        return self.decoder.norm(x)

    def _encoded(self, x: Floats, attend: Attend) -> Floats:
        bias = self.encoder.bias(len(x), both_ways=True)
        for layer, one in enumerate(self.encoder.blocks):
            heads = one.attention(
                attend, "encoder", layer, x, mask=full(), norm=one.norm, bias=bias
            )
            x = by_tokens(one.fed, x, heads)
        return self.encoder.norm(x)


def build(fields: Fields, weights: Weights) -> T5:
    """The network that the config and the weights describe."""
    n_layers = fields.number("num_layers", 6)
    for unused in ("is_decoder", "n_positions"):  # of a half, and of the data it was trained on
        fields.get(unused)
    return T5(
        _half(weights, fields, "encoder", n_layers),
        _half(weights, fields, "decoder", fields.number("num_decoder_layers", n_layers)),
    )


def _half(weights: Weights, fields: Fields, name: str, n_layers: int) -> Half:
    width, n_heads = fields.number("d_model", 512), fields.number("num_heads", 8)
    at = weights.under(f"{name}.")
    own_words = at.has("embed_tokens.weight")
    first = at.under("block.0.layer.0.SelfAttention.")
    n_ids, n_buckets = (
        fields.number("vocab_size", 32128), fields.number("relative_attention_num_buckets", 32)
    )  # fmt: skip
    furthest = fields.number("relative_attention_max_distance", 128)
    if n_buckets < 4 or furthest <= n_buckets // 2:
        raise fields.wrong(
            "relative_attention_max_distance", furthest, "more than half the buckets"
        )
    return Half(
        (at if own_words else weights).embedding(
            "embed_tokens" if own_words else "shared", n_ids, width
        ),
        tuple(_block(at.under(f"block.{i}."), fields, name == "decoder") for i in range(n_layers)),
        at.rms_norm("final_layer_norm", width, fields.real("layer_norm_epsilon", 1e-6)),
        first.embedding("relative_attention_bias", n_buckets, n_heads),
        furthest,
    )


def _block(weights: Weights, fields: Fields, crossing: bool) -> Block:
    width, eps = fields.number("d_model", 512), fields.real("layer_norm_epsilon", 1e-6)
    last = weights.under(f"layer.{2 if crossing else 1}.")
    usual = (
        weights.rms_norm("layer.0.layer_norm", width, eps),
        _attention(weights.under("layer.0.SelfAttention."), fields),
        last.rms_norm("layer_norm", width, eps),
        _feed_forward(last.under("DenseReluDense."), fields),
    )
    if not crossing:
        return Block(*usual)
    norm = weights.rms_norm("layer.1.layer_norm", width, eps)
    return Block(*usual, norm, _attention(weights.under("layer.1.EncDecAttention."), fields))


def _attention(weights: Weights, fields: Fields) -> Attention:
    width, n_heads = fields.number("d_model", 512), fields.number("num_heads", 8)
    inner = n_heads * fields.number("d_kv", 64)
    query, key, value = (weights.linear(name, width, inner, False) for name in "qkv")
    output = weights.linear("o", inner, width, False)
    return Attention(query, key, value, output, n_heads, n_heads, 1.0)


def _feed_forward(weights: Weights, fields: Fields) -> FeedForward:
    width, inner = fields.number("d_model", 512), fields.number("d_ff", 2048)
    usual = "gated-gelu" if fields.get("model_type") == "mt5" else "relu"
    name = str(fields.get("feed_forward_proj", usual))
    gated = name.startswith("gated-")
    # The releases that say "gated-gelu" were trained with its tanh form; the two derived fields
    # say the same again, and are believed where they are there.
    derived = "gelu_new" if name == "gated-gelu" else name.removeprefix("gated-")
    gated, derived = fields.flag("is_gated_act", gated), fields.get("dense_act_fn", derived)
    if not isinstance(derived, str) or derived not in ACTIVATIONS:
        said = "dense_act_fn" if fields.get("dense_act_fn") else "feed_forward_proj"
        raise fields.wrong(
            said, fields.get(said, name), f"{', '.join(ACTIVATIONS)}, or gated- and one"
        )
    activation = ACTIVATIONS[derived]
    down = weights.linear("wo", inner, width, False)
    if not gated:
        return FeedForward(weights.linear("wi", width, inner, False), down, activation)
    gate, up = (weights.linear(part, width, inner, False) for part in ("wi_0", "wi_1"))
    return FeedForward(up, down, activation, gate)
