"""Which heads link two words, as a picture: layers down, heads across, and a colour bar."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from attnviz.analysis.word_link import WordLink
from attnviz.language.english import ENGLISH
from attnviz.language.language import PICTURE, Language
from attnviz.record.record import AttentionRecord
from attnviz.views.link_words import MOST, link_lines, link_note
from attnviz.views.number_format import percent
from attnviz.views.palette import INK, ink_on, ramp
from attnviz.views.picture.compare import colour_bar
from attnviz.views.picture.output import printed
from attnviz.views.picture.paper import BAR, MARGIN, SMALL_SIZE, Paper, coloured, rgb

CELL, LEFT, ABOVE, LINE = 0.36, 0.55, 0.5, 0.06  # inches
WRITTEN = 16  # heads in a layer up to which every weight is written into its cell
WIDEST = 9.0  # inches of all heads of a layer


def link_picture(
    record: AttentionRecord, link: WordLink, kind: str, language: Language = ENGLISH
) -> bytes:
    """Return the bytes of a "png", "svg" or "pdf"; the same link gives the same bytes."""
    return printed(lambda: link_figure(record, link, language), kind, "heads that link two words")


def link_figure(record: AttentionRecord, link: WordLink, language: Language = ENGLISH) -> Figure:
    """Draw the weight in every head, framed where it is among the largest."""
    name, told = link_lines(record, link, language, PICTURE)
    note = link_note(record, link, language, PICTURE)
    paper = Paper([told, name, *note.split(" · ")])
    n_layers, n_heads = link.weights.shape
    cell = min(CELL, WIDEST / max(n_heads, n_layers))
    width, height = max(cell * n_heads, 1.0), max(cell * n_layers, 0.5)
    above = ABOVE + LINE * len(paper.heading)
    axes = paper.add_axes(LEFT, above, width, height, right=BAR + 1.0, bottom=MARGIN)
    largest = max(float(link.weights.max(initial=0)), 1e-9)
    colours = coloured(link.weights / largest, np.ones(link.weights.shape, dtype=np.bool_))
    axes.imshow(colours, aspect="auto", interpolation="nearest")
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    step = 1 if n_heads <= WRITTEN else 4
    axes.set_xticks(range(0, n_heads, step))
    axes.set_yticks(range(0, n_layers, 1 if n_layers <= WRITTEN else 4))
    axes.set_xlabel("head", fontsize=SMALL_SIZE, color=rgb(INK))
    axes.set_ylabel("layer", fontsize=SMALL_SIZE, color=rgb(INK))
    axes.tick_params(length=0, labelsize=SMALL_SIZE, colors=rgb(INK))
    for spine in axes.spines.values():
        spine.set_visible(False)
    best = {(layer, head) for layer, head, _ in link.strongest(MOST)}
    for layer, head in np.ndindex(link.weights.shape if n_heads <= WRITTEN else (0, 0)):
        red, green, blue = (int(part) for part in colours[layer, head])
        axes.text(
            head, layer, percent(float(link.weights[layer, head])), ha="center", va="center",
            fontsize=SMALL_SIZE, color=rgb(ink_on((red, green, blue))),
            fontweight="bold" if (layer, head) in best else "normal",
        )  # fmt: skip
    bar = paper.place(MARGIN + LEFT + width + 0.15, paper.top + above, BAR, min(height, 2.4))
    colour_bar(bar, ListedColormap(np.array(ramp()) / 255), (0.0, 100 * largest), "%")
    return paper.figure
