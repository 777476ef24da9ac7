"""Every head over many texts as a picture: layers × heads in the colours of a measure's mean, and
beside it how much the texts differ."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from attnviz.analysis.moments import Array
from attnviz.analysis.survey import Survey
from attnviz.inputs.labels import visible
from attnviz.views.number_format import percent
from attnviz.views.palette import INK, MASKED_PAPER, ink_on, ramp, two_way
from attnviz.views.picture.output import printed
from attnviz.views.picture.paper import MARGIN, SMALL_SIZE, Paper, coloured, rgb

CELL, GAP, ABOVE = 0.42, 0.7, 0.55  # inches
MOST_NUMBERED = 1024  # cells that have their number written in them


def survey_figure(found: Survey, by: str) -> Figure:
    """Draw a measure's mean over texts, and its standard deviation, head by head."""
    told = f"{by} · {found.n:,} texts, {found.part.n_tokens:,} tokens"
    paper = Paper([f"survey of {visible(found.model)}", told])
    return _maps(paper, [("mean", found.mean(by)), ("sd over texts", found.sd(by))])


def comparison_figure(names: tuple[str, str], by: str, effect: Array, holds: Any) -> Figure:
    """Draw how a measure differs between two surveys: the difference in standard deviations, grey
    where it is no more than chance."""
    first, second = map(visible, names)
    told = f"{by}: {second} against {first}, in pooled sd; grey: no more than chance"
    paper = Paper(["two surveys", told])
    return _maps(paper, [("effect", np.where(holds, effect, np.nan))], both_ways=True)


def survey_picture(found: Survey, by: str, kind: str) -> bytes:
    """Return the bytes of a "png", "svg" or "pdf"."""
    return printed(lambda: survey_figure(found, by), kind, f"survey of {visible(found.model)}")


def comparison_picture(
    names: tuple[str, str], by: str, effect: Array, holds: Any, kind: str
) -> bytes:
    """Return the bytes of a "png", "svg" or "pdf"."""
    return printed(lambda: comparison_figure(names, by, effect, holds), kind, "two surveys")


def _maps(paper: Paper, maps: list[tuple[str, Array]], *, both_ways: bool = False) -> Figure:
    n_layers, n_heads = maps[0][1].shape
    cell = min(CELL, 12 / max(n_heads, n_layers))
    width, height = n_heads * cell, n_layers * cell
    whole = len(maps) * width + (len(maps) - 1) * GAP
    back = paper.add_axes(0.3, ABOVE, whole, height, right=MARGIN, bottom=MARGIN)
    back.axis("off")
    for i, (name, values) in enumerate(maps):
        axes = paper.place(MARGIN + 0.3 + i * (width + GAP), paper.top + ABOVE, width, height)
        largest = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
        known = ~np.isnan(values)
        shares = np.nan_to_num(values) / largest
        colours = two_way() if both_ways else ramp()
        if both_ways:
            table = np.array(colours, dtype=np.uint8)
            steps = np.rint((shares + 1) / 2 * (len(table) - 1)).astype(np.intp)
            pixels = table[np.clip(steps, 0, len(table) - 1)]
            pixels[~known] = MASKED_PAPER
        else:
            pixels = coloured(np.clip(shares, 0, 1), known)
        axes.imshow(pixels, aspect="auto", interpolation="nearest")
        axes.xaxis.tick_top()
        axes.set_xticks(range(n_heads), [str(head) for head in range(n_heads)])
        axes.set_yticks(range(n_layers), [str(layer) for layer in range(n_layers)])
        axes.tick_params(length=0, labelsize=SMALL_SIZE, colors=rgb(INK))
        axes.set_title(f"{name} · layers down, heads across", fontsize=SMALL_SIZE, color=rgb(INK))
        for spine in axes.spines.values():
            spine.set_visible(False)
        if values.size <= MOST_NUMBERED:
            _write_numbers(axes, values, pixels, largest)
    return paper.figure


def _write_numbers(axes: Any, values: Array, pixels: Any, largest: float) -> None:
    for row, column in np.argwhere(~np.isnan(values)).tolist():
        value = float(values[row, column])
        number = percent(value) if value >= 0 and largest <= 1 else f"{value:.1f}"
        red, green, blue = (int(part) for part in pixels[row, column][:3])
        axes.text(
            column, row, number, ha="center", va="center", fontsize=SMALL_SIZE - 1,
            color=rgb(ink_on((red, green, blue))), parse_math=False,
        )  # fmt: skip
