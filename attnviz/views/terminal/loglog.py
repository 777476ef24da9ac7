"""Curves on two logarithmic axes, in the characters of a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import ceil, floor, log10

from rich.style import Style
from rich.text import Text

from attnviz.digits import grouped
from attnviz.frozen import dataclass
from attnviz.views.palette import INK, RGB

SEVERAL, BETWEEN = "+", "·"
LEAST_WIDTH = 8  # columns of a plot, whatever its labels take


@dataclass(frozen=True)
class Drawn:
    """One curve: its points, all above 0, a letter for them, and a colour."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    mark: str
    colour: RGB

    @property
    def style(self) -> Style:
        """Its colour; ink has none, so that it is seen on any background."""
        return Style() if self.colour == INK else Style(color=f"rgb{self.colour}")


@dataclass(frozen=True)
class _Axis:
    """The place of a value: 0 at `low`, cells - 1 at `high`."""

    low: float  # logarithms
    high: float
    cells: int

    def place(self, value: float) -> int:
        """The nearest cell."""
        return self.of_log(log10(value))

    def of_log(self, logarithm: float) -> int:
        """The nearest cell of a value whose logarithm that is."""
        if self.high == self.low:
            return (self.cells - 1) // 2
        return round((logarithm - self.low) / (self.high - self.low) * (self.cells - 1))


def loglog(
    title: str, curves: Sequence[Drawn], width: int, height: int, *, colour: bool,
    unit: Callable[[float], str], several: str,
) -> list[Text]:  # fmt: skip
    """Return `height` lines below a title: whole decades upward, named by `unit`, lengths below,
    each curve named at its right end. Where points meet there is a +, which `several` explains."""
    xs = sorted({x for curve in curves for x in curve.xs})
    ys = [y for curve in curves for y in curve.ys]
    bottom, top = floor(log10(min(ys))), ceil(log10(max(ys)))
    decades = range(bottom, max(top, bottom + 1) + 1)
    y = _Axis(decades[0], decades[-1], height - 1)
    ticks = {y.of_log(decade): unit(10.0**decade) for decade in reversed(decades)}
    left = max(map(len, ticks.values())) + 1
    right = max(len(curve.name) for curve in curves) + 1
    x = _Axis(log10(xs[0]), log10(xs[-1]), max(width - left - 1 - right, LEAST_WIDTH))
    cells, names = _cells(curves, x, y), _names(curves, y)
    meet = any(mark == SEVERAL for mark, _ in cells.values())
    lines = [
        _cut(Text(title, "bold").append(f"  {several}" if meet else "", "not bold dim"), width)
    ]
    for row in reversed(range(y.cells)):
        line = Text(ticks.get(row, "").rjust(left - 1), "dim", no_wrap=True)
        line.append("┤" if row in ticks else "│", "dim")
        for column in range(x.cells):
            mark, style = cells.get((column, row), (" ", Style()))
            line.append(mark, style if colour else Style())
        if row in names:
            line.append(f" {names[row].name}", names[row].style if colour else Style())
        lines.append(_cut(line, width))
    return [*lines, _cut(_below(xs, x, left), width)]


def _cells(curves: Sequence[Drawn], x: _Axis, y: _Axis) -> dict[tuple[int, int], tuple[str, Style]]:
    """What stands in each cell: points over what lies between them, a + where several meet."""
    between: dict[tuple[int, int], tuple[str, Style]] = {}
    points: dict[tuple[int, int], tuple[str, Style]] = {}
    for curve in curves:
        for place in _path(curve, x, y):
            between[place] = BETWEEN, curve.style
        for place in {(x.place(a), y.place(b)) for a, b in zip(curve.xs, curve.ys, strict=True)}:
            points[place] = (SEVERAL, Style()) if place in points else (curve.mark, curve.style)
    return between | points


def _path(curve: Drawn, x: _Axis, y: _Axis) -> list[tuple[int, int]]:
    """The cells of the straight lines from point to point, one in each column."""
    corners = [(x.place(a), log10(b)) for a, b in zip(curve.xs, curve.ys, strict=True)]
    found = []
    for (start, low), (stop, high) in pairwise(corners):
        for column in range(start, stop):
            share = (column - start) / (stop - start)
            found.append((column, y.of_log(low + share * (high - low))))
    return found


def _names(curves: Sequence[Drawn], y: _Axis) -> dict[int, Drawn]:
    """The row beside which each curve is named: that of its end, or the nearest that is free."""
    rows: dict[int, Drawn] = {}
    for curve in sorted(curves, key=lambda one: -one.ys[-1]):
        end = y.place(curve.ys[-1])
        free = [row for row in range(y.cells) if row not in rows]
        if free:  # a tie goes to the lower row: those above are of larger curves
            rows[min(free, key=lambda row: (abs(row - end), row))] = curve
    return rows


def _below(xs: Sequence[float], x: _Axis, left: int) -> Text:
    """The lengths under the middle of their columns, as many as find room, the last one always."""
    line = ""
    last = grouped(int(xs[-1]))
    stop = max(left + x.place(xs[-1]) + 1 - len(last), 0)
    for value in xs[:-1]:
        name = grouped(int(value))
        start = max(left + x.place(value) - len(name) // 2, 0)
        if start > len(line) and start + len(name) < stop:
            line = line.ljust(start) + name
    return Text(line.ljust(stop) + last, "dim", no_wrap=True)


def _cut(line: Text, width: int) -> Text:
    line.no_wrap = True
    line.truncate(width, overflow="ellipsis")
    return line
