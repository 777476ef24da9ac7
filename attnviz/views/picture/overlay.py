"""Where heads, or words, look in a picture: each drawn over it, under its name."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from attnviz.analysis.caption import picture_of
from attnviz.inputs.labels import visible
from attnviz.inputs.where import Boxes
from attnviz.language.language import PICTURE
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack
from attnviz.views.captions import heading, named, words_of
from attnviz.views.figure import DPI, FigureStyle
from attnviz.views.look import Look
from attnviz.views.overlay import fitting, looking_patch, overlay, patches_of
from attnviz.views.overlay_drawings import Drawing, drawings
from attnviz.views.palette import INK
from attnviz.views.picture.grid import Mosaic
from attnviz.views.picture.paper import GAP, LABEL_SIZE, Paper, rgb
from attnviz.views.titles import title

LARGE, SMALL = 4.2, 1.9  # inches along the longer side: of few pictures, of many
FEW = 2
MOST = 64  # pictures on one sheet
NAME = 0.24  # inches above each
LEAST_SIDE = 0.5  # inches that a name needs


def overlay_figure(record: AttentionRecord, look: Look) -> Figure:
    """Draw the picture once for each chosen head, or, where words look at it, once for each word.

    All heads look from the same query. Each drawing is on a scale of its own, and says how much of
    the row went to no patch.
    """
    stack = record.stack
    told = [title(record, look.language, PICTURE), _what(stack, look)]
    if look.mass is not None:
        told.append(look.language.say("ui.image_mass", PICTURE, pct=look.mass))
    layers = len(look.layers)
    drawn = drawings(stack, look)[:MOST]
    where = patches_of(stack)
    assert where is not None  # `picture` made sure
    across = len(drawn) // layers if layers > 1 else 0
    return sheet(where, told, drawn, look.figure, across)


def caption_figure(record: AttentionRecord, look: Look) -> Figure:
    """Draw the picture once for each word of a caption: where the model looked when it chose it."""
    words, picture = words_of(record, look), picture_of(record)
    assert picture is not None  # there would be no words
    where, language = picture[0], look.language
    text = " ".join(visible(word.text) for word in words)
    drawn = [
        Drawing(named(word, where, language, PICTURE), word.row, None, look.mass)
        for word in words[:MOST]
    ]
    return sheet(where, [text, heading(record, look.language, PICTURE)], drawn, look.figure)


def sheet(
    where: Boxes, said: list[str], drawn: list[Drawing], style: FigureStyle, across: int = 0
) -> Figure:
    """Lay drawings out under their names; so many side by side, or as many as fit."""
    side = LARGE if len(drawn) <= FEW else SMALL
    wide, tall = (pixels / DPI for pixels in fitting(where, side * DPI, side * DPI))
    across = across or max(min(len(drawn), 4 if side == SMALL else FEW), 1)
    down = max(-(-len(drawn) // across), 1)
    paper = Paper(said, style)
    wide, tall = paper.across(wide), paper.down(tall)
    name = paper.beside(NAME)
    paper.need(wide, paper.beside(LEAST_SIDE) if style.is_sized else 0.0)
    width, height = across * (wide + GAP) - GAP, down * (tall + name + GAP) - GAP
    left = paper.margin if style.width is None else 0.0
    axes = paper.add_axes(left, 0.05, width, height, right=paper.margin, bottom=paper.margin)
    axes.axis("off")
    dpi = style.dpi
    mosaic = np.full((round(height * dpi), round(width * dpi), 4), 255, dtype=np.uint8)
    for i, drawing in enumerate(drawn):
        x, y = (i % across) * (wide + GAP), (i // across) * (tall + name + GAP) + name
        x0, y0, x1, y1 = (round(inches * dpi) for inches in (x, y, x + wide, y + tall))
        room = mosaic[y0:y1, x0:x1]
        size = room.shape[1], room.shape[0]
        room[..., :3] = overlay(where, drawing.row, size, drawing.query, drawing.mass)
        axes.text(
            x, y - paper.beside(0.06), paper.fitted(drawing.name, wide, LABEL_SIZE),
            fontsize=paper.points(LABEL_SIZE), color=rgb(INK), parse_math=False,
        )  # fmt: skip
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.add_artist(Mosaic(mosaic))
    return paper.figure


def _what(stack: Stack, look: Look) -> str:
    """Say what the drawings show."""
    if stack.query_tokens.where is None:
        return look.language.say("ui.image_words", PICTURE)
    query = stack.query_tokens.labels[looking_patch(stack, look)]
    return look.language.say("ui.image_heads", PICTURE, query=query)
