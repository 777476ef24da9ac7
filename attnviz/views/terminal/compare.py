"""Things that are compared, side by side on one scale, and what changed between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.console import RenderableType
from rich.style import Style
from rich.text import Text

from attnviz.analysis.compare import CELLS, Difference, Side, differences
from attnviz.language.language import TERMINAL, Language
from attnviz.record.summary import pool
from attnviz.views.cells import half_rows, levels
from attnviz.views.labels import dim_line, label_text, widest
from attnviz.views.number_format import percent
from attnviz.views.palette import two_way
from attnviz.views.screen import Screen
from attnviz.views.titles import title

Array = NDArray[Any]

GAP = 2  # between maps
ROWS = 5  # of the table of what changed most
LEAST = 12  # characters that a map takes at least
SAME = 1e-6  # nats: two views of one record differ by nothing


def comparison(sides: Sequence[Side], language: Language, screen: Screen) -> list[RenderableType]:
    """Draw each side's map under its name and cost, then what changed from the first."""
    changes = differences(sides)
    lines: list[RenderableType] = []
    for name in _names(sides, language):
        lines.append(label_text(name, screen.width, "bold"))
    lines += [Text(), *_maps(sides, changes[:1], screen)]
    for change in changes:
        lines += [Text(), *_changed(sides[0], change, screen)]
    if len(changes) < len(sides) - 1:
        lines += [
            Text(),
            dim_line("Texts of different lengths are shown, not subtracted.", screen.width),
        ]
    return lines


def data(sides: Sequence[Side]) -> dict[str, Any]:
    """The comparison for programs: JSON-ready."""
    return {
        "sides": [
            {
                "name": side.name,
                "model": side.record.model.name,
                "type": side.record.kind,
                "layer": side.layer,
                "head": side.head,
                "settings": dict(side.record.settings),
                "scores": dict(zip(("computed", "full"), side.cost(), strict=True)),
            }
            for side in sides
        ],
        "differences": [
            {
                "first": change.first,
                "second": change.second,
                "largest": change.largest,
                "row": change.where[0],
                "column": change.where[1],
                "divergence": float(change.per_row.mean()),
                "divergence_per_row": change.per_row.tolist(),
                "divergence_per_head": None
                if change.per_head is None
                else change.per_head.tolist(),
            }
            for change in differences(sides)
        ],
    }


def _names(sides: Sequence[Side], language: Language) -> list[str]:
    """A line for each side: its letter, its name, where its weights come from, what it cost."""
    found = []
    for letter, side in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", sides, strict=False):
        done, total = side.cost()
        scores = language.say("ui.scores", TERMINAL, done=done, total_scores=total)
        found.append(f"{letter} {side.name}: {scores} · {title(side.record, language)}")
    return found


