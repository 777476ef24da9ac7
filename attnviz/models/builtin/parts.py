"""Rows of features by their named parts, and terms of scores that are made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.frozen import dataclass

Floats = NDArray[np.float32]
Term = tuple[Floats, Floats]  # what it adds to W_Q and to W_K: (width, columns) each


@dataclass(frozen=True)
class Parts:
    """Where named parts stand in a row of features. widths: name → numbers, in their order."""

    widths: Mapping[str, int]

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return sum(self.widths.values())

    def at(self, name: str) -> slice:
        """Return where a part stands."""
        stops = dict(zip(self.widths, accumulate(self.widths.values()), strict=True))
        return slice(stops[name] - self.widths[name], stops[name])

    def put(self, name: str, matrix: NDArray[Any]) -> Floats:
        """Return a matrix (width of the part, columns) that reads this part alone: (width,
        columns)."""
        whole = np.zeros((self.width, matrix.shape[1]), dtype=np.float32)
        whole[self.at(name)] = matrix
        return whole

    def take(self, name: str, strength: float = 1.0) -> Floats:
        """Return what copies a part, times `strength`: (width, width of the part)."""
        return self.put(name, strength * np.eye(self.widths[name]))


@dataclass(frozen=True)
class Plan:
    """A head before its matrices are made: its name and the terms its scores are a sum of."""

    name: str
    terms: Callable[[], list[Term]]


def rotated(amplitude: NDArray[np.float64], phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what turns [sin, cos] features of a position by `phase` and weighs them by
    `amplitude`: their product with another position's is then Σ amplitude · cos(frequency · (i - j)
    + phase)."""
    cos, sin = np.diag(amplitude * np.cos(phase)), np.diag(amplitude * np.sin(phase))
    return np.block([[cos, -sin], [sin, cos]])


def joined(terms: list[Term], widths: tuple[int, int], head_dim: int, sharpness: float) -> Term:
    """Return W_Q and W_K of a head whose scores are the sum of its terms: (width, head_dim) each.

    widths: of the rows of queries and of keys. Softmax sees scores / sqrt(head_dim), so strengths
    are multiplied by it here.
    """
    w_query, w_key = (np.zeros((width, head_dim), dtype=np.float32) for width in widths)
    column = 0
    for query_part, key_part in terms:
        here = slice(column, column + query_part.shape[1])
        w_query[:, here] = query_part * (sharpness * np.sqrt(head_dim))
        w_key[:, here] = key_part
        column = here.stop
    return w_query, w_key
