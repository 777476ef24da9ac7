"""One head or the mean as a picture: a heatmap with its labels, and where a part lies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from attnviz.digits import grouped
from attnviz.errors import AttnvizError
from attnviz.inputs.where import Times
from attnviz.language.language import PICTURE
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Place
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.palette import INK, ink_on
from attnviz.views.picture.colour_maps import ramp_of
from attnviz.views.picture.paper import (
    BAR,
    GAP,
    LABEL_SIZE,
    MAP_SIDE,
    MOST_LABELS,
    SMALL_SIZE,
    AxisLabels,
    Paper,
    axis_labels,
    rgb,
)
from attnviz.views.pooled_cells import cells_note
from attnviz.views.scale import shades
from attnviz.views.titles import chosen, head_name, title

Places = np.ndarray[Any, Any]

MOST_PIXELS = 1024  # cells along each side that a picture shows
MINIMAP = 1.6  # inches for the whole of which a part is shown
FRAME = "#d6336c"
UPRIGHT, SLANTED, ON_END = 0, 45, 90  # degrees by which names of columns are turned
SHARES = {UPRIGHT: 0.8, SLANTED: 0.6, ON_END: 0.8}  # of a cell that letters may be high
IN_A_CELL = 0.9  # of its width that a number may take
SMALLEST_NUMBERS = 3.5  # points
MOST_NUMBERED = 64  # rows and columns of a map whose numbers are written in it
MOST_NUMBERS = 16_384  # in one picture: each is a text of its own, to draw and to open


def map_figure(record: AttentionRecord, look: Look) -> Figure:
    """Draw one head or the mean: rows are queries, columns keys, numbered from the top left."""
    stack = record.stack
    pooled = stack.map(look.layer, look.head, MOST_PIXELS)
    allowed = stack.allowed(look.layer, MOST_PIXELS)
    rows, columns = axis_labels(stack.query_tokens.names), axis_labels(stack.key_tokens.names)
    bright = shades(pooled.mean, allowed, look.scale, whole=pooled.cells[1] == 1)
    told = [_subtitle(record, look, pooled.cells, allowed)]
    told.append(bright.note(stack.key_tokens.names, look.language, PICTURE))
    heading = [title(record, look.language, PICTURE), " · ".join(part for part in told if part)]
    paper = Paper(heading, look.figure)
    names = rows.labels or (grouped(stack.shape[0]),)
    left = paper.widest(names, LABEL_SIZE) + paper.beside(0.3)
    turned = _turned(paper, columns)
    above = _height_above(paper, columns, turned) + paper.beside(0.25)
    width, height = _sides(paper, rows, columns)
    looked_at, looks = (
        look.language.say(name, PICTURE)
        for name in (("unit.key", "unit.query") if record.units else ("ui.key", "ui.query"))
    )
    width = max(width, paper.widest([looked_at], SMALL_SIZE))
    height = max(height, paper.widest([looks], SMALL_SIZE))
    overhang = _overhang(paper, columns, width) if turned == SLANTED else 0.0
    has_bar = bright.scale in ("linear", "no-sink")
    right = max(GAP + BAR + paper.beside(0.75) if has_bar else 0.0, overhang)
    beside = left + width + right  # where the whole stands, of which a part is shown
    place = stack.crop_for_minimap
    right += 0.0 if place is None else paper.across(MINIMAP) + paper.margin
    axes = paper.add_axes(left, above, width, height, right=right)
    colours = paper.coloured(bright.shares, allowed)
    paint_cells(paper, axes, colours)
    numbered = look.figure.annotate or look.show == "table"
    if numbered and numbers_fit(pooled.mean.shape, must=look.figure.annotate):
        cells = (-0.5, -0.5, *reversed(pooled.mean.shape))
        write_numbers(paper, axes, pooled.mean, allowed, colours, cells, width)
    places = stack.positions
    _label_axis(paper, axes, "y", rows, pooled.cells[0], places[0], height, UPRIGHT)
    _label_axis(paper, axes, "x", columns, pooled.cells[1], places[1], width, turned)
    _time_axis(axes.yaxis, axes.axhline, stack.query_tokens.where, pooled.cells[0])
    _time_axis(axes.xaxis, axes.axvline, stack.key_tokens.where, pooled.cells[1])
    axes.set_xlabel(looked_at, fontsize=paper.points(SMALL_SIZE), color=rgb(INK))
    axes.set_ylabel(looks, fontsize=paper.points(SMALL_SIZE), color=rgb(INK))
    axes.xaxis.set_label_position("bottom")
    if has_bar:
        at = (left + width + GAP, above)
        _colour_bar(paper, at, height, bright.largest, is_cut=bright.sink is not None)
    if place is not None:
        _minimap(paper, place, look, (beside, above))
    return paper.figure


def _minimap(paper: Paper, place: Place, look: Look, at: tuple[float, float]) -> None:
    """The whole stack as a small map, with a frame around the part that is shown."""
    side = paper.across(MINIMAP)
    axes = paper.place(paper.margin + at[0], paper.top + at[1], side, side)
    pooled = place.whole.map(look.layer, look.head, 256)
    allowed = place.whole.allowed(look.layer, 256)
    bright = shades(pooled.mean, allowed, "auto", whole=pooled.cells[1] == 1)
    n_queries, n_keys = place.whole.shape
    paper.paint(axes, paper.coloured(bright.shares, allowed), (0, n_keys, n_queries, 0))
    (top, tall), (left, wide) = (
        _framed(part, n) for part, n in ((place.rows, n_queries), (place.columns, n_keys))
    )
    axes.add_patch(Rectangle((left, top), wide, tall, fill=False, edgecolor=FRAME, lw=1.2))
    axes.set_xticks([])
    axes.set_yticks([])
    size = f"{grouped(n_queries)} × {grouped(n_keys)}"
    axes.set_title(size, fontsize=paper.points(SMALL_SIZE), color=rgb(INK))


def _framed(places: Places, n: int) -> tuple[float, float]:
    """Where a frame around these of n tokens begins and how long it is: long enough to be seen."""
    first, last = int(places[0]), int(places[-1]) + 1
    length = max(last - first, n / 30)
    return min(max((first + last - length) / 2, 0), n - length), length


def _sides(paper: Paper, rows: AxisLabels, columns: AxisLabels) -> tuple[float, float]:
    """Width and height of the map in inches."""
    width = max(columns.cell * len(columns.labels) if columns.named else MAP_SIDE, 1.0)
    height = max(rows.cell * len(rows.labels) if rows.named else MAP_SIDE, 0.6)
    return paper.across(width), paper.down(height)


def _turned(paper: Paper, columns: AxisLabels) -> int:
    """By how many degrees the names of columns are turned: none fit their cells, or all do."""
    cell = paper.across(columns.cell)
    if not columns.named or paper.widest(columns.labels, LABEL_SIZE) <= cell - 0.05:
        return UPRIGHT
    crowded = cell * 72 * SHARES[SLANTED] < paper.points(LABEL_SIZE)
    return ON_END if paper.style.is_sized and crowded else SLANTED


def _height_above(paper: Paper, columns: AxisLabels, turned: int) -> float:
    if turned == UPRIGHT:
        return paper.beside(0.2)
    longest = paper.widest(columns.labels, LABEL_SIZE) + 0.15 * paper.style.ratio
    return longest * (0.71 if turned == SLANTED else 1)  # sin 45°


def _overhang(paper: Paper, columns: AxisLabels, width: float) -> float:
    """How far slanted labels reach past the right edge, beside the colour bar's room."""
    n = len(columns.labels)
    reach = [
        paper.widest([label], LABEL_SIZE) * 0.71 - (n - i - 0.5) * width / n
        for i, label in enumerate(columns.labels)
    ]
    return max(reach) + paper.beside(0.2)


