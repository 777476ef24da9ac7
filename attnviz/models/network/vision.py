"""Parts that vision transformers share: what parts are scaled by, tokens before the patches, and a
layer under the names that most of them give its tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Floats, Linear
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.tower import Tower

NORMS = ("layernorm_before", "layernorm_after")


def scaled(linear: Linear, strengths: Floats | None) -> Linear:
    """Return a linear map whose outputs are multiplied by `strengths` (n_out,): LayerScale (arXiv
    2103.17239) made a part of the map before it."""
    if strengths is None:
        return linear
    weight = np.asarray(linear.weight)
    bias = None if linear.bias is None else np.asarray(linear.bias) * strengths
    return Linear(weight * np.asarray(strengths)[:, None], bias)


def first_tokens(weights: Weights, name: str, width: int, n: int = 1) -> Floats:
    """Return tokens that stand before the patches: (n, width)."""
    return wide(np.asarray(weights.take(name, 1, n, width))[0])


def wide(rows: Floats) -> Floats:
    """Return what is added to activations in their dtype: float64 if it is, else float32."""
    return rows.astype(np.float64 if rows.dtype == np.float64 else np.float32, copy=False)


def vit_block(
    weights: Weights, width: int, n_heads: int, eps: float, feed_forward: FeedForward, *,
    biases: Sequence[bool] = (True, True, True), strength: Floats | None = None,
    norms: tuple[str, str] = NORMS,
) -> PreNormBlock:  # fmt: skip
    """Read a layer whose tensors have ViT's names. biases: of queries, keys and values. strength:
    what the output of its attention is multiplied by."""
    at = weights.under("attention.")
    query, key, value = (
        at.linear(f"attention.{name}", width, width, bias)
        for name, bias in zip(("query", "key", "value"), biases, strict=True)
    )
    output = scaled(at.linear("output.dense", width, width), strength)
    return PreNormBlock(
        weights.layer_norm(norms[0], width, eps),
        Attention(query, key, value, output, n_heads, n_heads, (width // n_heads) ** -0.5),
        weights.layer_norm(norms[1], width, eps),
        feed_forward,
    )


def up_to(tower: Tower, layer: object, fields: Fields) -> Tower:
    """Return the tower up to the state that a config's vision_feature_layer names, without its last
    norm: -2 leaves the last layer out. Raises AttnvizError for a layer that there is not."""
    n = len(tower.blocks)
    if type(layer) is not int or not -n <= layer <= n or layer == 0:
        raise fields.wrong("vision_feature_layer", layer, f"one layer, -{n} to -1 or 1 to {n}")
    kept = layer if layer > 0 else n + 1 + layer
    if kept == n and tower.last_norm is not None:
        raise fields.wrong("vision_feature_layer", layer, "a layer before the last one")
    return replace(
        tower, blocks=tower.blocks[:kept], masks=tower.masks[:kept], last_norm=None, pool=None
    )
