"""An example of what a head looks at: the pair of tokens with most weight that fits its label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.head_labels import NEAR, OFFSETS, HeadLook
from attnviz.analysis.head_patterns import Label
from attnviz.analysis.links import is_word, set_aside
from attnviz.analysis.names import token_names
from attnviz.frozen import dataclass
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack

AMONG = 16  # strongest keys of each query that are looked at


@dataclass(frozen=True)
class Example:
    """A query, a key, and the weight of the one on the other."""

    query: str
    key: str
    weight: float


def head_examples(record: AttentionRecord, looks: Sequence[HeadLook]) -> Iterator[Example | None]:
    """Give an example of each head, in order; None where no pair fits.

    Special tokens and a sink are left out; words come before punctuation. Of a head that is
    labelled previous, next, self, nearby or one key the pair is one of these, of others any pair
    of two different places.
    """
    queries, keys = (token_names(t) for t in (record.stack.query_tokens, record.stack.key_tokens))
    words = [np.array([is_word(name) for name in tokens.names])
             for tokens in (record.stack.query_tokens, record.stack.key_tokens)]  # fmt: skip
    for look in looks:
        place = _best(record, look, words)
        if place is None:
            yield None
        else:
            row, column, weight = place
            yield Example(queries[row], keys[column], weight)


def _best(
    record: AttentionRecord, look: HeadLook, words: Sequence[NDArray[np.bool_]]
) -> tuple[int, int, float] | None:
    """The row, the column and the weight of the pair; words: which queries and keys are words."""
    stack, layer = record.stack, record.stack.layer_numbers.index(look.layer)
    kept = AMONG if stack.summary is None else stack.summary.strongest_keys.shape[-1]
    keys, weights = stack.strongest(layer, look.head, min(stack.shape[1], kept))
    rows = np.broadcast_to(np.arange(stack.shape[0])[:, None], keys.shape)
    aside = stack.key_tokens.special.copy()
    aside[set_aside(record, layer, look.head)] = True
    fits = ~stack.query_tokens.special[:, None] & ~aside[keys] & (weights > 0)
    fits &= _fits(stack, look.label, rows, keys)
    if not fits.any():
        return None
    order = np.where(words[0][:, None] & words[1][keys], 1.0, 0.0) + weights
    row, nth = np.unravel_index(np.where(fits, order, -1.0).argmax(), fits.shape)
    return int(row), int(keys[row, nth]), float(weights[row, nth])


def _fits(
    stack: Stack, label: Label, rows: NDArray[np.int64], keys: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which pairs are of the kind that a label names."""
    fits: NDArray[np.bool_] = np.ones(keys.shape, dtype=np.bool_)
    if not stack.two_texts:
        apart = stack.positions[1][keys] - stack.positions[0][rows]
        fits = apart == OFFSETS[label.kind] if label.kind in OFFSETS else apart != 0
        if label.kind == "nearby":
            fits &= np.abs(apart) <= NEAR
    if label.kind == "one key":
        named = np.array([f'"{name}"' == label.token for name in token_names(stack.key_tokens)])
        fits &= named[keys]
    return fits
