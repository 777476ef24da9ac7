"""Effects as a picture: heads as a grid, layers beside it, tokens as bars."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attnviz.analysis.effects import NONE, Effects
from attnviz.inputs.labels import visible
from attnviz.language.english import ENGLISH
from attnviz.language.language import PICTURE, Language
from attnviz.views.effect_words import effect_number, effects_notes, effects_title
from attnviz.views.palette import INK, LINES, ink_on, ramp
from attnviz.views.picture.output import printed
from attnviz.views.picture.paper import LONGEST_LABEL, MARGIN, SMALL_SIZE, Paper, cut, rgb

CELL, ROW, BAR, MOST_BARS = 0.42, 0.24, 1.8, 40  # inches: a head, a token; longest bar; tokens
APART = 0.5
WRITTEN = 12  # heads in a layer up to which every effect is written into its cell


def picture(found: Effects, kind: str, language: Language = ENGLISH) -> bytes:
    """Return the bytes of a "png", "svg" or "pdf"; the same effects give the same bytes."""
    return printed(partial(figure, found, language), kind, f"effects of {visible(found.model)}")


def figure(found: Effects, language: Language = ENGLISH) -> Figure:
    """Draw the heads, or the layers, at the left and the tokens at the right, the largest first."""
    paper = Paper([*effects_title(found, language, PICTURE)])
    tokens = found.ranked_tokens()[:MOST_BARS]
    sizes = _sizes(found)
    layers, heads = sizes.shape if sizes.size else (1, 0)
    names = [cut(found.labels[i], LONGEST_LABEL) for i, _ in tokens]
    left = 0.4 if heads else 0.0
    grid = heads * CELL + (APART if heads and tokens else 0)
    label = paper.widest(names, SMALL_SIZE) + 0.1 if names else 0.0
    height = max(layers * CELL if heads else 0, len(tokens) * ROW, 0.6)
    notes = [*effects_notes(found, language, PICTURE)]
    right = grid - heads * CELL + label + (BAR + 0.5 if tokens else 0.3)
    below = 0.3 + 0.2 * len(notes)
    axes = paper.add_axes(left, 0.3, max(heads * CELL, 0.01), height, right=right, bottom=below)
    axes.axis("off")
    if heads:
        _grid(paper.place(MARGIN + left, paper.top + 0.3, heads * CELL, layers * CELL), sizes)
    if tokens:
        at = MARGIN + left + grid + label
        bars = paper.place(at, paper.top + 0.3, BAR, len(tokens) * ROW)
        _bars(bars, names, [effect for _, effect in tokens])
    for i, note in enumerate(notes):
        y = (0.1 + 0.2 * (len(notes) - i)) / paper.height
        paper.figure.text(MARGIN / paper.width, y, note, fontsize=SMALL_SIZE, color=rgb(INK),
                          va="top", parse_math=False)  # fmt: skip
    return paper.figure


def _sizes(found: Effects) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """(layers, heads), or (layers, 1) where only whole layers were taken away."""
    if np.isfinite(found.table).any():
        return found.table
    return found.layers[:, None] if np.isfinite(found.layers).any() else np.zeros((0, 0))


def _grid(axes: Axes, effects: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    """Colours are square roots of effects; numbers stand in the cells where they fit."""
    sizes = np.abs(effects)
    shares = np.sqrt(sizes / max(float(sizes.max()), NONE))
    colours = np.array(ramp(), dtype=np.uint8)
    steps = np.clip((shares * (len(colours) - 1)).round(), 0, len(colours) - 1).astype(int)
    axes.imshow(colours[steps], interpolation="nearest", aspect="equal")
    axes.xaxis.tick_top()
    axes.set_xticks(range(effects.shape[1]))
    axes.set_yticks(range(effects.shape[0]))
    axes.tick_params(length=0, labelsize=SMALL_SIZE)
    for side in axes.spines.values():
        side.set_visible(False)
    for layer, head in np.ndindex(effects.shape if effects.shape[1] <= WRITTEN else (0, 0)):
        if sizes[layer, head] >= NONE:
            ink = rgb(ink_on(tuple(colours[steps[layer, head]].tolist())))
            axes.text(head, layer, _short(float(effects[layer, head])), ha="center", va="center",
                      color=ink, fontsize=SMALL_SIZE - 1)  # fmt: skip


def _short(effect: float) -> str:
    return f"{effect:.3f}".replace("0.", ".", 1) if abs(effect) < 9.995 else f"{effect:.1f}"


def _bars(axes: Axes, names: list[str], effects: list[float]) -> None:
    places = range(len(names))
    axes.barh(places, np.abs(effects), color=rgb(LINES[0]), height=0.7)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, max(max(map(abs, effects)), NONE))
    axes.set_yticks(places, names, fontsize=SMALL_SIZE, parse_math=False)
    axes.set_xticks([])
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    for place, effect in zip(places, effects, strict=True):
        axes.annotate(
            effect_number(effect), (abs(effect), place), (3, 0), va="center",
            textcoords="offset points", fontsize=SMALL_SIZE, annotation_clip=False,
        )  # fmt: skip
