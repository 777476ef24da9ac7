"""One head or the mean on axes that somebody else made."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from attnviz.record.record import AttentionRecord
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.palette import INK, ink_on
from attnviz.views.picture.map import MOST_PIXELS
from attnviz.views.picture.paper import LABEL_SIZE, coloured, cut, rgb
from attnviz.views.scale import check_scale, shades
from attnviz.views.titles import chosen

MOST_NAMED = 64  # tokens along a side that are named
LONGEST = 14  # characters of a name


def draw_on(axes: Axes, record: AttentionRecord, look: Look) -> None:
    """Paint the cells, name the tokens, and set a title unless the axes have one.

    Colours and masked cells are those of every other picture; token texts are drawn literally.
    """
    check_scale(look.scale)
    stack = record.stack
    pooled = stack.map(look.layer, look.head, MOST_PIXELS)
    allowed = stack.allowed(look.layer, MOST_PIXELS)
    bright = shades(pooled.mean, allowed, look.scale, whole=pooled.cells[1] == 1)
    colours = coloured(bright.shares, allowed, look.figure.cmap)
    axes.imshow(colours, aspect="equal", interpolation="nearest", origin="upper")
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, colors=rgb(INK), labelsize=LABEL_SIZE)
    if pooled.cells == (1, 1) and max(stack.shape) <= MOST_NAMED:
        _name(axes, stack.query_tokens.names, stack.key_tokens.names)
    if look.figure.annotate and pooled.cells == (1, 1):
        _write_numbers(axes, pooled.mean, allowed, colours)
    if not axes.get_title():
        axes.set_title(chosen(stack, look), color=rgb(INK), parse_math=False)


def _name(axes: Axes, queries: tuple[str, ...], keys: tuple[str, ...]) -> None:
    rows, columns = ([cut(name, LONGEST) for name in names] for names in (queries, keys))
    axes.xaxis.tick_top()  # before the names are turned: those of the other side stay as they are
    axes.set_yticks(range(len(rows)), rows, parse_math=False)
    axes.set_xticks(range(len(columns)), columns, parse_math=False)
    for text in axes.get_xticklabels():
        text.set(rotation=60, ha="left", rotation_mode="anchor", parse_math=False)
    axes.tick_params(length=0)


def _write_numbers(
    axes: Axes,
    weights: np.ndarray[tuple[int, ...], np.dtype[np.floating]],
    allowed: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    colours: np.ndarray[Any, Any],
) -> None:
    for row, column in zip(*np.nonzero(allowed), strict=True):
        red, green, blue = (int(part) for part in colours[row, column])
        ink = rgb(ink_on((red, green, blue)))
        number = percent(weights[row, column])
        axes.text(column, row, number, ha="center", va="center", color=ink, size="small")