def paint_cells(paper: Paper, axes: Axes, colours: np.ndarray[Any, Any]) -> None:
    """Paint colours, (rows, columns, 3), with row 0 at the top."""
    paper.paint(axes, colours)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, colors=rgb(INK), labelsize=paper.points(LABEL_SIZE))


def numbers_fit(shape: tuple[int, ...], n_maps: int = 1, *, must: bool) -> bool:
    """Tell whether the numbers of so many maps, each of that shape, have room in a picture; where
    they `must` be written and have none raise AttnvizError."""
    fit = max(shape) <= MOST_NUMBERED and n_maps * shape[0] * shape[1] <= MOST_NUMBERS
    if must and not fit:
        raise AttnvizError(
            f"A picture has room for the numbers of {MOST_NUMBERED} × {MOST_NUMBERED} cells, and "
            f"for {MOST_NUMBERS:,} in all: these are {n_maps * shape[0] * shape[1]:,}.",
            "Show a part, with `rows` and `columns`, or leave out `annotate`.",
            key="err.picture_numbers",
            side=MOST_NUMBERED,
            most=MOST_NUMBERS,
            n=n_maps * shape[0] * shape[1],
        )
    return fit


def write_numbers(
    paper: Paper, axes: Axes, weights: np.ndarray[Any, Any], allowed: np.ndarray[Any, Any],
    colours: np.ndarray[Any, Any], place: tuple[float, float, float, float],
    inches: float | None = None,
) -> None:  # fmt: skip
    """Write each weight, in percent, into its cell.

    place: left, top, width and height of the map on its axes. inches: its width, where that is not
    the same.
    """
    numbers = {at: percent(weights[at]) for at in zip(*np.nonzero(allowed), strict=True)}
    left, top, wide, tall = place
    n_rows, n_columns = weights.shape
    room = (wide if inches is None else inches) / n_columns * IN_A_CELL
    widest = paper.widest(sorted({*numbers.values()}, key=len)[-1:], SMALL_SIZE)
    size = paper.points(SMALL_SIZE) * min(room / max(widest, 1e-9), 1.0)
    paper.need(size, SMALLEST_NUMBERS)
    for (row, column), number in numbers.items():
        red, green, blue = (int(part) for part in colours[row, column])
        x, y = left + (column + 0.5) * wide / n_columns, top + (row + 0.5) * tall / n_rows
        axes.text(
            x, y, number, ha="center", va="center", fontsize=size, parse_math=False,
            color=rgb(ink_on((red, green, blue))),
        )  # fmt: skip


