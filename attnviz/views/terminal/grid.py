"""Each head alone as a small map under its name, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import Any, NamedTuple

from rich.cells import cell_len
from rich.console import RenderableType
from rich.text import Text

from attnviz.record.numbering import HeadPlace
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack
from attnviz.views.cells import small_maps
from attnviz.views.labels import dim_lines, label_text, padded, widest
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
LABEL = 12  # characters of a row's name at the left
WIDES = (2, 1)  # characters of a cell where every row is named, the wider first
APART = 24  # characters of a map beside its neighbour: no farther from the names than need be
AROUND = 6  # lines of the screen for the title, the footer, the command and the prompt


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
    wraps = True
    if one_band:
        layout, wraps = _under_names(stack, look, heads[:across], layout)
    else:
        layout = _with_rows_named(stack, len(heads), screen, lines_each) or layout
        across = layout.across
    bands = [heads[i : i + across] for i in range(0, len(heads), across)]
    body: list[RenderableType] = []
    for band in bands[:1] if one_band else bands:
        body += [Text()] if body else []
        body += _band(stack, look, band, layout, colour=screen.colour, wraps=wraps)
    if one_band and len(bands) > 1:
        body += dim_lines(f"+{len(heads) - across} heads: --show grid", screen.width)
    return body


class _Layout(NamedTuple):
    """How small maps lie: how many side by side, characters of each and of the gap after it, lines,
    and characters of a cell that has a line for each row (0: two rows share one), and of the names
    of rows at the left (0: rows have none)."""

    across: int
    each: int
    gap: int
    tall: int
    wide: int = 0
    label: int = 0


def _with_rows_named(stack: Stack, n_heads: int, screen: Screen, lines_each: int) -> _Layout | None:
    """The layout that has a line for every row and its name once at the left, where all maps then
    still fit the screen."""
    n_rows, n_columns = stack.shape
    label = widest(stack.query_tokens.names, LABEL) + 1
    for wide in WIDES if n_rows <= lines_each else ():
        least, room = max(wide * n_columns, NAME), screen.width - label + GAP
        across = min(n_heads, room // (least + GAP))
        if across and -(-n_heads // across) * (n_rows + 2) <= screen.height - AROUND:
            each = min(room // across - GAP, max(least, APART))
            return _Layout(across, each, GAP, n_rows, wide, label)
    return None


def _under_names(
    stack: Stack, look: Look, heads: Sequence[HeadPlace], layout: _Layout, spare: int = 0
) -> tuple[_Layout, bool]:
    """The layout with as much lower maps as names on several lines take, and whether names may take
    them: where weights would lose their place, or a word has no room, they are cut.

    spare: lines that are free below all maps.
    """
    found = _patterns(stack, heads, layout)
    if not _have_room(stack, look, heads, layout):
        return layout, False
    names = [_name(stack, look, place, layout, found.get(place, ""), wraps=True) for place in heads]
    rows = [names[i : i + layout.across] for i in range(0, len(names), layout.across)]
    more = sum(max(map(len, row)) - 1 for row in rows)
    lower = layout._replace(tall=layout.tall - -(-max(more - spare, 0) // len(rows)))
    worse = lower.tall < LEAST or (_is_whole(stack, layout) and not _is_whole(stack, lower))
    return (layout, False) if worse and lower != layout else (lower, True)


def _have_room(stack: Stack, look: Look, heads: Sequence[HeadPlace], layout: _Layout) -> bool:
    """Tell whether no word of the heads' names is wider than a map."""
    found = _patterns(stack, heads, layout)
    titles = (_title(stack, look, place, found.get(place, "")) for place in heads)
    return all(cell_len(word) <= layout.each for title in titles for word in title.split())


def _is_whole(stack: Stack, layout: _Layout) -> bool:
    """Tell whether a map has a place for every weight."""
    rows = layout.tall * (1 if layout.wide else 2)
    return layout.each >= stack.shape[1] and rows >= stack.shape[0]


def strips(stack: Stack, look: Look, screen: Screen, lines: int) -> list[RenderableType]:
    """Draw all heads in at most `lines` lines, as large as these let them be; [] if in none."""
    fitted = _fitted(stack, look, screen.width, lines)
    if fitted is None:
        tall = lines - 2  # of one row of maps, their names and how many more there are
        in_one = in_one_strip(stack.n_heads, screen.width)
        return [] if in_one or tall < LEAST else grid(stack, look, screen, tall, one_band=True)
    (layout, wraps), heads = fitted, look.places(stack)
    body: list[RenderableType] = []
    for first in range(0, stack.n_heads, layout.across):
        body += [Text()] if body else []
        band = heads[first : first + layout.across]
        body += _band(stack, look, band, layout, colour=screen.colour, wraps=wraps)
    return body


