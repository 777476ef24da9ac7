"""BigBird (arXiv 2007.14062) as far as it looks at all tokens: over short texts it always does."""

from __future__ import annotations

from dataclasses import replace

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Embedding
from attnviz.models.network.embeddings import LearnedPositions
from attnviz.models.network.encoder import Sizes, bert_embeddings, block, self_mask, tower
from attnviz.models.network.tower import Tower

ANCHOR = "embeddings.word_embeddings.weight"
SPARSE = "block_sparse"


def build(fields: Fields, weights: Weights) -> Tower:
    sizes = Sizes.read(fields, activation="gelu_new")
    fields.only("attention_type", SPARSE, "original_full")
    fields.only("use_bias", True)
    strength = sizes.width**0.5 if fields.flag("rescale_embeddings") else 1.0
    found = bert_embeddings(weights, fields, sizes.width, sizes.eps)
    assert isinstance(found.positions, LearnedPositions)
    positions = Embedding(found.positions.table.weight[: _looks_at_all(fields)])
    embeddings = replace(found, strength=strength, positions=LearnedPositions(positions))
    layers = range(fields.number("num_hidden_layers", 12))
    return tower(
        embeddings,
        (block(weights.under(f"encoder.layer.{i}."), sizes) for i in layers),
        self_mask(fields),
    )


def _looks_at_all(fields: Fields) -> int:
    """How long a text may be before blocks are left out: transformers' own rule."""
    blocks = 5 + 2 * fields.number("num_random_blocks", 3)
    longest = blocks * fields.number("block_size", 64)
    n_positions = fields.number("max_position_embeddings", 4096)
    return (
        min(longest, n_positions) if fields.get("attention_type", SPARSE) == SPARSE else n_positions
    )
