"""Layers that vision transformers share: a norm before each part, and what parts are scaled by."""

from __future__ import annotations

import numpy as np

from attnviz.models.layers import Floats, Linear


def scaled(linear: Linear, strengths: Floats | None) -> Linear:
    """Return a linear map whose outputs are multiplied by `strengths` (n_out,): LayerScale (arXiv
    2103.17239) made a part of the map before it."""
    if strengths is None:
        return linear
    weight = np.asarray(linear.weight)
    bias = None if linear.bias is None else np.asarray(linear.bias) * strengths
    return Linear(weight * np.asarray(strengths)[:, None], bias)
