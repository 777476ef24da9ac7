"""One query's row in several layers or heads, one below the other: how it changes between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from rich.cells import cell_len
from rich.console import RenderableType
from rich.text import Text

from attnviz.errors import AttnvizError
from attnviz.language.language import TERMINAL
from attnviz.record.record import AttentionRecord
from attnviz.record.selection import rows_named
from attnviz.record.stack import Floats, Stack, Which
from attnviz.views.cells import background
from attnviz.views.labels import dim_line, label_text, padded
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.palette import level
from attnviz.views.screen import Screen

WIDES = (6, 5, 4)  # characters of a cell
LABEL = 12  # characters of a key in a list
LITTLE = 0.005  # less is written as 0%

Place = tuple[int, Which]


def places_of(look: Look) -> list[Place]:
    """Return the layers and heads that are looked at, in order; where no head was named, the
    mean."""
    heads: Sequence[Which] = look.heads or ("mean",)
    return [*look.apart] or [
        (layer, head) for layer in look.layers or (look.layer,) for head in heads
    ]


def query_matrix(
    record: AttentionRecord, query: str, look: Look, screen: Screen
) -> list[RenderableType]:
    """Draw a line for each layer or head with the weight of every key, or where the keys do not fit
    with the strongest. AttnvizError where the rows were not kept, or no query has that name."""
    stack = record.stack
    if stack.weights is None:
        raise AttnvizError(
            "The rows of so long a text were not kept.", "Give a shorter text.", key="err.rows_so"
        )
    places, (queries, _) = places_of(look), stack.positions
    names = [_named(place, stack, look) for place in places]
    lines: list[RenderableType] = []
    for row in rows_named(stack, query):
        lines += [Text()] if lines else []
        name = TERMINAL.token(stack.query_tokens.names[row])
        lines.append(dim_line(name if record.units else f"{name} ({queries[row]})", screen.width))
        weights = np.stack([stack.map(*place, max(stack.shape)).mean[row] for place in places])
        lines += _table(stack, names, weights, screen)
    return lines


def _named(place: Place, stack: Stack, look: Look) -> str:
    layer, head = stack.layer_numbers[place[0]], place[1]
    if head == "mean":
        return f"layer {layer}"
    return f"{layer}.{head}" if stack.names_layers or look.layers else f"head {head}"


def _table(
    stack: Stack, names: Sequence[str], weights: Floats, screen: Screen
) -> Iterator[RenderableType]:
    label = max(map(cell_len, names)) + 1
    n_keys = weights.shape[1]
    each = next((wide for wide in WIDES if label + wide * n_keys <= screen.width), 0)
    if not each:
        yield from _list(stack, names, weights, label, screen)
        return
    header = Text(" " * label, no_wrap=True)
    for key in stack.key_tokens.names:
        text = label_text(key, each - 1, "dim")
        header.append_text(Text(" " * max(each - text.cell_len - 1, 0))).append_text(text)
        header.append(" ")
    yield header
    largest = float(weights.max(initial=0))
    for name, row in zip(names, weights, strict=True):
        line = padded(Text(name), label)
        for nth, weight in enumerate(row.tolist()):
            style = background(level(weight, largest)) or ""
            cell = Text(percent(weight).rjust(each - 1) + " ", style)
            if nth == int(row.argmax()):
                cell.stylize("bold")
            line.append_text(cell)
        yield line


def _list(
    stack: Stack, names: Sequence[str], weights: Floats, label: int, screen: Screen
) -> Iterator[RenderableType]:
    """The strongest keys, as many as a line has room for."""
    for name, row in zip(names, weights, strict=True):
        line = padded(Text(name), label)
        for key in np.argsort(-row, kind="stable").tolist():
            said = label_text(stack.key_tokens.names[key], LABEL)
            said.append(f" {percent(row[key])}%  ", "dim")
            if row[key] < LITTLE or line.cell_len + said.cell_len > screen.width + 2:
                break
            line.append_text(said)
        line.rstrip()
        line.truncate(screen.width, overflow="ellipsis")  # where one key alone is wider
        yield line
