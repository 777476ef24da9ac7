"""MPNet (arXiv 2004.09297): RoBERTa with a table of biases over distances for all layers."""

from __future__ import annotations

from dataclasses import replace

from attnviz.attention.masks import full
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.embeddings import DistanceBias
from attnviz.models.network.encoder import Names, Sizes, bert_embeddings, block, tower
from attnviz.models.network.tower import Tower

ANCHOR = "embeddings.word_embeddings.weight"
PADDING, BUCKETS, FARTHEST = 1, 32, 128  # fixed in the architecture, whatever the config says
NAMES = Names(
    query="attention.attn.q",
    key="attention.attn.k",
    value="attention.attn.v",
    output="attention.attn.o",
    attention_norm="attention.LayerNorm",
)


def build(fields: Fields, weights: Weights) -> Tower:
    sizes = Sizes.read(fields)
    layers = range(fields.number("num_hidden_layers", 12))
    rows = fields.number("relative_attention_num_buckets", BUCKETS, BUCKETS)
    table = weights.embedding("encoder.relative_attention_bias", rows, sizes.n_heads)
    plain = tower(
        bert_embeddings(weights, fields, sizes.width, sizes.eps, n_segments=0, padding=PADDING),
        (block(weights.under(f"encoder.layer.{i}."), sizes, NAMES) for i in layers),
        full(),
    )
    return replace(plain, distances=(DistanceBias(table, BUCKETS, FARTHEST, both_ways=True),))
