"""Two or more records side by side: where they differ, and by how much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack, Which

Floats = NDArray[np.floating[Any]]

LEAST_SPAN = (
    0.05  # of a difference's colours: less than 5 points is not stretched to look like much
)
AT_ONCE = 1 << 20  # weights that are compared together
CELLS = 512  # along each side of the maps that are compared: longer texts are pooled


@dataclass(frozen=True)
class Side:
    """One of the things that are compared: a layer and a head, or the mean, of a record."""

    name: str
    record: AttentionRecord
    layer: int = 0
    head: Which = "mean"

    @property
    def stack(self) -> Stack:
        """The stack that is looked at."""
        return self.record.stack

    def rows(self) -> Floats:
        """Return what each row gives to each cell of keys: (rows, columns), pooled where texts are
        long; each row sums to what its weights do."""
        pooled = self.stack.map(self.layer, self.head, CELLS)
        widths = np.minimum(
            pooled.cells[1], self.stack.shape[1] - _starts(self.stack, pooled.cells)
        )
        rows: Floats = pooled.mean * widths
        return rows

    def allowed(self) -> NDArray[np.bool_]:
        """Return the cells in which the mask lets anything through."""
        return self.stack.allowed(self.layer, CELLS)

    def cost(self) -> tuple[int, int]:
        """Return scores that the layer's mask lets through, of how many."""
        queries, keys = self.stack.shape
        return int(self.stack.allowed_keys()[self.layer].sum()), queries * keys


@dataclass(frozen=True)
class Difference:
    """How one side differs from the first.

    side: the second. weights: (rows, columns), second minus first. per_row: (rows,),
    Jensen-Shannon divergence in nats, from 0 (equal) to ln 2 (no key in common). per_head: the mean
    over rows of each head's divergence, (layers, heads), or None where the two do not have as many.
    where: the row and column of the largest change.
    """

    first: str
    second: str
    side: Side
    weights: Floats
    per_row: NDArray[np.float64]
    per_head: NDArray[np.float64] | None
    where: tuple[int, int]

    @property
    def largest(self) -> float:
        """The largest change of a weight, with its sign."""
        return float(self.weights[self.where])

    @property
    def span(self) -> float:
        """The change that gets the full colour: the largest one, but at least 5 points."""
        return max(abs(self.largest), LEAST_SPAN)

    def changed_most(self, n: int) -> list[int]:
        """Return the rows that changed most, the most changed first."""
        order: list[int] = np.argsort(-self.per_row, kind="stable")[:n].tolist()
        return order

    def heads_changed_most(self, n: int, least: float) -> list[tuple[int, int, float]]:
        """Return layer, head and divergence of the heads that changed most, those above `least`
        nats."""
        if self.per_head is None:
            return []
        order = np.argsort(-self.per_head, axis=None, kind="stable")[:n]
        places = zip(*np.unravel_index(order, self.per_head.shape), strict=True)
        found = [(int(layer), int(head)) for layer, head in places]
        return [
            (*place, float(self.per_head[place])) for place in found if self.per_head[place] > least
        ]


def divergence(first: Floats, second: Floats) -> NDArray[np.float64]:
    """Return Jensen-Shannon divergence of rows (…, keys) in nats (Lin 1991): (…,).

    Rows that sum to less than 1 are taken for what they are of their sum; of two empty rows it
    is 0, of an empty and another one ln 2.
    """
    p, q = (_shares(np.asarray(rows, dtype=np.float64)) for rows in (first, second))
    middle = (p + q) / 2
    found: NDArray[np.float64] = (_surprise(p, middle) + _surprise(q, middle)) / 2
    empty = [rows.sum(axis=-1) == 0 for rows in (p, q)]
    found[empty[0] != empty[1]] = np.log(2)
    return np.maximum(found, 0)


