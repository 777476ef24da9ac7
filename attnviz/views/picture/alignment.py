"""What each written part looked at in what was read, as a picture: a map with its path."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attnviz.analysis.alignment import Alignment
from attnviz.language.language import PICTURE, Language
from attnviz.views.picture.map import paint_cells
from attnviz.views.picture.output import printed
from attnviz.views.picture.paper import LABEL_SIZE, MARGIN, Paper, cut
from attnviz.views.words import aligned_heads

CELL, LONGEST = 0.34, 28  # inches, and characters of a label
WIDEST, LEAST_NAMED = 40.0, 0.1  # inches of a side, and of a cell whose name can be read
PATH = "#d6336c"


def alignment_figure(found: Alignment, language: Language) -> Figure:
    """Draw rows of written parts over columns of what was read; a frame marks the column that each
    row looked at most."""
    rows = [cut(name, LONGEST) for name in found.rows]
    columns = [cut(name, LONGEST) for name in found.columns]
    note = language.say("ui.aligned", PICTURE, pct=found.outside)
    paper = Paper([aligned_heads(found, language, PICTURE), note])
    across, down = (min(CELL, WIDEST / len(names)) for names in (columns, rows))
    left = paper.widest(rows, LABEL_SIZE) + 0.15
    above = paper.widest(columns, LABEL_SIZE) + 0.15
    width, height = max(across * len(columns), 1.0), max(down * len(rows), 0.5)
    axes = paper.add_axes(left, above, width, height, right=MARGIN, bottom=MARGIN)
    largest = float(found.weights.max(initial=0)) or 1.0
    paint_cells(axes, found.weights / largest, np.ones(found.weights.shape, dtype=np.bool_))
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(rows)), rows, parse_math=False)
    axes.set_xticks(range(len(columns)), columns, parse_math=False)
    for axis, cell in ((axes.xaxis, across), (axes.yaxis, down)):
        size = min(LABEL_SIZE, 72 * 0.8 * cell) if cell >= LEAST_NAMED else 0
        for text in axis.get_ticklabels():
            text.set(parse_math=False, fontsize=max(size, 1), visible=bool(size))
    for text in axes.get_xticklabels():
        text.set(rotation=90)
    for row, column, weight in found.links:
        if weight > 0:
            corner = (column - 0.5, row - 0.5)
            axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=PATH, lw=1.4))
    axes.tick_params(length=0)
    return paper.figure


def alignment_picture(found: Alignment, kind: str, language: Language) -> bytes:
    """Return the bytes of a "png", "svg" or "pdf"; the same alignment gives the same bytes."""
    return printed(lambda: alignment_figure(found, language), kind, "alignment")
