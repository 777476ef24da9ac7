"""T5 (arXiv 1910.10683), mT5 (2010.11934) and UMT5 (2304.09151): unscaled scores with a bias for
each distance.

The first layer's table of biases serves all layers of its tower, in UMT5 each layer has its own;
cross-attention has none.
"""

from __future__ import annotations

from dataclasses import replace

from attnviz.attention.masks import causal, full
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import ACTIVATIONS
from attnviz.models.model import SOURCE, TEXT
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.embeddings import DistanceBias, Embeddings
from attnviz.models.network.encoder_decoder import EncoderDecoder
from attnviz.models.network.tower import Tower

ANCHOR = "encoder.block.0.layer.0.SelfAttention.q.weight"


def build(fields: Fields, weights: Weights) -> EncoderDecoder | Tower:
    n_layers = fields.number("num_layers", 6)
    for unused in ("is_decoder", "n_positions"):  # of a half, and of the data it was trained on
        fields.get(unused)
    if not weights.has_any("decoder."):  # encoders of texts for search, or for images
        fields.get("num_decoder_layers")
        return replace(_tower(weights, fields, "encoder", n_layers), stack="self", role=TEXT)
    return EncoderDecoder(
        _tower(weights, fields, "encoder", n_layers),
        _tower(weights, fields, "decoder", fields.number("num_decoder_layers", n_layers)),
    )


def _tower(weights: Weights, fields: Fields, name: str, n_layers: int) -> Tower:
    width, n_heads = fields.number("d_model", 512), fields.number("num_heads", 8)
    at = weights.under(f"{name}.")
    own_words = at.has("embed_tokens.weight")
    n_ids, n_buckets = (
        fields.number("vocab_size", 32128), fields.number("relative_attention_num_buckets", 32)
    )  # fmt: skip
    furthest = fields.number("relative_attention_max_distance", 128)
    if n_buckets < 4 or furthest <= n_buckets // 2:
        raise fields.wrong(
            "relative_attention_max_distance", furthest, "more than half the buckets"
        )
    crossing = name == "decoder"
    n_tables = n_layers if fields.get("model_type") == "umt5" else 1
    tables = (
        at.embedding(f"block.{i}.layer.0.SelfAttention.relative_attention_bias", n_buckets, n_heads)
        for i in range(n_tables)
    )
    return Tower(
        Embeddings(
            (at if own_words else weights).embedding(
                "embed_tokens" if own_words else "shared", n_ids, width
            )
        ),
        tuple(_block(at.under(f"block.{i}."), fields, crossing) for i in range(n_layers)),
        (causal() if crossing else full(),) * n_layers,
        at.rms_norm("final_layer_norm", width, fields.real("layer_norm_epsilon", 1e-6)),
        distances=tuple(
            DistanceBias(table, n_buckets, furthest, both_ways=not crossing) for table in tables
        ),
        stack=name,
        role=TEXT if crossing else SOURCE,
    )


def _block(weights: Weights, fields: Fields, crossing: bool) -> PreNormBlock:
    width, eps = fields.number("d_model", 512), fields.real("layer_norm_epsilon", 1e-6)
    last = weights.under(f"layer.{2 if crossing else 1}.")
    usual = (
        weights.rms_norm("layer.0.layer_norm", width, eps),
        _attention(weights.under("layer.0.SelfAttention."), fields),
        last.rms_norm("layer_norm", width, eps),
        _feed_forward(last.under("DenseReluDense."), fields),
    )
    if not crossing:
        return PreNormBlock(*usual)
    norm = weights.rms_norm("layer.1.layer_norm", width, eps)
    cross = _attention(weights.under("layer.1.EncDecAttention."), fields)
    return PreNormBlock(*usual, cross_norm=norm, cross=cross)


def _attention(weights: Weights, fields: Fields) -> Attention:
    width, n_heads = fields.number("d_model", 512), fields.number("num_heads", 8)
    inner = n_heads * fields.number("d_kv", 64)
    query, key, value = (weights.linear(name, width, inner, False) for name in "qkv")
    output = weights.linear("o", inner, width, False)
    return Attention(query, key, value, output, n_heads, n_heads, 1.0)


def _feed_forward(weights: Weights, fields: Fields) -> FeedForward:
    width, inner = fields.number("d_model", 512), fields.number("d_ff", 2048)
    usual = "relu" if fields.get("model_type") == "t5" else "gated-gelu"
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
