"""Gemma (arXiv 2403.08295), Gemma 2 (2408.00118), the text half of Gemma 3 (2503.19786).

Embeddings are multiplied by sqrt(width) and norms by 1 + weight. Gemma 2 caps its scores, Gemma 3
norms its queries and keys; both alternate windows with full attention and norm what a part gives.
Atlas-Chat and GemMaroc, which speak Darija, are of these.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import RMSNorm
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.embeddings import Embeddings
from attnviz.models.network.gemma_layers import (
    GemmaHeads,
    gemma_attention,
    gemma_feed_forward,
    read_heads,
    read_softcap,
)
from attnviz.models.network.layer_masks import FULL, SLIDING, layer_kinds, layer_masks
from attnviz.models.network.rope import Rope, read_rope
from attnviz.models.network.tower import Tower

ANCHOR = "embed_tokens.weight"
FIRST, THIRD = "gemma", "gemma3_text"


@dataclass(frozen=True)
class Sizes:
    """What a layer is measured by."""

    kind: str
    width: int
    inner: int
    heads: GemmaHeads


def build(fields: Fields, weights: Weights) -> Tower:
    fields.only("is_causal", True)
    sizes = _sizes(fields, fields.get("model_type"))
    n_layers = fields.number("num_hidden_layers", 26)
    kinds = _kinds(fields, sizes.kind, n_layers)
    both_ways = sizes.kind == THIRD and fields.flag("use_bidirectional_attention")
    fields.only("use_bidirectional_attention", False, *([True] if both_ways else []))
    window = None if sizes.kind == FIRST else fields.or_none("sliding_window", 4096)
    n_ids = fields.number("vocab_size", 256000)
    words = weights.embedding("embed_tokens", n_ids, sizes.width)
    return Tower(
        Embeddings(words, strength=float(np.float32(sizes.width**0.5))),
        tuple(_block(weights.under(f"layers.{i}."), fields, sizes) for i in range(n_layers)),
        layer_masks(fields, kinds, window, both_ways=both_ways),
        weights.rms_norm("norm", sizes.width, sizes.heads.eps, 1.0),
        _ropes(fields, sizes),
        tuple(kinds),
    )


def _sizes(fields: Fields, kind: str) -> Sizes:
    heads = read_heads(fields)
    if kind == "gemma2":
        heads = replace(heads, softcap=read_softcap(fields))
    if kind == THIRD:
        fields.only("attn_logit_softcapping", None)  # which its layers do not have
        heads = replace(heads, normed=True)
    if kind != FIRST:
        heads = replace(heads, scale=fields.real("query_pre_attn_scalar", 256) ** -0.5)
    return Sizes(
        kind, fields.number("hidden_size", 2304), fields.number("intermediate_size", 9216), heads
    )


def _kinds(fields: Fields, kind: str, n_layers: int) -> list[str]:
    """Every second layer is full in Gemma 2, every sixth in Gemma 3."""
    if kind == FIRST:
        return [FULL] * n_layers
    fields.get("_sliding_window_pattern")  # the same, in files that also list the layers
    every = fields.number("sliding_window_pattern", 6) if kind == THIRD else 2
    usual = [SLIDING if (i + 1) % every else FULL for i in range(n_layers)]
    return layer_kinds(fields, n_layers, usual)


def _ropes(fields: Fields, sizes: Sizes) -> dict[str, Rope]:
    if sizes.kind != THIRD:
        return dict.fromkeys((FULL, SLIDING), read_rope(fields, sizes.heads.head_dim))
    return {
        FULL: read_rope(fields, sizes.heads.head_dim, kind=FULL, theta=1e6),
        SLIDING: read_rope(
            fields,
            sizes.heads.head_dim,
            kind=SLIDING,
            theta_field="rope_local_base_freq",
            scaled=False,
        ),
    }


def _block(weights: Weights, fields: Fields, sizes: Sizes) -> PreNormBlock:
    def norm(name: str) -> RMSNorm:
        return weights.rms_norm(name, sizes.width, sizes.heads.eps, 1.0)

    attention = gemma_attention(weights.under("self_attn."), sizes.heads, sizes.width)
    feed_forward = _feed_forward(weights.under("mlp."), fields, sizes)
    first, after = norm("input_layernorm"), norm("post_attention_layernorm")
    if sizes.kind == FIRST:
        return PreNormBlock(first, attention, after, feed_forward)
    before_feed, after_feed = norm("pre_feedforward_layernorm"), norm("post_feedforward_layernorm")
    return PreNormBlock(first, attention, before_feed, feed_forward, after, after_feed)


def _feed_forward(weights: Weights, fields: Fields, sizes: Sizes) -> FeedForward:
    # The first Gemma's files say hidden_act = "gelu" and mean its tanh form; the later ones'
    # hidden_activation is what counts.
    field = "hidden_act" if sizes.kind == FIRST else "hidden_activation"
    tanh = sizes.kind == FIRST and fields.get(field) == "gelu"
    for other in ("hidden_act", "hidden_activation"):
        fields.get(other)
    return gemma_feed_forward(weights, fields, sizes.width, sizes.inner, "" if tanh else field)
