"""Every weight of one head in percent, where a table of them fits the screen."""

from __future__ import annotations

from rich.cells import cell_len
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

CELL = 5  # characters of a weight: " 100 "
NARROW = 4  # where five do not fit: "100 "
LABEL = 12  # characters that a token's label may take
STRONGEST = 17  # " strongest" column: label, weight


def table_view(record: AttentionRecord, look: Look, screen: Screen) -> list[RenderableType]:
    """Draw the table, or the strongest keys where it does not fit."""
    if table_fits(record.stack, screen.width):
        return list(table(record.stack, look, screen))
    return top_view(record, look, screen)


def table_fits(stack: Stack, width: int) -> bool:
    """Tell whether every weight finds its place in a table of that width."""
    return widest(stack.query_tokens.names, LABEL) + 1 + NARROW * stack.shape[1] <= width


def table(stack: Stack, look: Look, screen: Screen) -> list[Text]:
    """Draw every weight in percent: rows are queries, columns keys, `·` masked, the strongest
    bold and, where there is room, named on the right."""
    whole = max(stack.shape)
    shown, allowed = stack.map(look.layer, look.head, whole).mean, stack.allowed(look.layer, whole)
    keys, largest = stack.strongest(look.layer, look.head, 1)
    steps = levels(shades(shown, allowed, look.scale).shares, allowed)
    label, each, named = _columns(stack, cell_len(chosen(stack, look)), screen.width)
    lines = [_header(stack, look, label, each, named=named)]
    for row, name in enumerate(stack.query_tokens.names):
        line = padded(label_text(name, label), label + 1)
        for j in range(stack.shape[1]):
            bold = j == keys[row, 0]
            line.append_text(_weight_cell(shown[row, j], int(steps[row, j]), each, bold=bold))
        if named:
            best = int(keys[row, 0]), float(largest[row, 0])
            line.append_text(_strongest_cell(stack, *best, look.language))
        lines.append(line)
    return lines


def _columns(stack: Stack, corner: int, width: int) -> tuple[int, int, bool]:
    """Characters of a label and of a cell, and whether the strongest key is named.

    corner: characters of the words above the labels.
    """
    label = widest(stack.query_tokens.names, LABEL)
    if label + 1 + CELL * stack.shape[1] > width:
        return label, NARROW, False
    room = width - 1 - CELL * stack.shape[1]
    label = max(label, corner if corner <= room else 0)
    spare = width - label - 1 - CELL * stack.shape[1]
    each = CELL + min(max(spare - STRONGEST, 0) // stack.shape[1], 4)
    return label, each, width - label - 1 - each * stack.shape[1] >= STRONGEST


def _header(stack: Stack, look: Look, label: int, each: int, *, named: bool) -> Text:
    corner = chosen(stack, look)
    titled = stack.n_layers > 1 or look.heads  # the title says it too: nothing is cut here
    corner = corner if cell_len(corner) <= label or not titled else ""
    header = padded(label_text(corner, label, "dim italic"), label + 1)
    for key in stack.key_tokens.names:
        header.append_text(_right(label_text(key, each - 1, "dim"), each))
    return header.append(f"  {look.language.say('ui.strongest')}" if named else "", "dim")


def _right(text: Text, width: int) -> Text:
    text.pad_left(max(width - text.cell_len, 0))
    return text


def _weight_cell(weight: float, step: int, width: int, *, bold: bool) -> Text:
    if step < 0:
        return Text("·".rjust(width - 1) + " ", "dim")
    text = Text(percent(weight).rjust(width - 1) + " ", background(step) or "")
    if bold:
        text.stylize("bold")
    return text


def _strongest_cell(stack: Stack, key: int, weight: float, language: Language) -> Text:
    if weight <= 0:
        return Text(f"  {language.say('ui.nothing')}", "dim")
    text = Text(f"{percent(weight).rjust(5)}% ", "dim")
    return text.append_text(
        label_text(stack.key_tokens.names[key], STRONGEST - 7, "default not dim")
    )
