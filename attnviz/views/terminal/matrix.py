"""Every head of several layers on one screen: layers down, heads across, all on one scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from attnviz.frozen import dataclass
from attnviz.language.language import TERMINAL
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack
from attnviz.views.cells import MASKED, Levels, half_rows, levels, scale_line
from attnviz.views.labels import dim_lines, padded
from attnviz.views.look import Look
from attnviz.views.scale import Shades, alike
from attnviz.views.screen import Screen
from attnviz.views.terminal.patterns import patterns

LAYER = "layer"
NARROWEST, WIDEST = 5, 24  # characters of a small map
LEAST = 4  # rows of one, two of which stand in a line
OTHERS = 8  # lines of the title, the numbers above, the scale, and what stands below
MOST_NAMED = 6  # heads that are named of one kind


def matrix(record: AttentionRecord, look: Look, screen: Screen) -> list[RenderableType]:
    """Draw a small map of every head of every layer that is looked at, and name the heads whose
    weights have a pattern."""
    stack = record.stack
    heads = look.heads or tuple(range(stack.n_heads))
    layers = look.layers or (look.layer,)
    margin = max(len(LAYER), len(str(stack.layer_numbers[layers[-1]]))) + 1
    each, across = _room(screen.width - margin, len(heads))
    rows = 2 * (screen.height - OTHERS) // len(layers) - 1
    drawn = _maps(stack, look, heads, layers, min(each, max(rows, LEAST)))
    body: list[RenderableType] = []
    for start in range(0, len(heads), across):
        band = heads[start : start + across]
        body += [Text()] if body else []
        body += _band(drawn, band, layers, stack.layer_numbers, (margin, each), screen)
    body.append(scale_line("", drawn.bright, (1, 1), look.language, screen))
    return [*body, *dim_lines(_told(stack, look, drawn, heads, layers), screen.width)]


@dataclass(frozen=True, eq=False)
class _Maps:
    """The steps of small maps by layer and head, the scale of all, and the tokens of a cell."""

    steps: Mapping[tuple[int, int], Levels]
    bright: Shades
    cells: tuple[int, int]


def _maps(
    stack: Stack, look: Look, heads: Sequence[int], layers: Sequence[int], size: int
) -> _Maps:
    places = [(layer, head) for layer in layers for head in heads]
    pooled = [stack.map(*place, size) for place in places]
    allowed = {layer: stack.allowed(layer, size) for layer in layers}
    strong = [(one.max, allowed[layer]) for one, (layer, _) in zip(pooled, places, strict=True)]
    scale = "linear" if look.scale in ("auto", "no-sink") else look.scale
    bright = alike(strong, scale, whole=False)
    steps = {
        place: levels(shades.shares, allowed[place[0]])
        for place, shades in zip(places, bright, strict=True)
    }
    return _Maps(steps, bright[0], pooled[0].cells)


def _room(width: int, n_heads: int) -> tuple[int, int]:
    """Characters of a map, and how many stand side by side."""
    each = min((width + 1) // n_heads - 1, WIDEST)
    if each >= NARROWEST:
        return each, n_heads
    across = max((width + 1) // (NARROWEST + 1), 1)
    return NARROWEST, across


def _band(
    drawn: _Maps, heads: Sequence[int], layers: Sequence[int], named_as: Sequence[int],
    room: tuple[int, int], screen: Screen,
) -> Iterator[Text]:  # fmt: skip
    """Layers below one another with half a line between them, under the numbers of the heads."""
    margin, each = room
    numbers = "".join(str(head).ljust(each + 1) for head in heads).rstrip()
    yield Text(LAYER.ljust(margin) + numbers, "dim", no_wrap=True)
    tall = drawn.steps[layers[0], heads[0]].shape[0] + 1
    named = {nth * tall // 2: str(named_as[layer]) for nth, layer in enumerate(layers)}
    columns = [half_rows(_column(drawn, head, layers), screen.colour) for head in heads]
    for nth, row in enumerate(zip(*columns, strict=True)):
        line = Text(no_wrap=True).append(named.get(nth, "").rjust(margin - 1) + " ", "dim")
        for cells in row[:-1]:
            line.append_text(padded(cells, each + 1))
        yield line.append_text(row[-1])


def _column(drawn: _Maps, head: int, layers: Sequence[int]) -> Levels:
    """The maps of one head in every layer, with an empty row after each but the last."""
    gap = np.full((1, drawn.steps[layers[0], head].shape[1]), MASKED)
    parts = [part for layer in layers for part in (drawn.steps[layer, head], gap)]
    return np.vstack(parts[:-1])


def _told(
    stack: Stack, look: Look, drawn: _Maps, heads: Sequence[int], layers: Sequence[int]
) -> str:
    """What a cell holds, and which heads have a pattern, by kind."""
    parts = []
    if drawn.cells != (1, 1):
        rows, columns = drawn.cells
        parts.append(look.language.say("heads.cells", TERMINAL, rows=rows, columns=columns))
    kinds: dict[str, list[str]] = {}
    for (layer, head), label in patterns(stack, layers).items():
        if head in heads:
            kinds.setdefault(label, []).append(f"{stack.layer_numbers[layer]}.{head}")
    parts += [f"{TERMINAL.token(kind)} {_some(places)}" for kind, places in kinds.items()]
    return " · ".join(parts)


def _some(places: Sequence[str]) -> str:
    more = len(places) - MOST_NAMED
    return " ".join(places[:MOST_NAMED]) + (f" +{more}" if more > 0 else "")
