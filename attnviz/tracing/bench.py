"""Where parts of a model or of a text are taken away: a clean run, and runs that go on from it.

Everything below a change is kept from the clean run; several removals run side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

import numpy as np

from attnviz.analysis.effects import Array
from attnviz.inputs.tokens import Tokens
from attnviz.models.layers import Floats
from attnviz.models.model import SOURCE, TEXT, Prepared
from attnviz.models.network.network import State
from attnviz.models.trained import TrainedModel
from attnviz.tracing.knock_out import MOST_TOKENS, KnockOut, Place, Removal, side_by_side
from attnviz.tracing.read_out import ReadOut


class Options(TypedDict, total=False):
    """Name what is read, as in `trace`."""

    ids: Sequence[int] | None
    pair: str | None
    source: str | None
    source_ids: Sequence[int] | None
    truncate: bool


@dataclass
class Clean:
    """What a run leaves: the state before each layer, the heads' outputs, the final state."""

    hidden: Floats  # (tokens, width)
    states: dict[Place, State] = field(default_factory=dict)  # by tower and layer
    outputs: dict[Place, Floats] = field(default_factory=dict)  # (heads, queries, value_dim)


def clean_run(model: TrainedModel, prepared: Prepared) -> Clean:
    """Run a model and keep the state before each layer, and what each head gives."""
    clean = Clean(np.zeros((0, 0), np.float32))
    plain = KnockOut([Removal({})], -1)  # one copy: nothing has to be taken apart

    def door(stack: str, *qkv: Floats, layer: int = 0, **given: Any) -> Floats:
        output = plain.attend(stack, *qkv, layer=layer, **given)
        clean.outputs[stack, layer] = output
        return output

    def keep(state: State) -> None:
        clean.states[state.tower, state.layer] = state

    clean.hidden = model.resume(model.begin(prepared), door, keep)
    return clean


@dataclass(frozen=True)
class Bench:
    """Where removals are tried: the model, the text, its clean run, and what is measured."""

    model: TrainedModel
    prepared: Prepared
    clean: Clean
    read_out: ReadOut
    stack: str
    progress: Callable[[int, int], object] | None = None

    @property
    def tokens(self) -> Tokens:
        """The tokens whose hiding is tried: of the source where an encoder reads one."""
        return self.prepared.tokens.get(SOURCE, self.prepared.text)

    @property
    def n_layers(self) -> int:
        """Layers of the stack."""
        return self.model.layouts[self.stack].n_layers

    @property
    def layer_numbers(self) -> tuple[int, ...]:
        """Their numbers in the checkpoint."""
        return self.model.layouts[self.stack].layer_numbers

    @property
    def n_heads(self) -> int:
        """Heads of each layer of the stack."""
        return self.model.layouts[self.stack].n_heads

    @property
    def _own(self) -> str:
        """The tower in which the stack's layers lie."""
        return self.model.network.writer.stack if self.stack == "cross" else self.stack

    def from_layer(self, layer: int, removals: Sequence[Removal]) -> Array:
        """Return the changes when a run goes on from the state before a layer of the stack, without
        these parts."""
        state = self.clean.states[self._own, self.layer_numbers[layer]]
        return self._changes(state, removals, self._own == self.model.network.writer.stack)

    def from_start(self, removals: Sequence[Removal]) -> Array:
        """Return the changes when the whole run goes without these parts."""
        first = self.model.begin(self.prepared)
        return self._changes(first, removals, len(self.prepared.tokens) == 1)

    def _changes(self, state: State, removals: Sequence[Removal], may_fold: bool) -> Array:
        """The change of every removal: several copies side by side, where one tower is left."""
        n = len(state.x)
        at_once = max(MOST_TOKENS // n, 1) if may_fold else 1
        found = []
        for start in range(0, len(removals), at_once):
            part = [*removals[start : start + at_once]]
            door = KnockOut(part, n if len(part) > 1 else -1)
            hidden = self.model.resume(side_by_side(state, len(part)), door.attend)
            copies = hidden.reshape(len(part), -1, hidden.shape[-1])
            hidden_keys = [self._left_out(removal) for removal in part]
            readings = self.read_out.readings(self.model, copies, hidden_keys)
            found.append(self.read_out.change(self.reading(), readings))
        return np.concatenate(found)

    def reading(self) -> Array:
        """Return what the clean run says."""
        one: Array = self.read_out.readings(self.model, self.clean.hidden[None], [()])[0]
        return one

    def without_tokens(self, sets: Sequence[tuple[int, ...]]) -> Array:
        """Return the changes when each of these sets of tokens is hidden together: (sets,)."""
        keys = SOURCE if SOURCE in self.prepared.tokens else TEXT
        stacks = frozenset(
            name for name, layout in self.model.layouts.items() if layout.keys == keys
        )
        return self.from_start([Removal({}, (stacks, hidden)) for hidden in sets])

    def _left_out(self, removal: Removal) -> tuple[int, ...]:
        own = SOURCE not in self.prepared.tokens
        return removal.hidden[1] if removal.hidden is not None and own else ()
