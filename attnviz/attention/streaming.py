"""The same attention by blocks of query rows, each block shown to observers, none kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Protocol, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnviz.attention.blocks import (
    EVERYWHERE,
    attend,
    inverse,
    most_rows,
    raise_scores,
    row_sums,
    rows_between,
    rows_fitting,
)
from attnviz.attention.prepare import POWER, Floats, Inputs, Options, prepare
from attnviz.attention.rules import Rule
from attnviz.attention.tiles import (
    Band,
    Tiles,
    band_of,
    near_columns,
    tile_rows,
    whole_vectors,
)
from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.threads import in_turn, scratch, share

Indices = NDArray[np.int64]

TILED_KEYS = 1 << 10  # in fewer keys whole rows are as quick
TILED_SCORES = 1 << 20  # of one head, worked on together: with what observers need, in the cache


@dataclass(frozen=True)
class Block:
    """Finished weights of one head for query rows start … stop, in tiles of as many rows.

    Column c of tile t holds key `keys[t, c]`. What no query of a tile may see may be left out;
    where a key lies outside of the text or comes twice, all weights but one are 0. The first
    `near` columns of every tile are as far from its rows. A row may come again: first without
    weights, then in a block of its own. The arrays are lent: they are overwritten when the next
    block is made. `turn` numbers the blocks of a head in the order of the text.
    """

    turn: int
    head: int
    start: int
    stop: int
    keys: Indices  # (tiles, columns)
    weights: Floats  # (tiles, rows, columns)
    near: int


class Observer(Protocol):
    """Sees every block once. Blocks come from several threads, but all heads of the same rows, one
    after the other, from one."""

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
    """Return `scaled_dot_product_attention` whose weights are shown to `observers` instead of kept.

    query: (heads, queries, head_dim), and so on; options are those of the dense way. Memory holds
    one block of `block_rows` rows for each thread. Returns the output (heads, queries, value_dim);
    raises AttnvizError where shapes do not fit.
    """
    inputs = _three_axes(prepare(query, key, value, **options))
    output = np.empty((*inputs.query.shape[:2], inputs.value.shape[-1]), inputs.query.dtype)
    stream_inputs(inputs, list(observers), output, block_rows)
    return output


def observe(
    query: ArrayLike, key: ArrayLike, observers: Iterable[Observer], **options: Unpack[Options]
) -> None:
    """Show the weights alone, as `stream` does: without values there is no output to compute."""
    stream_inputs(_three_axes(prepare(query, key, key, **options)), list(observers), None)


def _three_axes(inputs: Inputs) -> Inputs:
    if len(inputs.lead) != 1:
        raise AttnvizError(
            f"query has shape {inputs.query.shape}.",
            "Streaming takes (heads, tokens, head_dim).",
            key="err.query_shape",
            shape=inputs.query.shape,
        )
    return inputs


Advance = Callable[[int], object]  # told how many rows are done
Span = tuple[int, int]  # query rows that are computed with all the keys they may see
Pieces = list[tuple[int, Tiles | Span]]  # with their turns
Make = Callable[[int], Floats]  # head → weights


def stream_inputs(
    inputs: Inputs,
    watching: Sequence[Observer],
    output: Floats | None,
    block_rows: int | None = None,
    advance: Advance = int,
) -> None:
    """Stream inputs that were checked; fill `output` (heads, queries, value_dim) if there
    is one. Workers share the blocks of rows."""
    band = _band(inputs)
    kept = _pattern(inputs, band)

    def job(pieces: Pieces) -> None:
        for turn, piece in pieces:
            if isinstance(piece, Tiles):
                near, (start, stop) = piece.near, (piece.start, piece.stop)
                keys, make = _tiled(inputs, piece, kept, output)
            else:
                start, stop = piece
                keys, make = _whole(inputs, start, stop, output)
                near = keys.shape[1]
            for head in range(inputs.lead[0]):
                block = Block(turn, head, start, stop, keys, make(head), near)
                for observer in watching:
                    observer.see(block)
            advance(stop - start)

    if band is None or band.columns:
        _ = inputs.packed  # before threads ask for it, all at once
    jobs = [partial(job, pieces) for pieces in _jobs(inputs, band, block_rows)]
    (share if inputs.worth_sharing(_n_scores(inputs, band)) else in_turn)(jobs)


def block_shape(rule: Rule, n_queries: int, n_keys: int) -> tuple[int, int]:
    """Return rows and columns of the largest block of a head, unless fewer rows are asked for."""
    band = _long_band(rule, n_keys)
    if band is None:
        return min(most_rows(n_keys), n_queries), n_keys
    rows, columns = tile_rows(band), _tile_columns(band, n_keys)
    return min(max(TILED_SCORES // columns // rows, 1) * rows, n_queries), min(columns, n_keys)


def _tile_columns(band: Band, n_keys: int) -> int:
    return (
        near_columns(band, tile_rows(band))
        + whole_vectors([p for p in band.columns if p < n_keys]).size
    )


def _n_scores(inputs: Inputs, band: Band | None) -> int:
    """How many scores of a head are computed, at most."""
    return inputs.n_queries * min(inputs.n_keys, inputs.n_keys if band is None else band.width)


# Where the rows are cut


def _band(inputs: Inputs) -> Band | None:
    """The band to compute in tiles; none where whole rows are as good."""
    if inputs.added or inputs.allowed is not None:
        return None
    return _long_band(inputs.rule, inputs.n_keys)


def _long_band(rule: Rule, n_keys: int) -> Band | None:
    band = band_of(rule)
    least = max(4 * (0 if band is None else band.width + len(band.columns)), TILED_KEYS)
    return None if n_keys < least else band


def _pattern(inputs: Inputs, band: Band | None) -> Floats | None:
    """What every tile allows, where all are alike."""
    if band is None or not band.is_shifted:
        return None
    rows = tile_rows(band)
    inside = -(-band.before // rows) * rows  # where no key of the tile lies before the text
    return Tiles(inside, 1, rows, band, np.arange(0), inputs.n_keys).kept()


def _jobs(inputs: Inputs, band: Band | None, block_rows: int | None) -> Iterator[Pieces]:
    """The rows in the order of the text, a list of pieces for each job."""
    if block_rows is not None and block_rows < 1:
        raise AttnvizError(
            f"The block of rows is {block_rows}.",
            "It must be 1 or more.",
            key="err.block_rows",
            block_rows=block_rows,
        )
    turn = 0
    cut = _row_spans(inputs, block_rows) if band is None else _tiles(inputs, band, block_rows)
    for pieces in cut:
        yield list(enumerate(pieces, turn))
        turn += len(pieces)


def _row_spans(inputs: Inputs, block_rows: int | None) -> Iterator[list[Tiles | Span]]:
    start = 0
    while start < inputs.n_queries:
        stop = start + rows_fitting(inputs, start, block_rows)
        yield [(start, stop)]
        start = stop


def _tiles(inputs: Inputs, band: Band, block_rows: int | None) -> Iterator[list[Tiles | Span]]:
    """Tiles, what remains at the end of the text, and the rows of global tokens by themselves."""
    rows = max(min(tile_rows(band), block_rows or inputs.n_queries), 1)
    columns = whole_vectors([p for p in band.columns if p < inputs.n_keys])
    at_once, _ = block_shape(inputs.rule, inputs.n_queries, inputs.n_keys)
    n_tiles = max(min(block_rows or at_once, at_once) // rows, 1)
    for start in range(0, inputs.n_queries, n_tiles * rows):
        n = min(n_tiles, (inputs.n_queries - start) // rows)
        whole, rest = start + n * rows, min(start + n_tiles * rows, inputs.n_queries)
        pieces: list[Tiles | Span] = []
        if n:
            pieces.append(Tiles(start, n, rows, band, columns, inputs.n_keys))
        if whole < rest:
            pieces.append(Tiles(whole, 1, rest - whole, band, columns, inputs.n_keys))
        yield pieces + [(p, p + 1) for p in band.columns if start <= p < rest]


# The weights of one piece


def _whole(inputs: Inputs, start: int, stop: int, output: Floats | None) -> tuple[Indices, Make]:
    rows = rows_between(inputs, start, stop)
    shape = 1, rows.n_rows, rows.n_keys

    def make(head: int) -> Floats:
        one = slice(head, head + 1)
        weights = scratch(math.prod(shape), inputs.query.dtype).reshape(shape)
        here = None if output is None else output[one, rows.start : rows.stop]
        packed = inputs.packed.of(head // inputs.shared_by)
        weights *= attend(inputs, (one,), rows, packed, weights, here)
        return weights

    return rows.keys[None], make


def _tiled(
    inputs: Inputs, tiles: Tiles, pattern: Floats | None, output: Floats | None
) -> tuple[Indices, Make]:
    band, dtype = tiles.band, inputs.query.dtype
    if not band.is_shifted:
        pattern = tiles.kept()
    elif pattern is not None:
        pattern = pattern[:, : tiles.rows, : tiles.near]  # fewer rows at the end of the text

    def make(head: int) -> Floats:
        (source,) = inputs.source((head,))
        query, key, value = inputs.query[head], inputs.key[source], inputs.value[source]
        weights = scratch(math.prod(tiles.shape), dtype).reshape(tiles.shape)
        q = query[tiles.start : tiles.stop] * dtype.type(inputs.factor)
        q = q.reshape(tiles.n_tiles, tiles.rows, -1)
        with np.errstate(over="ignore", invalid="ignore"):
            tiles.multiply(q, key, weights[..., : tiles.near])
            if tiles.columns.size:
                extra = np.ascontiguousarray(key[tiles.columns].T)  # summed in the same order
                np.matmul(q, extra, out=weights[..., tiles.near :])
            factor = inverse(_raised(inputs, head, tiles, weights, pattern))
            weights *= factor
            if output is not None:
                here = output[head, tiles.start : tiles.stop].reshape(*q.shape[:2], -1)
                tiles.weigh(weights[..., : tiles.near], value, here)
                if tiles.columns.size:
                    here += np.matmul(weights[..., tiles.near :], value[tiles.columns])
        return weights

    return tiles.keys, make


def _raised(
    inputs: Inputs, head: int, tiles: Tiles, scores: Floats, pattern: Floats | None
) -> Floats:
    """Exponentials in place of scores, and the sum of each row (tiles, rows, 1)."""
    if inputs.skips_max_subtraction:
        POWER(scores, out=scores)
        tiles.clear(scores, pattern)
        return row_sums(scores)
    kept = scratch(scores.size, scores.dtype, "kept").reshape(scores.shape)
    kept.fill(1)
    tiles.clear(kept, pattern)
    return raise_scores(inputs, (head,), scores, [(EVERYWHERE, kept)])
