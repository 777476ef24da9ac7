"""A figure that grows around what is put on it, without pyplot; labels and colours of pictures.

Places on the paper are worked out here from the measured size of the labels, so that one drawing
pass is enough and nothing is cut. Labels are never read as mathematics.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from attnviz.frozen import dataclass
from attnviz.inputs.labels import shortened, visible
from attnviz.views.figure import DPI, LETTERS, USUAL, FigureStyle
from attnviz.views.palette import INK, MASKED_PAPER, RGB
from attnviz.views.picture.colour_maps import ramp_of

LABEL_SIZE, SMALL_SIZE, TITLE_SIZE = LETTERS, 7.0, 11.0  # points
MOST_LABELS = 64  # tokens that are named one by one; longer texts get numbers
MOST_SHAPES = 64 * 64  # cells that are shapes where the file holds shapes
LONGEST_LABEL = 24  # characters
CELL = 0.32  # inches for a cell whose token is named
MAP_SIDE = 6.0  # inches for a map of a long text
MARGIN, GAP, BAR = 0.18, 0.12, 0.16  # inches
EDGE = 0.03  # inches left free around a picture that has a size: it stands in a text
TITLE_LINE, SMALL_LINE = 0.2, 0.15  # inches from one line of a heading to the next
LINE_HEIGHT = 1.164  # of the font, in its size: matplotlib's spacing of lines is in it
LEADING = 1.25  # heights of letters from one row to the next, at least
HEADING = 5.4  # inches that a heading takes before it goes on in a line of its own


class Sheet(Figure):
    """A figure that knows how crowded its letters are: 1 where they just fit."""

    crowded = 0.0


class LaidOut(Exception):  # noqa: N818 nothing went wrong: whoever asked knows enough
    """The sides of a picture, in inches, as soon as they are known."""

    def __init__(self, width: float, height: float):
        super().__init__(width, height)
        self.sides = (width, height)


class Paper:
    """A figure that grows around what is put on it; inches from the top left.

    Lengths of the content are multiplied to fill the size that was asked for, and what holds
    letters by how large these are.
    """

    def __init__(self, heading: Sequence[str], style: FigureStyle = USUAL):
        self.style = style
        self.figure = Sheet(dpi=style.dpi, facecolor="white")
        FigureCanvasAgg(self.figure)
        self.margin = EDGE if style.width is not None else MARGIN
        above = [] if style.heading is None else [style.heading]
        self.heading = [*above, *heading] if style.title else []
        self.top = self.margin

    def across(self, inches: float) -> float:
        """Return a length of the content, from left to right."""
        return inches * self.style.across

    def down(self, inches: float) -> float:
        """Return a length of the content, from the top down."""
        return inches * self.style.down

    def row(self, inches: float, size: float) -> float:
        """Return the height of a row with letters in it: never less than they need, but where the
        height of the whole was asked for."""
        free = self.style.is_sized and self.style.height is None
        return max(self.down(inches), self.points(size) * LEADING / 72 if free else 0.0)

    def beside(self, inches: float) -> float:
        """Return a length that letters need."""
        return inches * self.style.ratio

    def points(self, size: float) -> float:
        """Return the size of letters."""
        return size * self.style.ratio

    def need(self, room: float, needed: float) -> None:
        """Note that letters need so much room, both in one unit; who asked for a size is told."""
        if needed > 0:
            self.figure.crowded = max(self.figure.crowded, needed / max(room, 1e-9))

    def label_size(self, size: float, cell: float, share: float) -> float:
        """Return the points of a label in a cell of so many inches, of which it may take a share:
        small enough to fit, or as was asked for."""
        fits = cell * 72 * share
        if self.style.is_sized:
            self.need(fits, self.points(size))
            return self.points(size)
        return min(size, fits)

    def add_axes(
        self, left: float, above: float, width: float, height: float, *, right: float,
        bottom: float | None = None,
    ) -> Axes:  # fmt: skip
        """Return the main axes, and the paper's size and heading with it."""
        content = self.margin + left + width + right
        room = (self.style.width or max(content, self.beside(HEADING))) - 2 * self.margin
        parts = [self.wrapped(line, room, *_heading_font(i)) for i, line in enumerate(self.heading)]
        widest = max((self.widest(p, *_heading_font(i)) for i, p in enumerate(parts)), default=0.0)
        self.width = max(content, 0.0 if self.style.width else 2 * self.margin + widest)
        self.top = self.margin + self._write_or_measure(parts)
        self.height = self.top + above + height + (self.beside(0.38) if bottom is None else bottom)
        if self.style.trial:
            raise LaidOut(self.width, self.height)
        self.figure.set_size_inches(self.width, self.height)
        self._write_or_measure(parts, write=True)
        return self.place(self.margin + left, self.top + above, width, height)

    def wrapped(self, line: str, room: float, size: float, weight: str) -> list[str]:
        """Cut a line at its dots, or else at its blanks, where it is too wide."""
        parts: list[str] = [line]
        for mark in (" · ", " "):
            if self.widest(parts, size, weight) <= room:
                return parts
            parts = []
            for word in line.split(mark):
                longer = f"{parts[-1]}{mark}{word}" if parts else word
                if parts and self.widest([longer], size, weight) <= room:
                    parts[-1] = longer
                else:
                    parts.append(word)
        return [
            part if self.widest([part], size, weight) <= room
            else self.fitted(part, room, size, weight)
            for part in parts
        ]  # fmt: skip

    def _write_or_measure(self, parts: Sequence[Sequence[str]], *, write: bool = False) -> float:
        """The height of the heading's lines, which are written."""
        y = 0.0
        for i, lines in enumerate(parts):
            size, weight = _heading_font(i)
            step = TITLE_LINE if i == 0 else SMALL_LINE
            if write:
                self.figure.text(
                    self.margin / self.width, 1 - (self.margin + self.beside(y)) / self.height,
                    "\n".join(lines), fontsize=self.points(size), fontweight=weight, va="top",
                    color=rgb(INK), parse_math=False, linespacing=72 * step / size / LINE_HEIGHT,
                )  # fmt: skip
            y += step * (len(lines) - 1) + (0.26 if i == 0 else 0.2)
        return self.beside(y - 0.02) if parts else 0.0

    def place(self, x: float, y: float, width: float, height: float) -> Axes:
        """Return axes whose top left corner is x, y inches from the paper's."""
        bottom = self.height - y - height
        return self.figure.add_axes(
            (x / self.width, bottom / self.height, width / self.width, height / self.height)
        )

    def fitted(self, label: str, width: float, size: float, weight: str = "normal") -> str:
        """Return the label, cut until it is no wider than `width` inches."""
        most = len(label)
        while most > 2 and self.widest([cut(label, most)], size, weight) > width:
            most -= 1
        return cut(label, most)

    def widest(self, labels: Sequence[str], size: float, weight: str = "normal") -> float:
        """Return the width in inches of the widest label; size: in points before they are made
        larger."""
        family = tuple(rcParams["font.family"])
        widths = (_width(label, self.points(size), weight, family) for label in labels)
        return max(widths, default=0.0)

    def coloured(
        self, shares: np.ndarray[Any, Any], allowed: np.ndarray[Any, Any]
    ) -> np.ndarray[Any, Any]:
        """Turn shares of the ramp into colours: (rows, columns, 3) bytes; masked cells as paper."""
        return coloured(shares, allowed, self.style.cmap)

    def paint(
        self, axes: Axes, pixels: np.ndarray[Any, Any],
        extent: tuple[float, float, float, float] | None = None,
    ) -> None:  # fmt: skip
        """Paint colours, (rows, columns, 3), with row 0 at the top: in files of shapes each cell of
        a small map is one. extent: left, right, bottom, top; that of the cells unless given."""
        rows, columns = pixels.shape[:2]
        if not self.style.vector or rows * columns > MOST_SHAPES:
            axes.imshow(
                pixels, aspect="auto", interpolation="nearest", origin="upper", extent=extent
            )
            return
        left, right, bottom, top = extent or (-0.5, columns - 0.5, rows - 0.5, -0.5)
        axes.pcolormesh(
            np.linspace(left, right, columns + 1), np.linspace(top, bottom, rows + 1), pixels,
            edgecolors="face", linewidth=0.6, antialiased=True,
        )  # fmt: skip
        axes.set(xlim=(left, right), ylim=(bottom, top))


