"""Doors that take parts of the attention away, for several copies of one text side by side.

A state of (tokens, width) becomes one of (copies × tokens, width); the door takes the copies apart,
lets each look at itself alone, and changes what it gives. So the heads of a layer, or the tokens of
a text, are tried in one run, and the network never learns that several texts run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention.dense import scaled_dot_product_attention
from attnviz.attention.masks import full
from attnviz.attention.rules import Rule
from attnviz.models.layers import Floats
from attnviz.models.network.network import State

Bools = NDArray[np.bool_]
Place = tuple[str, int]  # stack and layer

MOST_TOKENS = 4096  # copies × tokens of one run, for memory


@dataclass(frozen=True)
class Removal:
    """What one copy goes without.

    heads: by stack and layer, what stands in place of the outputs of some heads: (value_dim,) or
    (queries, value_dim) each. hidden: keys that no query may see, in these stacks. edges: by stack
    and layer, (head, query, key) that are cut; head None: in all.
    """

    heads: Mapping[Place, Mapping[int, Floats]]
    hidden: tuple[frozenset[str], tuple[int, ...]] | None = None
    edges: tuple[tuple[str, int | None, int | None, int, int], ...] = ()


class KnockOut:
    """The door: attends for every copy alone, and takes away what its removal says."""

    def __init__(self, removals: list[Removal], n_queries: int):
        """removals: one a copy. n_queries: tokens of one copy."""
        self._removals, self._n = removals, n_queries

    def attend(
        self, stack: str, query: Floats, key: Floats, value: Floats, /, *, layer: int = 0,
        mask: Rule | None = None, w_output: Any = None, **options: Any,  # noqa: ARG002 a door's
    ) -> Floats:  # fmt: skip
        """Attend in one layer: query (heads, copies × queries, head_dim) → (…, value_dim)."""
        copies = len(self._removals)
        query, key, value = (self._apart(array, copies) for array in (query, key, value))
        allowed = self._allowed(stack, layer, query, key, mask or full())
        output, _ = scaled_dot_product_attention(
            query, key, value, mask=allowed, enable_gqa=query.shape[1] != key.shape[1], **options
        )
        for copy, removal in enumerate(self._removals):
            for head, instead in removal.heads.get((stack, layer), {}).items():
                output[copy, head] = instead
        joined: Floats = output.swapaxes(0, 1).reshape(output.shape[1], -1, output.shape[-1])
        return joined

    def _apart(self, array: Floats, copies: int) -> Floats:
        """(heads, copies × tokens, dim) → (copies, heads, tokens, dim); a source is shared."""
        heads, n, dim = array.shape
        if n == copies * self._n:
            return array.reshape(heads, copies, self._n, dim).swapaxes(0, 1)
        return np.broadcast_to(array, (copies, heads, n, dim))

    def _allowed(
        self, stack: str, layer: int, query: Floats, key: Floats, rule: Rule
    ) -> Bools | Rule:
        """The mask: as it is where nobody hides or cuts anything, else (copies, heads, n, m)."""
        if not any(self._touches(removal, stack, layer) for removal in self._removals):
            return rule
        copies, heads = query.shape[:2]
        base = rule.to_array(query.shape[2], key.shape[2])
        allowed = np.broadcast_to(base, (copies, heads, *base.shape)).copy()
        for copy, removal in enumerate(self._removals):
            if removal.hidden is not None and stack in removal.hidden[0]:
                self._hide(allowed[copy], removal.hidden[1], base)
            for of_stack, of_layer, head, row, column in removal.edges:
                if of_stack == stack and of_layer in (None, layer):
                    allowed[copy, slice(None) if head is None else head, row, column] = False
        return allowed

    def _hide(self, allowed: Bools, positions: tuple[int, ...], base: Bools) -> None:
        """No query sees the keys; in a causal model each goes on seeing itself, as transformers'
        attention masks have it, so that its row is not empty."""
        is_causal = base.shape[0] == base.shape[1] and not np.triu(base, 1).any()
        hidden = list(positions)
        allowed[:, :, hidden] = False
        if is_causal:
            allowed[:, hidden, hidden] = True

    def _touches(self, removal: Removal, stack: str, layer: int) -> bool:
        hides = removal.hidden is not None and stack in removal.hidden[0]
        cuts = any(one[0] == stack and one[1] in (None, layer) for one in removal.edges)
        return hides or cuts


def side_by_side(state: State, copies: int) -> State:
    """Return the state of so many copies of a text, one below the other."""
    if copies == 1:
        return state
    shared = state.shared
    rotations = {
        kind: replace(one, cos=np.tile(one.cos, (copies, 1)), sin=np.tile(one.sin, (copies, 1)))
        for kind, one in shared.rotations.items()
    }
    x = np.tile(state.x, (copies, 1))
    sides = None if shared.sides is None else np.tile(shared.sides, (copies, 1, 1))
    lent = {
        layer: (np.tile(key, (1, copies, 1)), np.tile(value, (1, copies, 1)))
        for layer, (key, value) in state.lent.items()
    }
    lengths = (len(state.x),) * copies
    shared = replace(shared, rotations=rotations, sides=sides, lengths=lengths)
    return replace(state, x=x, shared=shared, lent=lent)
