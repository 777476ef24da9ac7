"""Where heads, or words, look in a picture: each drawn over it, under its name."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from attnviz.analysis.caption import picture_of
from attnviz.frozen import dataclass
from attnviz.inputs.labels import visible
from attnviz.inputs.where import Boxes
from attnviz.language.language import PICTURE
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack, Which
from attnviz.views.captions import heading, named, words_of
from attnviz.views.figure import DPI, FigureStyle
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.overlay import (
    Weights,
    fitting,
    is_even,
    looking_patch,
    overlay,
    patches_of,
    row_of,
    special_names,
    surest_head,
)
from attnviz.views.palette import INK
from attnviz.views.picture.grid import Mosaic
from attnviz.views.picture.paper import GAP, LABEL_SIZE, Paper, rgb
from attnviz.views.titles import head_title, title

LARGE, SMALL = 4.2, 1.9  # inches along the longer side: of few pictures, of many
FEW = 2
MOST = 64  # pictures on one sheet
NAME = 0.24  # inches above each
LEAST_SIDE = 0.5  # inches that a name needs


@dataclass(frozen=True)
class Drawing:
    """One picture: its name, the weights over it, the query that is outlined, and the share of the
    weight whose patches are."""

    name: str
    row: Weights
    query: int | None
    mass: float | None = None


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
    drawings = _drawings(stack, look)[:MOST]
    where = patches_of(stack)
    assert where is not None  # `picture` made sure
    across = len(drawings) // layers if layers > 1 else 0
    return sheet(where, told, drawings, look.figure, across)


def caption_figure(record: AttentionRecord, look: Look) -> Figure:
    """Draw the picture once for each word of a caption: where the model looked when it chose it."""
    words, picture = words_of(record, look), picture_of(record)
    assert picture is not None  # there would be no words
    where, language = picture[0], look.language
    text = " ".join(visible(word.text) for word in words)
    drawings = [
        Drawing(named(word, where, language, PICTURE), word.row, None, look.mass)
        for word in words[:MOST]
    ]
    return sheet(where, [text, heading(record, look.language, PICTURE)], drawings, look.figure)


def sheet(
    where: Boxes, said: list[str], drawings: list[Drawing], style: FigureStyle, across: int = 0
) -> Figure:
    """Lay drawings out under their names; so many side by side, or as many as fit."""
    side = LARGE if len(drawings) <= FEW else SMALL
    wide, tall = (pixels / DPI for pixels in fitting(where, side * DPI, side * DPI))
    across = across or max(min(len(drawings), 4 if side == SMALL else FEW), 1)
    down = max(-(-len(drawings) // across), 1)
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
    for i, drawing in enumerate(drawings):
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


def _drawings(stack: Stack, look: Look) -> list[Drawing]:
    if stack.query_tokens.where is None:
        return [_of_word(stack, look, query) for query in range(stack.shape[0])]
    query, found = looking_patch(stack, look), []
    for layer, head in look.places(stack):
        row = row_of(stack, layer, head, query)
        number = f"{layer}.{head}" if stack.n_layers > 1 else head_title(stack, head)
        found.append(Drawing(number + _elsewhere(stack, row), row, query, look.mass))
    return found


def _of_word(stack: Stack, look: Look, query: int) -> Drawing:
    """One word: of constructed heads the surest one's row, else that of the chosen head."""
    named = bool(stack.head_names) and look.head == "mean"
    head: Which = surest_head(stack, look.layer, query) if named else look.head
    row = row_of(stack, look.layer, head, query)
    word = stack.query_tokens.labels[query]
    if is_even(row):
        return Drawing(f"{word} · {look.language.say('ui.image_even')}", row * 0, None)
    name = stack.head_name(head) if isinstance(head, int) else ""
    named_word = f"{word} · {name}" if name else word
    return Drawing(named_word + _elsewhere(stack, row), row, None, look.mass)


def _elsewhere(stack: Stack, row: Weights) -> str:
    """The share of a row that went to special tokens, which no picture shows."""
    special = stack.key_tokens.special
    if not special.any():
        return ""
    return f" · {special_names(stack)} {percent(float(row[special].sum()))}%"
