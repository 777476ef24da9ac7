"""Several texts through a network at once, one behind the other: linear maps see all their tokens
together, attention each text alone.

There is no padding to mask: a text's numbers are those it has alone, but for the rounding of larger
products.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from attnviz.models.layers import Floats, Rotation
from attnviz.models.model import Attend
from attnviz.models.network.blocks import CrowdedBlock
from attnviz.models.network.encoder_decoder import EncoderDecoder
from attnviz.models.network.network import Feed, Network, State
from attnviz.models.network.tower import CROSS, Tower

Lengths = Sequence[int]


def can_pack(network: Network) -> bool:
    """Tell whether texts can pass together: where a token meets others only in attention, not
    before the doors of experts, and no text has tokens that see all."""
    towers = _towers(network)
    return (
        bool(towers)
        and not any(tower.shares or tower.after for tower in towers)
        and not any(isinstance(block, CrowdedBlock) for tower in towers for block in tower.blocks)
        and not any(
            layout.has_global_tokens for tower in towers for layout in tower.layouts.values()
        )
    )


def run_packed(network: Network, feeds: Sequence[Feed], attends: Sequence[Attend]) -> list[Floats]:
    """Run every feed, each through its own door; return the final hidden states, (tokens, width)
    each. network: one that `can_pack`."""
    for tower in _towers(network):
        hidden = _through(tower, feeds, attends)
        feeds = [replace(feed, encoded=one) for feed, one in zip(feeds, hidden, strict=True)]
    return hidden


def _towers(network: Network) -> tuple[Tower, ...]:
    if isinstance(network, EncoderDecoder):
        if network.between is not None:
            return ()
        return network.encoder, network.decoder
    return (network,) if isinstance(network, Tower) else ()


def _through(tower: Tower, feeds: Sequence[Feed], attends: Sequence[Attend]) -> list[Floats]:
    states = [tower.begin(feed) for feed in feeds]
    lengths = [len(state.x) for state in states]
    seen = [0 if s.shared.source is None else len(s.shared.source) for s in states]
    door = _door(attends, {tower.stack: (lengths, lengths), CROSS: (lengths, seen)})
    state = _packed(states)
    while not tower.is_done(state):
        state = tower.layer(state, door)
    hidden = tower.end(state)
    return [hidden[start:stop] for start, stop in _edges(lengths)]


def _packed(states: Sequence[State]) -> State:
    """One state of all texts. What distances add is that of the longest: shorter ones take its
    first rows and columns."""
    longest = max(states, key=lambda state: len(state.x))
    sources = [s.shared.source for s in states if s.shared.source is not None]
    rotations = {
        kind: _joined([state.shared.rotations[kind] for state in states])
        for kind in longest.shared.rotations
    }
    sides = [s.shared.sides for s in states if s.shared.sides is not None]
    shared = replace(
        longest.shared, rotations=rotations, source=np.concatenate(sources) if sources else None,
        sides=np.concatenate(sides) if sides else None,
        lengths=tuple(len(state.x) for state in states),
    )  # fmt: skip
    return replace(longest, x=np.concatenate([state.x for state in states]), shared=shared)


def _joined(rotations: Sequence[Rotation]) -> Rotation:
    cos, sin = (
        np.concatenate([getattr(one, name) for one in rotations]) for name in ("cos", "sin")
    )
    return replace(rotations[0], cos=cos, sin=sin)


def _edges(lengths: Lengths) -> list[tuple[int, int]]:
    return list(pairwise(np.cumsum([0, *lengths]).tolist()))


def _door(
    attends: Sequence[Attend], lengths: Mapping[str, tuple[Lengths, Lengths]]
) -> Callable[..., Floats]:
    """A door that takes the texts apart. lengths: of each stack's queries and keys, in turn."""
    edges = {name: (_edges(rows), _edges(keys)) for name, (rows, keys) in lengths.items()}

    def door(
        stack: str, query: Floats, key: Floats, value: Floats, *, bias: Any = None, **options: Any
    ) -> Floats:
        output = np.empty((*query.shape[:2], value.shape[2]), query.dtype)
        for attend, (first, last), (start, stop) in zip(attends, *edges[stack], strict=True):
            if bias is None or callable(bias):  # which is asked of each text alone
                near = bias
            else:
                near = bias[..., : last - first, : stop - start]
            output[:, first:last] = attend(
                stack, query[:, first:last], key[:, start:stop], value[:, start:stop], bias=near,
                **options,
            )  # fmt: skip
        return output

    return door
