"""What every family builds: a network that begins, passes layer after layer, and ends.

Between two layers stands a `State`. A run can be kept there and go on later, or go on again with
another door for attention: what changes in a layer changes only what comes after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, fields, is_dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from attnviz.attention.rules import Rule
from attnviz.frozen import dataclass
from attnviz.models.layers import Floats, Linear, Rotation
from attnviz.models.model import TEXT, Attend, Layout
from attnviz.models.network.experts import Experts

if TYPE_CHECKING:
    from attnviz.models.network.tower import Tower

Ids = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Feed:
    """What a network is fed, by role.

    ids: (tokens,) each. segments: which of two texts each token of the text belongs to.
    features: arrays in place of ids: the pixels of an image, the frames of a sound.
    global_positions: the tokens that see all (Longformer). start: the position of the text's first
    token, where those before it were run earlier and a cache has their keys and values. encoded:
    the final state of the encoder (tokens, width), where it was run earlier. n_prompt: how many
    tokens of the text were there before the model wrote; None where all were. places: (axes,
    tokens), the positions of the text where they have several axes. shift: how much further on than
    `start` positions of a continued text are. deep: what the first layers of a decoder add to the
    tokens of a picture, (image tokens, width) each. memory: what layers without attention carry
    from the tokens before, by their number; a run leaves there what the next tokens need.
    """

    ids: Mapping[str, Ids]
    segments: Ids | None = None
    features: Mapping[str, Floats] = field(default_factory=dict)
    global_positions: tuple[int, ...] = (0,)
    start: int = 0
    encoded: Floats | None = None
    n_prompt: int | None = None
    places: Ids | None = None
    shift: int = 0
    deep: tuple[Floats, ...] = ()
    memory: dict[int, Any] | None = None

    def starts_at(self, role: str) -> int:
        """Return the position of the first token of a role: only the text is ever continued."""
        return self.start if role == TEXT else 0


@dataclass(frozen=True, eq=False)
class Shared:
    """What all layers of a tower use: rotations by kind of layer, what distances add to the scores
    of a layer (heads, queries, keys), what cross-attention looks at (tokens, width), rows and
    columns of patches, the mask of each layer where what is read makes it, and what each layer is
    given beside the state (tokens, layers, size). lengths: of the texts that lie one behind the
    other; none where it is one."""

    feed: Feed
    rotations: Mapping[str, Rotation] = field(default_factory=dict)
    bias: Callable[[int], Floats] | None = None
    source: Floats | None = None
    grid: tuple[int, int] | None = None
    masks: tuple[Rule, ...] = ()
    sides: Floats | None = None
    lengths: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class State:
    """A run between two layers: `x` (tokens, width) is what the next one is given.

    tower: the row of layers that it is in. layer: the next of them. mixed: the sum over layers so
    far, where a network's final state is one. lent: keys and values (heads, tokens, head_dim) that
    later layers look at in place of their own, by the layer that made them.
    """

    x: Floats
    shared: Shared
    tower: str
    layer: int = 0
    mixed: Floats | None = None
    lent: Mapping[int, tuple[Floats, Floats]] = field(default_factory=dict)


class Limits(NamedTuple):
    """What a tower can be fed. n_ids: ids that have an embedding, 0 where it reads none.
    n_positions: how many tokens it can take; None if there is no end."""

    n_ids: int
    n_positions: int | None


class Network(Protocol):
    """A checkpoint's forward pass."""

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """Its stacks: "self", or "encoder", "decoder" and "cross"."""

    @property
    def writer(self) -> Tower:
        """The tower whose final state is the network's, and which a prediction head reads."""

    def tower(self, role: str) -> Tower:
        """Return the layers that read a role."""

    def limits(self, role: str) -> Limits:
        """Return what it can be fed in a role."""

    def begin(self, feed: Feed) -> State:
        """Embed what the network is fed."""

    def layer(self, state: State, attend: Attend) -> State:
        """Run one layer, which attends through `attend`."""

    def is_done(self, state: State) -> bool:
        """Say whether no layer is left."""

    def end(self, state: State) -> Floats:
        """Turn the state after the last layer into the final hidden state (tokens, width)."""


def states(network: Network, state: State, attend: Attend) -> Iterator[State]:
    """Run the layers that are left; yield the state before each of them, and the last one."""
    yield state
    while not network.is_done(state):
        state = network.layer(state, attend)
        yield state


def linears(part: object) -> Iterator[Linear]:
    """Yield the linear maps that a token passes in a network, or in a part of one: a map that
    several layers share comes once for each."""
    if isinstance(part, Linear):
        yield part
    elif isinstance(part, Experts):
        yield from linears(part.passed)
    elif isinstance(part, tuple):
        for one in part:
            yield from linears(one)
    elif is_dataclass(part):
        for each in fields(part):
            yield from linears(getattr(part, each.name))
