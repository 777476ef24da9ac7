"""Weights over a picture as characters: two pixels in each, or shades of the weights alone where
there is no colour; and which patch each character shows."""

from __future__ import annotations

from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.style import Style
from rich.text import Text

from attnviz.inputs.where import Boxes
from attnviz.views.cells import SHADES
from attnviz.views.overlay import Pixels, Weights, cells_under, fitting, holding, overlay
from attnviz.views.screen import Screen

QUERY = "◎"  # the patch that looks, where there is no colour


def drawn_picture(
    where: Boxes,
    row: Weights,
    query: int | None,
    width: int,
    lines: int,
    screen: Screen,
    mass: float | None = None,
) -> list[Text]:
    """Draw a row of weights, one per token, over its picture in at most `width` × `lines`
    characters; the patch of the query is outlined, or marked ◎ where there is no colour. mass: the
    share of the weight whose patches are outlined; without colour only these are drawn."""
    if not screen.colour:
        return _shaded(where, row, query, width, lines, mass)
    return _half_blocks(overlay(where, row, fitting(where, width, 2 * lines), query, mass))


def cells_shown(where: Boxes, width: int, lines: int, screen: Screen) -> NDArray[np.int64]:
    """Return the cell of the grid that each character of `drawn_picture` stands for, -1 for none:
    (lines, columns)."""
    size = fitting(where, width, 2 * lines)
    if screen.colour:
        return cells_under(where, (size[0], -(-size[1] // 2)))
    down, across = _sampled(where, size)
    return down[:, None] * where.grid[1] + across


def _half_blocks(pixels: Pixels) -> list[Text]:
    """Two rows of pixels in each line; below a last row on its own is the terminal's ground."""
    lines = []
    for upper, lower in zip_longest(pixels[::2].tolist(), pixels[1::2].tolist()):
        line = Text(no_wrap=True)
        for top, bottom in zip(upper, lower or [None] * len(upper), strict=True):
            ground = None if bottom is None else Color.from_rgb(*bottom)
            line.append("▀", Style(color=Color.from_rgb(*top), bgcolor=ground))
        lines.append(line)
    return lines


def _shaded(
    where: Boxes, row: Weights, query: int | None, width: int, lines: int, mass: float | None
) -> list[Text]:
    """The weights alone: a shade for each patch, or for some of them where there is no room."""
    laid = where.laid(row)
    largest = float(laid.max(initial=0))
    steps = np.rint(laid / largest * (len(SHADES) - 1)) if largest > 0 else np.zeros(laid.shape)
    if mass is not None:
        steps = np.where(holding(where, row, mass), np.maximum(steps, 1), 0)
    signs = np.array(list(SHADES))[steps.astype(np.int64)]
    if query is not None and where.cells[query] >= 0:
        signs[divmod(int(where.cells[query]), where.grid[1])] = QUERY
    down, across = _sampled(where, fitting(where, width, 2 * lines))
    return [Text("".join(signs[i, across]), no_wrap=True) for i in down.tolist()]


def _sampled(where: Boxes, size: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The row of each line and the column of each character, where a patch is two characters."""
    rows, columns = where.grid
    n_lines = min(rows, -(-size[1] // 2))
    n_across = min(size[0], 2 * columns)
    return np.arange(n_lines) * rows // n_lines, np.arange(n_across) * columns // n_across
