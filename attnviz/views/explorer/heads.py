"""The explorer's grid of heads: small maps, or pictures that the same query looks at, by layers
where there are several."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest

import numpy as np
from rich.text import Text

from attnviz.inputs.where import Boxes
from attnviz.record.stack import Floats, Stack
from attnviz.views.cells import full_rows, levels, small_maps
from attnviz.views.explorer.state import State
from attnviz.views.labels import label_text
from attnviz.views.look import Look
from attnviz.views.overlay import fitting, patches_of, row_of
from attnviz.views.picture_cells import drawn_picture
from attnviz.views.screen import Screen
from attnviz.views.titles import head_title

LARGEST, LEAST = 24, 4  # characters of a side of a small map
BLOCK = 2  # characters of a head where there is no room for maps
GAP = 1  # between maps with names
NAMED = 7  # and no less where a name stands above it


@dataclass
class Thumbnails:
    """Small maps of a stack, drawn once; of a picture, small pictures, drawn once for a query."""

    stack: Stack
    query: int = 0

    @cached_property
    def where(self) -> Boxes | None:
        """The patches that are looked at, if they are patches."""
        return patches_of(self.stack)

    def asked_by(self, query: int) -> None:
        """Let another query look at the picture."""
        if self.where is not None and query != self.query:
            self._drawn.clear()
        self.query = query

    @cached_property
    def sharpness(self) -> Floats:
        """How sure each head is of its keys: 1 is one key in each row, 0 is all alike.
        (layers, heads)"""
        entropy = self.stack.measure("normalized_entropy")
        known = np.isfinite(entropy)
        total = np.where(known, 1 - entropy, 0).sum(axis=-1)
        sure: Floats = total / np.maximum(known.sum(axis=-1), 1)
        return sure

    _drawn: dict[tuple[int, int, int, str, bool], list[Text]] = field(default_factory=dict)

    def of(self, look: Look, size: int, *, colour: bool) -> list[Text]:
        """Draw the map of one head in `size` characters and half as many lines."""
        key = (look.layer, look.heads[0], size, look.scale, colour)
        if key not in self._drawn:
            self._drawn[key] = self._draw(look, size, colour)
        return [line.copy() for line in self._drawn[key]]

    def _draw(self, look: Look, size: int, colour: bool) -> list[Text]:
        if self.where is None:
            return small_maps(self.stack, look.scale, look.places(self.stack), size, colour)[0]
        row, lines = row_of(self.stack, look.layer, look.head, self.query), -(-size // 2)
        return drawn_picture(self.where, row, None, size, lines, Screen(size, lines, colour))


def grid(state: State, thumbnails: Thumbnails, screen: Screen) -> list[Text]:
    """Return every head as a small map, the current one marked; of very many heads those around it.

    Each map carries meta: its "head" and "layer".
    """
    thumbnails.asked_by(state.query)
    if state.stack.n_layers == 1:
        return _named(state, thumbnails, screen)
    return _by_layer(state, thumbnails, screen)


def _named(state: State, thumbnails: Thumbnails, screen: Screen) -> list[Text]:
    """Heads of one layer in bands, each under its name."""
    n_heads, head = state.stack.n_heads, state.sheet.head
    sizes = range(min(LARGEST, screen.width), NAMED, -1)
    fitting = (
        s for s in sizes if -(-n_heads // _across(screen, s)) * _tall(state, s) <= screen.height
    )
    size = next(fitting, NAMED)
    across, fits = _across(screen, size), screen.height // _tall(state, size)
    at = 0 if head == "mean" else head // across
    lines: list[Text] = []
    for band in _around(at, -(-n_heads // across), fits):
        heads = range(band * across, min((band + 1) * across, n_heads))
        lines += _band(state, thumbnails, heads, size, screen)
    return lines[: screen.height]


def _across(screen: Screen, size: int) -> int:
    return max((screen.width + GAP) // (size + GAP), 1)


def _tall(state: State, size: int) -> int:
    """Lines of a small map with its name: fewer where the text has few tokens, or the picture is
    flat."""
    where = patches_of(state.stack)
    if where is not None:
        return -(-fitting(where, size, size + size % 2)[1] // 2) + 1
    return -(-min(size, state.stack.shape[0]) // 2) + 1


def _band(
    state: State, thumbnails: Thumbnails, heads: range, size: int, screen: Screen
) -> list[Text]:
    lines = [Text(no_wrap=True) for _ in range(_tall(state, size))]
    for head in heads:
        style = "bold reverse" if state.sheet.head == head else "bold"
        name = label_text(head_title(state.stack, head), size, style)
        look = replace(state.look, heads=(head,))
        maps = thumbnails.of(look, size, colour=screen.colour)
        for line, part in zip_longest(lines, [name, *maps], fillvalue=Text()):
            _append(line, part.copy(), size, head, state.sheet.layer).append(" " * GAP)
    return lines


def shows_blocks(state: State, screen: Screen) -> bool:
    """Tell whether each head is but a block, bright where it is sharp, for want of room."""
    return state.stack.n_layers > 1 and _size(state.stack, screen) == BLOCK


def _by_layer(state: State, thumbnails: Thumbnails, screen: Screen) -> list[Text]:
    """Layers below one another, heads side by side."""
    stack, layer, head = state.stack, state.sheet.layer, state.sheet.head
    size, label = _size(stack, screen), _label(stack)
    first = replace(state.look, heads=(0,))
    tall = 1 if size == BLOCK else len(thumbnails.of(first, size, colour=screen.colour))
    columns = _around(
        0 if head == "mean" else head, stack.n_heads, (screen.width - label) // (size + 1)
    )
    lines = [_numbers(label, columns, size, head)]
    for row in _around(layer, stack.n_layers, (screen.height - 1) // tall):
        band = [Text(" " * label, no_wrap=True) for _ in range(tall)]
        name = f"{'▸' if row == layer else ' '}{stack.layer_numbers[row]}"
        style = "bold" if row == layer else "dim"
        band[0] = Text(no_wrap=True).append(name.ljust(label), style)
        for column in columns:
            if size == BLOCK:
                maps = [_block(thumbnails.sharpness[row, column], screen)]
            else:
                look = replace(state.look, layer=row, heads=(column,))
                maps = thumbnails.of(look, size, colour=screen.colour)
            here = row == layer and column == head
            for line, part in zip_longest(band, maps, fillvalue=Text()):
                _append(line, part, size, column, row).append("◂" if here else " ", "bold")
        lines += band
    return lines


def _label(stack: Stack) -> int:
    """Characters before a layer's heads: a mark, its number, a space."""
    return len(str(stack.layer_numbers[-1])) + 2


