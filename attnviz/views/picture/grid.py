"""Every chosen head as a small map under its name, all in one picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure

from attnviz.language.language import PICTURE
from attnviz.record.record import AttentionRecord
from attnviz.views.look import Look
from attnviz.views.palette import INK
from attnviz.views.picture.paper import DPI, GAP, LABEL_SIZE, MARGIN, Paper, coloured, rgb
from attnviz.views.scale import shades, small
from attnviz.views.titles import head_title, title

SMALL_SIDE = 1.9  # inches for one head
PIXELS = 128  # cells along each side of a map
PAPER = 0xFFFFFFFF  # a white pixel


def grid_figure(record: AttentionRecord, look: Look) -> Figure:
    """Draw every chosen head as a small map under its name, all on one axes and one scale each.

    Of several layers each has a row of its own, numbered layer.head.
    """
    stack = record.stack
    heads = look.heads or tuple(range(stack.n_heads))
    layers = look.layers or (look.layer,)
    across = len(heads) if look.layers else min(len(heads), 4 if len(heads) <= 16 else 8)
    down = -(-len(heads) * len(layers) // across)
    side = SMALL_SIDE if across <= 4 else SMALL_SIDE * 0.7
    paper = Paper(
        [title(record, look.language, PICTURE), look.language.say("ui.own_scale", PICTURE)]
    )
    name, name_size = 0.24, LABEL_SIZE - (across > 4) * 2  # inches above each map, points
    tall = side * min(stack.shape[0] / stack.shape[1], 2.0)
    width, height = across * (side + GAP) - GAP, down * (tall + name + GAP) - GAP
    axes = paper.add_axes(MARGIN, 0.05, width, height, right=MARGIN, bottom=MARGIN)
    axes.axis("off")
    mosaic = np.full((round(height * DPI), round(width * DPI)), PAPER, dtype=np.uint32)
    for i, (layer, head) in enumerate((layer, head) for layer in layers for head in heads):
        x, y = (i % across) * (side + GAP), (i // across) * (tall + name + GAP) + name
        pooled, allowed = stack.map(layer, head, PIXELS), stack.allowed(layer, PIXELS)
        bright = shades(pooled.mean, allowed, small(look.scale), whole=pooled.cells[1] == 1)
        _inlay(mosaic, coloured(bright.shares, allowed), (x, y), (x + side, y + tall))
        numbered = f"{layer}.{head_title(stack, head)}" if look.layers else head_title(stack, head)
        axes.text(
            x, y - 0.06, paper.fitted(numbered, side, name_size), fontsize=name_size,
            color=rgb(INK), parse_math=False,
        )  # fmt: skip
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.add_artist(Mosaic(mosaic.view(np.uint8).reshape(*mosaic.shape, 4)))
    return paper.figure


class Mosaic(Artist):
    """Pixels (rows, columns, 4) that fill their axes as they are, at `DPI`. An image of
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
    mosaic: np.ndarray[Any, Any], colours: np.ndarray[Any, Any], *corners: tuple[float, float]
) -> None:
    """Put a small map in its place, from one corner to the other in inches. A pixel of the mosaic
    is one number, the four bytes of its colour."""
    opaque = np.full((*colours.shape[:2], 4), 255, dtype=np.uint8)
    opaque[..., :3] = colours
    pixels = opaque.view(np.uint32)[..., 0]
    (left, top), (right, bottom) = ((round(x * DPI), round(y * DPI)) for x, y in corners)
    rows = np.arange(bottom - top) * colours.shape[0] // (bottom - top)
    columns = np.arange(right - left) * colours.shape[1] // (right - left)
    mosaic[top:bottom, left:right] = pixels[rows][:, columns]
