"""A row of layers: the whole of most networks, and each half of an encoder-decoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from functools import cached_property, partial
from typing import Any

from attnviz.attention.masks import full
from attnviz.attention.rules import Rule
from attnviz.frozen import dataclass
from attnviz.models.layers import Floats, Norm
from attnviz.models.model import SOURCE, TEXT, Attend, Layout
from attnviz.models.network.attention import LayerDoor
from attnviz.models.network.blocks import Block, run_block
from attnviz.models.network.both_ways import Sees
from attnviz.models.network.embeddings import Distances, Embed
from attnviz.models.network.grid import GRID, AnyGridBias, AnyGridRope
from attnviz.models.network.network import Feed, Limits, Shared, State
from attnviz.models.network.patches import PatchStem
from attnviz.models.network.pooling import POOL, PoolingHead
from attnviz.models.network.rope import Rope
from attnviz.models.network.side_inputs import SideGate, SideInputs
from attnviz.threads import by_tokens

CROSS = "cross"
Step = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Tower:
    """Embeddings, layers, perhaps a last norm; by itself a network with one stack.

    masks: of each layer; None where it does not attend. ropes: rotations by kind of layer, kinds:
    the kind of each, which has no rotation where there is none of its kind. distances: what they
    add to the scores, the same in all layers or of each. stack: what its own attention is called.
    role: what it reads; source: what its cross-attention reads. pool: what gathers its final state
    into one vector; it attends after the last layer, and the final state stays as it is.
    grid_rope, grid_biases: what the places of patches do, the latter one for all layers or one for
    each. shares: of the embeddings and of what each layer gives, where the final state is their
    weighted sum. after: what the final state still passes. sees: what makes the masks of what is
    read, where it matters.
    """

    embeddings: Embed
    blocks: tuple[Block, ...]
    masks: tuple[Rule | None, ...]
    last_norm: Norm | None = None
    ropes: Mapping[str, Rope] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    distances: tuple[Distances, ...] = ()
    stack: str = "self"
    role: str = TEXT
    source: str = SOURCE
    pool: PoolingHead | None = None
    grid_rope: AnyGridRope | None = None
    grid_biases: tuple[AnyGridBias, ...] = ()
    shares: tuple[float, ...] = ()
    after: tuple[Step, ...] = ()
    borrows: Mapping[int, int] = field(default_factory=dict)
    sides: SideInputs | None = None
    gates: tuple[SideGate, ...] = ()
    strengths: tuple[float, ...] = ()
    sees: Sees | None = None

    @cached_property
    def layouts(self) -> Mapping[str, Layout]:
        """Its own stack, and that of its cross-attention where it has one."""
        first = self.blocks[self.attending[0]]
        found = {self.stack: self._layout()}
        if self.pool is not None:
            found[POOL] = self.pool.layout(self.role)
        if first.cross is None:
            return found
        crossing = first.cross.layout((full(),) * len(self.blocks), self.role, self.source)
        return found | {CROSS: crossing}

    @cached_property
    def attending(self) -> tuple[int, ...]:
        """The layers that have attention, by their numbers in the checkpoint."""
        return tuple(i for i, mask in enumerate(self.masks) if mask is not None)

    def _layout(self) -> Layout:
        """Describe its own stack, layer by layer where their heads differ."""
        masks = tuple(mask for mask in self.masks if mask is not None)
        each = [
            self.blocks[number].attention.layout(masks, self.role, self.role)
            for number in self.attending
        ]
        sizes = tuple((one.n_key_heads, one.head_dim) for one in each)
        own = each[0] if len(set(sizes)) == 1 else replace(each[0], sizes=sizes)
        return own if len(masks) == len(self.masks) else replace(own, numbers=self.attending)

    @property
    def writer(self) -> Tower:
        """Itself: its final state is the network's."""
        return self

    @property
    def renews_at(self) -> int | None:
        """After how many tokens a growing text is run anew, for its positions turn another way."""
        return next((rope.limit for rope in self.ropes.values() if rope.renews), None)

    def tower(self, _: str) -> Tower:
        """Return itself, whatever is read."""
        return self

    def limits(self, _: str) -> Limits:
        """Return what it can be fed in its one role."""
        return self.embeddings.limits

    def begin(self, feed: Feed) -> State:
        """Embed what the tower reads, and prepare what its layers share."""
        x, start = self.embeddings(feed, self.role), feed.starts_at(self.role)
        rotations = {
            kind: rope.rotation(len(x), start + feed.shift, feed.places)
            for kind, rope in self.ropes.items()
        }
        grid = self._grid(feed)
        if self.grid_rope is not None and grid is not None:
            rotations[GRID] = self.grid_rope.rotation(grid, len(x))
        bias = self.bias(len(x), start, grid)
        mixed = x * x.dtype.type(self.shares[0]) if self.shares else None
        sides = None if self.sides is None else self.sides(feed.ids[self.role], x)
        shared = Shared(feed, rotations, bias, feed.encoded, grid, self.masks_for(feed), sides)
        return State(x, shared, self.stack, mixed=mixed)

    def masks_for(self, feed: Feed) -> tuple[Rule, ...]:
        """Return the mask of each layer that attends over what it is fed."""
        own = tuple(mask for mask in self.masks if mask is not None)
        return own if self.sees is None else self.sees(own, feed)

    def _grid(self, feed: Feed) -> tuple[int, int] | None:
        """Rows and columns of patches; None where no layer asks for them."""
        if self.grid_rope is None and not self.grid_biases:
            return None
        assert isinstance(self.embeddings, PatchStem)  # what has a grid begins with patches
        return self.embeddings.grid_of(feed, self.role)

    def bias(
        self, n_tokens: int, start: int, grid: tuple[int, int] | None
    ) -> Callable[[int], Floats] | None:
        """Return what places add to the scores of a layer, (heads, queries, keys): worked out once
        for all, or for each when it is its turn; None where they add nothing."""
        added: list[Callable[[], Floats]] = [
            partial(one, n_tokens, start) for one in self.distances
        ]
        if grid is not None:
            added += [partial(one, grid) for one in self.grid_biases]
        if not added:
            return None
        if len(added) == 1:
            same = added[0]()
            return lambda _: same
        return lambda layer: added[layer]()

    def layer(self, state: State, attend: Attend) -> State:
        """Run one layer, or what gathers the state after the last one."""
        if self.pool is not None and state.layer == len(self.blocks):
            self.pool(self.end(state), attend)
            return replace(state, layer=state.layer + 1)
        layer, shared, block = state.layer, state.shared, self.blocks[state.layer]
        lent = dict(state.lent)
        if layer in self.borrows.values():
            attend = _lending(attend, lent, layer)
        place = self.attending.index(layer) if self.masks[layer] is not None else None
        masks = shared.masks or self.masks_for(shared.feed)
        door = LayerDoor(
            attend, self.stack, place or 0, full() if place is None else masks[place],
            rotation=shared.rotations.get(self.kinds[layer]) if self.kinds else None,
            bias=None if shared.bias is None else shared.bias(layer),
            global_positions=shared.feed.global_positions,
            borrowed=lent[self.borrows[layer]] if layer in self.borrows else None,
            number=layer, memory=shared.feed.memory, lengths=shared.lengths,
        )  # fmt: skip
        cross = None
        if block.cross is not None:
            cross = LayerDoor(attend, CROSS, layer, full(), source=shared.source)
        x = self._beside(layer, run_block(block, state.x, door, cross), shared.sides)
        return replace(state, x=x, layer=layer + 1, mixed=self._mixed(state, x), lent=lent)

    def _beside(self, layer: int, x: Floats, sides: Floats | None) -> Floats:
        """Add what a layer makes of its side input, and multiply by its strength."""
        if sides is not None:
            gate = self.gates[layer]
            x = by_tokens(lambda x, side: x + gate(x, side), x, sides[:, layer])
        return x * x.dtype.type(self.strengths[layer]) if self.strengths else x

    def is_done(self, state: State) -> bool:
        """Say whether no layer is left."""
        return state.layer == len(self.blocks) + (self.pool is not None)

    def end(self, state: State) -> Floats:
        """Apply the last norm, where there is one, and what comes after it: (tokens, width)."""
        x = state.mixed
        if x is None:
            x = state.x if self.last_norm is None else self.last_norm(state.x)
        for step in self.after:
            x = step(x)
        return x

    def _mixed(self, state: State, x: Floats) -> Floats | None:
        """The weighted sum with what a layer gave, before any last norm, as transformers 5 takes
        it."""
        if state.mixed is None:
            return None
        return state.mixed + x * x.dtype.type(self.shares[state.layer + 1])


def _lending(attend: Attend, lent: dict[int, tuple[Floats, Floats]], layer: int) -> Attend:
    """Return a door that keeps the keys and values that pass it."""

    def door(stack: str, query: Floats, key: Floats, value: Floats, /, **given: Any) -> Floats:
        lent[layer] = key, value
        return attend(stack, query, key, value, **given)

    return door
