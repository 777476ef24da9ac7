"""DeBERTa v2 and v3 (arXiv 2006.03654, 2111.09543), mDeBERTa: content and distance apart."""

from __future__ import annotations

from dataclasses import replace

from attnviz.attention.masks import full
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Linear
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import PostNormBlock
from attnviz.models.network.disentangled import DisentangledAttention, Distances, scale_of
from attnviz.models.network.embeddings import Embeddings, LearnedPositions
from attnviz.models.network.encoder import Names, Sizes, block
from attnviz.models.network.tower import Tower

ANCHOR = "embeddings.word_embeddings.weight"
NAMES = replace(
    Names(), query="attention.self.query_proj", key="attention.self.key_proj",
    value="attention.self.value_proj",
)  # fmt: skip
KEY_SIDE, QUERY_SIDE = "c2p", "p2c"


def build(fields: Fields, weights: Weights) -> Tower:
    sizes = Sizes.read(fields)
    fields.only("conv_kernel_size", 0, None)
    fields.only("attention_head_size", None, sizes.width // sizes.n_heads)
    distances = _distances(fields, weights.under("encoder."), sizes)
    n_layers = fields.number("num_hidden_layers", 24)
    at = [weights.under(f"encoder.layer.{i}.") for i in range(n_layers)]
    return Tower(
        _embeddings(fields, weights, sizes),
        tuple(_block(one, fields, sizes, distances) for one in at),
        (full(),) * n_layers,
    )


def _embeddings(fields: Fields, weights: Weights, sizes: Sizes) -> Embeddings:
    at, width = weights.under("embeddings."), sizes.width
    fields.only("embedding_size", None, width)
    kinds = fields.number("type_vocab_size", 0, 0)
    positions = None
    n_positions = fields.number("max_position_embeddings", 512)
    if fields.flag("position_biased_input", True):
        positions = LearnedPositions(at.embedding("position_embeddings", n_positions, width))
    return Embeddings(
        at.embedding("word_embeddings", fields.number("vocab_size", 128100), width),
        positions,
        at.embedding("token_type_embeddings", kinds, width) if kinds else None,
        at.layer_norm("LayerNorm", width, sizes.eps),
    )


def _distances(fields: Fields, weights: Weights, sizes: Sizes) -> Distances | None:
    longest = fields.get("max_relative_positions", -1)
    if type(longest) is not int or longest < 1:
        longest = fields.number("max_position_embeddings", 512)
    buckets = fields.get("position_buckets", -1)
    buckets = buckets if type(buckets) is int and buckets > 0 else 0
    kinds = str(fields.get("norm_rel_ebd", "none")).lower().split("|")
    if not fields.flag("relative_attention"):
        return None
    span = buckets or longest
    normed = "layer_norm" in [kind.strip() for kind in kinds]
    return Distances(
        weights.embedding("rel_embeddings", 2 * span, sizes.width),
        weights.layer_norm("LayerNorm", sizes.width, sizes.eps) if normed else None,
        span, buckets, longest,
    )  # fmt: skip


def _block(
    weights: Weights, fields: Fields, sizes: Sizes, distances: Distances | None
) -> PostNormBlock:
    found = block(weights, sizes, NAMES)
    kinds = _kinds(fields)
    assert isinstance(found.attention, Attention)
    scale = scale_of(sizes.width // sizes.n_heads, 1 + len(kinds))
    usual = replace(found.attention, scale=scale)
    shared = fields.flag("share_att_key")
    if distances is None:
        return replace(found, attention=usual)
    at = weights.under("attention.self.")

    def positions(kind: str, name: str, content: Linear) -> Linear | None:
        if kind not in kinds:
            return None
        return content if shared else at.linear(name, sizes.width, sizes.width)

    attention = DisentangledAttention(
        usual, distances, positions(KEY_SIDE, "pos_key_proj", usual.key),
        positions(QUERY_SIDE, "pos_query_proj", usual.query),
    )  # fmt: skip
    return replace(found, attention=attention)


def _kinds(fields: Fields) -> tuple[str, ...]:
    """Which of the two a config asks for, in its list or its older "p2c|c2p"."""
    given = fields.get("pos_att_type", [])
    listed = given.lower().split("|") if isinstance(given, str) else given
    kinds = tuple(str(one).strip() for one in listed) if isinstance(listed, list) else ("",)
    if set(kinds) - {KEY_SIDE, QUERY_SIDE}:
        raise fields.wrong("pos_att_type", given, f"a list of {KEY_SIDE} and {QUERY_SIDE}")
    return tuple(dict.fromkeys(kinds))
