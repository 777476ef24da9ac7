"""The largest flow through layers of attention, from the last layer's tokens to each input."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SINKS_AT_ONCE = 16  # inputs whose networks are worked on together: few fit the cache
EPSILON = 1e-13  # less than this is rounding, not room


# Maximum flow


def max_flow(capacities: Floats) -> Floats:
    """Return the maximum flow from each token above the last layer to each input: (n, n).

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
    below = reached_places(capacities[::-1])  # from each token on top, level by level
    above = reached_places(capacities.swapaxes(1, 2))[:-1]  # from each input
    for source in range(n):
        sinks = np.flatnonzero(below[-1][source])
        for start in range(0, sinks.size, SINKS_AT_ONCE):
            some = sinks[start : start + SINKS_AT_ONCE]
            levels = zip(below[-2::-1], above, strict=True)
            between = np.any([b[source] & a[some].any(axis=0) for b, a in levels], axis=0)
            flows[source, some] = _Networks(capacities, source, some, between).flows()
    return flows


def reached_places(rooms: Iterable[Floats]) -> list[Bools]:
    """Return, from each token that one starts at (rows), the tokens that lie behind every layer."""
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
