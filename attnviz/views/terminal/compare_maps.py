"""The maps of things that are compared: rows named once at the left, columns numbered above."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.style import Style
from rich.text import Text

from attnviz.analysis.compare import Difference, Side
from attnviz.record.summary import pool
from attnviz.views.cells import background, full_rows, half_rows, levels
from attnviz.views.compare_words import letter, minus, row_names, widest_span
from attnviz.views.labels import label_text, padded, widest
from attnviz.views.number_format import percent
from attnviz.views.palette import less_and_more
from attnviz.views.scale import Shades
from attnviz.views.screen import Screen

Array = NDArray[Any]

GAP = 2  # characters between maps
LABEL = 18  # characters of a row's number and name
WIDES = (5, 4, 2, 1)  # characters of a cell, the widest that fits; four and five hold numbers
NUMBERS = 4
LEAST = 12  # characters that a map takes at least
TALLEST = 40  # rows that get a line each
THIRD = 1 / 3  # of the full colour: what gets a sign where there is no colour
BLOCKS = " ░▒▓█"  # how much of a cell a change fills: the rest is the terminal's own ground


class Layout(NamedTuple):
    """How many maps stand side by side, characters of a cell, tokens along a cell, and of the
    names at the left."""

    across: int
    wide: int
    cell: int
    label: int


class Drawn(NamedTuple):
    """One map: its name, the numbers of its columns, its lines, and the names of these."""

    name: str
    above: list[Text]
    lines: list[Text]
    labels: tuple[str, ...]


def maps(
    sides: Sequence[Side], changes: Sequence[Difference], bright: Sequence[Shades], screen: Screen
) -> list[Text]:
    """Draw every side and every difference, as many side by side as the screen is wide for."""
    alike = len({side.stack.shape for side in sides}) == 1
    names = [_labels(side, row_names(sides) if alike else ()) for side in sides]
    layout = _layout(sides, names, len(sides) + len(changes), screen, alike=alike)
    drawn = [
        _side(side, letter(i), shades, layout, labels, screen)
        for i, (side, shades, labels) in enumerate(zip(sides, bright, names, strict=True))
    ]
    span = widest_span(changes)
    for change in changes:
        drawn.append(_change(sides, change, span, layout, names[0], screen))
    lines: list[Text] = []
    for start in range(0, len(drawn), layout.across):
        lines += [Text()] if start else []
        lines += _beside(drawn[start : start + layout.across], layout, once=alike)
    return lines


def _labels(side: Side, names: tuple[str, ...]) -> tuple[str, ...]:
    """The place and the name of every row."""
    places = side.stack.positions[0].tolist()
    digits = len(str(max(places, default=0)))
    named = zip(places, names or side.stack.query_tokens.names, strict=True)
    return tuple(f"{place:>{digits}} {name}" for place, name in named)


def _layout(
    sides: Sequence[Side], names: Sequence[tuple[str, ...]], n_maps: int, screen: Screen, *,
    alike: bool,
) -> Layout:  # fmt: skip
    rows = max(side.stack.shape[0] for side in sides)
    columns = max(side.stack.shape[1] for side in sides)
    label = widest([name for labels in names for name in labels], LABEL) + 1
    if rows <= TALLEST:
        for across in range(n_maps, 0, -1):
            room = _room(screen.width, label, across, alike=alike)
            wide = next((wide for wide in WIDES if columns * wide <= room), 0)
            if wide:
                return Layout(across, wide, 1, label)
    label = len(str(rows)) + 1
    across = max(min(n_maps, (screen.width - label + GAP) // (LEAST + label + GAP)), 1)
    room = _room(screen.width, label, across, alike=alike)
    lines = max(screen.height - 12, 6)
    return Layout(across, 1, max(-(-columns // max(room, 1)), -(-rows // (2 * lines))), label)


def _room(width: int, label: int, across: int, *, alike: bool) -> int:
    """Characters of one map, where labels stand before the first or before each."""
    labels = label if alike else label * across
    return (width - labels + GAP) // across - GAP


def _side(
    side: Side, name: str, bright: Shades, layout: Layout, labels: tuple[str, ...], screen: Screen
) -> Drawn:
    steps = levels(bright.shares, side.allowed())
    if layout.cell > 1:
        shares, allowed = bright.shares, side.allowed()
        for axis in (0, 1):
            shares = pool(shares, _per(side, layout), axis, np.maximum)
            allowed = pool(allowed, _per(side, layout), axis, np.maximum)
        lines = half_rows(levels(shares, allowed), screen.colour)
    elif layout.wide >= NUMBERS:
        lines = [_numbers(row, of, layout.wide) for row, of in zip(side.rows(), steps, strict=True)]
    else:
        lines = full_rows(steps, layout.wide, screen.colour)
    return Drawn(name, _above(side, layout), lines, _shown(labels, side, layout))


def _per(side: Side, layout: Layout) -> int:
    """Cells of a side's own map that one of the screen holds: long texts come pooled."""
    own = -(-side.stack.shape[0] // len(side.rows()))
    return max(-(-layout.cell // own), 1)


def _shown(labels: tuple[str, ...], side: Side, layout: Layout) -> tuple[str, ...]:
    """A name for each line: the token's, or the place of the first of many."""
    if layout.cell == 1:
        return labels
    places = side.stack.positions[0][:: 2 * layout.cell].tolist()
    return tuple(str(place).rjust(layout.label - 1) for place in places)


def _above(side: Side, layout: Layout) -> list[Text]:
    """The number of every column; digits stand below one another where cells are narrow."""
    places = side.stack.positions[1][:: layout.cell].tolist()
    if layout.wide >= NUMBERS:
        written = "".join(str(place).rjust(layout.wide - 1) + " " for place in places)
        return [Text(written, "dim", no_wrap=True)]
    digits = len(str(max(places, default=0)))
    columns = [str(place).rjust(digits) for place in places]
    return [
        Text("".join(one[i].ljust(layout.wide) for one in columns), "dim", no_wrap=True)
        for i in range(digits)
    ]


def _numbers(weights: Array, steps: Array, wide: int) -> Text:
    line = Text(no_wrap=True)
    for weight, step in zip(weights.tolist(), steps.tolist(), strict=True):
        if step < 0:
            line.append("·".rjust(wide - 1) + " ", "dim")
        else:
            line.append(percent(weight).rjust(wide - 1) + " ", background(step))
    return line


def _change(
    sides: Sequence[Side], change: Difference, span: float, layout: Layout,
    labels: tuple[str, ...], screen: Screen,
) -> Drawn:  # fmt: skip
    first = sides[0]
    hidden = ~(first.allowed() | change.side.allowed())
    if layout.cell > 1:
        lines = _halves(_strongest(change.weights, _per(first, layout)) / span, screen)
    elif layout.wide >= NUMBERS:
        lines = [_points(row, of, layout.wide) for row, of in zip(change.weights, hidden,
                                                                  strict=True)]  # fmt: skip
    else:
        draw = _filled if screen.colour else _signs
        rows = zip((change.weights / span).tolist(), hidden.tolist(), strict=True)
        lines = [draw(shares, masked, layout.wide) for shares, masked in rows]
    return Drawn(minus(change, sides), _above(first, layout), lines, _shown(labels, first, layout))


def _points(changes: Array, hidden: Array, wide: int) -> Text:
    """Changes in points: what is more in orange, what is less in blue, nothing faint."""
    line, (less, more) = Text(no_wrap=True), _styles()
    for change, masked in zip(changes.tolist(), hidden.tolist(), strict=True):
        points = f"{100 * change:+.0f}"
        if masked or points in ("+0", "-0"):
            line.append(("·" if masked else "0").rjust(wide - 1) + " ", "dim")
        else:
            line.append(points.rjust(wide - 1) + " ", more if change > 0 else less)
    return line


def _filled(shares: Sequence[float], hidden: Sequence[bool], wide: int) -> Text:
    line, (less, more) = Text(no_wrap=True), _styles()
    for share, masked in zip(shares, hidden, strict=True):
        block = BLOCKS[min(round(abs(share) * (len(BLOCKS) - 1)), len(BLOCKS) - 1)]
        if masked:
            line.append("·".center(wide), "dim")
        else:
            line.append(block * wide, more if share > 0 else less)
    return line


def _signs(shares: Sequence[float], hidden: Sequence[bool], wide: int) -> Text:
    """One sign for a change of a third of the full colour, two of two thirds where they fit."""
    line = Text(no_wrap=True)
    for share, masked in zip(shares, hidden, strict=True):
        signs = min(int(abs(share) / THIRD + 1e-9), wide) * ("+" if share > 0 else "-")
        line.append(("·" if masked else signs).center(wide))
    return line


def _halves(shares: Array, screen: Screen) -> list[Text]:
    """Two rows in one line; a change that is too small for a sign leaves its half empty."""
    if not screen.colour:
        signs = np.where(np.abs(shares) < THIRD, " ", np.where(shares > 0, "+", "-"))
        return [Text("".join(row), no_wrap=True) for row in signs[::2].tolist()]
    if len(shares) % 2:
        shares = np.vstack([shares, np.zeros((1, shares.shape[1]))])
    pairs = zip(shares[::2].tolist(), shares[1::2].tolist(), strict=True)
    return [Text.assemble(*map(_half, upper, lower), no_wrap=True) for upper, lower in pairs]


def _half(upper: float, lower: float) -> tuple[str, Style]:
    top, bottom = (_colour(share) for share in (upper, lower))
    if top is None:
        return (" ", Style()) if bottom is None else ("▄", Style(color=bottom))
    return "▀", Style(color=top, bgcolor=bottom)


def _colour(share: float) -> Color | None:
    return Color.from_rgb(*less_and_more()[share > 0]) if abs(share) >= THIRD else None


def _styles() -> tuple[Style, Style]:
    less, more = less_and_more()
    return Style(color=Color.from_rgb(*less)), Style(color=Color.from_rgb(*more))


def _strongest(weights: Array, cell: int) -> Array:
    """Of each cell the change that is largest, with its sign."""
    most, least = weights, weights
    for axis in (0, 1):
        most, least = pool(most, cell, axis, np.maximum), pool(least, cell, axis, np.minimum)
    return np.where(most >= -least, most, least)


def _beside(drawn: Sequence[Drawn], layout: Layout, *, once: bool) -> Iterator[Text]:
    """Maps side by side, with their names at the left: of the first, or of each."""
    wide = max((line.cell_len for one in drawn for line in (*one.above, *one.lines)), default=0)
    columns = [[Text(one.name, "bold"), *_bottom(one.above, drawn), *one.lines] for one in drawn]
    head = len(columns[0]) - len(drawn[0].lines) if drawn else 0
    for row in range(max(map(len, columns))):
        line = Text(no_wrap=True)
        for i, (one, lines) in enumerate(zip(drawn, columns, strict=True)):
            if i == 0 or not once:
                named = row - head
                label = one.labels[named] if 0 <= named < len(one.labels) else ""
                line.append_text(padded(label_text(label, layout.label - 1), layout.label))
            last = i == len(drawn) - 1
            cells = lines[row] if row < len(lines) else Text()
            line.append_text(cells if last else padded(cells, wide + GAP))
        yield line


def _bottom(above: Sequence[Text], drawn: Sequence[Drawn]) -> list[Text]:
    """The numbers of one map's columns, as many lines as those of the map with most."""
    most = max(len(one.above) for one in drawn)
    return [Text()] * (most - len(above)) + [*above]
