"""MPT (MosaicML 2023): no biases, and no positions but a slope in each head, by ALiBi (arXiv
2108.12409)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from attnviz.attention.masks import causal
from attnviz.models.checkpoint.config import LARGEST_REAL, Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import ACTIVATIONS, LayerNorm
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.embeddings import Embeddings
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.slopes import Slopes, uneven_slopes
from attnviz.models.network.tower import Tower

ANCHOR = "wte.weight"
# What is written under attn_config and has one value in all models that are read.
ONE_VALUE = {
    "alibi": True, "attn_type": "multihead_attention", "prefix_lm": False, "qk_ln": False,
    "attn_uses_sequence_id": False, "clip_qkv": None, "alibi_bias_max": 8,
}  # fmt: skip


def build(fields: Fields, weights: Weights) -> Tower:
    width, n_layers = fields.number("d_model"), fields.number("n_layers")
    n_heads = heads_of(fields, "d_model", "n_heads", width, 1)
    inner, eps = 4 * width, fields.real("layer_norm_epsilon", 1e-5)
    fields.only("expansion_ratio", 4)
    fields.only("no_bias", True)
    for trained in ("norm_type", "learned_pos_emb", "embedding_fraction", "init_device",
                    "max_seq_len", "verbose", "logit_scale", "fc_type"):  # fmt: skip
        fields.get(trained)  # how it was trained; the class of transformers reads none of them
    scale = _scale(fields, width // n_heads)
    at = [weights.under(f"blocks.{i}.") for i in range(n_layers)]
    return Tower(
        Embeddings(weights.embedding("wte", fields.number("vocab_size"), width)),
        tuple(_block(one, width, inner, n_heads, eps, scale) for one in at),
        (causal(),) * n_layers,
        weights.layer_norm("norm_f", width, eps, bias=False),
        distances=(Slopes(uneven_slopes(n_heads)),),
    )


def _scale(fields: Fields, head_dim: int) -> float:
    """Read attn_config, where the scale of scores may stand."""
    given = fields.get("attn_config", {})
    if not isinstance(given, Mapping):
        raise fields.wrong("attn_config", given, "an object")
    for name, value in ONE_VALUE.items():
        if given.get(name, value) != value:
            raise fields.wrong(f"attn_config.{name}", given[name], json.dumps(value))
    scale = given.get("softmax_scale")
    if scale is None:
        return float(head_dim**-0.5)
    if type(scale) not in (int, float) or not 0 < scale < LARGEST_REAL:
        raise fields.wrong("attn_config.softmax_scale", scale, "a number above 0")
    return float(scale)


def _block(
    weights: Weights, width: int, inner: int, n_heads: int, eps: float, scale: float
) -> PreNormBlock:
    fused = weights.linear("attn.Wqkv", width, 3 * width, False)
    query, key, value = (fused.rows(i * width, (i + 1) * width) for i in range(3))
    output = weights.linear("attn.out_proj", width, width, False)

    def norm(name: str) -> LayerNorm:
        return weights.layer_norm(name, width, eps, bias=False)

    return PreNormBlock(
        norm("norm_1"),
        Attention(query, key, value, output, n_heads, n_heads, scale),
        norm("norm_2"),
        FeedForward(
            weights.linear("ffn.up_proj", width, inner, False),
            weights.linear("ffn.down_proj", inner, width, False),
            ACTIVATIONS["gelu"],
        ),
    )
