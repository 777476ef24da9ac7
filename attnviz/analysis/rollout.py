"""What reaches a layer from the words themselves: attention followed through all layers below.

Rollout and flow read weights as shares of what is passed on, with the residual connection as a
part of its own (Abnar & Zuidema 2020, arXiv 2005.00928). They say where a layer's tokens can have
their content from, not why the model decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention.masks import from_array
from attnviz.attention.rules import Rule
from attnviz.errors import AttnvizError, bad_choice, out_of_range
from attnviz.record.stack import Stack

Floats = NDArray[np.float64]
Weights = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]
Shape = tuple[int, ...]

FUSIONS: dict[str, Callable[[Weights], Weights]] = {  # of the heads of all layers
    "mean": lambda weights: weights.mean(axis=1, dtype=np.float64),
    "max": lambda weights: weights.max(axis=1),
    "min": lambda weights: weights.min(axis=1),
}

# The work of flow grows with tokens⁴ × layers; so much of it takes 10 to 20 seconds.
MOST_TOKENS, MOST_LAYERS = 48, 12
SINKS_AT_ONCE = 16  # inputs whose networks are worked on together: few fit the cache
EPSILON = 1e-13  # less than this is rounding, not room


def rollout(stack: Stack, *, fusion: str = "mean", residual: float = 0.5) -> Stack:
    """Attention rollout (Abnar & Zuidema 2020): R_l = Â_l R_{l-1} from R_0 = I, for every layer l.

    Â_l = (1 - residual) A_l + residual I, where A_l is the mean, largest or least weight of the
    heads. For "max" and "min" each row of Â_l is divided by its sum, as their users do (vit-explain
    and others): against those the residual weighs less or more than was asked. For "mean" rows
    stay as they are: weight that a sink took, or that was hidden, is missing from the sum.

    Returns a stack of as many layers with one head, which says what it is: (layers, 1, n, n), row
    i of layer l being what of each input reaches token i after layer l. Masks are what the masks
    of the layers below let through; causal ones stay causal.

    Raises AttnvizError for a streamed stack, for cross-attention or a part of a map, whose queries
    are other tokens than its keys, and for another fusion or a residual outside 0 … 1.
    """
    mixed = _mixed(stack, "Rollout", fusion, residual)
    rolled = np.empty_like(mixed)
    reached = np.eye(mixed.shape[-1])
    for layer, passed in enumerate(mixed):
        reached = passed @ reached
        rolled[layer] = reached
    name = f"rollout, {_in_words(fusion, residual)}"
    return _followed(stack, rolled, _reaches(stack, residual), name)


def flow(
    stack: Stack, *, fusion: str = "mean", residual: float = 0.5, layer: int | None = None
) -> Stack:
    """Attention flow (Abnar & Zuidema 2020): the maximum flow from token (l, i) to each input j,
    through a network whose edges from layer to layer have Â (see `rollout`) as capacities.

    As in the authors' code each row is divided by its sum; `max_flow` gives the flows themselves.

    Returns a stack of one layer with one head, (1, 1, n, n): that of `layer`, or of the last one.
    One, because every layer is another n² problems over all layers below it, and the last is what
    the model's answer is made from. Work grows with n⁴ times the layers.

    Raises AttnvizError where `rollout` does, for a layer that is not there, and for more than the
    work of 48 tokens and 12 layers.
    """
    mixed = _mixed(stack, "Flow", fusion, residual)
    last = stack.n_layers - 1 if layer is None else layer
    if not 0 <= last < stack.n_layers:
        raise out_of_range("Layer", last, 0, stack.n_layers - 1)
    _refuse_much_work(n_layers=last + 1, n_tokens=stack.shape[0])
    flows = max_flow(mixed[: last + 1])
    name = f"flow to layer {last}, {_in_words(fusion, residual)}"
    return _followed(
        stack, _whole_rows(flows)[None], _reaches(stack, residual)[last : last + 1], name
    )


def value_weighted(weights: Weights, values: Weights, w_output: Weights) -> Weights:
    """‖α_ij f(x_j)‖ = α_ij ‖v_j W_O‖: how much of each key's value a query takes, by length
    (Kobayashi et al. 2020, arXiv 2004.10102). Not shares: rows do not sum to 1.

    weights: (heads, queries, keys). values: (heads or fewer that are shared, keys, head_dim), with
    their bias. w_output: (heads × head_dim, width), head after head, as `x @ w_output` merges them;
    its bias belongs to no key and is left out. Returns (heads, queries, keys), in the weights'
    precision; one head's (keys, width) is held at a time.

    Raises AttnvizError for shapes that do not fit.
    """
    if not _fit(weights.shape, values.shape, w_output.shape):
        raise AttnvizError(
            f"Weights {weights.shape}, values {values.shape} and the output matrix "
            f"{w_output.shape} do not fit.",
            "Give (heads, queries, keys), (key heads, keys, size) and (heads × size, width).",
        )
    weighted = np.empty_like(weights)
    for head, lengths in enumerate(value_lengths(values, w_output)):
        np.multiply(weights[head], lengths, out=weighted[head], casting="same_kind")
    return weighted


def value_lengths(values: Weights, w_output: Weights) -> Iterator[Weights]:
    """‖v_j W_O‖ of every key, (keys,), head after head; shapes as for `value_weighted`."""
    shared, _, head_dim = values.shape
    n_heads = len(w_output) // head_dim
    for head in range(n_heads):
        rows = w_output[head * head_dim : (head + 1) * head_dim]
        moved = values[head * shared // n_heads] @ rows  # (keys, width)
        yield np.sqrt(np.einsum("kw,kw->k", moved, moved))


def _fit(weights: Shape, values: Shape, w_output: Shape) -> bool:
    if (len(weights), len(values), len(w_output)) != (3, 3, 2):
        return False
    n_heads, _, n_keys = weights
    shared, n_values, head_dim = values
    divided = shared > 0 and n_heads % shared == 0
    return divided and n_values == n_keys and w_output[0] == n_heads * head_dim


def _mixed(stack: Stack, what: str, fusion: str, residual: float) -> Floats:
    """Â of every layer: (layers, tokens, tokens)."""
    _refuse_other_stacks(stack, what)
    if fusion not in FUSIONS:
        raise bad_choice(fusion, "the fusion of heads", FUSIONS)
    if not 0 <= residual <= 1:
        raise AttnvizError(f"The residual is {residual}.", "It is a share, from 0 to 1.")
    assert stack.weights is not None  # others were refused
    fused = FUSIONS[fusion](stack.weights).astype(np.float64)
    mixed: Floats = (1 - residual) * fused + residual * np.eye(stack.shape[0])
    return mixed if fusion == "mean" else _whole_rows(mixed)


def _whole_rows(weights: Floats) -> Floats:
    """Each row divided by its sum; a row of zeros stays one."""
    total = weights.sum(axis=-1, keepdims=True)
    divided: Floats = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return divided


def _refuse_other_stacks(stack: Stack, what: str) -> None:
    if stack.two_texts or stack.query_tokens != stack.key_tokens:
        raise AttnvizError(
            f"{what} follows tokens from layer to layer, and here queries and keys are not the "
            "same tokens:",
            "choose a stack of self-attention, and all of it (a part of its rows and columns can "
            "be shown afterwards).",
        )
    if stack.weights is None:
        raise AttnvizError(
            f"{what} takes all weights, and those of a text this long were streamed, not kept.",
            "Give a shorter text.",
        )


def _refuse_much_work(n_layers: int, n_tokens: int) -> None:
    if n_tokens**4 * n_layers > MOST_TOKENS**4 * MOST_LAYERS:
        fitting = int((MOST_TOKENS**4 * MOST_LAYERS / n_layers) ** 0.25)
        raise AttnvizError(
            f"Flow through {n_layers} layers of {n_tokens} tokens would take too long: the limit "
            f"is {MOST_TOKENS} tokens in {MOST_LAYERS} layers, or {fitting} in {n_layers}.",
            "Give a shorter text or a lower layer, or choose rollout, which has no limit.",
        )


def _in_words(fusion: str, residual: float) -> str:
    share = {0.5: "½", 0: "no"}.get(residual, f"{residual:g}")
    return f"{fusion} of heads, {share} residual"


def _followed(stack: Stack, weights: Floats, reached: list[Bools], name: str) -> Stack:
    """The stack with (layers, n, n) followed weights as its one head."""
    assert stack.weights is not None
    masks: tuple[Rule, ...] = tuple(map(from_array, reached))
    return replace(
        stack,
        weights=weights[:, None].astype(stack.weights.dtype),
        summary=None,
        masks=masks,
        head_names=(name,),
        key_heads=None,
    )


def _reaches(stack: Stack, residual: float) -> list[Bools]:
    """For each layer, from which inputs the masks let anything through; empty if none are known."""
    n = stack.shape[0]
    reached, found = np.eye(n, dtype=np.float32), []
    for rule in stack.masks:
        passed = rule.to_array(n, n) | (np.eye(n, dtype=np.bool_) & (residual > 0))
        reached = (passed.astype(np.float32) @ reached > 0).astype(np.float32)
        found.append(reached > 0)
    return found


# Maximum flow


def max_flow(capacities: Floats) -> Floats:
    """The maximum flow from each token above the last layer to each input: (n, n).

    capacities: (layers, n, n), the first layer first; [l, i, j] is the room of the edge from token
    i above layer l to token j below it. Exact but for rounding (`EPSILON` an edge): preflow-push
    (Goldberg & Tarjan 1988) with exact distances, in some networks at once. SciPy's maximum flow
    is for whole numbers only, and one pair of tokens at a time.
    """
    n = capacities.shape[-1]
    if len(capacities) == 1:
        only: Floats = capacities[0].copy()
        return only
    flows = np.zeros((n, n))
    below = _reached(capacities[::-1])  # from each token on top, level by level
    above = _reached(capacities.swapaxes(1, 2))[:-1]  # from each input
    for source in range(n):
        sinks = np.flatnonzero(below[-1][source])
        for start in range(0, sinks.size, SINKS_AT_ONCE):
            some = sinks[start : start + SINKS_AT_ONCE]
            levels = zip(below[-2::-1], above, strict=True)
            between = np.any([b[source] & a[some].any(axis=0) for b, a in levels], axis=0)
            flows[source, some] = _Networks(capacities, source, some, between).flows()
    return flows


def _reached(rooms: Iterable[Floats]) -> list[Bools]:
    """From each token that one starts at (rows), the tokens that lie behind every layer."""
    found: list[Bools] = []
    for room in rooms:
        opened = (room > 0).astype(np.float32)
        found.append((found[-1].astype(np.float32) @ opened if found else opened) > 0)
    return found


class _Networks:
    """Networks that have one source and a sink each. Levels of tokens count from the sinks up.

    down, up: (levels - 1, networks, m, m), the room left from a token of a level (rows) to one of
    the next below (columns), and back. last: (networks, m), from the lowest level to the sink.
    excess: (levels, networks, m), what has come to a token and not gone on. arrived: (networks,).
    """

    def __init__(
        self, capacities: Floats, source: int, sinks: NDArray[np.int64], between: Bools
    ) -> None:
        among = np.flatnonzero(between)
        inner = capacities[1:-1, among[:, None], among]
        self.down = np.repeat(inner[:, None], sinks.size, axis=1)
        self.up = np.zeros_like(self.down)
        self.last = capacities[0][among[:, None], sinks].T.copy()
        self.excess = np.zeros((len(inner) + 1, *self.last.shape))
        self.excess[-1] = capacities[-1, source, among]
        self.arrived = np.zeros(sinks.size)

    def flows(self) -> Floats:
        """Push until nothing that waits can reach its sink: what arrived is then a minimum cut."""
        flows, left = np.zeros_like(self.arrived), np.arange(self.arrived.size)
        while True:
            away = self._distances()
            waiting = (self.excess > EPSILON) & np.isfinite(away)
            going: Bools = np.asarray(waiting.any(axis=(0, 2)))
            flows[left] = self.arrived
            if not going.any():
                return flows
            left, away, waiting = left[going], away[:, going], waiting[:, going]
            self._leave_only(going)
            for distance in range(int(away[waiting].max()), 0, -1):
                self._push(away, distance)

    def _leave_only(self, going: Bools) -> None:
        if not going.all():
            self.down, self.up = self.down[:, going], self.up[:, going]
            self.last, self.arrived = self.last[going], self.arrived[going]
            self.excess = self.excess[:, going]

    def _distances(self) -> Floats:
        """Edges from each token to its sink where there is room; (levels, networks, m)."""
        away = np.full_like(self.excess, np.inf)
        away[0][self.last > EPSILON] = 1
        while True:
            before = away.copy()
            for level, room in enumerate(self.down):
                steps = np.where(room > EPSILON, away[level][:, None, :], np.inf).min(axis=2)
                np.minimum(away[level + 1], steps + 1, out=away[level + 1])
            for level, room in reversed(list(enumerate(self.up))):
                steps = np.where(room > EPSILON, away[level + 1][:, :, None], np.inf).min(axis=1)
                np.minimum(away[level], steps + 1, out=away[level])
            if np.array_equal(before, away):
                return away

    def _push(self, away: Floats, distance: int) -> None:
        """Move what waits at tokens of this distance one edge nearer to the sinks."""
        waiting = (away == distance) & (self.excess > EPSILON)  # none of these feeds another
        for level in np.flatnonzero(waiting.any(axis=(1, 2))).tolist():
            moving = waiting[level]
            rest = np.where(moving, self.excess[level], 0)
            if distance == 1:  # only the lowest level is so near
                arriving = np.minimum(rest, self.last)
                self.last -= arriving
                self.arrived += arriving.sum(axis=1)
                rest -= arriving
            if level > 0:
                rest -= self._move(rest, level, away[level - 1] == distance - 1, down=True)
            if level < len(self.up):
                rest -= self._move(rest, level, away[level + 1] == distance - 1, down=False)
            self.excess[level][moving] = np.maximum(rest[moving], 0)

    def _move(self, rest: Floats, level: int, nearer: Bools, *, down: bool) -> Floats:
        """Move `rest` to the nearer tokens of the level below or above; what went, per token."""
        if not nearer.any():
            return np.zeros_like(rest)
        edges, to, other = (level - 1, level - 1, 2) if down else (level, level + 1, 1)
        room, back = (self.down, self.up) if down else (self.up, self.down)
        moved = _shared(rest, room[edges] * np.expand_dims(nearer, 3 - other), other)
        room[edges] -= moved
        back[edges] += moved
        self.excess[to] += moved.sum(axis=3 - other)
        went: Floats = moved.sum(axis=other)
        return went


def _shared(amounts: Floats, room: Floats, axis: int) -> Floats:
    """Each amount spread over the room that it has along an axis, in proportion, none too full."""
    total = room.sum(axis=axis)
    part = np.divide(amounts, total, out=np.zeros_like(amounts), where=total > 0)
    shared: Floats = room * np.expand_dims(np.minimum(part, 1), axis)
    return shared
