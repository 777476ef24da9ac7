"""RoFormer (arXiv 2104.09864): BERT with rotated heads in place of positions."""

from __future__ import annotations

from dataclasses import replace

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.embeddings import Embeddings
from attnviz.models.network.encoder import Sizes, block, self_mask
from attnviz.models.network.rope import read_rope
from attnviz.models.network.tower import Tower

ANCHOR = "embeddings.word_embeddings.weight"


def build(fields: Fields, weights: Weights) -> Tower:
    fields.only("rotary_value", False)
    sizes = Sizes.read(fields)
    narrow = fields.number("embedding_size", sizes.width)
    at = weights.under("embeddings.")
    embeddings = Embeddings(
        at.embedding("word_embeddings", fields.number("vocab_size", 50000), narrow),
        segments=at.embedding("token_type_embeddings", fields.number("type_vocab_size", 2), narrow),
        norm=at.layer_norm("LayerNorm", narrow, sizes.eps),
        widen=None
        if narrow == sizes.width
        else weights.linear("embeddings_project", narrow, sizes.width),
    )
    n_layers = fields.number("num_hidden_layers", 12)
    rope = read_rope(fields, sizes.width // sizes.n_heads)
    return Tower(
        embeddings,
        tuple(block(weights.under(f"encoder.layer.{i}."), sizes) for i in range(n_layers)),
        (self_mask(fields),) * n_layers,
        ropes={"": replace(rope, pairs=True)},
        kinds=("",) * n_layers,
    )
