"""Things that are compared, as a picture: every side on one scale, then what changed."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from attnviz.analysis.compare import CELLS, Difference, Side, differences
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
from attnviz.views.palette import INK, MASKED_PAPER, ramp, tinted
from attnviz.views.picture.output import printed
from attnviz.views.picture.paper import (
    BAR,
    LABEL_SIZE,
    MARGIN,
    SMALL_SIZE,
    Paper,
    axis_labels,
    coloured,
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
LINE = 0.06
LEVELS = 255  # shades of the bar of differences


def compare_picture(
    sides: Sequence[Side], kind: str, language: Language = ENGLISH, scale: str = "auto"
) -> bytes:
    """The bytes of a picture of things compared: every side on one scale, then what changed."""
    return printed(lambda: compare_figure(sides, language, scale), kind, "comparison")


def compare_figure(
    sides: Sequence[Side], language: Language = ENGLISH, scale: str = "auto"
) -> Figure:
    """Each side's map under its letter, all on one scale, then each other side minus the first;
    rows and columns named, and a colour bar for either kind of map."""
    whole = all(max(side.stack.shape) <= CELLS for side in sides)
    bright = alike([(side.rows(), side.allowed()) for side in sides], scale, whole=whole)
    changes = differences(sides)
    paper = Paper(_heading(sides, changes, bright, language))
    span = widest_span(changes)
    drawn = [(letter(i), coloured(one.shares, side.allowed()), side)
             for i, (one, side) in enumerate(zip(bright, sides, strict=True))]  # fmt: skip
    drawn += [(minus(one, sides), _changed(one, sides[0], span), one.side) for one in changes]
    _Sheet(paper, sides, drawn).draw(bright, span if changes else None)
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
    return [piece for line in lines for piece in _broken(line)]


def _broken(line: str) -> list[str]:
    """A line of the heading on as many as it needs: broken between its parts, then words."""
    lines: list[str] = []
    for part in line.split(" · "):
        longer = f"{lines[-1]} · {part}" if lines else part
        if lines and len(longer) <= CHARACTERS:
            lines[-1] = longer
        else:
            lines.append(part)
    return [piece for one in lines for piece in wrap(one, CHARACTERS)]


def _changed(change: Difference, first: Side, span: float) -> Pixels:
    """The colours of differences: white where nothing changed, as masked where both are."""
    table = np.array([tinted(step / LEVELS) for step in range(-LEVELS, LEVELS + 1)], dtype=np.uint8)
    colours: Pixels = table[np.rint(change.weights / span * LEVELS).astype(np.intp) + LEVELS]
    colours[~(first.allowed() | change.side.allowed())] = MASKED_PAPER
    return colours


class _Sheet:
    """Maps side by side in rows of a few, with names at the left and above."""

    def __init__(
        self, paper: Paper, sides: Sequence[Side], drawn: Sequence[tuple[str, Pixels, Side]]
    ):
        self.paper, self.drawn = paper, drawn
        self.alike = len({side.stack.shape for side in sides}) == 1
        rows = row_names(sides) if self.alike else ()
        columns = column_names(sides) if self.alike else ()
        self.rows = [axis_labels(rows or side.stack.query_tokens.names) for _, _, side in drawn]
        self.columns = [axis_labels(columns or side.stack.key_tokens.names) for _, _, side in drawn]
        most = max(max(pixels.shape[:2]) for _, pixels, _ in drawn)
        self.cell = min(max(most * CELL, SMALLEST), SIDE) / most
        self.size = min(LABEL_SIZE, self.cell * 72 * 0.8)
        self.left = max((paper.widest(one.labels, self.size) for one in self.rows), default=0) + 0.2
        self.above = max((paper.widest(one.labels, self.size) for one in self.columns), default=0)
        self.above += NAME + 0.15
        self.down = LINE * len(paper.heading)  # what its lines take beyond what was kept for them

    def draw(self, bright: Sequence[Shades], span: float | None) -> None:
        """Place every map, and the colour bars beside the last of the first row."""
        paper, across = self.paper, min(len(self.drawn), ACROSS)
        wide, tall = (max(pixels.shape[axis] for _, pixels, _ in self.drawn) * self.cell
                      for axis in (1, 0))  # fmt: skip
        step = wide + (APART if self.alike else self.left + APART)
        down = -(-len(self.drawn) // across)
        back = paper.add_axes(
            self.left, self.down, across * step - APART, down * (self.above + tall + APART) - APART,
            right=BARS + MARGIN, bottom=MARGIN,
        )  # fmt: skip
        back.axis("off")
        for i, (name, pixels, _) in enumerate(self.drawn):
            x = MARGIN + self.left + i % across * step
            y = paper.top + self.down + i // across * (self.above + tall + APART) + self.above
            named = not self.alike or i % across == 0
            self._map(i, (x, y), name, pixels, named=named)
        x, y = MARGIN + self.left + across * step - APART + 0.2, paper.top + self.down + self.above
        self._bars((x, y), tall, bright, span)

    def _map(
        self, i: int, at: tuple[float, float], name: str, pixels: Pixels, *, named: bool
    ) -> None:
        wide, tall = pixels.shape[1] * self.cell, pixels.shape[0] * self.cell
        axes = self.paper.place(*at, wide, tall)
        axes.imshow(pixels, aspect="auto", interpolation="nearest")
        axes.xaxis.tick_top()
        axes.tick_params(length=0, colors=rgb(INK), labelsize=self.size)
        rows, columns = self.rows[i].labels if named else (), self.columns[i].labels
        axes.set_yticks(range(len(rows)), rows, parse_math=False)
        axes.set_xticks(range(len(columns)), columns, rotation=90, parse_math=False)
        for spine in axes.spines.values():
            spine.set(linewidth=0.4, color=rgb(INK))
        axes.annotate(
            name, (0, 1), (0, (self.above - NAME) * 72 + 2), xycoords="axes fraction",
            textcoords="offset points", fontsize=LABEL_SIZE, fontweight="bold", color=rgb(INK),
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
            colours = ListedColormap(np.array(ramp()) / 255)
            colour_bar(axes, colours, (0.0, 100 * max(scaled.largest, 1e-9)), "%")
        if span is not None:
            axes = self.paper.place(x, y + tall - each, BAR, each)
            steps = [tinted(step / LEVELS) for step in range(-LEVELS, LEVELS + 1)]
            colour_bar(axes, ListedColormap(np.array(steps) / 255), (-100 * span, 100 * span), "")


def colour_bar(axes: Axes, colours: ListedColormap, ends: tuple[float, float], unit: str) -> None:
    """Draw what colours mean, from the least to the most; numbers with signs where less is."""
    shades = np.linspace(1, 0, 256)[:, None]
    axes.imshow(shades, aspect="auto", extent=(0, 1, *ends), cmap=colours)
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.yaxis.set_major_locator(MaxNLocator(4))
    signs = "+g" if ends[0] < 0 else "g"
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:{signs if value else 'g'}}{unit}")
    axes.tick_params(length=2, labelsize=SMALL_SIZE, colors=rgb(INK))
    for spine in axes.spines.values():
        spine.set(linewidth=0.4, color=rgb(INK))
