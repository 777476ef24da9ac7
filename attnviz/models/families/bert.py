"""BERT (arXiv 1810.04805) and what was built on it: MiniLM, BGE, E5, GTE, DarijaBERT, AraBERT …"""

from __future__ import annotations

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.encoder import Sizes, bert_embeddings, block, self_mask, tower
from attnviz.models.network.tower import Tower

ANCHOR = "embeddings.word_embeddings.weight"


def build(fields: Fields, weights: Weights) -> Tower:
    sizes = Sizes.read(fields)
    fields.only("use_task_id", False)  # ERNIE's embeddings of tasks
    layers = range(fields.number("num_hidden_layers", 12))
    return tower(
        bert_embeddings(weights, fields, sizes.width, sizes.eps),
        (block(weights.under(f"encoder.layer.{i}."), sizes) for i in layers),
        self_mask(fields),
    )
