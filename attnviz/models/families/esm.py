"""ESM-2 (Lin et al. 2023, Science 379): a language model of proteins, an amino acid a token."""

from __future__ import annotations

import numpy as np

from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import ACTIVATIONS, Embedding, Floats
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.embeddings import Embeddings, LearnedPositions
from attnviz.models.network.encoder import heads_of, self_mask
from attnviz.models.network.network import Feed, Limits
from attnviz.models.network.rope import Rope, read_rope
from attnviz.models.network.tower import Tower

ANCHOR = "embeddings.word_embeddings.weight"
LEFT_OUT = 0.15 * 0.8  # the share of tokens that were masks while it was trained


@dataclass(frozen=True)
class UnmaskedEmbeddings:
    """Masks have no vector; the others are made as strong as they were beside as many masks as in
    training."""

    usual: Embeddings
    mask: int

    @property
    def words(self) -> Embedding:
        """The table of ids."""
        return self.usual.words

    @property
    def limits(self) -> Limits:
        """What it can be fed."""
        return self.usual.limits

    def __call__(self, feed: Feed, role: str) -> Floats:
        """(tokens,) → (tokens, width)"""
        ids = feed.ids[role]
        x = self.usual.words(ids)
        masked = ids == self.mask
        share = masked.mean() if len(ids) else 0.0
        strength = 0.0 if share == 1 else (1 - LEFT_OUT) / (1 - share)
        x = np.where(masked[:, None], x.dtype.type(0), x * x.dtype.type(strength))
        if self.usual.positions is not None:
            x = x + self.usual.positions(ids, feed.starts_at(role))
        return x if self.usual.norm is None else self.usual.norm(x)


def build(fields: Fields, weights: Weights) -> Tower:
    width, eps = fields.number("hidden_size"), fields.real("layer_norm_eps", 1e-12)
    n_heads = heads_of(fields, "hidden_size", "num_attention_heads", width, 12)
    fields.only("is_folding_model", False)
    n_layers = fields.number("num_hidden_layers")
    rotated = fields.get("position_embedding_type", "absolute") == "rotary"
    usual = _embeddings(fields, weights.under("embeddings."), width, eps, rotated)
    mask = fields.get("mask_token_id")
    drops = fields.flag("token_dropout") and type(mask) is int
    ropes: dict[str, Rope] = {"": read_rope(fields, width // n_heads)} if rotated else {}
    at = [weights.under(f"encoder.layer.{i}.") for i in range(n_layers)]
    return Tower(
        UnmaskedEmbeddings(usual, mask) if drops else usual,
        tuple(_block(one, fields, width, n_heads, eps) for one in at),
        (self_mask(fields),) * n_layers,
        weights.layer_norm("encoder.emb_layer_norm_after", width, eps),
        ropes,
        ("",) * n_layers if rotated else (),
    )


def _embeddings(
    fields: Fields, weights: Weights, width: int, eps: float, rotated: bool
) -> Embeddings:
    fields.only("position_embedding_type", "rotary" if rotated else "absolute")
    positions = None
    if not rotated:
        table = weights.embedding(
            "position_embeddings", fields.number("max_position_embeddings", 1026), width
        )
        positions = LearnedPositions(table, padding=fields.number("pad_token_id", 1, 0))
    normed = fields.flag("emb_layer_norm_before")
    return Embeddings(
        weights.embedding("word_embeddings", fields.number("vocab_size"), width),
        positions,
        norm=weights.layer_norm("layer_norm", width, eps) if normed else None,
    )


def _block(weights: Weights, fields: Fields, width: int, n_heads: int, eps: float) -> PreNormBlock:
    inner = fields.number("intermediate_size")
    query, key, value = (
        weights.linear(f"attention.self.{name}", width, width) for name in ("query", "key", "value")
    )
    output = weights.linear("attention.output.dense", width, width)
    return PreNormBlock(
        weights.layer_norm("attention.LayerNorm", width, eps),
        Attention(query, key, value, output, n_heads, n_heads, (width // n_heads) ** -0.5),
        weights.layer_norm("LayerNorm", width, eps),
        FeedForward(
            weights.linear("intermediate.dense", width, inner),
            weights.linear("output.dense", inner, width),
            ACTIVATIONS["gelu"],
        ),
    )