def difference(first: Side, second: Side) -> Difference | None:
    """Return how `second` differs from `first`; None where they are not of the same tokens by
    number."""
    if first.stack.shape != second.stack.shape:
        return None
    rows, others = first.rows(), second.rows()
    weights = others - rows
    row, column = np.unravel_index(np.abs(weights).argmax(), weights.shape)
    return Difference(
        first.name,
        second.name,
        second,
        weights,
        divergence(rows, others),
        changes_of_heads(first.stack, second.stack),
        (int(row), int(column)),
    )


def largest_error(first: AttentionRecord, second: AttentionRecord) -> tuple[float, str]:
    """Return the largest difference of any weight of two records, and where it is.

    Raises AttnvizError where they do not have the same stacks, layers, heads and tokens, or where
    one was streamed.
    """
    if first.stacks.keys() != second.stacks.keys():
        raise AttnvizError(
            f"One has the stacks {', '.join(first.stacks)}, the other {', '.join(second.stacks)}.",
            "Compare records of the same kind of model.",
            key="err.stacks_other",
            names=", ".join(first.stacks),
            names2=", ".join(second.stacks),
        )
    worst, where = -1.0, ""
    for name, stack in first.stacks.items():
        mine, other = stack.weights, second.stacks[name].weights
        if mine is None or other is None:
            raise AttnvizError(
                "A streamed record does not hold its weights.",
                "Trace shorter texts to compare.",
                key="err.streamed_record",
            )
        if mine.shape != other.shape:
            raise AttnvizError(
                f"The weights of {name} are {list(mine.shape)} in one and {list(other.shape)} in "
                "the other.",
                "Compare records of the same layers, heads and tokens.",
                key="err.weights_other",
                name=name,
                shape=list(mine.shape),
                shape2=list(other.shape),
            )
        for layer, head in np.ndindex(mine.shape[:2]):
            for some in _some_rows(mine.shape):
                these = mine[layer, head, some].astype(np.float64)
                apart = np.abs(these - other[layer, head, some])
                row, column = (int(i) for i in np.unravel_index(apart.argmax(), apart.shape))
                if apart[row, column] > worst:
                    worst = float(apart[row, column])
                    row += some.start
                    place = f"layer {stack.layer_numbers[layer]}, head {head}"
                    where = f"{name}, {place}, row {row}, column {column}"
    return worst, where


def differences(sides: Sequence[Side]) -> list[Difference]:
    """Return how each side differs from the first, where that can be said."""
    found = [difference(sides[0], side) for side in sides[1:]]
    return [one for one in found if one is not None]


def _starts(stack: Stack, cells: tuple[int, int]) -> NDArray[np.int64]:
    return np.arange(0, stack.shape[1], cells[1])


def changes_of_heads(first: Stack, second: Stack) -> NDArray[np.float64] | None:
    """Measure how far each head of two stacks is apart, averaged over rows: (layers, heads) in
    nats; None where they do not have the same layers, heads and tokens, or where one was
    streamed."""
    if first.weights is None or second.weights is None:
        return None
    if first.weights.shape != second.weights.shape:
        return None
    found = np.empty(first.weights.shape[:2])
    for place in np.ndindex(found.shape):  # one head at a time, and of a long text some rows
        mine, other = first.weights[place], second.weights[place]
        rows = [divergence(mine[some], other[some]) for some in _some_rows(mine.shape)]
        found[place] = np.concatenate(rows).mean()
    return found


def _some_rows(shape: tuple[int, ...]) -> Iterator[slice]:
    """Cut rows into parts of few enough weights: float64 of all takes many times the record."""
    step = max(AT_ONCE // max(shape[-1], 1), 1)
    return (slice(first, first + step) for first in range(0, shape[-2], step))


def _shares(rows: Floats) -> Floats:
    sums = rows.sum(axis=-1, keepdims=True)
    shares: Floats = np.divide(rows, sums, out=np.zeros_like(rows), where=sums > 0)
    return shares


def _surprise(p: Floats, middle: Floats) -> Floats:
    """Σ p ln(p / middle), 0 where p is 0."""
    ratio = np.divide(p, middle, out=np.ones_like(p), where=p > 0)
    total: Floats = (p * np.log(ratio)).sum(axis=-1)
    return total
