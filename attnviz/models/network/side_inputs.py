"""What each layer is given beside the state before it: a few numbers of each token, its own for
every layer (Gemma 3n and 4)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attnviz.frozen import dataclass
from attnviz.models.layers import Activation, Embedding, Floats, Linear, RMSNorm


@dataclass(frozen=True)
class SideGate:
    """What one layer does with its side input: norm(back(activation(gate(x)) * side))."""

    gate: Linear
    back: Linear
    norm: RMSNorm
    activation: Activation

    def __call__(self, x: Floats, side: Floats) -> Floats:
        """x (tokens, width), side (tokens, size) → (tokens, width)"""
        return self.norm(self.back(self.activation(self.gate(x)) * side))


@dataclass(frozen=True)
class SideInputs:
    """A table of ids, and a map of what the first layer is given: their sum over sqrt(2), each
    made as long as the layers need.

    table: (ids, layers × size), times sqrt(size); made: width → layers × size, over sqrt(width),
    then normed a layer each.
    """

    table: Embedding
    made: Linear
    norm: RMSNorm
    n_layers: int

    def __call__(self, ids: NDArray[np.int64], x: Floats) -> Floats:
        """ids (tokens,), x (tokens, width) → (tokens, layers, size)"""
        shape = (len(ids), self.n_layers, -1)
        looked_up = self.table(ids).reshape(shape)
        looked_up = looked_up * x.dtype.type(looked_up.shape[2] ** 0.5)
        worked_out = self.made(x) * x.dtype.type(x.shape[1] ** -0.5)
        both = self.norm(np.ascontiguousarray(worked_out).reshape(shape)) + looked_up
        return both * x.dtype.type(2**-0.5)
