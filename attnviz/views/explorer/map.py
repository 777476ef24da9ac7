"""The explorer's map of one head: every cell, half-block cells, a part around the query, or pooled,
whichever is the most that finds room."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from attnviz.frozen import dataclass
from attnviz.language.language import TERMINAL
from attnviz.record.stack import Floats
from attnviz.views.cells import (
    MASKED,
    UNKNOWN,
    Levels,
    background,
    full_rows,
    half_rows,
    levels,
    positions,
    scale_line,
)
from attnviz.views.explorer.state import State
from attnviz.views.labels import label_text, widest
from attnviz.views.number_format import percent
from attnviz.views.pooled_cells import cell_shades, cells_note
from attnviz.views.scale import Shades
from attnviz.views.screen import Screen

LABEL = 12  # characters that a token's label may take
MARKS = 2  # characters before a label: ▸ the query, ◆ a pin
NUMBERED = 4  # characters from which a cell shows its percent
WIDEST, TALLEST = 9, 3  # characters and lines of a cell where there is much room
NEAR, NEAR_NUMBERED = 2, 5  # characters of a cell in a part around the query, where there is room
ROOMY = 50  # characters from which there is
FLATTEST = 3  # characters of half a line
LEGIBLE = 6  # lines from which one more can be spared for words


@dataclass(frozen=True)
class Field:
    """What part of a map is drawn and how large.

    steps, weights: (rows, columns), of the part. first: its first cell. cells: tokens per cell.
    wide, tall: characters and lines of a cell; tall 0 is two rows to a line.
    """

    steps: Levels
    weights: Floats
    bright: Shades
    first: tuple[int, int]
    cells: tuple[int, int]
    wide: int
    tall: int

    def query(self, row: int) -> int:
        """Return the first query of a row."""
        return (self.first[0] + row) * self.cells[0]


def heatmap(state: State, screen: Screen) -> list[Text]:
    """Return the map of the current head in `screen.width` × `screen.height` characters: a line of
    keys above, a line below that says what the colours mean, or two.

    Each line of cells carries meta: its query, and where its keys are ("keys": column of the first,
    characters per cell, first key, keys per cell).
    """
    names = state.stack.query_tokens.names
    label = widest(names, max(min(LABEL, screen.width // 4), 1))
    indent = MARKS + label + 1
    room = max(screen.height - 2, 1), max(screen.width - indent, 1)
    shown = _field(state, *room, colour=screen.colour)
    legend = _legend(state, shown, screen)
    if len(legend) > 1:
        shown = _field(state, max(room[0] - 1, 1), room[1], colour=screen.colour)
    each = max(shown.tall, 1)
    lines = [_keys(state, shown, indent)]
    for number, cells in enumerate(_cells(shown, screen.colour)):
        row = number // each if shown.tall else 2 * number
        below = shown.query(row + (1 if shown.tall else 2))
        named = number % each == each // 2
        queries = range(shown.query(row), min(below, state.stack.shape[0]))
        line = _name(state, queries, label, named=named, pooled=shown.cells[0] > 1)
        line.append_text(cells)
        where = (indent, shown.wide, shown.first[1] * shown.cells[1], shown.cells[1])
        line.apply_meta({"query": shown.query(row), "keys": where})
        lines.append(line)
    return [*lines, *legend]


def _field(state: State, lines: int, across: int, *, colour: bool) -> Field:
    sheet = state.sheet
    if state.near and sheet.pooled:
        return _kept(state, lines, across)
    bright = sheet.bright(state.look.scale)
    steps = levels(bright.shares, sheet.allowed)
    (rows, columns), cells = steps.shape, sheet.map.cells
    if rows <= lines and columns <= across:
        wide = min(across // columns, WIDEST)
        tall = max(min(lines // rows, TALLEST, round(wide / 2.2)), 1)
        return Field(steps, sheet.map.mean, bright, (0, 0), cells, wide, tall)
    if state.near:
        wide = NEAR_NUMBERED if across >= ROOMY else NEAR
        part = _around(state, (rows, columns), cells, (lines, max(across // wide, 1)))
        first = part[0].start, part[1].start
        return Field(steps[part], sheet.map.mean[part], bright, first, cells, wide, 1)
    if colour and rows <= 2 * lines and columns <= across:
        wide = min(across // columns, FLATTEST)
        return Field(steps, sheet.map.mean, bright, (0, 0), cells, wide, 0)
    return _pooled(state, lines, across, colour=colour)


def _kept(state: State, lines: int, across: int) -> Field:
    """A part around the query, of the weights that a streamed text keeps one by one."""
    sheet, (queries, keys) = state.sheet, state.stack.shape
    wide = NEAR_NUMBERED if across >= ROOMY else NEAR
    room = min(lines, queries), min(max(across // wide, 1), keys)
    rows, columns = _around(state, (queries, keys), (1, 1), room)
    shares, weights, bright = sheet.single(rows, columns, state.look.scale)
    steps = levels(np.nan_to_num(shares), sheet.sees(rows, columns))
    steps[np.isnan(shares) & (steps != MASKED)] = UNKNOWN
    return Field(steps, weights, bright, (rows.start, columns.start), (1, 1), wide, 1)


def _pooled(state: State, lines: int, across: int, *, colour: bool) -> Field:
    most = (max(2 * lines if colour else lines, 1), max(across, 1))
    stack, (layer, head) = state.stack, (state.sheet.layer, state.sheet.head)
    pooled, allowed = stack.map(layer, head, most), stack.allowed(layer, most)
    bright = cell_shades(stack, layer, head, state.look.scale, pooled, allowed)
    steps = levels(bright.shares, allowed)
    wide, tall = min(across // steps.shape[1], FLATTEST), 0 if colour else 1
    return Field(steps, pooled.mean, bright, (0, 0), pooled.cells, max(wide, 1), tall)


def _around(
    state: State, shape: tuple[int, int], cells: tuple[int, int], room: tuple[int, int]
) -> tuple[slice, slice]:
    """The part of a map with the query in its middle, and the same key, or its strongest."""
    rows, columns = cells
    strongest = state.sheet.strongest(state.query, 1) if state.stack.two_texts else []
    key = strongest[0][0] if strongest else state.query
    middle = state.query // rows, key // columns
    starts = [
        max(min(at - fits // 2, n - fits), 0)
        for at, n, fits in zip(middle, shape, room, strict=True)
    ]
    return slice(starts[0], starts[0] + room[0]), slice(starts[1], starts[1] + room[1])


def _cells(shown: Field, colour: bool) -> list[Text]:
    if not shown.tall:
        return half_rows(np.repeat(shown.steps, shown.wide, axis=1), colour)
    plain = full_rows(shown.steps, shown.wide, colour)
    if shown.wide < NUMBERED or not colour:
        middle = plain
    else:
        middle = [
            _numbered(*row, shown.wide) for row in zip(shown.steps, shown.weights, strict=True)
        ]
    at = shown.tall // 2
    return [
        (middle if line == at else plain)[row].copy()
        for row in range(len(plain))
        for line in range(shown.tall)
    ]


def _numbered(steps: NDArray[np.int64], weights: Floats, wide: int) -> Text:
    """A row of cells with their percent; what would be 0%, or was not kept, stays blank."""
    line = Text(no_wrap=True)
    for step, weight in zip(steps.tolist(), weights.tolist(), strict=True):
        if step == MASKED:
            line.append("·".center(wide), "dim")
        else:
            number = percent(weight) if weight >= 0.005 else ""
            line.append(number.center(wide), background(step) or "")
    return line


def _keys(state: State, shown: Field, indent: int) -> Text:
    """The keys' names above wide cells, else their positions."""
    columns = shown.steps.shape[1]
    first = shown.first[1] * shown.cells[1]
    if shown.wide < NUMBERED or shown.cells[1] > 1:
        places = [first + cell * shown.cells[1] for cell in range(columns)]
        return positions(indent, places, shown.wide)
    line = Text(" " * indent, no_wrap=True)
    for name in state.stack.key_tokens.names[first : first + columns]:
        text = label_text(name, shown.wide - 1, "dim")
        before = (shown.wide - text.cell_len) // 2
        line.append(" " * before).append_text(text)
        line.append(" " * (shown.wide - before - text.cell_len))
    return line


