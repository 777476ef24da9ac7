"""Attention with the whole weight matrix kept."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import groupby

import numpy as np
from numpy.typing import ArrayLike

from attnviz.attention.blocks import Rows, attend, blocks
from attnviz.attention.masks import full
from attnviz.attention.prepare import Bias, Floats, Index, Inputs, prepare
from attnviz.attention.products import PackedKeyValue, pack
from attnviz.attention.rules import Range, Rule
from attnviz.errors import known_arguments
from attnviz.threads import at_once, in_turn, scratch, share

ROWS_OF_JOB = 1 << 10  # enough that to pack their keys costs little beside them


@known_arguments()
def scaled_dot_product_attention(
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    *,
    mask: ArrayLike | Rule | None = None,
    is_causal: bool = False,
    bias: Bias | None = None,
    scale: float | None = None,
    softcap: float | None = None,
    sinks: ArrayLike | None = None,
    enable_gqa: bool = False,
) -> tuple[Floats, Floats]:
    """Return softmax(query @ keyᵀ * scale + mask) @ value, and the weights (arXiv 1706.03762).

    Names and meaning follow PyTorch's function of the same name.

    query: (…, heads, queries, head_dim); key: (…, heads, keys, head_dim);
    value: (…, heads, keys, value_dim). Leading axes broadcast.
    mask: booleans (True = may attend) or floats (added), broadcastable to
        (…, heads, queries, keys), or a rule of `attnviz.masks`.
    is_causal: key j is seen by query i only if j <= i; joined with `mask` by "and".
    bias: floats added to the scaled scores, or a function of query and key that gives them.
    scale: 1/sqrt(head_dim) unless given.
    softcap: scores become softcap * tanh(scores / softcap) before bias and mask.
    sinks: one logit per head that takes part in the softmax and is then dropped, so that rows
        sum to less than 1.
    enable_gqa: key/value head h serves query heads h*g … h*g + g - 1 (arXiv 2305.13245).

    Returns output (…, heads, queries, value_dim) and weights (…, heads, queries, keys), float64
    if any input is, else float32. A row with no allowed key is all zeros in both.
    Raises AttnvizError where shapes or dtypes do not fit, and where finite inputs give scores that
    float64 cannot hold.
    """
    bare = prepare(
        query,
        key,
        value,
        mask=mask,
        is_causal=is_causal,
        bias=bias,
        scale=scale,
        softcap=softcap,
        sinks=sinks,
        enable_gqa=enable_gqa,
    )
    inputs = bare.with_one_axis().with_room_for_scores()
    # Untouched memory is dearer to hand out in zeros, but masked parts need not be touched at all.
    blank = np.empty if inputs.rule == full() else np.zeros
    weights = blank((*inputs.lead, inputs.n_queries, inputs.n_keys), inputs.query.dtype)
    output = attend_all(inputs, weights)
    dtype = bare.query.dtype
    output, weights = (
        a.reshape(*bare.lead, *a.shape[-2:]).astype(dtype, copy=False) for a in (output, weights)
    )
    return output, weights


def attend_all(inputs: Inputs, weights: Floats) -> Floats:
    """Write the weights (…, heads, queries, keys), zeros where they are masked, and return the
    output (…, heads, queries, value_dim). Workers share the heads and the rows."""
    dtype = inputs.query.dtype
    output = np.empty((*inputs.lead, inputs.n_queries, inputs.value.shape[-1]), dtype)

    def job(some: list[Rows], index: Index) -> None:
        source = inputs.source(index)
        packed = pack(inputs.key[source], inputs.value[source], *_hull(some))
        for rows in some:
            _fill(inputs, index, rows, packed, weights, output)

    shared = inputs.worth_sharing(inputs.n_queries * inputs.n_keys)
    n_parts = at_once() if shared else 1
    jobs = [
        partial(job, some, index)
        for some in _neighbours(blocks(inputs))
        for index in inputs.groups(max(rows.n_rows * rows.n_keys for rows in some), n_parts)
    ]
    (share if shared else in_turn)(jobs)
    return output


def _fill(
    inputs: Inputs,
    index: Index,
    rows: Rows,
    packed: PackedKeyValue,
    weights: Floats,
    output: Floats,
) -> None:
    here = (*index, slice(rows.start, rows.stop))
    if len(rows.ranges) == 1:  # worked out where it stays: nothing is written twice
        part = weights[here][..., slice(*rows.ranges[0])]
        part *= attend(inputs, index, rows, packed, part, output[here])
        return
    shape = (*output[here].shape[:-1], rows.n_keys)
    exponentials = scratch(math.prod(shape), weights.dtype).reshape(shape)
    factor = attend(inputs, index, rows, packed, exponentials, output[here])
    column = 0
    for low, high in rows.ranges:
        part = exponentials[..., column : column + high - low]
        np.multiply(part, factor, out=weights[(*here, slice(low, high))])
        column += high - low


def _neighbours(cut: Iterable[Rows]) -> Iterator[list[Rows]]:
    """Blocks of rows that one job does, one after the other: their keys are packed once."""
    for _, some in groupby(cut, key=lambda rows: rows.start // ROWS_OF_JOB):
        yield list(some)


def _hull(some: list[Rows]) -> Range:
    """The first of the keys that any of these rows may see, and one past the last."""
    edges = [edge for rows in some for span in rows.ranges for edge in span]
    return (min(edges), max(edges)) if edges else (0, 0)
