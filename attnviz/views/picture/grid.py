"""Every chosen head as a small map under its name, all in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure

from attnviz.language.language import PICTURE
from attnviz.record.record import AttentionRecord
from attnviz.views.look import Look
from attnviz.views.palette import INK
from attnviz.views.picture.map import numbers_fit, write_numbers
from attnviz.views.picture.paper import GAP, LABEL_SIZE, Paper, rgb
from attnviz.views.scale import shades, small
from attnviz.views.titles import head_title, place_title, title

SMALL_SIDE = 1.9  # inches for one head
PIXELS = 128  # cells along each side of a map
PAPER = 0xFFFFFFFF  # a white pixel
MOST_CELLS = 128 * 128  # of all maps that are shapes where the file holds shapes
NUMBERED = 0.17  # inches of a cell that has its number in it
LEAST_SIDE = 0.3  # inches that the name of a head needs

Pixels = np.ndarray[Any, Any]
Corners = tuple[tuple[float, float], tuple[float, float]]  # inches: left and top, right and bottom


def grid_figure(record: AttentionRecord, look: Look) -> Figure:
    """Draw every chosen head as a small map under its name, all on one axes and one scale each.

    Of several layers each has a row of its own. Heads of different layers are numbered layer.head.
    """
    stack = record.stack
    places = look.places(stack)
    across = min(len(places), 4 if len(places) <= 16 else 8)
    across = len(places) // len(look.layers) if look.layers else across
    down = -(-len(places) // across)
    paper = Paper(
        [title(record, look.language, PICTURE), look.language.say("ui.own_scale", PICTURE)],
        look.figure,
    )
    numbered = look.figure.annotate or look.show == "table"
    numbered = numbered and numbers_fit(stack.shape, len(places), must=look.figure.annotate)
    wide = SMALL_SIDE if across <= 4 else SMALL_SIDE * 0.7
    wide = max(wide, NUMBERED * stack.shape[1]) if numbered else wide
    side = paper.across(wide)
    tall = paper.down(wide * min(stack.shape[0] / stack.shape[1], 2.0))
    over, name_size = paper.beside(0.24), LABEL_SIZE - (across > 4) * 2  # inches above, points
    paper.need(side, paper.beside(LEAST_SIDE))
    width, height = across * (side + GAP) - GAP, down * (tall + over + GAP) - GAP
    left = paper.margin if look.figure.width is None else 0.0
    axes = paper.add_axes(left, 0.05, width, height, right=paper.margin, bottom=paper.margin)
    axes.axis("off")
    maps: list[tuple[Pixels, Corners]] = []
    for i, (layer, head) in enumerate(places):
        x, y = (i % across) * (side + GAP), (i // across) * (tall + over + GAP) + over
        pooled, allowed = stack.map(layer, head, PIXELS), stack.allowed(layer, PIXELS)
        bright = shades(pooled.mean, allowed, small(look.scale), whole=pooled.cells[1] == 1)
        colours = paper.coloured(bright.shares, allowed)
        maps.append((colours, ((x, y), (x + side, y + tall))))
        if numbered:
            place = (x, y, side, tall)
            write_numbers(paper, axes, pooled.mean, allowed, colours, place)
        named = look.layers or look.apart
        name = place_title(stack, layer, head) if named else head_title(stack, head)
        axes.text(
            x, y - paper.beside(0.06), paper.fitted(name, side, name_size),
            fontsize=paper.points(name_size), color=rgb(INK), parse_math=False,
        )  # fmt: skip
    _paint(paper, axes, maps, (width, height))
    axes.set(xlim=(0, width), ylim=(height, 0))
    return paper.figure


def _paint(
    paper: Paper, axes: Axes, maps: Sequence[tuple[Pixels, Corners]], sides: tuple[float, float]
) -> None:
    """Paint all maps: as shapes where the file holds shapes and they are not too many."""
    n_cells = sum(pixels.shape[0] * pixels.shape[1] for pixels, _ in maps)
    if paper.style.vector and n_cells <= MOST_CELLS:
        for pixels, ((left, top), (right, bottom)) in maps:
            paper.paint(axes, pixels, (left, right, bottom, top))
        return
    dpi = paper.style.dpi
    width, height = sides
    mosaic = np.full((round(height * dpi), round(width * dpi)), PAPER, dtype=np.uint32)
    for pixels, corners in maps:
        _inlay(mosaic, pixels, corners, dpi)
    axes.add_artist(Mosaic(mosaic.view(np.uint8).reshape(*mosaic.shape, 4)))


class Mosaic(Artist):
    """Pixels (rows, columns, 4) that fill their axes as they are, dot by dot. An image of
    matplotlib's own is resampled, which takes longer than all else."""

    def __init__(self, pixels: np.ndarray[Any, Any]):
        super().__init__()
        self.pixels = pixels

    def draw(self, renderer: RendererBase) -> None:
        """Put the pixels where the axes stand; renderers count rows from the bottom."""
        assert self.axes is not None
        pen = renderer.new_gc()
        renderer.draw_image(pen, *self.axes.bbox.min, self.pixels[::-1])
        pen.restore()


def _inlay(
    mosaic: np.ndarray[Any, Any], colours: np.ndarray[Any, Any], corners: Corners, dpi: int
) -> None:
    """Put a small map in its place, from one corner to the other in inches. A pixel of the mosaic
    is one number, the four bytes of its colour."""
    opaque = np.full((*colours.shape[:2], 4), 255, dtype=np.uint8)
    opaque[..., :3] = colours
    pixels = opaque.view(np.uint32)[..., 0]
    (left, top), (right, bottom) = ((round(x * dpi), round(y * dpi)) for x, y in corners)
    rows = np.arange(bottom - top) * colours.shape[0] // (bottom - top)
    columns = np.arange(right - left) * colours.shape[1] // (right - left)
    mosaic[top:bottom, left:right] = pixels[rows][:, columns]
