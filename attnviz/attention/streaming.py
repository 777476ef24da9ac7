"""The same attention by blocks of query rows, each block shown to observers, none kept."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnviz.attention.rows import (
    Floats,
    Index,
    Inputs,
    Options,
    Rows,
    attend,
    blocks,
    prepare,
)
from attnviz.errors import AttnvizError
from attnviz.workers import in_turn, n_workers, share


@dataclass(frozen=True)
class Block:
    """Finished weights of query rows start … stop, for all heads.

    Keys that these rows cannot see may be left out: column c holds key `keys[c]`. The arrays are
    lent: they are overwritten when the next block is made.
    """

    start: int
    stop: int
    keys: NDArray[np.int64]  # (columns,), rising
    weights: Floats  # (heads, stop - start, columns)


class Observer(Protocol):
    """Sees every block once, in the order of its rows."""

    def see(self, block: Block) -> None:
        """Look at the block now: it is gone with the next one."""


def stream(
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    observers: Iterable[Observer],
    *,
    block_rows: int | None = None,
    **options: Unpack[Options],
) -> Floats:
    """`scaled_dot_product_attention` whose weights are shown to `observers` instead of kept.

    query: (heads, queries, head_dim), and so on; options are those of the dense way. Memory holds
    one block of `block_rows` rows at a time. Returns the output (heads, queries, value_dim);
    raises AttnvizError where shapes do not fit.
    """
    inputs = prepare(query, key, value, **options)
    if len(inputs.lead) != 1:
        raise AttnvizError(
            f"query has shape {inputs.query.shape}.", "Streaming takes (heads, tokens, head_dim)."
        )
    return stream_inputs(inputs, list(observers), block_rows)


def stream_inputs(
    inputs: Inputs, watching: Sequence[Observer], block_rows: int | None = None
) -> Floats:
    """The same for inputs that were checked; returns the output (heads, queries, value_dim)."""
    (heads,), dtype = inputs.lead, inputs.query.dtype
    output = np.empty((heads, inputs.n_queries, inputs.value.shape[-1]), dtype)
    buffer = np.empty(0, dtype)

    def job(rows: Rows, index: Index, weights: Floats) -> None:
        here = output[(*index, slice(rows.start, rows.stop))]
        weights *= attend(inputs, index, rows, weights, here)

    for rows in blocks(inputs, block_rows):
        shape = (heads, rows.n_rows, rows.n_keys)
        if buffer.size < math.prod(shape):
            buffer = np.empty(math.prod(shape), dtype)
        weights = buffer[: math.prod(shape)].reshape(shape)
        each = rows.n_rows * rows.n_keys
        shared = inputs.worth_sharing(each)
        groups = inputs.groups(each, n_workers() if shared else 1)
        jobs = [partial(job, rows, index, weights[index]) for index in groups]
        (share if shared else in_turn)(jobs)
        for observer in watching:
            observer.see(Block(rows.start, rows.stop, rows.keys, weights))
    return output
