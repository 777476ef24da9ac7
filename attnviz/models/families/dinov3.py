"""DINOv3 (arXiv 2508.10104): patches turn by their place on the grid, keys have no bias."""

from __future__ import annotations

import numpy as np

from attnviz.attention.masks import full
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.model import IMAGE
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.grid import GRID, GridRope
from attnviz.models.network.patches import PatchStem
from attnviz.models.network.tower import Tower
from attnviz.models.network.vision import first_tokens, scaled

ANCHOR = "embeddings.patch_embeddings.weight"
PROJECTIONS = (("q", "query_bias", True), ("k", "key_bias", False), ("v", "value_bias", True),
               ("o", "proj_bias", True))  # fmt: skip


def build(fields: Fields, weights: Weights) -> Tower:
    width, n_layers = fields.number("hidden_size", 384), fields.number("num_hidden_layers", 12)
    for name in ("image_size", "layerscale_value", "drop_path_rate", "pos_embed_shift",
                 "pos_embed_jitter", "pos_embed_rescale", "apply_layernorm", "stage_names",
                 "reshape_hidden_states", "out_features", "out_indices", "_out_features",
                 "_out_indices", "return_class_token"):  # fmt: skip
        fields.get(name)  # of training, of backbones
    n_heads = heads_of(fields, "hidden_size", "num_attention_heads", 384, 6)
    theta = fields.real("rope_theta", 100.0)
    powers = np.arange(0, 1, 4 / (width // n_heads), dtype=np.float32)
    frequencies = 1 / np.power(np.float32(theta), powers)
    at = [weights.under(f"layer.{i}.") for i in range(n_layers)]
    return Tower(
        _stem(weights.under("embeddings."), fields, width),
        tuple(_block(one, fields, width, n_heads) for one in at),
        (full(),) * n_layers,
        weights.layer_norm("norm", width, fields.real("layer_norm_eps", 1e-5)),
        kinds=(GRID,) * n_layers,
        role=IMAGE,
        grid_rope=GridRope(frequencies.astype(np.float32)),
    )


def _stem(weights: Weights, fields: Fields, width: int) -> PatchStem:
    size, channels = fields.number("patch_size", 16), fields.number("num_channels", 3)
    n_registers = fields.number("num_register_tokens", 0, 0)
    return PatchStem(
        weights.patches("patch_embeddings", channels, width, size),
        size,
        first_tokens(weights, "cls_token", width),
        None,
        registers=first_tokens(weights, "register_tokens", width, n_registers)
        if n_registers
        else None,
    )


def _block(weights: Weights, fields: Fields, width: int, n_heads: int) -> PreNormBlock:
    eps, inner = fields.real("layer_norm_eps", 1e-5), fields.number("intermediate_size", 1536)
    first, second = (np.asarray(weights.take(f"layer_scale{i}.lambda1", width)) for i in (1, 2))
    at = weights.under("attention.")
    query, key, value, output = (
        at.linear(f"{name}_proj", width, width, fields.flag(field, usual))
        for name, field, usual in PROJECTIONS
    )
    return PreNormBlock(
        weights.layer_norm("norm1", width, eps),
        Attention(
            query, key, value, scaled(output, first), n_heads, n_heads, (width // n_heads) ** -0.5
        ),
        weights.layer_norm("norm2", width, eps),
        _feed_forward(weights.under("mlp."), fields, width, inner, second),
    )


def _feed_forward(
    weights: Weights, fields: Fields, width: int, inner: int, strengths: np.ndarray
) -> FeedForward:
    bias = fields.flag("mlp_bias", True)
    gate = None
    if fields.flag("use_gated_mlp", False):
        gate = weights.linear("gate_proj", width, inner, bias)
    return FeedForward(
        weights.linear("up_proj", width, inner, bias),
        scaled(weights.linear("down_proj", inner, width, bias), strengths),
        fields.activation("hidden_act", "gelu"),
        gate,
    )
