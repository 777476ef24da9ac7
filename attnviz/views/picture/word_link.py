"""Which heads link two words, as a picture: layers down, heads across, and a colour bar."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attnviz.analysis.word_link import WordLink
from attnviz.language.english import ENGLISH
from attnviz.language.language import PICTURE, Language
from attnviz.record.record import AttentionRecord
from attnviz.views.figure import USUAL, FigureStyle
from attnviz.views.link_words import MOST, link_lines, link_note
from attnviz.views.number_format import percent
from attnviz.views.palette import INK, ink_on
from attnviz.views.picture.colour_maps import ramp_of
from attnviz.views.picture.compare import colour_bar
from attnviz.views.picture.output import printed
from attnviz.views.picture.paper import BAR, SMALL_SIZE, Paper, rgb

CELL, LEFT, ABOVE = 0.36, 0.55, 0.6  # inches
LEAST_NUMBERS = 3.5  # points below which numbers are left out
WRITTEN = 16  # heads in a layer up to which every weight is written into its cell
WIDEST = 9.0  # inches of all heads of a layer


def link_picture(
    record: AttentionRecord, link: WordLink, kind: str, language: Language = ENGLISH,
    style: FigureStyle = USUAL,
) -> bytes:  # fmt: skip
    """Return the bytes of a "png", "svg" or "pdf"; the same link gives the same bytes."""
    draw = partial(link_figure, record, link, language)
    return printed(draw, kind, "heads that link two words", style)


def link_figure(
    record: AttentionRecord, link: WordLink, language: Language = ENGLISH,
    style: FigureStyle = USUAL,
) -> Figure:  # fmt: skip
    """Draw the weight in every head, those that are among the largest in bold."""
    name, told = link_lines(record, link, language, PICTURE)
    note = link_note(record, link, language, PICTURE)
    paper = Paper([told, name, *note.split(" · ")], style)
    n_layers, n_heads = link.weights.shape
    cell = min(CELL, WIDEST / max(n_heads, n_layers))
    width = paper.across(max(cell * n_heads, 1.0))
    height = paper.down(max(cell * n_layers, 0.5))
    left, above = paper.beside(LEFT), paper.beside(ABOVE)
    axes = paper.add_axes(
        left, above, width, height, right=BAR + paper.beside(0.8) + 0.2, bottom=paper.margin
    )
    largest = max(float(link.weights.max(initial=0)), 1e-9)
    colours = paper.coloured(link.weights / largest, np.ones(link.weights.shape, dtype=np.bool_))
    paper.paint(axes, colours)
    _name(paper, axes, link, width)
    _write_numbers(paper, axes, link, colours, width)
    bar = paper.place(
        paper.margin + left + width + 0.15, paper.top + above, BAR, min(height, paper.down(2.4))
    )
    shades = np.array(ramp_of(style.cmap), dtype=np.uint8)
    colour_bar(paper, bar, shades, (0.0, 100 * largest), "%")
    return paper.figure


def _name(paper: Paper, axes: Axes, link: WordLink, width: float) -> None:
    """Number layers and heads; every fourth where there are many."""
    n_layers, n_heads = link.weights.shape
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    steps = [1 if n <= WRITTEN else 4 for n in (n_heads, n_layers)]
    axes.set_xticks(range(0, n_heads, steps[0]))
    axes.set_yticks(range(0, n_layers, steps[1]), map(str, link.layer_numbers[:: steps[1]]))
    size = paper.points(SMALL_SIZE)
    number = paper.widest([str(n_heads - 1)], SMALL_SIZE) if paper.style.is_sized else 0.0
    paper.need(width / n_heads * steps[0], number * 1.15)
    axes.set_xlabel("head", fontsize=size, color=rgb(INK))
    axes.set_ylabel("layer", fontsize=size, color=rgb(INK))
    axes.tick_params(length=0, labelsize=size, colors=rgb(INK))
    for spine in axes.spines.values():
        spine.set_visible(False)


def _write_numbers(
    paper: Paper, axes: Axes, link: WordLink, colours: np.ndarray[Any, Any], width: float
) -> None:
    """Write every weight into its cell, where there are few heads and room for it."""
    n_heads = link.weights.shape[1]
    best = {(layer, head) for layer, head, _ in link.strongest(MOST)}
    widest = paper.widest(["100"], SMALL_SIZE, "bold")
    fits = min(0.95 * width / n_heads / widest, 1.0) if paper.style.is_sized else 1.0
    size = paper.points(SMALL_SIZE) * fits
    if n_heads > WRITTEN or size < LEAST_NUMBERS:
        return
    for layer, head in np.ndindex(link.weights.shape):
        red, green, blue = (int(part) for part in colours[layer, head])
        axes.text(
            head, layer, percent(float(link.weights[layer, head])), ha="center", va="center",
            fontsize=size, color=rgb(ink_on((red, green, blue))),
            fontweight="bold" if (layer, head) in best else "normal",
        )  # fmt: skip
