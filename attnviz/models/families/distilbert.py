"""DistilBERT (arXiv 1910.01108): BERT with half the layers and no segments."""

from __future__ import annotations

from attnviz.attention.masks import full
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.embeddings import Embeddings, LearnedPositions
from attnviz.models.network.encoder import Names, Sizes, block, heads_of, tower
from attnviz.models.network.tower import Tower

ANCHOR = "embeddings.word_embeddings.weight"
EPS = 1e-12
NAMES = Names(
    query="attention.q_lin",
    key="attention.k_lin",
    value="attention.v_lin",
    output="attention.out_lin",
    attention_norm="sa_layer_norm",
    up="ffn.lin1",
    down="ffn.lin2",
    norm="output_layer_norm",
)


def build(fields: Fields, weights: Weights) -> Tower:
    width = fields.number("dim", 768)
    sizes = Sizes(
        width,
        heads_of(fields, "dim", "n_heads", 768, 12),
        fields.number("hidden_dim", 3072),
        EPS,
        fields.activation("activation", "gelu"),
    )
    at = weights.under("embeddings.")
    n_ids = fields.number("vocab_size", 30522)
    n_positions = fields.number("max_position_embeddings", 512)
    embeddings = Embeddings(
        at.embedding("word_embeddings", n_ids, width),
        LearnedPositions(at.embedding("position_embeddings", n_positions, width)),
        norm=at.layer_norm("LayerNorm", width, EPS),
    )
    layers = (weights.under(f"transformer.layer.{i}.") for i in range(fields.number("n_layers", 6)))
    return tower(embeddings, (block(layer, sizes, NAMES) for layer in layers), full())
