"""Things that are compared, as a picture: every side on one scale, then what changed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from attnviz.analysis.compare import CELLS, Difference, Side, differences
from attnviz.frozen import dataclass
from attnviz.language.english import ENGLISH
from attnviz.language.language import PICTURE, Language
from attnviz.views.compare_words import (
    change_in_words,
    column_names,
    legend,
    letter,
    minus,
    row_names,
    title_of_all,
    titles_of_each,
    widest_span,
)
from attnviz.views.figure import USUAL, FigureStyle
from attnviz.views.palette import INK, MASKED_PAPER, tinted
from attnviz.views.picture.colour_maps import ramp_of
from attnviz.views.picture.map import numbers_fit, write_numbers
from attnviz.views.picture.output import printed
from attnviz.views.picture.paper import (
    BAR,
    LABEL_SIZE,
    SMALL_SIZE,
    Paper,
    axis_labels,
    cut,
    rgb,
)
from attnviz.views.scale import Shades, alike

Pixels = np.ndarray[Any, Any]

SIDE, SMALLEST, CELL = 3.0, 1.6, 0.26  # inches: the longest and shortest map, a named token
APART, NAME = 0.3, 0.26  # inches between maps, and for the name above one
ACROSS = 3  # maps side by side
BARS = 1.15  # inches for the colour bars
CHARACTERS = 100  # of a line of the heading
NARROW, NARROW_ACROSS = 6.0, 2  # inches of paper, and maps side by side on less
LEVELS = 255  # shades of the bar of differences


@dataclass(frozen=True)
class _Map:
    """One map: its name, its colours, whose tokens it has, and its weights or differences."""

    name: str
    pixels: Pixels
    side: Side
    weights: np.ndarray[Any, Any]


def compare_picture(
    sides: Sequence[Side], kind: str, language: Language = ENGLISH, scale: str = "auto",
    style: FigureStyle = USUAL,
) -> bytes:  # fmt: skip
    """Return the bytes of a picture of things compared: every side on one scale, then what
    changed."""
    return printed(partial(compare_figure, sides, language, scale), kind, "comparison", style)


def compare_figure(
    sides: Sequence[Side], language: Language = ENGLISH, scale: str = "auto",
    style: FigureStyle = USUAL,
) -> Figure:  # fmt: skip
    """Return each side's map under its letter, all on one scale, then each other side minus the
    first; rows and columns named, and a colour bar for either kind of map."""
    whole = all(max(side.stack.shape) <= CELLS for side in sides)
    bright = alike([(side.rows(), side.allowed()) for side in sides], scale, whole=whole)
    changes = differences(sides)
    paper = Paper(_heading(sides, changes, bright, language), style)
    span = widest_span(changes)
    drawn = [_Map(letter(i), paper.coloured(one.shares, side.allowed()), side, side.rows())
             for i, (one, side) in enumerate(zip(bright, sides, strict=True))]  # fmt: skip
    drawn += [
        _Map(minus(one, sides), _changed(one, sides[0], span), one.side, one.weights)
        for one in changes
    ]
    _Maps(paper, sides, drawn).draw(bright, span if changes else None)
    return paper.figure


def _heading(
    sides: Sequence[Side], changes: Sequence[Difference], bright: Sequence[Shades],
    language: Language,
) -> list[str]:  # fmt: skip
    """What is compared, in bold; then what it is, how to read it, and what changed."""
    names = " · ".join(f"{letter(i)} {side.name}" for i, side in enumerate(sides))
    each = " · ".join(titles_of_each(sides, language, PICTURE))
    lines = [cut(names, CHARACTERS * 3 // 4), "" if each == names else each]
    lines.append(title_of_all(sides, language, PICTURE))
    lines.append(" · ".join(legend(sides, changes, bright, language, PICTURE)))
    for change in changes:
        lines.append(" · ".join(change_in_words(change, sides, language, PICTURE)))
    return [line for line in lines if line]


def _changed(change: Difference, first: Side, span: float) -> Pixels:
    """The colours of differences: white where nothing changed, as masked where both are."""
    table = np.array([tinted(step / LEVELS) for step in range(-LEVELS, LEVELS + 1)], dtype=np.uint8)
    colours: Pixels = table[np.rint(change.weights / span * LEVELS).astype(np.intp) + LEVELS]
    colours[~(first.allowed() | change.side.allowed())] = MASKED_PAPER
    return colours


class _Maps:
    """Maps side by side in rows of a few, with names at the left and above; inches."""

    def __init__(self, paper: Paper, sides: Sequence[Side], drawn: Sequence[_Map]):
        self.paper, self.drawn = paper, drawn
        self.alike = len({side.stack.shape for side in sides}) == 1
        rows = row_names(sides) if self.alike else ()
        columns = column_names(sides) if self.alike else ()
        self.rows = [axis_labels(rows or one.side.stack.query_tokens.names) for one in drawn]
        self.columns = [axis_labels(columns or one.side.stack.key_tokens.names) for one in drawn]
        most = max(max(one.pixels.shape[:2]) for one in drawn)
        cell = min(max(most * CELL, SMALLEST), SIDE) / most
        self.cells = (paper.across(cell), paper.down(cell))
        named = any(one.named for one in (*self.rows, *self.columns))
        least = min(self.cells) if named else 1.0
        size = paper.label_size(LABEL_SIZE, least, 0.8) / paper.style.ratio
        self.size = paper.points(size)
        self.left, self.above = (
            max((paper.widest(one.labels, size) for one in axis), default=0.0)
            for axis in (self.rows, self.columns)
        )
        self.left += paper.beside(0.2)
        self.above += paper.beside(NAME + 0.15)

    def draw(self, bright: Sequence[Shades], span: float | None) -> None:
        """Place every map, and the colour bars beside the last of the first row."""
        paper = self.paper
        narrow = paper.style.width is not None and paper.style.width < NARROW * paper.style.ratio
        across = min(len(self.drawn), NARROW_ACROSS if narrow else ACROSS)
        wide, tall = (
            max(one.pixels.shape[axis] for one in self.drawn) * self.cells[1 - axis]
            for axis in (1, 0)
        )
        step = wide + (APART if self.alike else self.left + APART)
        down = -(-len(self.drawn) // across)
        back = paper.add_axes(
            self.left, 0.0, across * step - APART, down * (self.above + tall + APART) - APART,
            right=paper.beside(BARS) + paper.margin, bottom=paper.margin,
        )  # fmt: skip
        back.axis("off")
        for i, one in enumerate(self.drawn):
            x = paper.margin + self.left + i % across * step
            y = paper.top + i // across * (self.above + tall + APART) + self.above
            named = not self.alike or i % across == 0
            self._map(i, (x, y), one, named=named)
        x, y = paper.margin + self.left + across * step - APART + 0.2, paper.top + self.above
        self._bars((x, y), tall, bright, span)

    def _map(self, i: int, at: tuple[float, float], one: _Map, *, named: bool) -> None:
        paper, pixels = self.paper, one.pixels
        wide, tall = pixels.shape[1] * self.cells[0], pixels.shape[0] * self.cells[1]
        axes = paper.place(*at, wide, tall)
        paper.paint(axes, pixels)
        if paper.style.annotate and numbers_fit(pixels.shape[:2], must=True):
            shown = np.ones(pixels.shape[:2], dtype=np.bool_)
            cells = (-0.5, -0.5, *reversed(pixels.shape[:2]))
            write_numbers(paper, axes, one.weights, shown, pixels, cells, wide)
        axes.xaxis.tick_top()
        axes.tick_params(length=0, colors=rgb(INK), labelsize=self.size)
        rows, columns = self.rows[i].labels if named else (), self.columns[i].labels
        axes.set_yticks(range(len(rows)), rows, parse_math=False)
        axes.set_xticks(range(len(columns)), columns, rotation=90, parse_math=False)
        for spine in axes.spines.values():
            spine.set(linewidth=0.4, color=rgb(INK))
        axes.annotate(
            one.name, (0, 1), (0, (self.above - paper.beside(NAME)) * 72 + 2),
            xycoords="axes fraction", textcoords="offset points", fontweight="bold",
            fontsize=paper.points(LABEL_SIZE), color=rgb(INK),
        )  # fmt: skip

    def _bars(
        self, at: tuple[float, float], tall: float, bright: Sequence[Shades],
        span: float | None,
    ) -> None:  # fmt: skip
        """What the colours of weights mean, and below it those of differences."""
        x, y = at
        each = tall if span is None else (tall - APART) / 2
        scaled = next((one for one in bright if one.sink is not None), bright[0])
        if scaled.scale in ("linear", "no-sink"):
            axes = self.paper.place(x, y, BAR, each)
            colours = np.array(ramp_of(self.paper.style.cmap), dtype=np.uint8)
            colour_bar(self.paper, axes, colours, (0.0, 100 * max(scaled.largest, 1e-9)), "%")
        if span is not None:
            axes = self.paper.place(x, y + tall - each, BAR, each)
            steps = [tinted(step / LEVELS) for step in range(-LEVELS, LEVELS + 1)]
            ends = (-100 * span, 100 * span)
            colour_bar(self.paper, axes, np.array(steps, dtype=np.uint8), ends, "")


def colour_bar(
    paper: Paper, axes: Axes, colours: Pixels, ends: tuple[float, float], unit: str
) -> None:
    """Draw what colours mean, from the least to the most; numbers with signs where less is.

    colours: (steps, 3) bytes."""
    paper.paint(axes, colours[::-1, None], (0, 1, *ends))
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.yaxis.set_major_locator(MaxNLocator(4))
    signs = "+g" if ends[0] < 0 else "g"
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:{signs if value else 'g'}}{unit}")
    axes.tick_params(length=2, labelsize=paper.points(SMALL_SIZE), colors=rgb(INK))
    for spine in axes.spines.values():
        spine.set(linewidth=0.4, color=rgb(INK))
