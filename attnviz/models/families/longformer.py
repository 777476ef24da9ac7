"""Longformer (arXiv 2004.05150): RoBERTa's embeddings, a window around each token in every layer,
and a few tokens that see all."""

from __future__ import annotations

from dataclasses import replace

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import PostNormBlock
from attnviz.models.network.encoder import Sizes, bert_embeddings, block, read_global
from attnviz.models.network.layer_masks import local_windows
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
        local_windows(fields, len(layers)),
    )


def _block(weights: Weights, sizes: Sizes) -> PostNormBlock:
    plain = block(weights, sizes)
    assert isinstance(plain.attention, Attention)  # as `block` makes it
    attention = read_global(weights.under("attention.self."), plain.attention, sizes.width)
    return replace(plain, attention=attention)
