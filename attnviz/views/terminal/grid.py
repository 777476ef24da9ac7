"""Each head alone as a small map under its name, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import Any, NamedTuple

from rich.console import RenderableType
from rich.text import Text

from attnviz.record.numbering import HeadPlace
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack
from attnviz.views.cells import small_maps
from attnviz.views.labels import dim_lines, label_text
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.screen import Screen
from attnviz.views.terminal.patterns import patterns
from attnviz.views.titles import head_title, layer_title, place_title

GAP = 2  # between small maps
NARROWEST = 4  # characters of a map in a strip of all heads
NAME = 18  # characters for a head's name above its map
LEAST = 2  # lines of a map: with less they are left out
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
        lines += grid(stack, replace(look, layer=layer, layers=()), screen, TALLEST)
    return lines


def grid(
    stack: Stack, look: Look, screen: Screen, lines_each: int, *, one_band: bool = False
) -> list[RenderableType]:
    """Draw the chosen heads, or all, in maps of at most `lines_each` lines.

    one_band: keep to the first row of maps and say how many more there are.
    """
    heads = look.places(stack)
    across = maps_across(screen.width)
    if one_band and len(heads) > across and in_one_strip(len(heads), screen.width):
        across = len(heads)
    layout = _Layout(across, *_room(min(across, len(heads)), screen.width), lines_each)
    bands = [heads[i : i + across] for i in range(0, len(heads), across)]
    body: list[RenderableType] = []
    for band in bands[:1] if one_band else bands:
        body += [Text()] if body else []
        body += _band(stack, look, band, layout, colour=screen.colour, wraps=not one_band)
    if one_band and len(bands) > 1:
        body += dim_lines(f"+{len(heads) - across} heads: --show grid", screen.width)
    return body


class _Layout(NamedTuple):
    """How small maps lie: how many side by side, characters of each and of the gap after it, lines,
    and characters of a cell that has a line for each row (0: two rows share one)."""

    across: int
    each: int
    gap: int
    tall: int
    wide: int = 0


def strips(stack: Stack, look: Look, screen: Screen, lines: int) -> list[RenderableType]:
    """Draw all heads in at most `lines` lines, as large as these let them be; [] if in none."""
    layout = _largest(stack, screen.width, lines)
    if layout is None:
        tall = lines - 2  # of one row of maps, their names and how many more there are
        in_one = in_one_strip(stack.n_heads, screen.width)
        return [] if in_one or tall < LEAST else grid(stack, look, screen, tall, one_band=True)
    heads = look.places(stack)
    body: list[RenderableType] = []
    for first in range(0, stack.n_heads, layout.across):
        body += [Text()] if body else []
        band = heads[first : first + layout.across]
        body += _band(stack, look, band, layout, colour=screen.colour)
    return body


def are_whole(stack: Stack, width: int, lines: int) -> bool:
    """Tell whether the maps of all heads have a place for every weight in so many lines."""
    layout = _largest(stack, width, lines)
    return layout is not None and layout.each >= stack.shape[1] and (
        layout.tall * (1 if layout.wide else 2) >= stack.shape[0]
    )  # fmt: skip


def _largest(stack: Stack, width: int, lines: int) -> _Layout | None:
    """The layout of all heads with the largest cells, in the fewest rows of maps."""
    n_rows, n_columns = stack.shape
    halves = -(-n_rows // 2)
    pooled: _Layout | None = None
    whole: _Layout | None = None
    for bands in range(1, stack.n_heads + 1):
        across = -(-stack.n_heads // bands)
        each, gap = _room(across, width)
        tall = (lines + 1) // bands - 2  # a name above a map, a gap below
        if tall < min(halves, LEAST):
            break
        if each >= 2 * n_columns and tall >= n_rows:
            return _Layout(across, each, gap, n_rows, 2)
        if each >= max(n_rows, n_columns) and tall >= halves and whole is None:
            whole = _Layout(across, each, gap, halves)
        if bands == 1 and each >= NARROWEST:
            pooled = _Layout(across, each, gap, tall)
    return whole or pooled


def _room(across: int, width: int) -> tuple[int, int]:
    """Characters of a map, and of the gap after it."""
    gap = GAP if across <= maps_across(width) else 1
    return (width + gap) // max(across, 1) - gap, gap


def _name(
    stack: Stack, place: HeadPlace, each: int, size: int, pattern: str, *, named: bool, wraps: bool
) -> list[Text]:
    """The head above its map, what it was built or found to look at, and what is brightest there
    where the map has a scale of its own. named: with its layer. wraps: on as many lines as it
    takes; else it is cut."""
    title = place_title(stack, *place) if named else head_title(stack, place[1])
    title += f" {pattern}" if pattern and each >= NAME else ""
    most = percent(float(stack.map(*place, size).mean.max(initial=0)))
    brightest = "" if each < NAME or most == "100" else f" ≤{most}%"
    lines = wrap(title, each - len(brightest)) if wraps else [title]
    names = [label_text(line, each - len(brightest), "bold") for line in lines]
    names[-1].append(brightest, "dim")
    return names


def in_one_strip(n_heads: int, width: int) -> bool:
    """Tell whether all heads stand side by side, if need be under their numbers alone."""
    return n_heads <= max(maps_across(width), (width + 1) // (NARROWEST + 1))


def maps_across(width: int) -> int:
    """Count the small maps that stand side by side."""
    return max((width + GAP) // (NAME + GAP), 1)


def _band(
    stack: Stack, look: Look, places: Sequence[HeadPlace], layout: _Layout, *, colour: bool,
    wraps: bool = False,
) -> list[RenderableType]:  # fmt: skip
    """One row of maps under their names: on one scale where a name has no room to say the largest
    weight."""
    each, gap, alike = layout.each, layout.gap, layout.each < NAME
    size = max(stack.shape) if layout.wide else max(min(2 * layout.tall, each), 1)
    layers = tuple(dict.fromkeys(layer for layer, _ in places))
    names: list[list[Text]] = []
    found: Mapping[Any, str] = patterns(stack, layers) if each >= NAME else {}
    for place in places:
        name = _name(
            stack, place, each, size, found.get(place, ""), named=bool(look.apart), wraps=wraps
        )
        for line in name:
            line.pad_right(each + gap - line.cell_len)
        names.append(name)
    empty = Text(" " * (each + gap), end="")
    tall = max(map(len, names))
    above = zip(*([*[empty] * (tall - len(name)), *name] for name in names), strict=True)
    columns = small_maps(stack, look.scale, places, size, colour, alike=alike, wide=layout.wide)
    lines = [Text("", end="").join(row) for row in above]
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
