"""Longformer (arXiv 2004.05150): RoBERTa's embeddings, a window around each token in every layer,
and a few tokens that see all."""

from __future__ import annotations

from dataclasses import replace

from attnviz.attention.masks import local
from attnviz.attention.rules import Rule
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.attention import Attention, GlobalAttention
from attnviz.models.network.blocks import PostNormBlock
from attnviz.models.network.encoder import Sizes, bert_embeddings, block
from attnviz.models.network.tower import Tower

ANCHOR = "embeddings.word_embeddings.weight"


def build(fields: Fields, weights: Weights) -> Tower:
    sizes = Sizes.read(fields)
    layers = [
        weights.under(f"encoder.layer.{i}.") for i in range(fields.number("num_hidden_layers", 12))
    ]
    fields.only("attention_mode", "longformer")
    fields.get("attention_dilation")  # of the original code: never read
    fields.only("autoregressive", False)
    fields.get("is_decoder")  # of BERT's code: never read
    padding = fields.number("pad_token_id", 1, 0)
    return Tower(
        bert_embeddings(weights, fields, sizes.width, sizes.eps, padding=padding),
        tuple(_block(layer, sizes) for layer in layers),
        _windows(fields, len(layers)),
    )


def _block(weights: Weights, sizes: Sizes) -> PostNormBlock:
    plain = block(weights, sizes)
    assert isinstance(plain.attention, Attention)  # as `block` makes it
    own = weights.under("attention.self.")
    query, key, value = (
        own.linear(name, sizes.width, sizes.width)
        for name in ("query_global", "key_global", "value_global")
    )
    return replace(plain, attention=GlobalAttention(plain.attention, query, key, value))


def _windows(fields: Fields, n_layers: int) -> tuple[Rule, ...]:
    """Read the windows; the config counts both sides together."""
    given = fields.get("attention_window", 512)
    widths = [given] * n_layers if isinstance(given, int) else given
    even = isinstance(widths, list) and all(type(w) is int and w > 0 and w % 2 == 0 for w in widths)
    if not even or len(widths) != n_layers:
        raise fields.wrong("attention_window", given, f"an even number, or a list of {n_layers}")
    return tuple(local(width // 2) for width in widths)
