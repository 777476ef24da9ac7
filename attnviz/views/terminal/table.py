"""Every weight of one head in percent, where a table of them fits the screen."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len, chop_cells
from rich.console import RenderableType
from rich.text import Text

from attnviz.language.language import Language
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack
from attnviz.views.cells import background, levels
from attnviz.views.labels import label_text, padded, widest
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.scale import shades
from attnviz.views.screen import Screen
from attnviz.views.terminal.top import top_view
from attnviz.views.titles import chosen

NUMBERED = re.compile(r"\d+ ")
CELL = 5  # characters of a weight: " 100 "
NARROW = 4  # where five do not fit: "100 "
TIGHT = 3  # where four do not: "99 ", and of all the weight "100"
LABEL = 12  # characters that a token's label may take
HEADERS = 3  # lines that the name of a key may take above its column
STRONGEST = 17  # " strongest" column: label, weight


def table_view(record: AttentionRecord, look: Look, screen: Screen) -> list[RenderableType]:
    """Draw the table, or the strongest keys where it does not fit."""
    if table_fits(record.stack, screen.width):
        return list(table(record.stack, look, screen))
    return top_view(record, look, screen)


def table_fits(stack: Stack, width: int) -> bool:
    """Tell whether every weight finds its place in a table of that width."""
    return widest(stack.query_tokens.names, LABEL) + 1 + TIGHT * stack.shape[1] <= width


def table(stack: Stack, look: Look, screen: Screen, headers: int = HEADERS) -> list[Text]:
    """Draw every weight in percent: rows are queries, columns keys, `·` masked, the strongest
    bold and, where there is room, named on the right. headers: lines that a long name of a key may
    take."""
    whole = max(stack.shape)
    shown, allowed = stack.map(look.layer, look.head, whole).mean, stack.allowed(look.layer, whole)
    keys, largest = stack.strongest(look.layer, look.head, 1)
    steps = levels(shades(shown, allowed, look.scale).shares, allowed)
    label, each, named = _columns(stack, look, screen.width)
    shortest = _numbers(stack.key_tokens.names) or stack.key_tokens.names
    lines = _header(stack, look, (label, each), headers, named=named)
    for row, name in enumerate(stack.query_tokens.names):
        line = padded(label_text(name, label), label + 1)
        for j in range(stack.shape[1]):
            bold = j == keys[row, 0]
            line.append_text(_weight_cell(shown[row, j], int(steps[row, j]), each, bold=bold))
        if named:
            best = int(keys[row, 0]), float(largest[row, 0])
            line.append_text(_strongest_cell(shortest, *best, look.language))
        lines.append(line)
    return lines


def names_what_is_shown(stack: Stack, look: Look, width: int) -> bool:
    """Tell whether the table has room to say, above its labels, which head it shows."""
    return cell_len(chosen(stack, look)) <= _columns(stack, look, width)[0]


def _columns(stack: Stack, look: Look, width: int) -> tuple[int, int, bool]:
    """Characters of a label and of a cell, and whether the strongest key is named."""
    label = widest(stack.query_tokens.names, LABEL)
    spare = width - label - 1 - CELL * stack.shape[1]
    if spare < 0:
        fits = label + 1 + NARROW * stack.shape[1] <= width
        return label, NARROW if fits else TIGHT, False
    if _numbers(stack.key_tokens.names) and spare >= STRONGEST:  # what their names leave is free
        return widest(stack.query_tokens.names, label + spare - STRONGEST), CELL, True
    titled = stack.n_layers > 1 or look.heads  # there the title says what is shown
    corner = 0 if titled else cell_len(chosen(stack, look))
    wider = max(corner - label, 0)
    label, spare = (label + wider, spare - wider) if wider <= spare else (label, spare)
    each = CELL + min(max(spare - STRONGEST, 0) // stack.shape[1], 4)
    return label, each, width - label - 1 - each * stack.shape[1] >= STRONGEST


def header_lines(stack: Stack, look: Look, width: int) -> int:
    """Count the lines that the names of keys need above a table, to be read to their ends."""
    _, each, _ = _columns(stack, look, width)
    names = _numbers(stack.key_tokens.names) or stack.key_tokens.names
    return min(max((len(_pieces(name, each - 1)) for name in names), default=1), HEADERS)


def _numbers(names: Sequence[str]) -> list[str]:
    """The numbers of sentences or lines, whose names begin with them; [] of tokens."""
    found = [NUMBERED.match(name) for name in names]
    return [one[0].strip() for one in found if one] if all(found) else []


def _pieces(name: str, width: int) -> list[str]:
    """A name on as many lines as it needs."""
    lines = -(-cell_len(name) // max(width, 1))
    pieces = chop_cells(name, -(-cell_len(name) // lines)) if lines > 1 else [name]
    # A name of marks without a width of their own is no cell wide: chopped, nothing would be left.
    return pieces if len(pieces) == lines else chop_cells(name, width) or [name]


def _header(
    stack: Stack, look: Look, room: tuple[int, int], most: int, *, named: bool
) -> list[Text]:
    """The names of the keys, each ending just above its column. room: characters of the label and
    of a cell. most: lines of a name; what is longer is cut."""
    label, each = room
    corner = chosen(stack, look)
    corner = corner if cell_len(corner) <= label else ""  # the title says it
    shown = _numbers(stack.key_tokens.names) or stack.key_tokens.names
    names = [_pieces(name, each - 1) for name in shown]
    most = min(max(map(len, names), default=1), most)
    names = [
        pieces if len(pieces) <= most else [*pieces[: most - 1], "".join(pieces[most - 1 :])]
        for pieces in names
    ]
    lines = [Text(" " * (label + 1), no_wrap=True) for _ in range(most - 1)]
    lines.append(padded(label_text(corner, label, "dim italic"), label + 1))
    for i, line in enumerate(lines):
        for pieces in names:
            at = i - (most - len(pieces))
            piece = label_text(pieces[at] if at >= 0 else "", each - 1, "dim")
            line.append_text(_right(piece, each))
    lines[-1].append(f"  {look.language.say('ui.strongest')}" if named else "", "dim")
    return lines


def _right(text: Text, width: int) -> Text:
    text.pad_left(max(width - text.cell_len, 0))
    return text


def _weight_cell(weight: float, step: int, width: int, *, bold: bool) -> Text:
    if step < 0:
        return Text("·".rjust(width - 1) + " ", "dim")
    text = Text(f"{percent(weight).rjust(width - 1)} "[:width], background(step) or "")
    if bold:
        text.stylize("bold")
    return text


def _strongest_cell(names: Sequence[str], key: int, weight: float, language: Language) -> Text:
    if weight <= 0:
        return Text(f"  {language.say('ui.nothing')}", "dim")
    text = Text(f"{percent(weight).rjust(5)}% ", "dim")
    return text.append_text(label_text(names[key], STRONGEST - 7, "default not dim"))