def _size(stack: Stack, screen: Screen) -> int:
    """Characters of a map's side so that all heads fit, or of a block."""
    width, height = screen.width - _label(stack), screen.height - 1
    largest = min(width // stack.n_heads - 1, 2 * (height // stack.n_layers), LARGEST)
    return largest if largest >= LEAST else BLOCK


def _block(share: float, screen: Screen) -> Text:
    steps = levels(np.array([[share]]), np.ones((1, 1), np.bool_))
    return full_rows(steps, BLOCK, screen.colour)[0]


def _around(at: int, n: int, fits: int) -> range:
    fits = max(fits, 1)
    first = max(min(at - fits // 2, n - fits), 0)
    return range(first, min(first + fits, n))


def _numbers(label: int, columns: range, size: int, head: int | str) -> Text:
    line = Text(" " * label, no_wrap=True)
    for column in columns:
        number = str(column)[-(size + 1) :]
        current = column == head
        line.append(number, "bold reverse" if current else "dim")
        line.append(" " * (size + 1 - len(number)))
    return line


def _append(line: Text, part: Text, size: int, head: int, layer: int) -> Text:
    part.truncate(size)
    cell = Text().append_text(part).append(" " * (size - part.cell_len))
    cell.apply_meta({"head": head, "layer": layer})
    return line.append_text(cell)
