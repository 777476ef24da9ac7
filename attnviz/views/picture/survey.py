"""Every head over many texts as a picture: layers × heads in the colours of a measure's mean, and
beside it how much the texts differ."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from attnviz.analysis.moments import Array
from attnviz.analysis.significance import Difference
from attnviz.analysis.survey import Survey
from attnviz.digits import grouped
from attnviz.inputs.labels import visible
from attnviz.views.figure import USUAL, FigureStyle
from attnviz.views.number_format import percent
from attnviz.views.palette import INK, MASKED_PAPER, ink_on, two_way
from attnviz.views.picture.output import printed
from attnviz.views.picture.paper import SMALL_SIZE, Paper, rgb

CELL, GAP, ABOVE = 0.42, 0.7, 0.55  # inches
LEAST_NUMBERS = 3.5  # points below which numbers are left out
MOST_NUMBERED = 1024  # cells that have their number written in them


def survey_figure(found: Survey, by: str, style: FigureStyle = USUAL) -> Figure:
    """Draw a measure's mean over texts, and its standard deviation, head by head."""
    told = f"{by} · {grouped(found.n)} texts, {grouped(found.part.n_tokens)} tokens"
    paper = Paper([f"survey of {visible(found.model)}", told], style)
    maps = [("mean", found.mean(by)), ("sd over texts", found.sd(by))]
    return _maps(paper, maps, found.layer_numbers)


def comparison_figure(
    names: tuple[str, str], by: str, gap: Difference, style: FigureStyle = USUAL
) -> Figure:
    """Draw how a measure differs between two surveys: the difference in standard deviations, grey
    where it is no more than chance."""
    first, second = map(visible, names)
    told = f"{by}: {second} against {first}, in pooled sd; grey: no more than chance"
    paper = Paper(["two surveys", told], style)
    effect = np.where(gap.holds, gap.effect, np.nan)
    return _maps(paper, [("effect", effect)], gap.layer_numbers, both_ways=True)


def survey_picture(found: Survey, by: str, kind: str, style: FigureStyle = USUAL) -> bytes:
    """Return the bytes of a "png", "svg" or "pdf"."""
    name = f"survey of {visible(found.model)}"
    return printed(partial(survey_figure, found, by), kind, name, style)


def comparison_picture(
    names: tuple[str, str], by: str, gap: Difference, kind: str, style: FigureStyle = USUAL
) -> bytes:
    """Return the bytes of a "png", "svg" or "pdf"."""
    draw = partial(comparison_figure, names, by, gap)
    return printed(draw, kind, "two surveys", style)


def _maps(
    paper: Paper, maps: list[tuple[str, Array]], numbers: Sequence[int], *, both_ways: bool = False
) -> Figure:
    n_layers, n_heads = maps[0][1].shape
    cell = min(CELL, 12 / max(n_heads, n_layers))
    width, height = paper.across(n_heads * cell), paper.down(n_layers * cell)
    left, gap, above = paper.beside(0.3), paper.beside(GAP), paper.beside(ABOVE)
    whole = len(maps) * width + (len(maps) - 1) * gap
    back = paper.add_axes(left, above, whole, height, right=paper.margin, bottom=paper.margin)
    back.axis("off")
    number = paper.widest([str(n_heads - 1)], SMALL_SIZE)
    paper.need(width / n_heads, number + 0.02 if paper.style.is_sized else 0.0)
    for i, (name, values) in enumerate(maps):
        axes = paper.place(
            paper.margin + left + i * (width + gap), paper.top + above, width, height
        )
        largest = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
        pixels = _colours(paper, values, largest, both_ways)
        paper.paint(axes, pixels)
        axes.xaxis.tick_top()
        axes.set_xticks(range(n_heads), [str(head) for head in range(n_heads)])
        axes.set_yticks(range(n_layers), [str(layer) for layer in numbers])
        axes.tick_params(length=0, labelsize=paper.points(SMALL_SIZE), colors=rgb(INK))
        shown = paper.fitted(f"{name} · layers down, heads across", width + gap, SMALL_SIZE)
        axes.set_title(shown, fontsize=paper.points(SMALL_SIZE), color=rgb(INK), loc="left")
        for spine in axes.spines.values():
            spine.set_visible(False)
        if values.size <= MOST_NUMBERED:
            _write_numbers(paper, axes, values, pixels, largest)
    return paper.figure


def _colours(paper: Paper, values: Array, largest: float, both_ways: bool) -> Any:
    """(layers, heads, 3) bytes; grey where a value is not known."""
    known = ~np.isnan(values)
    shares = np.nan_to_num(values) / largest
    if not both_ways:
        return paper.coloured(np.clip(shares, 0, 1), known)
    table = np.array(two_way(), dtype=np.uint8)
    steps = np.rint((shares + 1) / 2 * (len(table) - 1)).astype(np.intp)
    pixels = table[np.clip(steps, 0, len(table) - 1)]
    pixels[~known] = MASKED_PAPER
    return pixels


def _write_numbers(paper: Paper, axes: Any, values: Array, pixels: Any, largest: float) -> None:
    """Write each value into its cell, in percent where all are shares; small enough to fit."""
    said = {
        (row, column): _said(float(values[row, column]), largest)
        for row, column in np.argwhere(~np.isnan(values)).tolist()
    }
    room = paper.figure.get_size_inches()[0] * axes.get_position().width / values.shape[1]
    widest = paper.widest(sorted({*said.values()}, key=len)[-1:], SMALL_SIZE - 1)
    size = paper.points(SMALL_SIZE - 1)
    size *= min(0.95 * room / max(widest, 1e-9), 1.0) if paper.style.is_sized else 1.0
    if size < LEAST_NUMBERS:
        return
    for (row, column), number in said.items():
        red, green, blue = (int(part) for part in pixels[row, column][:3])
        axes.text(
            column, row, number, ha="center", va="center", fontsize=size,
            color=rgb(ink_on((red, green, blue))), parse_math=False,
        )  # fmt: skip


def _said(value: float, largest: float) -> str:
    return percent(value) if value >= 0 and largest <= 1 else f"{value:.1f}"
