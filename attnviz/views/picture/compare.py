"""Things that are compared, as a picture: every side on one scale, then what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from attnviz.analysis.compare import Side, differences
from attnviz.language.english import ENGLISH
from attnviz.language.language import PICTURE, Language
from attnviz.views.palette import INK, two_way
from attnviz.views.picture.output import printed
from attnviz.views.picture.paper import (
    GAP,
    LABEL_SIZE,
    MARGIN,
    SMALL_SIZE,
    Paper,
    axis_labels,
    coloured,
    rgb,
)
from attnviz.views.titles import title

COMPARED_SIDE = 2.6  # inches for one of several things compared


def compare_picture(sides: Sequence[Side], kind: str, language: Language = ENGLISH) -> bytes:
    """The bytes of a picture of things compared: every side on one scale, then what changed."""
    return printed(lambda: compare_figure(sides, language), kind, "comparison")


def compare_figure(sides: Sequence[Side], language: Language = ENGLISH) -> Figure:
    """Each side's map under its name, all on one scale; each other side minus the first below."""
    maps = [side.rows() for side in sides]
    largest = max(float(rows.max(initial=0)) for rows in maps)
    changes = differences(sides)
    most = max((change.span for change in changes), default=1.0)
    told = f"one scale: 0 – {100 * largest:.0f}%"
    told += f" · differences: ±{100 * most:.0f}%, orange more, blue less" if changes else ""
    titles = list(dict.fromkeys(title(side.record, language, PICTURE) for side in sides))
    paper = Paper([*titles, told])
    labels = axis_labels(sides[0].stack.query_tokens.names)
    left = paper.widest(labels.labels, SMALL_SIZE) + 0.15
    step, down = COMPARED_SIDE + GAP + (left if labels.named else 0.1), 2 if changes else 1
    width, height = step * len(sides) - GAP, down * (COMPARED_SIDE + 0.45)
    frame = paper.add_axes(0.0, 0.05, width, height, right=MARGIN, bottom=MARGIN)
    frame.axis("off")
    for i, (side, rows) in enumerate(zip(sides, maps, strict=True)):
        shares = rows / (largest or 1)
        colours = coloured(shares, side.allowed())
        _compared(paper, (i * step + left, 0.3), side.name, colours, side)
    table = np.array(two_way(), dtype=np.uint8)
    for i, change in enumerate(changes, start=1):
        steps = ((change.weights / most + 1) / 2 * (len(table) - 1)).round().astype(np.intp)
        place = (i * step + left, COMPARED_SIDE + 0.75)
        _compared(paper, place, f"{change.second} - {change.first}", table[steps], sides[i])
    return paper.figure


def _compared(
    paper: Paper, place: tuple[float, float], name: str, colours: np.ndarray[Any, Any], side: Side
) -> None:
    """One map under its name, its rows named where there is room."""
    tall = COMPARED_SIDE * min(colours.shape[0] / colours.shape[1], 1.0)
    axes = paper.place(MARGIN + place[0], paper.top + place[1], COMPARED_SIDE, tall)
    axes.imshow(colours, aspect="auto", interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    labels = axis_labels(side.stack.query_tokens.names)
    if labels.named:
        axes.set_yticks(range(len(labels.labels)), labels.labels, parse_math=False)
        for text in axes.get_yticklabels():
            text.set(fontsize=min(SMALL_SIZE, tall / len(labels.labels) * 72 * 0.8))
    axes.tick_params(length=0, colors=rgb(INK))
    for spine in axes.spines.values():
        spine.set_visible(False)
    shown = paper.fitted(name, COMPARED_SIDE, LABEL_SIZE)
    axes.set_title(shown, fontsize=LABEL_SIZE, color=rgb(INK), loc="left", parse_math=False)
