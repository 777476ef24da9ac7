"""What each written part looked at in what was read, as a picture: a map with its path."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attnviz.analysis.alignment import Alignment
from attnviz.language.language import PICTURE, Language
from attnviz.views.figure import USUAL, FigureStyle
from attnviz.views.picture.map import numbers_fit, paint_cells, write_numbers
from attnviz.views.picture.output import printed
from attnviz.views.picture.paper import LABEL_SIZE, Paper, cut
from attnviz.views.words import aligned_heads

CELL, LONGEST = 0.34, 28  # inches, and characters of a label
WIDEST, LEAST_NAMED = 40.0, 0.1  # inches of a side, and of a cell whose name can be read
PATH = "#d6336c"


def alignment_figure(found: Alignment, language: Language, style: FigureStyle = USUAL) -> Figure:
    """Draw rows of written parts over columns of what was read; a frame marks the column that each
    row looked at most."""
    rows = [cut(name, LONGEST) for name in found.rows]
    columns = [cut(name, LONGEST) for name in found.columns]
    note = language.say("ui.aligned", PICTURE, pct=found.outside)
    paper = Paper([aligned_heads(found, language, PICTURE), note], style)
    cell, row = (min(CELL, WIDEST / len(names)) for names in (columns, rows))
    left, above = (
        paper.widest(names, LABEL_SIZE) + paper.beside(0.15) for names in (rows, columns)
    )
    width = paper.across(max(cell * len(columns), 1.0))
    height = paper.down(max(row * len(rows), 0.5))
    axes = paper.add_axes(left, above, width, height, right=paper.margin, bottom=paper.margin)
    largest = float(found.weights.max(initial=0)) or 1.0
    allowed = np.ones(found.weights.shape, dtype=np.bool_)
    colours = paper.coloured(found.weights / largest, allowed)
    paint_cells(paper, axes, colours)
    if style.annotate and numbers_fit(found.weights.shape, must=True):
        cells = (-0.5, -0.5, len(columns), len(rows))
        write_numbers(paper, axes, found.weights, allowed, colours, cells, width)
    _name(paper, axes, rows, columns, (width / len(columns), height / len(rows)))
    for line, column, weight in found.links:
        if weight > 0:
            corner = (column - 0.5, line - 0.5)
            axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=PATH, lw=1.4))
    axes.tick_params(length=0)
    return paper.figure


def _name(
    paper: Paper, axes: Axes, rows: list[str], columns: list[str], cells: tuple[float, float]
) -> None:
    """Name rows and columns whose cells, in inches across and down, are large enough."""
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(rows)), rows, parse_math=False)
    axes.set_xticks(range(len(columns)), columns, parse_math=False)
    for axis, cell in ((axes.xaxis, cells[0]), (axes.yaxis, cells[1])):
        shown = cell >= LEAST_NAMED or paper.style.is_sized
        size = paper.label_size(LABEL_SIZE, cell, 0.8) if shown else 1.0
        for text in axis.get_ticklabels():
            text.set(parse_math=False, fontsize=max(size, 1), visible=shown)
    for text in axes.get_xticklabels():
        text.set(rotation=90)


def alignment_picture(
    found: Alignment, kind: str, language: Language, style: FigureStyle = USUAL
) -> bytes:
    """Return the bytes of a "png", "svg" or "pdf"; the same alignment gives the same bytes."""
    return printed(partial(alignment_figure, found, language), kind, "alignment", style)