def _label_axis(
    paper: Paper, axes: Axes, which: str, labels: AxisLabels, tokens_each: int, places: Places,
    length: float, turned: int,
) -> None:  # fmt: skip
    axis: Axis = axes.xaxis if which == "x" else axes.yaxis
    if which == "x":
        axes.xaxis.tick_top()
    if not labels.named:
        _number_axis(axis, tokens_each, places)
        return
    axis.set_ticks(range(len(labels.labels)), labels.labels, parse_math=False)
    cell = length / len(labels.labels) if paper.style.is_sized else labels.cell
    size = paper.label_size(LABEL_SIZE, cell, SHARES[turned])
    turn: dict[str, Any] = {"rotation": turned, "rotation_mode": "anchor", "ha": "left"}
    turn |= {"va": "center"} if turned == ON_END else {}
    for text in axis.get_ticklabels():
        text.set(fontsize=size, parse_math=False, **turn if turned else {})


def _number_axis(axis: Axis, tokens_each: int, places: Places) -> None:
    """Round token positions along an axis whose cells hold `tokens_each` of those at `places`."""
    first, last = int(places[0]), int(places[-1])
    round_ones = MaxNLocator(6, integer=True).tick_values(first, last + 1)
    at = [int(p) for p in round_ones if first <= p <= last]
    cells = [int(np.searchsorted(places, p)) / tokens_each for p in at]
    axis.set_ticks(cells, [grouped(p) for p in at])


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


def _colour_bar(
    paper: Paper, at: tuple[float, float], height: float, largest: float, *, is_cut: bool
) -> None:
    """Draw what the colours mean; is_cut: whether heavier weights than `largest` are as bright."""
    axes = paper.place(paper.margin + at[0], paper.top + at[1], BAR, height)
    colours = np.array(ramp_of(paper.style.cmap), dtype=np.uint8)[::-1, None]
    paper.paint(axes, colours, (0, 1, 0, 100 * max(largest, 1e-9)))
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.yaxis.set_major_locator(MaxNLocator(5 if height > 1 else 3))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}%")
    if is_cut:
        top = 100 * largest
        ticks = [tick for tick in MaxNLocator(4).tick_values(0, top) if tick < 0.9 * top]
        axes.set_yticks([*ticks, top], [*(f"{tick:g}%" for tick in ticks), f"≥{percent(largest)}%"])
    axes.tick_params(length=2, labelsize=paper.points(SMALL_SIZE), colors=rgb(INK))
    axes.set_ylabel("weight", fontsize=paper.points(SMALL_SIZE), color=rgb(INK))
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