def _name(state: State, queries: range, width: int, *, named: bool, pooled: bool) -> Text:
    """The label of a row: its token, marked where the query or a pin is in it; of several tokens
    their positions."""
    line = Text(no_wrap=True)
    if not named:
        return line.append(" " * (MARKS + width + 1))
    current = state.query in queries
    pin = next((pin for pin in state.pins if pin in queries), None)
    line.append("▸ " if current else "◆ " if pin is not None else "  ", "bold")
    place = state.query if current else queries.start if pin is None else pin
    if pooled and not current and pin is None:
        name = Text(_places(queries, width), "dim")
    else:
        name = label_text(state.stack.query_tokens.names[place], width, "bold" if current else "")
    line.append_text(name)
    return line.append(" " * (width + 1 - name.cell_len))


def _places(queries: range, width: int) -> str:
    """From where to where, or from where if there is no room for more."""
    both = f"{queries.start}–{queries.stop - 1}"
    return both if len(both) <= width else str(queries.start)[:width]


def _legend(state: State, shown: Field, screen: Screen) -> list[Text]:
    """What the colours mean, and what a cell is: below that where it finds no room beside it."""
    scale = scale_line(
        "", shown.bright, (1, 1), state.look.language, screen
    )  # the panel's title says of what
    note = shown.bright.note(state.stack.key_tokens.names, state.look.language, TERMINAL)
    cell = _cell_note(state, shown)
    notes = " · ".join(filter(None, [cell, note]))
    if cell and scale.cell_len + len(notes) + 3 > screen.width and screen.height >= LEGIBLE:
        return [scale, _cut(Text(notes, "dim", no_wrap=True), screen.width)]
    return [_cut(scale.append(f" · {notes}", "dim") if notes else scale, screen.width)]


def _cell_note(state: State, shown: Field) -> str:
    """How much of the text a cell holds; "" where each is one weight and all are known."""
    if shown.cells != (1, 1):
        return cells_note(state.stack, shown.cells, state.look.language, TERMINAL)
    if state.sheet.pooled:
        return state.look.language.say("ui.kept", TERMINAL, k=state.sheet.kept[0].shape[1])
    return ""


def _cut(line: Text, width: int) -> Text:
    line.truncate(width, overflow="ellipsis")
    return line