def _maps(
    sides: Sequence[Side], changes: Sequence[Difference], screen: Screen
) -> list[RenderableType]:
    """The maps in rows of as many as fit, all on one scale, then the first difference."""
    each = [side.rows() for side in sides]
    largest = max(float(rows.max(initial=0)) for rows in each)
    wanted = max(rows.shape[1] for rows in each)
    n_maps = len(sides) + len(changes)
    across = max(min(n_maps, (screen.width + GAP) // (min(wanted, LEAST) + GAP)), 1)
    width = min(max((screen.width + GAP) // across - GAP, LEAST), wanted)
    drawn = [
        (letter, _small(rows, side.allowed(), largest, width, screen))
        for letter, rows, side in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", each, sides, strict=False)
    ]
    for change in changes:
        drawn.append(("B - A", _signed(change, width, screen)))
    lines: list[RenderableType] = []
    for start in range(0, len(drawn), across):
        lines += [Text()] if start else []
        lines += _beside(drawn[start : start + across], width)
    scale = f"A, B: 0 – {percent(largest)}%"
    if changes:
        scale += f" · B - A: ±{percent(changes[0].span)}%, "
        scale += "orange more, blue less" if screen.colour else "+ more, - less"
    return [*lines, dim_line(scale, screen.width)]


def _beside(maps: Sequence[tuple[str, list[Text]]], width: int) -> list[RenderableType]:
    lines: list[RenderableType] = []
    head = Text(no_wrap=True)
    for name, _ in maps:
        head.append(name.ljust(width + GAP), "dim")
    lines.append(head)
    for row in range(max(len(rows) for _, rows in maps)):
        line = Text(no_wrap=True)
        for _, rows in maps:
            cells = rows[row].copy() if row < len(rows) else Text()
            cells.pad_right(max(width + GAP - cells.cell_len, 0))
            line.append_text(cells)
        line.rstrip()
        lines.append(line)
    return lines


def _small(
    rows: Array, allowed: NDArray[np.bool_], largest: float, width: int, screen: Screen
) -> list[Text]:
    cell = -(-max(rows.shape) // width)
    for axis in (0, 1):
        rows, allowed = pool(rows, cell, axis, np.maximum), pool(allowed, cell, axis, np.maximum)
    return half_rows(levels(rows / (largest or 1), allowed), screen.colour)


def _signed(change: Difference, width: int, screen: Screen) -> list[Text]:
    """The differences: two rows a line in colour, else a sign for each that is at least a third
    of what gets the full colour."""
    cell = -(-max(change.weights.shape) // width)
    shares = _strongest(change.weights, cell) / change.span
    if not screen.colour:
        signs = np.where(np.abs(shares) < 1 / 3, " ", np.where(shares > 0, "+", "-"))
        return [Text("".join(row), no_wrap=True) for row in signs.tolist()]
    colours = [Color.from_rgb(*colour) for colour in two_way()]
    steps = np.rint((shares + 1) / 2 * (len(colours) - 1)).astype(int)
    if len(steps) % 2:
        steps = np.vstack([steps, np.full((1, steps.shape[1]), len(colours) // 2)])
    lines = []
    for upper, lower in zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True):
        line = Text(no_wrap=True)
        for top, bottom in zip(upper, lower, strict=True):
            line.append("▀", Style(color=colours[top], bgcolor=colours[bottom]))
        lines.append(line)
    return lines


def _strongest(weights: Array, cell: int) -> Array:
    """Of each cell the change that is largest, with its sign."""
    most, least = weights, weights
    for axis in (0, 1):
        most, least = pool(most, cell, axis, np.maximum), pool(least, cell, axis, np.minimum)
    return np.where(most >= -least, most, least)


def _changed(first: Side, change: Difference, screen: Screen) -> list[RenderableType]:
    """How far one side is from the first, and the rows that changed most."""
    names = first.stack.query_tokens.names
    row, column = change.where
    apart = f"{change.per_row.mean():.3f} of at most {np.log(2):.3f} nats"
    head = f"{change.first} → {change.second}: Jensen-Shannon divergence {apart}, mean of rows"
    lines: list[RenderableType] = [dim_line(head, screen.width)]
    if first.stack.shape[0] <= CELLS and first.stack.shape[1] <= CELLS:
        keys = first.stack.key_tokens.names
        most = f"{names[row]} → {keys[column]}: {100 * change.largest:+.0f} points"
        lines.append(dim_line(f"largest change: {most}", screen.width))
        width = widest([names[i] for i in change.changed_most(ROWS)], 12)
        for i in change.changed_most(ROWS):
            if change.per_row[i] > 0:
                lines.append(_row(names[i], keys, change, i, width))
    if change.per_head is not None and change.per_head.max() > SAME:
        layer, head_number = np.unravel_index(change.per_head.argmax(), change.per_head.shape)
        worst = float(change.per_head.max())
        lines.append(
            dim_line(
                f"head that changed most: {layer}.{head_number} ({worst:.3f} nats)", screen.width
            )
        )
    return lines


def _row(name: str, keys: Sequence[str], change: Difference, i: int, width: int) -> Text:
    line = label_text(name, width)
    line.pad_right(width + 1 - line.cell_len)
    line.append(f"{change.per_row[i]:.3f}", "dim")
    for sign, order in (("+", np.argmax), ("-", np.argmin)):
        key = int(order(change.weights[i]))
        if abs(change.weights[i, key]) >= 0.005:
            line.append("  ").append_text(label_text(keys[key], 12))
            line.append(
                f" {100 * float(change.weights[i, key]):+.0f}", "bold" if sign == "+" else ""
            )
    return line
