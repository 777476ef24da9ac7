"""One head or the mean as a picture: a heatmap with its labels, and where a part lies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from attnviz.inputs.where import Times
from attnviz.language.language import PICTURE
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Place
from attnviz.views.look import Look
from attnviz.views.palette import INK, ramp
from attnviz.views.picture.paper import (
    BAR,
    GAP,
    LABEL_SIZE,
    MAP_SIDE,
    MARGIN,
    MOST_LABELS,
    SMALL_SIZE,
    AxisLabels,
    Paper,
    axis_labels,
    coloured,
    rgb,
)
from attnviz.views.pooled_cells import cells_note
from attnviz.views.scale import shades
from attnviz.views.titles import chosen, head_name, title

Places = np.ndarray[Any, Any]

MOST_PIXELS = 1024  # cells along each side that a picture shows
MINIMAP = 1.6  # inches for the whole of which a part is shown
FRAME = "#d6336c"


def map_figure(record: AttentionRecord, look: Look) -> Figure:
    """Draw one head or the mean: rows are queries, columns keys, numbered from the top left."""
    stack = record.stack
    pooled = stack.map(look.layer, look.head, MOST_PIXELS)
    allowed = stack.allowed(look.layer, MOST_PIXELS)
    rows, columns = axis_labels(stack.query_tokens.names), axis_labels(stack.key_tokens.names)
    bright = shades(pooled.mean, allowed, look.scale, whole=pooled.cells[1] == 1)
    told = [_subtitle(record, look, pooled.cells, allowed)]
    told.append(bright.note(stack.key_tokens.names, look.language, PICTURE))
    paper = Paper(
        [title(record, look.language, PICTURE), " · ".join(part for part in told if part)]
    )
    left = paper.widest(rows.labels or (f"{stack.shape[0]:,}",), LABEL_SIZE) + 0.3
    slanted = columns.named and paper.widest(columns.labels, LABEL_SIZE) > columns.cell - 0.05
    above = _height_above(paper, columns, slanted) + 0.25
    width, height = _sides(rows, columns)
    looked_at, looks = (
        look.language.say(f"{'unit' if record.units else 'ui'}.{axis}", PICTURE)
        for axis in ("key", "query")
    )
    width = max(width, paper.widest([looked_at], SMALL_SIZE))
    height = max(height, paper.widest([looks], SMALL_SIZE))
    overhang = _overhang(paper, columns) if slanted else 0.0
    right = max(GAP + BAR + 0.75, overhang)
    beside = left + width + right  # where the whole stands, of which a part is shown
    place = stack.crop_for_minimap
    right += 0.0 if place is None else MINIMAP + MARGIN
    axes = paper.add_axes(left, above, width, height, right=right)
    paint_cells(axes, bright.shares, allowed)
    places = stack.positions
    _label_axis(axes, "y", rows, pooled.cells[0], places[0], slanted=False)
    _label_axis(axes, "x", columns, pooled.cells[1], places[1], slanted=slanted)
    _time_axis(axes.yaxis, axes.axhline, stack.query_tokens.where, pooled.cells[0])
    _time_axis(axes.xaxis, axes.axvline, stack.key_tokens.where, pooled.cells[1])
    axes.set_xlabel(looked_at, fontsize=SMALL_SIZE, color=rgb(INK))
    axes.set_ylabel(looks, fontsize=SMALL_SIZE, color=rgb(INK))
    axes.xaxis.set_label_position("bottom")
    if bright.scale in ("linear", "no-sink"):
        _colour_bar(paper, left + width + GAP, above, height, bright.largest)
    if place is not None:
        _minimap(paper, place, look, (beside, above))
    return paper.figure


def _minimap(paper: Paper, place: Place, look: Look, at: tuple[float, float]) -> None:
    """The whole stack as a small map, with a frame around the part that is shown."""
    axes = paper.place(MARGIN + at[0], paper.top + at[1], MINIMAP, MINIMAP)
    pooled = place.whole.map(look.layer, look.head, 256)
    allowed = place.whole.allowed(look.layer, 256)
    bright = shades(pooled.mean, allowed, "auto", whole=pooled.cells[1] == 1)
    n_queries, n_keys = place.whole.shape
    axes.imshow(
        coloured(bright.shares, allowed), extent=(0, n_keys, n_queries, 0), aspect="auto",
        interpolation="nearest",
    )  # fmt: skip
    (top, tall), (left, wide) = (
        _framed(part, n) for part, n in ((place.rows, n_queries), (place.columns, n_keys))
    )
    axes.add_patch(Rectangle((left, top), wide, tall, fill=False, edgecolor=FRAME, lw=1.2))
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(f"{n_queries:,} × {n_keys:,}", fontsize=SMALL_SIZE, color=rgb(INK))


def _framed(places: Places, n: int) -> tuple[float, float]:
    """Where a frame around these of n tokens begins and how long it is: long enough to be seen."""
    first, last = int(places[0]), int(places[-1]) + 1
    length = max(last - first, n / 30)
    return min(max((first + last - length) / 2, 0), n - length), length


def _sides(rows: AxisLabels, columns: AxisLabels) -> tuple[float, float]:
    """Width and height of the map in inches."""
    width = columns.cell * len(columns.labels) if columns.named else MAP_SIDE
    height = rows.cell * len(rows.labels) if rows.named else MAP_SIDE
    return max(width, 1.0), max(height, 0.6)


def _height_above(paper: Paper, columns: AxisLabels, slanted: bool) -> float:
    if not slanted:
        return 0.2
    return (paper.widest(columns.labels, LABEL_SIZE) + 0.15) * 0.71  # sin 45°


def _overhang(paper: Paper, columns: AxisLabels) -> float:
    """How far slanted labels reach past the right edge, beside the colour bar's room."""
    n = len(columns.labels)
    reach = [
        paper.widest([label], LABEL_SIZE) * 0.71 - (n - i - 0.5) * columns.cell
        for i, label in enumerate(columns.labels)
    ]
    return max(reach) + 0.2


