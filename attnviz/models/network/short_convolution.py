"""A convolution along the text: each feature of a token is a weighted sum of its own last few."""

from __future__ import annotations

import numpy as np

from attnviz.frozen import dataclass
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Floats, Linear, Weight
from attnviz.models.network.recurrence import Carried
from attnviz.threads import by_tokens


@dataclass(frozen=True)
class ShortConvolution:
    """y[t] = bias + Σ_k weight[:, k] x[t - size + 1 + k], with zeros before the text.

    weight: (features, size); bias: (features,) or None.
    """

    weight: Weight
    bias: Weight | None = None

    def __call__(self, x: Floats, before: Floats | None) -> tuple[Floats, Floats]:
        """x (tokens, features), and the last size - 1 tokens before it → the same shape, and the
        last size - 1 tokens now."""
        n_features, size = self.weight.shape
        if before is None:
            before = np.zeros((size - 1, n_features), x.dtype)
        wide = np.concatenate([before, x])
        weight = self.weight.astype(x.dtype)
        y = np.zeros((len(x), n_features), x.dtype)
        for k in range(size):
            y += wide[k : k + len(x)] * weight[:, k]
        if self.bias is not None:
            y += self.bias.astype(x.dtype)
        return y, wide[len(wide) - size + 1 :]


def read_convolution(
    weights: Weights, name: str, n_features: int, size: int, bias: bool
) -> ShortConvolution:
    """Read one that is stored as (features, 1, size)."""
    weight = weights.take(f"{name}.weight", n_features, 1, size)
    added = weights.take(f"{name}.bias", n_features) if bias else None
    return ShortConvolution(weight[:, 0], added)


@dataclass(frozen=True)
class GatedConvolution:
    """c * convolution(b * x), of b, c and x that one map makes of the input, in this order (LFM2,
    arXiv 2511.23404)."""

    input: Linear  # (3 × width, width)
    convolution: ShortConvolution
    output: Linear

    def __call__(self, x: Floats, carried: Carried | None) -> tuple[Floats, Carried]:
        """(tokens, width) → (tokens, width), before `output`"""
        first, gate, inner = np.split(by_tokens(self.input, x), 3, axis=1)
        mixed, left = self.convolution(first * inner, None if carried is None else carried[0])
        return gate * mixed, (left,)
