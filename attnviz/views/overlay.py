"""Weights laid over the picture that was looked at: the picture grey, much weight orange.

Cells are as large as the patches that they stand for; nothing is smoothed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import AttnvizError
from attnviz.inputs.where import NOT_ON_THE_GRID, Boxes
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack, Which
from attnviz.views.look import Look
from attnviz.views.palette import RGB

Pixels = NDArray[np.uint8]
Weights = NDArray[np.floating[Any]]

ORANGE = np.array((255, 150, 20), dtype=np.float64)
OUTLINE: RGB = (90, 220, 255)  # around the patch that looks
MASS: RGB = (235, 235, 235)  # around the patches that hold so much of the weight
GREY = 0.45  # of the picture's lightness below the weights
OUTSIDE = 0.18  # of it where no patch lies
MOST_KEPT = 1024  # tokens of a side up to which a streamed stack keeps every row


def patches_of(stack: Stack) -> Boxes | None:
    """Return where the keys lie in a picture; None where they are no patches, or rows were not
    kept."""
    where = stack.key_tokens.where
    kept = not stack.streamed or max(stack.shape) <= MOST_KEPT
    return where if isinstance(where, Boxes) and kept else None


def looking_patch(stack: Stack, look: Look) -> int:
    """Return the query whose row is shown: the one chosen, else [CLS], else the patch in the
    middle."""
    if look.query is not None:
        return look.query
    special = np.flatnonzero(stack.query_tokens.special)
    where = stack.query_tokens.where
    if special.size or not isinstance(where, Boxes):
        return int(special[0]) if special.size else 0
    middle = (where.grid[0] // 2) * where.grid[1] + where.grid[1] // 2
    return int(np.abs(where.cells - middle).argmin())


def with_mass(record: AttentionRecord, look: Look, mass: float | None) -> Look:
    """Return the look with the patches outlined that hold so much of the weight; AttnvizError where
    nothing looks at a picture."""
    if mass is None:
        return look
    if not any(isinstance(one.key_tokens.where, Boxes) for one in record.stacks.values()):
        raise AttnvizError(
            "`mass` is for pictures, and nothing looks at one here.",
            "Give `image`, or leave it out.",
            key="err.mass_picture",
        )
    return replace(look, mass=mass)


def row_of(stack: Stack, layer: int, head: Which, query: int) -> Weights:
    """Return one query's weights, (keys,), of a head or of the mean."""
    row: Weights = stack.map(layer, head, max(stack.shape)).mean[query]
    return row


def surest_head(stack: Stack, layer: int, query: int) -> int:
    """Return the head whose row of this query is the least even: that of the smallest entropy."""
    return int(np.argmin(stack.measure("entropy")[layer][:, query]))


def is_even(row: Weights) -> bool:
    """Tell whether a row says nothing: all its weights are alike."""
    return bool(row.max() - row.min() < 1e-6)


def special_names(stack: Stack) -> str:
    """Name the special tokens among the keys: the first, and how many more there are."""
    names = [stack.key_tokens.labels[i] for i in np.flatnonzero(stack.key_tokens.special)]
    return names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}"


def overlay(
    where: Boxes,
    row: Weights,
    size: tuple[int, int],
    query: int | None = None,
    mass: float | None = None,
) -> Pixels:
    """Draw a row of weights over its picture: (height, width, 3).

    row: one weight per token. size: width and height of the drawing in pixels. query: the token
    whose patch is outlined. mass: the share of the weight on the picture whose patches are outlined
    (`holding`). The largest weight of a patch is brightest, and brightness goes with
    the root of the weight, so that small ones are seen too. Where no patch lies the picture is
    darker.
    """
    cells = cells_under(where, size)
    shares = where.laid(row).ravel()
    largest = float(shares.max(initial=0))
    bright = np.sqrt(np.clip(shares / largest, 0, 1)) if largest > 0 else np.zeros(shares.size)
    inside = cells != NOT_ON_THE_GRID
    light = np.where(inside, bright[np.maximum(cells, 0)], 0.0)[..., None]
    ground = _grey(where, size)[..., None] * np.where(inside, GREY, OUTSIDE)[..., None]
    drawn = ground * (1 - 0.75 * light) + ORANGE * light * 0.75
    if mass is not None:
        held = np.append(holding(where, row, mass).ravel(), False)  # the last is no patch
        drawn[_border(held[cells])] = MASS
    if query is not None and where.cells[query] != NOT_ON_THE_GRID:
        drawn[_border(cells == where.cells[query])] = OUTLINE
    return drawn.round().astype(np.uint8)


def holding(where: Boxes, row: Weights, mass: float) -> NDArray[np.bool_]:
    """Return the fewest patches that hold so much of what a row gives the picture, special tokens
    left out, on the grid: (rows, columns). None of them where it gives the picture nothing."""
    laid = where.laid(np.asarray(row, dtype=np.float64))
    shares = laid.ravel()
    order = np.argsort(-shares, kind="stable")
    before = np.cumsum(shares[order]) - shares[order]  # of larger ones
    held = np.zeros(shares.size, dtype=np.bool_)
    held[order] = (before < mass * shares.sum() - 1e-9) & (shares[order] > 0)
    return held.reshape(laid.shape)


def fitting(where: Boxes, width: float, height: float) -> tuple[int, int]:
    """Return the largest size, in whole pixels, that has the picture's shape and fits: (width,
    height)."""
    across, down = where.size
    share = min(width / across, height / down)
    return max(round(across * share), 1), max(round(down * share), 1)


def cells_under(where: Boxes, size: tuple[int, int]) -> NDArray[np.int64]:
    """Return the cell of the grid under the middle of each pixel, -1 for none: (height, width)."""
    (rows, columns), (width, height) = where.grid, size
    boxes = where.boxes[where.on_grid]
    cells = where.cells[where.on_grid]
    if not len(boxes):
        return np.full((height, width), NOT_ON_THE_GRID)
    down, across = np.divmod(cells, columns)
    # Boxes of a grid are alike, so that one of them tells where the whole grid lies.
    wide, tall = boxes[0, 2] - boxes[0, 0], boxes[0, 3] - boxes[0, 1]
    left, top = boxes[0, 0] - across[0] * wide, boxes[0, 1] - down[0] * tall
    x = (np.arange(width) + 0.5) * where.size[0] / width
    y = (np.arange(height) + 0.5) * where.size[1] / height
    column = np.floor((x - left) / wide).astype(np.int64)[None, :]
    row = np.floor((y - top) / tall).astype(np.int64)[:, None]
    on_grid = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    return np.where(on_grid, row * columns + column, NOT_ON_THE_GRID)


def _grey(where: Boxes, size: tuple[int, int]) -> NDArray[np.float64]:
    """The picture in grey, (height, width); even where it was left out."""
    width, height = size
    if where.thumbnail is None:
        return np.full((height, width), 128.0)
    from PIL import Image

    small = Image.fromarray(np.ascontiguousarray(where.thumbnail)).convert("L")
    return np.asarray(small.resize((width, height), Image.Resampling.BILINEAR), dtype=np.float64)


def _border(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels of a shape that have a neighbour outside of it."""
    wide = np.pad(inside, 1)
    core = wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:]
    return inside & ~core
