"""Effects as a picture: heads as a grid, layers beside it, tokens as bars."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attnviz.analysis.effects import NONE, Effects
from attnviz.inputs.labels import visible
from attnviz.language.english import ENGLISH
from attnviz.language.language import PICTURE, Language
from attnviz.views.effect_words import effect_number, effects_notes, effects_title
from attnviz.views.figure import USUAL, FigureStyle
from attnviz.views.palette import INK, LINES, ink_on
from attnviz.views.picture.colour_maps import ramp_of
from attnviz.views.picture.output import printed
from attnviz.views.picture.paper import LONGEST_LABEL, SMALL_SIZE, Paper, cut, rgb

CELL, ROW, BAR, MOST_BARS = 0.42, 0.24, 1.8, 40  # inches: a head, a token; longest bar; tokens
APART = 0.5
LEAST_NUMBERS = 3.5  # points below which numbers are left out
WRITTEN = 12  # heads in a layer up to which every effect is written into its cell


def picture(
    found: Effects, kind: str, language: Language = ENGLISH, style: FigureStyle = USUAL
) -> bytes:
    """Return the bytes of a "png", "svg" or "pdf"; the same effects give the same bytes."""
    name = f"effects of {visible(found.model)}"
    return printed(partial(figure, found, language), kind, name, style)


def figure(found: Effects, language: Language = ENGLISH, style: FigureStyle = USUAL) -> Figure:
    """Draw the heads, or the layers, at the left and the tokens at the right, the largest first."""
    paper = Paper([*effects_title(found, language, PICTURE)], style)
    tokens = found.ranked_tokens()[:MOST_BARS]
    sizes = _sizes(found)
    layers, heads = sizes.shape if sizes.size else (1, 0)
    names = [cut(found.labels[i], LONGEST_LABEL) for i, _ in tokens]
    left = paper.beside(0.4) if heads else 0.0
    wide, tall = paper.across(heads * CELL), paper.down(layers * CELL)
    apart = paper.beside(APART) if heads and tokens else 0.0
    label = paper.widest(names, SMALL_SIZE) + paper.beside(0.1) if names else 0.0
    bar, listed = paper.across(BAR), len(tokens) * paper.row(ROW, SMALL_SIZE)
    height = max(tall if heads else 0, listed, paper.down(0.6))
    notes = [*effects_notes(found, language, PICTURE)] if style.title else []
    above = paper.beside(0.3)
    right = apart + label + (bar + paper.beside(0.5) if tokens else above)
    below = paper.beside(0.3 + 0.2 * len(notes))
    axes = paper.add_axes(left, above, max(wide, 0.01), height, right=right, bottom=below)
    axes.axis("off")
    at = paper.margin + left
    if heads:
        _grid(paper, paper.place(at, paper.top + above, wide, tall), sizes, found.layer_numbers)
        number = paper.widest([str(heads - 1)], SMALL_SIZE)
        paper.need(wide / heads, number + 0.02 if style.is_sized else 0.0)
    if tokens:
        at += wide + apart + label
        bars = paper.place(at, paper.top + above, bar, listed)
        _bars(paper, bars, names, [effect for _, effect in tokens], language)
    _write_notes(paper, notes)
    return paper.figure


def _write_notes(paper: Paper, notes: list[str]) -> None:
    """Write lines at the bottom, cut to the width where one was asked for."""
    for i, note in enumerate(notes):
        y = (paper.beside(0.1 + 0.2 * (len(notes) - i))) / paper.height
        if paper.style.width is not None:
            note = paper.fitted(note, paper.style.width - 2 * paper.margin, SMALL_SIZE)
        paper.figure.text(
            paper.margin / paper.width, y, note, fontsize=paper.points(SMALL_SIZE), color=rgb(INK),
            va="top", parse_math=False,
        )  # fmt: skip


def _sizes(found: Effects) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """(layers, heads), or (layers, 1) where only whole layers were taken away."""
    if np.isfinite(found.table).any():
        return found.table
    return found.layers[:, None] if np.isfinite(found.layers).any() else np.zeros((0, 0))


def _grid(
    paper: Paper, axes: Axes, effects: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    numbers: Sequence[int],
) -> None:  # fmt: skip
    """Colours are square roots of effects; numbers stand in the cells where they fit."""
    sizes = np.abs(effects)
    shares = np.sqrt(sizes / max(float(sizes.max()), NONE))
    colours = np.array(ramp_of(paper.style.cmap), dtype=np.uint8)
    steps = np.clip((shares * (len(colours) - 1)).round(), 0, len(colours) - 1).astype(int)
    paper.paint(axes, colours[steps])
    axes.set_aspect("auto" if paper.style.height else "equal")
    axes.xaxis.tick_top()
    axes.set_xticks(range(effects.shape[1]))
    axes.set_yticks(range(effects.shape[0]), map(str, numbers))
    axes.tick_params(length=0, labelsize=paper.points(SMALL_SIZE))
    for side in axes.spines.values():
        side.set_visible(False)
    size = paper.points(SMALL_SIZE - 1) * min(paper.style.across / paper.style.ratio, 1.0)
    if size < LEAST_NUMBERS:
        return
    for layer, head in np.ndindex(effects.shape if effects.shape[1] <= WRITTEN else (0, 0)):
        if sizes[layer, head] >= NONE:
            ink = rgb(ink_on(tuple(colours[steps[layer, head]].tolist())))
            axes.text(head, layer, _short(float(effects[layer, head])), ha="center", va="center",
                      color=ink, fontsize=size)  # fmt: skip


def _short(effect: float) -> str:
    return f"{effect:.3f}".replace("0.", ".", 1) if abs(effect) < 9.995 else f"{effect:.1f}"


def _bars(
    paper: Paper, axes: Axes, names: list[str], effects: list[float], language: Language
) -> None:
    places = range(len(names))
    axes.barh(places, np.abs(effects), color=rgb(LINES[0]), height=0.7)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, max(max(map(abs, effects)), NONE))
    tall = paper.row(ROW, SMALL_SIZE)
    size = paper.label_size(SMALL_SIZE, tall, 0.9)
    axes.set_yticks(places, names, fontsize=size, parse_math=False)
    axes.set_xticks([])
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    for place, effect in zip(places, effects, strict=True):
        axes.annotate(
            effect_number(effect, language), (abs(effect), place), (3, 0), va="center",
            textcoords="offset points", fontsize=size, annotation_clip=False,
        )  # fmt: skip
