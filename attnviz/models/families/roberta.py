"""RoBERTa (arXiv 1907.11692), XLM-R, CamemBERT: BERT whose positions follow the padding id."""

from __future__ import annotations

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.encoder import Sizes, bert_embeddings, block, self_mask, tower
from attnviz.models.network.tower import Tower

ANCHOR = "embeddings.word_embeddings.weight"


def build(fields: Fields, weights: Weights) -> Tower:
    sizes = Sizes.read(fields)
    layers = range(fields.number("num_hidden_layers", 12))
    padding = fields.number("pad_token_id", 1, 0)
    return tower(
        bert_embeddings(weights, fields, sizes.width, sizes.eps, padding=padding),
        (block(weights.under(f"encoder.layer.{i}."), sizes) for i in layers),
        self_mask(fields),
    )
