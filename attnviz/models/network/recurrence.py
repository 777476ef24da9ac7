"""Layers without attention: each token is mixed with those before it through a state of fixed size.

Where a text is continued, what such a layer carries from the tokens before stands beside the keys
and values that a cache keeps.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Protocol

import numpy as np

from attnviz.attention.rules import Rule
from attnviz.frozen import dataclass
from attnviz.models.layers import Floats, Linear, Norm
from attnviz.models.model import TEXT, Layout
from attnviz.models.network.attention import LayerDoor

Carried = tuple[Floats, ...]  # what a layer takes along from token to token; never written to


class Mixer(Protocol):
    """What stands in the place of attention."""

    @property
    def output(self) -> Linear:
        """What makes the width of the layers of it."""

    def __call__(self, x: Floats, carried: Carried | None) -> tuple[Floats, Carried]:
        """Mix tokens with those before: x (tokens, width), and what the tokens before it left, None
        where it begins a text → (tokens, inner width), before `output`, and what is left now."""


@dataclass(frozen=True)
class Unattended:
    """A mixer where layers have their attention: it asks the door for nothing but its memory."""

    mixer: Mixer

    @property
    def output(self) -> Linear:
        """What makes the width of the layers of it."""
        return self.mixer.output

    def layout(self, masks: tuple[Rule, ...], queries: str = TEXT, keys: str = TEXT) -> Layout:
        """Describe a stack of no heads: no view can show it."""
        return Layout(0, 0, 0, masks, queries, keys)

    def __call__(self, door: LayerDoor, x: Floats, norm: Norm | None = None) -> Floats:
        """x (tokens, width), normed first where there is a `norm` → (tokens, inner width), before
        `output`."""
        return through(self.mixer, door, x if norm is None else norm(x))


def through(mixer: Mixer, door: LayerDoor, x: Floats) -> Floats:
    """Let each text among x (tokens, width) pass the mixer by itself; take up what the tokens
    before left, where the door has a memory, and leave there what comes after."""
    if door.lengths:
        edges = pairwise(accumulate(door.lengths, initial=0))
        parts = [mixer(x[start:stop], None)[0] for start, stop in edges]
        return np.concatenate(parts)
    memory = {} if door.memory is None else door.memory
    mixed, memory[door.number] = mixer(x, memory.get(door.number))
    return mixed
