"""ALBERT (arXiv 1909.11942): BERT whose layers share their weights."""

from __future__ import annotations

from attnviz.attention.masks import full
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.encoder import Names, Sizes, bert_embeddings, block, tower
from attnviz.models.network.tower import Tower

ANCHOR = "embeddings.word_embeddings.weight"
NAMES = Names(
    query="attention.query",
    key="attention.key",
    value="attention.value",
    output="attention.dense",
    attention_norm="attention.LayerNorm",
    up="ffn",
    down="ffn_output",
    norm="full_layer_layer_norm",
)


def build(fields: Fields, weights: Weights) -> Tower:
    sizes = Sizes.read(fields, 4096, 64, 16384, "gelu_new")
    narrow = fields.number("embedding_size", 128)
    fields.only("inner_group_num", 1)
    n_layers, n_groups = (
        fields.number("num_hidden_layers", 12),
        fields.number("num_hidden_groups", 1),
    )
    groups = [
        block(weights.under(f"encoder.albert_layer_groups.{i}.albert_layers.0."), sizes, NAMES)
        for i in range(n_groups)
    ]
    widen = weights.linear("encoder.embedding_hidden_mapping_in", narrow, sizes.width)
    return tower(
        bert_embeddings(weights, fields, narrow, sizes.eps, widen=widen),
        (groups[i * n_groups // n_layers] for i in range(n_layers)),
        full(),
    )
