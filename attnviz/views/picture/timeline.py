"""A written text step by step as a picture: probabilities, shares of blocks, a map of the keys."""

from __future__ import annotations

from collections.abc import Sequence
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
from attnviz.views.palette import INK, MASKED_PAPER, RGB, ink_on, level, ramp
from attnviz.views.picture.paper import (
    GAP,
    LABEL_SIZE,
    MARGIN,
    MOST_LABELS,
    SMALL_SIZE,
    Paper,
    axis_labels,
    coloured,
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
    found = timeline(record, look.layers or (look.layer,), look.heads)
    rows = step_rows(record, look.layers or (look.layer,), look.heads)
    named = len(found.steps) <= MOST_STEPS
    row = ROW if named else max(HEIGHT / len(found.steps), LEAST_ROW)
    keys = axis_labels(record.stack.key_tokens.names)
    told = f"{timeline_title(record, look)} · {look.language.say('ui.timeline', PICTURE)}"
    paper = Paper([title(record, look.language, PICTURE), told])
    labels = [cut(step.label, LONGEST) for step in found.steps] if named else ["0000"]
    left = paper.widest(labels, LABEL_SIZE) + GAP
    above = max(0.3, paper.widest(keys.labels, SMALL_SIZE) + 0.1) if keys.named else 0.3
    table = left + PROBABILITY + SHARE * len(found.blocks) + 2 * GAP
    wide = CELL * len(keys.labels) if keys.named else MAP
    tall = row * len(found.steps)
    axes = paper.add_axes(0.0, above, table + wide, tall, right=MARGIN, bottom=MARGIN)
    axes.axis("off")
    axes.set(xlim=(0, table + wide), ylim=(tall, 0))
    _write_heading(axes, found, look, left)
    _draw_bars(axes, found, left, row, named=named)
    _draw_shares(axes, found, left + PROBABILITY + GAP, row, named=named)
    if named:
        _write_labels(axes, labels, row)
    at = paper.place(MARGIN + table, paper.top + above, wide, tall)
    _draw_keys(at, record, rows, keys.labels, len(found.steps))
    return paper.figure


def _write_heading(axes: Axes, found: Timeline, look: Look, left: float) -> None:
    """Name the columns."""
    names = [look.language.say(f"ui.block.{name}", PICTURE) for name in found.blocks]
    x = left + PROBABILITY + GAP
    _write(axes, left, -0.08, "p")
    for i, name in enumerate(names):
        _write(axes, x + i * SHARE, -0.08, name)


def _write(axes: Axes, x: float, y: float, text: str, colour: RGB = INK, **how: Any) -> None:
    axes.text(x, y, text, fontsize=SMALL_SIZE, color=rgb(colour), parse_math=False, **how)


def _write_labels(axes: Axes, labels: Sequence[str], row: float) -> None:
    for i, label in enumerate(labels):
        axes.text(
            0, (i + 0.5) * row, label, fontsize=LABEL_SIZE, color=rgb(INK), va="center",
            parse_math=False,
        )  # fmt: skip


def _draw_bars(axes: Axes, found: Timeline, left: float, row: float, *, named: bool) -> None:
    """Draw each step's probability as a bar, and beside it as a number."""
    most = PROBABILITY - 0.35
    for i, step in enumerate(found.steps):
        wide, high = most * step.probability, row * (0.7 if named else 1)
        corner = (left, (i + 0.5) * row - high / 2)
        axes.add_patch(Rectangle(corner, wide, high, color=rgb(BAR), lw=0))
        if named:
            number = f"{percent(step.probability)}%"
            _write(axes, left + wide + 0.04, (i + 0.5) * row, number, va="center")


def _draw_shares(axes: Axes, found: Timeline, x: float, row: float, *, named: bool) -> None:
    """Draw the share of each block as a cell on its colour."""
    colours = ramp()
    for i, step in enumerate(found.steps):
        for j, share in enumerate(step.shares):
            colour = colours[level(share, 1.0)]
            corner = (x + j * SHARE, i * row)
            axes.add_patch(Rectangle(corner, SHARE, row, color=rgb(colour), lw=0))
            if named:
                middle = (corner[0] + SHARE / 2, corner[1] + row / 2)
                number = f"{percent(share)}%"
                _write(axes, *middle, number, ink_on(colour), ha="center", va="center")


def _draw_keys(
    axes: Axes, record: AttentionRecord, rows: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    labels: Sequence[str], n_steps: int,
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
    axes.imshow(
        coloured(np.clip(shown / largest, 0, 1), allowed), aspect="auto", interpolation="nearest",
        extent=(0, n_keys, n_steps, 0),
    )  # fmt: skip
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    for start in list(edges.values())[1:]:
        axes.axvline(start, color=rgb(MASKED_PAPER), lw=1.2)
    if len(labels) and n_keys <= MOST_LABELS:
        axes.xaxis.tick_top()
        axes.tick_params(length=0, colors=rgb(INK))
        axes.set_xticks(np.arange(n_keys) + 0.5, labels, parse_math=False)
        for text in axes.get_xticklabels():
            text.set(rotation=90, fontsize=SMALL_SIZE, parse_math=False)
