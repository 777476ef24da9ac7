"""Float32 copies of weights that are stored in fewer bits, for runs that use them again and again.

A run over a text widens each weight once, and it is gone again; a model that writes would widen
all of them for every token.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from attnviz.files.tensors import let_go
from attnviz.models.layers import WIDENED_AT_ONCE, Floats, Linear, Weight
from attnviz.models.network.experts import Experts

Part = TypeVar("Part")


@dataclass
class Room:
    """Bytes that are left for copies, and the copies by the weight that each is of."""

    left: int
    made: dict[int, tuple[Weight, Floats]] = field(default_factory=dict)

    def copy_of(self, weight: Weight) -> Weight:
        """Return the weight in float32; as it is where it is wide already, or has no room."""
        if isinstance(weight, np.ndarray) and weight.dtype in (np.float32, np.float64):
            return weight
        if id(weight) in self.made:  # a map that several layers share
            return self.made[id(weight)][1]
        n_bytes = 4 * math.prod(weight.shape)
        if n_bytes > self.left:
            return weight
        self.left -= n_bytes
        self.made[id(weight)] = (weight, _widened(weight))
        return self.made[id(weight)][1]


def _widened(weight: Weight) -> Floats:
    n_out, n_in = weight.shape
    wide = np.empty((n_out, n_in), np.float32)
    step = max(WIDENED_AT_ONCE // n_in, 1)
    for start in range(0, n_out, step):
        wide[start : start + step] = weight[start : start + step].astype(np.float32)
    let_go(weight)
    return wide


def widened(part: Part, room: Room) -> Part:
    """Return a network, or a part of one, whose linear maps are float32 as far as there is
    room. Experts stay as they are stored: most of them may never be chosen."""
    found: Any = part
    if isinstance(part, Linear):
        found = Linear(room.copy_of(part.weight), part.bias)
    elif isinstance(part, tuple):
        found = tuple(widened(one, room) for one in part)
    elif is_dataclass(part) and not isinstance(part, type | Experts):
        wide = {each.name: widened(getattr(part, each.name), room) for each in fields(part)}
        changed = {name: new for name, new in wide.items() if new is not getattr(part, name)}
        found = replace(part, **changed) if changed else part
    same: Part = found
    return same
