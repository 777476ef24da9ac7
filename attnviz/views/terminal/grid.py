"""Each head alone as a small map under its name, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.console import RenderableType
from rich.text import Text

from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack
from attnviz.views.cells import small_map
from attnviz.views.labels import dim_line, label_text
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.screen import Screen
from attnviz.views.titles import head_title, layer_title

GAP = 2  # between small maps
NARROWEST = 4  # characters of a map in a strip of all heads
NAME = 18  # characters for a head's name above its map
TALLEST = 32  # lines of one map


def grid_view(record: AttentionRecord, look: Look, screen: Screen) -> list[RenderableType]:
    """Draw every chosen head of the layer; of several layers, one below the other."""
    stack = record.stack
    if not look.layers:
        return grid(stack, look, screen, TALLEST)
    lines: list[RenderableType] = []
    for layer in look.layers:
        lines += [Text()] if lines else []
        lines.append(label_text(layer_title(stack, layer), screen.width, "dim"))
        lines += grid(stack, replace(look, layer=layer), screen, TALLEST)
    return lines


def grid(
    stack: Stack, look: Look, screen: Screen, lines_each: int, *, one_band: bool = False
) -> list[RenderableType]:
    """Draw the chosen heads, or all, in maps of at most `lines_each` lines.

    one_band: keep to the first row of maps and say how many more there are.
    """
    heads = look.heads or range(stack.n_heads)
    across = maps_across(screen.width)
    if one_band and len(heads) > across and in_one_strip(len(heads), screen.width):
        across = len(heads)
    gap = GAP if across <= maps_across(screen.width) else 1
    each = (screen.width + gap) // min(across, max(len(heads), 1)) - gap
    size = max(min(2 * lines_each, each), 1)
    bands = [heads[i : i + across] for i in range(0, len(heads), across)]
    body: list[RenderableType] = []
    for band in bands[:1] if one_band else bands:
        body += [Text()] if body else []
        body += _band(stack, look, band, (each, gap), size, colour=screen.colour)
    if one_band and len(bands) > 1:
        body.append(dim_line(f"… +{len(heads) - across} heads: --show grid", screen.width))
    return body


def _name(stack: Stack, look: Look, each: int, size: int) -> Text:
    """The head above its map, and what is brightest there: every map has a scale of its own."""
    title = head_title(stack, look.heads[0])
    most = percent(float(stack.map(look.layer, look.head, size).mean.max(initial=0)))
    if each < NAME or most == "100":
        return label_text(title, each, "bold")
    brightest = f" ≤{most}%"
    name = label_text(title, each - len(brightest), "bold")
    return name.append(brightest, "dim")


def in_one_strip(n_heads: int, width: int) -> bool:
    """Tell whether all heads stand side by side, if need be under their numbers alone."""
    return n_heads <= max(maps_across(width), (width + 1) // (NARROWEST + 1))


def maps_across(width: int) -> int:
    """Count the small maps that stand side by side."""
    return max((width + GAP) // (NAME + GAP), 1)


def _band(
    stack: Stack, look: Look, heads: Sequence[int], room: tuple[int, int], size: int, *,
    colour: bool,
) -> list[RenderableType]:  # fmt: skip
    """One row of maps under their names. room: characters of a map, and of the gap after it."""
    each, gap = room
    names, columns = [], []
    for head in heads:
        name = _name(stack, replace(look, heads=(head,)), each, size)
        name.pad_right(each + gap - name.cell_len)
        names.append(name)
        columns.append(small_map(stack, replace(look, heads=(head,)), size, colour))
    lines = [Text("", end="").join(names)]
    for row in zip(*columns, strict=True):
        line = Text(no_wrap=True, end="")
        for cells in row:
            cells.pad_right(each + gap - cells.cell_len)
            line.append_text(cells)
        lines.append(line)
    for line in lines:
        line.rstrip()
        line.end = "\n"
    return list(lines)
