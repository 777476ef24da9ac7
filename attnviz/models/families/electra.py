"""ELECTRA (arXiv 2003.10555), AraELECTRA: BERT whose embeddings may be narrower than its layers."""

from __future__ import annotations

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.encoder import Sizes, bert_embeddings, block, self_mask, tower
from attnviz.models.network.tower import Tower

ANCHOR = "embeddings.word_embeddings.weight"


def build(fields: Fields, weights: Weights) -> Tower:
    sizes = Sizes.read(fields, 256, 4, 1024)
    narrow = fields.number("embedding_size", 128)
    widen = (
        None if narrow == sizes.width else weights.linear("embeddings_project", narrow, sizes.width)
    )
    layers = range(fields.number("num_hidden_layers", 12))
    return tower(
        bert_embeddings(weights, fields, narrow, sizes.eps, widen=widen),
        (block(weights.under(f"encoder.layer.{i}."), sizes) for i in layers),
        self_mask(fields),
    )