def are_whole(stack: Stack, look: Look, width: int, lines: int) -> bool:
    """Tell whether the maps of all heads have a place for every weight in so many lines, under
    names that are not cut for want of lines."""
    fitted = _fitted(stack, look, width, lines)
    if fitted is None:
        return False
    layout, wraps = fitted
    enough = wraps or not _have_room(stack, look, look.places(stack), layout)
    return enough and _is_whole(stack, layout)


def _fitted(stack: Stack, look: Look, width: int, lines: int) -> tuple[_Layout, bool] | None:
    """The layout of all heads under their names in so many lines, and whether names wrap."""
    layout = _largest(stack, width, lines)
    if layout is None:
        return None
    spare = lines + 1 - -(-stack.n_heads // layout.across) * (layout.tall + 2)
    return _under_names(stack, look, look.places(stack), layout, spare)


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


def _title(stack: Stack, look: Look, place: HeadPlace, pattern: str = "") -> str:
    """The head, with its layer where heads of several were asked for, and what it looks at."""
    title = place_title(stack, *place) if look.apart else head_title(stack, place[1])
    return f"{title} {pattern}" if pattern else title


def _name(
    stack: Stack, look: Look, place: HeadPlace, layout: _Layout, pattern: str = "", *, wraps: bool
) -> list[Text]:
    """The head above its map, what it was built or found to look at, and what is brightest there
    where the map has a scale of its own. wraps: on as many lines as it takes; else it is cut."""
    each, title = layout.each, _title(stack, look, place, pattern)
    most = percent(float(stack.map(*place, _size(stack, layout)).mean.max(initial=0)))
    brightest = "" if each < NAME or most == "100" else f" ≤{most}%"
    lines = wrap(title, each - len(brightest)) if wraps else [title]
    names = [label_text(line, each - len(brightest), "bold") for line in lines]
    names[-1].append(brightest, "dim")
    return names


def _patterns(stack: Stack, places: Sequence[HeadPlace], layout: _Layout) -> Mapping[Any, str]:
    """What heads were found to look at, where maps are wide enough to say it."""
    if layout.each < NAME:
        return {}
    return patterns(stack, tuple(dict.fromkeys(layer for layer, _ in places)))


def _size(stack: Stack, layout: _Layout) -> int:
    """Cells a side of a map: every token where each has a line."""
    if layout.wide:
        return max(stack.shape)
    return max(min(2 * layout.tall, layout.each), 1)


def in_one_strip(n_heads: int, width: int) -> bool:
    """Tell whether all heads stand side by side, if need be under their numbers alone."""
    return n_heads <= max(maps_across(width), (width + 1) // (NARROWEST + 1))


def maps_across(width: int) -> int:
    """Count the small maps that stand side by side."""
    return max((width + GAP) // (NAME + GAP), 1)


def _band(
    stack: Stack, look: Look, places: Sequence[HeadPlace], layout: _Layout, *, colour: bool,
    wraps: bool,
) -> list[RenderableType]:  # fmt: skip
    """One row of maps under their names: on one scale where a name has no room to say the largest
    weight."""
    alike, size = layout.each < NAME, _size(stack, layout)
    found = _patterns(stack, places, layout)
    names = [
        _name(stack, look, place, layout, found.get(place, ""), wraps=wraps) for place in places
    ]
    tall = max(map(len, names))
    maps = small_maps(stack, look.scale, places, size, colour, alike=alike, wide=layout.wide)
    columns = [
        [*[Text()] * (tall - len(name)), *name, *cells]
        for name, cells in zip(names, maps, strict=True)
    ]
    if layout.label:
        rows = [label_text(name, layout.label - 1) for name in stack.query_tokens.names]
        columns = [[*[Text()] * tall, *rows], *columns]
    lines = [_beside(row, layout) for row in zip(*columns, strict=True)]
    for line in lines if not colour else ():  # a blank that has a colour is a cell
        line.rstrip()
    return list(lines)


def _beside(row: Sequence[Text], layout: _Layout) -> Text:
    """One line of all maps, after the name of the row where rows have one."""
    line = Text(no_wrap=True)
    *before, last = row
    for i, cells in enumerate(before):
        wide = layout.label if layout.label and not i else layout.each + layout.gap
        line.append_text(padded(cells, wide))
    return line.append_text(last)
