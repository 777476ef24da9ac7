"""How much one word looks at another in every head of every layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.frozen import dataclass
from attnviz.record.numbering import numbered
from attnviz.record.selection import columns_named, kept_weights, rows_named
from attnviz.record.stack import Stack


@dataclass(frozen=True)
class WordLink:
    """The weight from some queries to some keys in every head.

    weights: (layers, heads), added over the keys and averaged over the queries. even: (layers,),
    what an even spread over the keys that the mask allows would give. queries, keys: their names;
    rows, columns: their positions in the text. numbers: of the layers in the checkpoint, where some
    have no attention.
    """

    weights: NDArray[np.float64]
    even: NDArray[np.float64]
    queries: tuple[str, ...]
    keys: tuple[str, ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    numbers: tuple[int, ...] = ()

    @property
    def layer_numbers(self) -> tuple[int, ...]:
        """The number of each layer in its checkpoint."""
        return numbered(self.numbers, len(self.weights))

    def strongest(self, n: int) -> list[tuple[int, int, float]]:
        """Return layer, head and weight of the n heads with most, the first first; none with no
        more than an even spread."""
        order = np.argsort(-self.weights, axis=None, kind="stable")[:n]
        places = zip(*np.unravel_index(order, self.weights.shape), strict=True)
        found = [(int(layer), int(head)) for layer, head in places]
        return [
            (layer, head, float(self.weights[layer, head]))
            for layer, head in found
            if self.weights[layer, head] > self.even[layer] * (1 + 1e-6)
        ]


def word_link(stack: Stack, query: str, key: str) -> WordLink:
    """Return the weight from the tokens that `query` names to those that `key` names.

    query, key: positions, ranges or words, as in `attnviz.record.selection.crop`. Raises
    AttnvizError for what is not in the text, or where the weights were streamed.
    """
    weights = kept_weights(stack, "see which heads link two words")
    rows, columns = rows_named(stack, query), columns_named(stack, key)
    part: NDArray[Any] = weights[:, :, rows][..., columns]
    allowed = stack.allowed_keys()[:, rows]
    shares = [
        _seen(stack, layer, rows, columns) / np.maximum(allowed[layer], 1)
        for layer in range(stack.n_layers)
    ]
    names = stack.query_tokens.names, stack.key_tokens.names
    places = stack.positions
    return WordLink(
        part.sum(axis=3, dtype=np.float64).mean(axis=2),
        np.array([share.mean() for share in shares]),
        tuple(names[0][row] for row in rows),
        tuple(names[1][column] for column in columns),
        tuple(places[0][rows].tolist()),
        tuple(places[1][columns].tolist()),
        stack.numbers,
    )


def _seen(stack: Stack, layer: int, rows: list[int], columns: list[int]) -> NDArray[np.int64]:
    """How many of the columns each row may see."""
    if not stack.masks:
        return np.full(len(rows), len(columns))
    seen: NDArray[np.int64] = stack.masks[layer](rows, columns).sum(axis=1)
    return seen
