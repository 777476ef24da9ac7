"""Weights as coloured cells of a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.style import Style
from rich.text import Text

from attnviz.language.language import TERMINAL, Language
from attnviz.record.numbering import HeadPlace
from attnviz.record.stack import Stack
from attnviz.views.number_format import percent
from attnviz.views.palette import ink_on, ramp
from attnviz.views.scale import Shades, shades, small
from attnviz.views.scale import alike as on_one_scale
from attnviz.views.screen import Screen

Levels = NDArray[np.int64]  # steps of the ramp, -1 where the mask hides the cell

SHADES = " ░▒▓█"  # without colour: nothing, a little … most
MASKED = -1
UNKNOWN = -2  # a weight that was not kept: neither nothing nor masked
DIM = Style(dim=True)


def levels(shares: NDArray[Any], allowed: NDArray[np.bool_]) -> Levels:
    """Return each share's step of the ramp, 1 on the last; masked cells are -1."""
    steps = np.rint(np.clip(shares, 0, 1) * (len(ramp()) - 1)).astype(np.int64)
    return np.where(allowed, steps, MASKED)


def full_rows(steps: Levels, width: int, colour: bool) -> list[Text]:
    """Return one line per row, each cell `width` characters wide."""
    draw = _painted if colour else _shaded
    return [_joined(draw(step, width) for step in row) for row in steps.tolist()]


def half_rows(steps: Levels, colour: bool) -> list[Text]:
    """Return two rows per line in half-block characters, one character per cell.

    Without colour a half is drawn or not: drawn where the weight is at least half its row's
    largest. A dot stands where both halves are masked.
    """
    if not colour:
        largest = steps.max(axis=1, keepdims=True)
        drawn = (steps > 0) & (2 * steps >= largest)
        steps = np.where(steps == MASKED, MASKED, drawn.astype(np.int64))
    if len(steps) % 2:
        steps = np.vstack([steps, np.full((1, steps.shape[1]), MASKED)])
    pairs = zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True)
    draw = _coloured_half if colour else _plain_half
    return [_joined(map(draw, upper, lower)) for upper, lower in pairs]


@lru_cache(maxsize=512)
def background(step: int) -> Style | None:
    """Return the style of a cell: the ramp's colour behind, readable ink in front; none for no
    weight."""
    if step < 0:
        return None
    colour = ramp()[step]
    return Style(color=Color.from_rgb(*ink_on(colour)), bgcolor=Color.from_rgb(*colour))


def small_maps(
    stack: Stack, scale: str, places: Sequence[HeadPlace], size: int, colour: bool, *,
    alike: bool = False, wide: int = 0,
) -> list[list[Text]]:  # fmt: skip
    """Draw each head in at most `size` characters and half as many lines, on its own scale, or all
    on one. wide: characters of a cell that takes a whole line; none: two rows share a line."""
    pooled = [stack.map(*place, size) for place in places]
    allowed, scale = [stack.allowed(layer, size) for layer, _ in places], small(scale)
    whole = all(one.cells[1] == 1 for one in pooled)
    if alike:
        maps = [(one.mean, seen) for one, seen in zip(pooled, allowed, strict=True)]
        bright = on_one_scale(maps, scale, whole=whole)
    else:
        bright = [
            shades(one.mean, seen, scale, whole=whole)
            for one, seen in zip(pooled, allowed, strict=True)
        ]
    steps = [levels(one.shares, seen) for one, seen in zip(bright, allowed, strict=True)]
    return [full_rows(one, wide, colour) if wide else half_rows(one, colour) for one in steps]


def positions(indent: int, places: Sequence[int | str], wide: int) -> Text:
    """Write key positions, or times, above the cells, as many as find room."""
    line = Text(" " * indent, no_wrap=True)
    place = 0
    for cell, position in enumerate(places):
        number = str(position)
        if cell * wide >= place and (cell * wide + len(number) <= len(places) * wide or cell == 0):
            line.append(" " * (indent + cell * wide - line.cell_len)).append(number, "dim")
            place = cell * wide + len(number) + max(3, wide)
    return line


def scale_line(
    shown: str, bright: Shades, cells: tuple[int, int], language: Language, screen: Screen,
    note: str = "",
) -> Text:  # fmt: skip
    """Say, after what is shown, what the colours mean and how much of the text a cell holds; in
    fewer words where the screen is narrow, before anything is cut. note: what is said of the cells
    in place of the usual."""
    steps = np.linspace(0, 63, 12).round().astype(np.int64)[None, :]
    ramped = full_rows(steps, 1, screen.colour)[0]
    least = "≥ " if bright.sink is not None else ""  # the sink, and what towers, is as bright
    most = f" {least}{_fine_percent(bright.largest)}%"
    notes = [""]
    if cells != (1, 1):
        keys = ("ui.cells", "heads.pooled")
        said = [language.say(key, TERMINAL, rows=cells[0], columns=cells[1]) for key in keys]
        notes = [f" · {one}" for one in (note or said[0], said[1])]
    tried = [(before, told) for told in notes for before in (shown, "")]
    for before, told in tried:
        line = Text.assemble((f"{before}0% ", "dim"), ramped, (f"{most}{told}", "dim"))
        if line.cell_len <= screen.width:
            break
    line.no_wrap = True
    line.truncate(screen.width, overflow="ellipsis")
    return line


def _fine_percent(weight: float) -> str:
    return percent(weight) if weight >= 0.01 else f"{100 * weight:.2g}"


def _joined(parts: Any) -> Text:
    text = Text(no_wrap=True)
    for characters, style in parts:
        text.append(characters, style)
    return text


def _painted(step: int, width: int) -> tuple[str, Style | None]:
    return (_dot(width), DIM) if step == MASKED else (" " * width, background(step))


def _shaded(step: int, width: int) -> tuple[str, Style | None]:
    if step == MASKED:
        return _dot(width), None
    if step == UNKNOWN:
        return " " * width, None
    return SHADES[-(-step * (len(SHADES) - 1) // len(ramp()))] * width, None


def _dot(width: int) -> str:
    """A masked cell: never looked at, which is not the same as a weight of nothing."""
    return "·".center(width)


def _plain_half(upper: int, lower: int) -> tuple[str, None]:
    if upper == lower == MASKED:
        return "·", None
    return {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}[
        upper > 0, lower > 0
    ], None


@lru_cache(maxsize=8192)
def _coloured_half(upper: int, lower: int) -> tuple[str, Style | None]:
    if upper == lower == MASKED:
        return "·", DIM
    top, bottom = (None if s == MASKED else Color.from_rgb(*ramp()[s]) for s in (upper, lower))
    if top is None:
        return "▄", Style(color=bottom)
    return "▀", Style(color=top, bgcolor=bottom)
