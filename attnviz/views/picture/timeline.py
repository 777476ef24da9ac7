"""A written text step by step as a picture: probabilities, shares of blocks, a map of the keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attnviz.analysis.timeline import SINK, Timeline, block_edges, step_rows, timeline
from attnviz.language.language import PICTURE
from attnviz.record.record import AttentionRecord
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.palette import INK, MASKED_PAPER, RGB, ink_on
from attnviz.views.picture.colour_maps import ramp_of
from attnviz.views.picture.paper import (
    GAP,
    LABEL_SIZE,
    SMALL_SIZE,
    AxisLabels,
    Paper,
    axis_labels,
    cut,
    rgb,
)
from attnviz.views.titles import timeline_title, title

ROW, LEAST_ROW = 0.24, 0.02  # inches for a step that is named, and for one of too many
PROBABILITY, SHARE = 0.9, 0.72  # inches of the columns
CELL, MAP = 0.24, 5.0  # inches of a key that is named, and of a map of keys that are not
LONGEST = 20  # characters of a label
MOST_STEPS = 120  # that are named
MOST_COLUMNS = 512  # of the map of keys
HEIGHT = 24.0  # inches for steps that are not named
BAR: RGB = (68, 161, 177)


def timeline_figure(record: AttentionRecord, look: Look) -> Figure:
    """Draw one row per written token: its probability, the share of each block of the text, and
    how the attention lies on all keys, the brightest beside the sink."""
    found = timeline(record, look.layers or (look.layer,), look.heads, look.apart)
    rows = step_rows(record, look.layers or (look.layer,), look.heads, look.apart)
    named = len(found.steps) <= MOST_STEPS
    keys = axis_labels(record.stack.key_tokens.names)
    told = f"{timeline_title(record, look, PICTURE)} · {look.language.say('ui.timeline', PICTURE)}"
    paper = Paper([title(record, look.language, PICTURE), told], look.figure)
    row = max(HEIGHT / len(found.steps), LEAST_ROW)
    row = paper.row(ROW, LABEL_SIZE) if named else paper.down(row)
    labels = [cut(step.label, LONGEST) for step in found.steps] if named else ["0000"]
    left, high = paper.widest(labels, LABEL_SIZE) + GAP, paper.beside(0.3)
    above = max(high, paper.widest(keys.labels, SMALL_SIZE) + 0.1) if keys.named else high
    probability, share = paper.beside(PROBABILITY), paper.beside(SHARE)
    table = left + probability + share * len(found.blocks) + 2 * GAP
    wide = paper.across(CELL * len(keys.labels) if keys.named else MAP)
    tall = row * len(found.steps)
    axes = paper.add_axes(0.0, above, table + wide, tall, right=paper.margin, bottom=paper.margin)
    axes.axis("off")
    axes.set(xlim=(0, table + wide), ylim=(tall, 0))
    write = partial(_write, paper, axes)
    _write_heading(write, found, look, (left, left + probability + GAP, share))
    _draw_bars(write, axes, found, (left, probability, row), named=named)
    _draw_shares(paper, write, axes, found, (left + probability + GAP, share, row), named=named)
    if named:
        size = paper.label_size(LABEL_SIZE, row, 0.95) / paper.style.ratio
        for i, label in enumerate(labels):
            write(0, (i + 0.5) * row, label, va="center", size=size)
    at = paper.place(paper.margin + table, paper.top + above, wide, tall)
    _draw_keys(paper, at, record, rows, keys, len(found.steps), wide)
    return paper.figure


def _write(
    paper: Paper, axes: Axes, x: float, y: float, text: str, colour: RGB = INK,
    size: float = SMALL_SIZE, **how: Any,
) -> None:  # fmt: skip
    axes.text(
        x, y, text, fontsize=paper.points(size), color=rgb(colour), parse_math=False, **how
    )  # fmt: skip


def _write_heading(
    write: Callable[..., None], found: Timeline, look: Look, at: tuple[float, float, float]
) -> None:
    """Name the columns; at: where bars and shares begin, and how wide a share is."""
    bars, shares, wide = at
    write(bars, -0.08, "p")
    for i, name in enumerate(found.blocks):
        write(shares + i * wide, -0.08, look.language.say(f"ui.block.{name}", PICTURE))


def _draw_bars(
    write: Callable[..., None], axes: Axes, found: Timeline, at: tuple[float, float, float], *,
    named: bool,
) -> None:  # fmt: skip
    """Draw each step's probability as a bar, and beside it as a number; at: where bars begin, how
    wide they are with their number, and how high a row is."""
    left, room, row = at
    most = room * (1 - 0.35 / PROBABILITY)
    for i, step in enumerate(found.steps):
        wide, high = most * step.probability, row * (0.7 if named else 1)
        corner = (left, (i + 0.5) * row - high / 2)
        axes.add_patch(Rectangle(corner, wide, high, color=rgb(BAR), lw=0))
        if named:
            number = f"{percent(step.probability)}%"
            write(left + wide + 0.04, (i + 0.5) * row, number, va="center")


def _draw_shares(
    paper: Paper, write: Callable[..., None], axes: Axes, found: Timeline,
    at: tuple[float, float, float], *, named: bool,
) -> None:  # fmt: skip
    """Draw the share of each block as a cell on its colour; at: where, how wide, how high."""
    x, wide, row = at
    colours = ramp_of(paper.style.cmap)
    for i, step in enumerate(found.steps):
        for j, share in enumerate(step.shares):
            colour = colours[round(min(max(share, 0.0), 1.0) * (len(colours) - 1))]
            corner = (x + j * wide, i * row)
            axes.add_patch(Rectangle(corner, wide, row, color=rgb(colour), lw=0))
            if named:
                middle = (corner[0] + wide / 2, corner[1] + row / 2)
                number = f"{percent(share)}%"
                write(*middle, number, ink_on(colour), ha="center", va="center")


def _draw_keys(
    paper: Paper, axes: Axes, record: AttentionRecord,
    rows: np.ndarray[tuple[int, ...], np.dtype[np.float64]], keys: AxisLabels, n_steps: int,
    wide: float,
) -> None:  # fmt: skip
    """Draw how each step's attention lies on the keys; the scale leaves the sink out, and what was
    not written yet is grey. Lines part the blocks."""
    edges = block_edges(record)
    n_keys = rows.shape[1]
    here = (record.settings.prompt or 0) - 1 + np.arange(n_steps)
    seen = np.ones(rows.shape, dtype=bool)
    if not record.stack.two_texts:
        seen = np.arange(n_keys) <= here[:, None]
    each = -(-n_keys // MOST_COLUMNS)  # keys that share a column
    starts = np.arange(0, n_keys, each)
    shown = np.maximum.reduceat(np.where(seen, rows, 0), starts, axis=1)
    allowed = np.logical_or.reduceat(seen, starts, axis=1)
    beside = shown[:, 1:] if SINK in edges and shown.shape[1] > 1 else shown
    largest = float(beside.max(initial=0)) or 1.0
    colours = paper.coloured(np.clip(shown / largest, 0, 1), allowed)
    paper.paint(axes, colours, (0, n_keys, n_steps, 0))
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    for start in list(edges.values())[1:]:
        axes.axvline(start, color=rgb(MASKED_PAPER), lw=1.2)
    if keys.named:
        size = paper.label_size(SMALL_SIZE, wide / n_keys, 0.9)
        axes.xaxis.tick_top()
        axes.tick_params(length=0, colors=rgb(INK))
        axes.set_xticks(np.arange(n_keys) + 0.5, keys.labels, parse_math=False)
        for text in axes.get_xticklabels():
            text.set(rotation=90, fontsize=size, parse_math=False)