def _heading_font(part: int) -> tuple[float, str]:
    return (SMALL_SIZE + 1, "normal") if part else (TITLE_SIZE, "bold")


@lru_cache(maxsize=4096)
def _width(label: str, size: float, weight: str, family: tuple[str, ...]) -> float:
    """The width of a label in inches; measured often, while a size is looked for."""
    font = FontProperties(family=list(family), size=size, weight=weight)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        measured: Any = _renderer().get_text_width_height_descent  # untyped
        return float(measured(label, font, ismath=False)[0]) / DPI


@lru_cache(maxsize=1)
def _renderer() -> RendererAgg:
    return RendererAgg(1, 1, DPI)  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class AxisLabels:
    """The names along an axis, if there are not too many."""

    labels: tuple[str, ...]
    named: bool  # whether every token is named, or places are numbered
    cell: float  # inches per token


def axis_labels(labels: Sequence[str]) -> AxisLabels:
    """Name every token of an axis, or none of too many."""
    named = len(labels) <= MOST_LABELS
    cell = min(CELL, max(MAP_SIDE / len(labels), 0.16)) if named else 0.0
    return AxisLabels(
        tuple(cut(label, LONGEST_LABEL) for label in labels) if named else (), named, cell
    )


def cut(label: str, most: int) -> str:
    """Cut a label to so many characters, all of which the font has."""
    return shortened(
        visible(label).replace("␠", "␣"), most
    )  # the font has only this sign for a space


def coloured(
    shares: np.ndarray[Any, Any], allowed: np.ndarray[Any, Any], cmap: str | None = None
) -> np.ndarray[Any, Any]:
    """Turn shares of the ramp into colours: (rows, columns, 3) bytes; masked cells as paper."""
    table = np.array(ramp_of(cmap), dtype=np.uint8)
    steps = np.clip((shares * (len(table) - 1)).round(), 0, len(table) - 1).astype(np.intp)
    colours: np.ndarray[Any, Any] = table[steps]
    colours[~allowed] = MASKED_PAPER
    return colours


def rgb(colour: RGB) -> tuple[float, float, float]:
    """Turn bytes into the shares of 1 that matplotlib wants."""
    red, green, blue = colour
    return red / 255, green / 255, blue / 255
