"""BEiT (arXiv 2106.08254): each step on the grid adds to the scores, keys have no bias."""

from __future__ import annotations

import numpy as np

from attnviz.attention.masks import full
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Floats
from attnviz.models.model import IMAGE
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.grid import GridBias
from attnviz.models.network.patches import CUBIC, FIXED, PatchStem
from attnviz.models.network.tower import Tower
from attnviz.models.network.vision import first_tokens, scaled, vit_block, wide

ANCHOR = "embeddings.patch_embeddings.projection.weight"
TABLE = "relative_position_bias.relative_position_bias_table"


def build(fields: Fields, weights: Weights) -> Tower:
    width, n_layers = fields.number("hidden_size", 768), fields.number("num_hidden_layers", 12)
    for name in ("vocab_size", "use_mask_token", "layer_scale_init_value", "drop_path_rate",
                 "add_fpn", "pool_scales", "use_auxiliary_head", "auxiliary_loss_weight",
                 "auxiliary_channels", "auxiliary_num_convs", "auxiliary_concat_input",
                 "semantic_loss_ignore_index", "reshape_hidden_states", "stage_names",
                 "out_features", "out_indices", "_out_features", "_out_indices"):  # fmt: skip
        fields.get(name)  # of other heads, of training, of backbones
    eps = fields.real("layer_norm_eps", 1e-12)
    at = [weights.under(f"encoder.layer.{i}.") for i in range(n_layers)]
    # The mean of the patches has a norm of its own; the states stay as they are.
    is_mean = fields.flag("use_mean_pooling", True)
    return Tower(
        _stem(weights.under("embeddings."), fields, width),
        tuple(_block(one, fields, width, eps) for one in at),
        (full(),) * n_layers,
        None if is_mean else weights.layer_norm("layernorm", width, eps),
        role=IMAGE,
        grid_biases=_biases(weights, at, fields),
    )


def _biases(weights: Weights, layers: list[Weights], fields: Fields) -> tuple[GridBias, ...]:
    side = fields.number("image_size", 224) // fields.number("patch_size", 16)
    n_heads, n = fields.number("num_attention_heads", 12), (2 * side - 1) ** 2 + 3
    where: list[Weights] = []
    if fields.flag("use_relative_position_bias", False):
        where = [one.under("attention.attention.") for one in layers]
    shared = fields.flag("use_shared_relative_position_bias", False)
    tables = [_table(one, n, n_heads) for one in where]
    if shared:
        common = _table(weights.under("encoder."), n, n_heads)
        tables = [table + common for table in tables] or [common]
    return tuple(GridBias(table, side) for table in tables)


def _table(weights: Weights, n: int, n_heads: int) -> Floats:
    return wide(np.asarray(weights.take(TABLE, n, n_heads)))


def _stem(weights: Weights, fields: Fields, width: int) -> PatchStem:
    size, side = fields.number("patch_size", 16), fields.number("image_size", 224)
    positions = None
    is_placed = fields.flag("use_absolute_position_embeddings", False)
    if is_placed:
        n = (side // size) ** 2 + 1
        positions = np.asarray(weights.take("position_embeddings", 1, n, width))[0]
    return PatchStem(
        weights.patches(
            "patch_embeddings.projection", fields.number("num_channels", 3), width, size
        ),
        size,
        first_tokens(weights, "cls_token", width),
        positions,
        FIXED if is_placed else CUBIC,
    )


def _block(weights: Weights, fields: Fields, width: int, eps: float) -> PreNormBlock:
    n_heads = heads_of(fields, "hidden_size", "num_attention_heads", 768, 12)
    inner, first, second = fields.number("intermediate_size", 3072), None, None
    if weights.has("lambda_1"):
        first, second = (np.asarray(weights.take(f"lambda_{i}", width)) for i in (1, 2))
    feed_forward = FeedForward(
        weights.linear("intermediate.dense", width, inner),
        scaled(weights.linear("output.dense", inner, width), second),
        fields.activation("hidden_act", "gelu"),
    )
    return vit_block(
        weights, width, n_heads, eps, feed_forward, biases=(True, False, True), strength=first
    )
