"""A figure that grows around what is put on it, without pyplot; labels and colours of pictures.

Places on the paper are worked out here from the measured size of the labels, so that one drawing
pass is enough and nothing is cut. Labels are never read as mathematics.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from attnviz.frozen import dataclass
from attnviz.inputs.labels import shortened, visible
from attnviz.views.palette import INK, MASKED_PAPER, RGB, ramp

DPI = 150
LABEL_SIZE, SMALL_SIZE, TITLE_SIZE = 9.0, 7.0, 11.0  # points
MOST_LABELS = 64  # tokens that are named one by one; longer texts get numbers
LONGEST_LABEL = 24  # characters
CELL = 0.32  # inches for a cell whose token is named
MAP_SIDE = 6.0  # inches for a map of a long text
MARGIN, GAP, BAR = 0.18, 0.12, 0.16  # inches


class Paper:
    """A figure that grows around what is put on it; inches from the top left."""

    def __init__(self, heading: Sequence[str]):
        self.figure = Figure(dpi=DPI, facecolor="white")
        self.canvas = FigureCanvasAgg(self.figure)
        self.heading = heading
        self.top = MARGIN + 0.24 + 0.2 * (len(heading) - 1)

    def add_axes(
        self, left: float, above: float, width: float, height: float, *, right: float,
        bottom: float = 0.38,
    ) -> Axes:  # fmt: skip
        """The main axes, and the paper's size and heading with it."""
        widest = max(
            self.widest(self.heading[:1], TITLE_SIZE, "bold"),
            self.widest(self.heading[1:], SMALL_SIZE + 1),
        )
        self.width = max(MARGIN + left + width + right, 2 * MARGIN + widest)
        self.height = self.top + above + height + bottom
        self.figure.set_size_inches(self.width, self.height)
        y = MARGIN
        for i, line in enumerate(self.heading):
            size, weight = (TITLE_SIZE, "bold") if i == 0 else (SMALL_SIZE + 1, "normal")
            self.figure.text(
                MARGIN / self.width, 1 - y / self.height, line, fontsize=size, fontweight=weight,
                va="top", color=rgb(INK), parse_math=False,
            )  # fmt: skip
            y += 0.26
        return self.place(MARGIN + left, self.top + above, width, height)

    def place(self, x: float, y: float, width: float, height: float) -> Axes:
        """Axes whose top left corner is x, y inches from the paper's."""
        bottom = self.height - y - height
        return self.figure.add_axes(
            (x / self.width, bottom / self.height, width / self.width, height / self.height)
        )

    def fitted(self, label: str, width: float, size: float) -> str:
        """The label, cut until it is no wider than `width` inches."""
        most = len(label)
        while most > 2 and self.widest([cut(label, most)], size) > width:
            most -= 1
        return cut(label, most)

    def widest(self, labels: Sequence[str], size: float, weight: str = "normal") -> float:
        """The width in inches of the widest label."""
        renderer: RendererAgg = self.canvas.get_renderer()  # type: ignore[no-untyped-call]
        font = FontProperties(size=size, weight=weight)
        return max((_width(renderer, label, font) for label in labels), default=0.0)


def _width(renderer: RendererAgg, label: str, font: FontProperties) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        measured: Any = renderer.get_text_width_height_descent  # untyped
        return float(measured(label, font, ismath=False)[0]) / DPI


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


def coloured(shares: np.ndarray[Any, Any], allowed: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Turn shares of the ramp into colours: (rows, columns, 3) bytes; masked cells as paper."""
    table = np.array(ramp(), dtype=np.uint8)
    steps = np.clip((shares * (len(table) - 1)).round(), 0, len(table) - 1).astype(np.intp)
    colours: np.ndarray[Any, Any] = table[steps]
    colours[~allowed] = MASKED_PAPER
    return colours


def rgb(colour: RGB) -> tuple[float, float, float]:
    """Turn bytes into the shares of 1 that matplotlib wants."""
    red, green, blue = colour
    return red / 255, green / 255, blue / 255