def paint_cells(axes: Axes, shares: np.ndarray[Any, Any], allowed: np.ndarray[Any, Any]) -> None:
    """Paint shares of the ramp, (rows, columns), with row 0 at the top."""
    axes.imshow(coloured(shares, allowed), aspect="auto", interpolation="nearest", origin="upper")
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, colors=rgb(INK), labelsize=LABEL_SIZE)


def _label_axis(
    axes: Axes, which: str, labels: AxisLabels, tokens_each: int, places: Places, *, slanted: bool
) -> None:
    axis: Axis = axes.xaxis if which == "x" else axes.yaxis
    if which == "x":
        axes.xaxis.tick_top()
    if not labels.named:
        _number_axis(axis, tokens_each, places)
        return
    axis.set_ticks(range(len(labels.labels)), labels.labels, parse_math=False)
    size = min(LABEL_SIZE, labels.cell * 72 * (0.6 if slanted else 0.8))
    slant = {"rotation": 45, "ha": "left", "rotation_mode": "anchor"} if slanted else {}
    for text in axis.get_ticklabels():
        text.set(fontsize=size, parse_math=False, **slant)


def _number_axis(axis: Axis, tokens_each: int, places: Places) -> None:
    """Round token positions along an axis whose cells hold `tokens_each` of those at `places`."""
    first, last = int(places[0]), int(places[-1])
    round_ones = MaxNLocator(6, integer=True).tick_values(first, last + 1)
    at = [int(p) for p in round_ones if first <= p <= last]
    cells = [int(np.searchsorted(places, p)) / tokens_each for p in at]
    axis.set_ticks(cells, [f"{p:,}" for p in at])


def _time_axis(axis: Axis, draw: Callable[..., object], where: object, tokens_each: int) -> None:
    """Round seconds along an axis of many frames, and a line where the sound ends."""
    if not isinstance(where, Times) or len(where.times) <= MOST_LABELS:
        return
    first, last = float(where.times[0, 0]), float(where.times[-1, 1])
    hop = (last - first) / len(where.times)
    at = [t for t in MaxNLocator(6).tick_values(first, last) if first <= t < last]
    axis.set_ticks([(t - first) / hop / tokens_each for t in at], [f"{t:g}s" for t in at])
    end = (where.duration - first) / hop / tokens_each
    if end < len(where.times) / tokens_each - 1:
        draw(end, color="white", linewidth=0.8, linestyle="--")


def _colour_bar(paper: Paper, left: float, above: float, height: float, largest: float) -> None:
    tall = min(height, 2.4)
    axes = paper.place(MARGIN + left, paper.top + above, BAR, tall)
    axes.imshow(
        np.linspace(1, 0, 64)[:, None], aspect="auto", extent=(0, 1, 0, 100 * max(largest, 1e-9)),
        cmap=ListedColormap(np.array(ramp()) / 255),
    )  # fmt: skip
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}%")
    axes.tick_params(length=2, labelsize=SMALL_SIZE, colors=rgb(INK))
    axes.set_ylabel("weight", fontsize=SMALL_SIZE, color=rgb(INK))
    axes.yaxis.set_label_position("right")
    for spine in axes.spines.values():
        spine.set_visible(False)


def _subtitle(
    record: AttentionRecord, look: Look, cells: tuple[int, int], allowed: np.ndarray[Any, Any]
) -> str:
    stack, language = record.stack, look.language
    total = stack.shape[0] * stack.shape[1]
    name = head_name(stack, look)
    parts = [f"{chosen(stack, look)}: {name}" if name else chosen(stack, look)]
    if stack.masks and not record.units:  # what was computed were scores of tokens
        parts.append(language.say("ui.scores", PICTURE, done=stack.computed(), total_scores=total))
    if cells != (1, 1):
        parts.append(cells_note(stack, cells, language, PICTURE))
    if not allowed.all():
        parts.append(language.say("ui.grey"))
    return " · ".join(parts)
