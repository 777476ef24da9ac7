"""What a long text shows besides its map: where a part lies in the whole, and links far apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rich.console import RenderableType
from rich.text import Text

from attnviz.language.language import TERMINAL, Language
from attnviz.record.stack import Place, Stack
from attnviz.views.look import Choice
from attnviz.views.scale import shades
from attnviz.views.terminal.cells import full_rows, levels
from attnviz.views.titles import label_text, percent

LABEL = 16  # characters of a token's label
MARKED = "[]"  # a cell that holds some of the part


def span(places: NDArray[np.int64]) -> str:
    """Positions as "2,000-2,399", or the first and last of some."""
    first, last = int(places[0]), int(places[-1])
    if first == last:
        return f"{first:,}"
    return f"{first:,}{'-' if last - first + 1 == places.size else ' … '}{last:,}"


def part_title(place: Place, language: Language) -> str:
    """Which part of which whole is shown."""
    n_queries, n_keys = place.whole.shape
    return language.say(
        "ui.part", TERMINAL, rows=span(place.rows), columns=span(place.columns),
        down=n_queries, across=n_keys,
    )  # fmt: skip


def part_cells(place: Place, cells: tuple[int, int]) -> tuple[NDArray[np.int64], ...]:
    """The rows and columns of a map of the whole that hold some of the part."""
    return np.unique(place.rows // cells[0]), np.unique(place.columns // cells[1])


def minimap(
    place: Place, choice: Choice, language: Language, lines: int, width: int, colour: bool
) -> list[RenderableType]:
    """The whole in at most `lines` lines below its title, the part marked in it."""
    size = max(min(lines - 1, width // 2), 1)
    pooled = place.whole.map(choice.layer, choice.head, size)
    allowed = place.whole.allowed(choice.layer, size)
    steps = levels(shades(pooled.mean, allowed, "auto", whole=False).shares, allowed)
    rows, columns = part_cells(place, pooled.cells)
    drawn = full_rows(steps, 2, colour)
    for row in rows.tolist():
        line = drawn[row]
        for column in columns.tolist():
            before, after = line[: 2 * column], line[2 * column + 2 :]
            cell = Text(MARKED, "bold reverse" if colour else "bold")
            line = before.append_text(cell).append_text(after)
        drawn[row] = line
    title = Text(part_title(place, language), "dim", no_wrap=True)
    title.truncate(width, overflow="ellipsis")
    return [title, *drawn]


def far(
    stack: Stack, choice: Choice, language: Language, width: int, k: int
) -> list[RenderableType]:
    """The k strongest links between tokens far apart, a line each; none where there are none."""
    links = stack.far_links(choice.layer, choice.head, k)
    if not links:
        return []
    heading = Text(language.say("ui.far"), "dim", no_wrap=True)
    heading.truncate(width, overflow="ellipsis")
    lines: list[RenderableType] = [heading]
    places = len(str(max(stack.shape)))
    names = stack.query_tokens.names, stack.key_tokens.names
    for link in links:
        line = Text(no_wrap=True)
        for place, arrow, labels in ((link.query, " → ", names[0]), (link.key, "  ", names[1])):
            line.append(f"{place:{places}} ", "dim")
            name = label_text(labels[place], LABEL)
            name.pad_right(max(LABEL - name.cell_len, 0))
            line.append_text(name).append(arrow, "dim")
        line.append(f"{percent(link.weight):>3}%")
        apart = language.say("ui.apart", TERMINAL, far=abs(link.query - link.key))
        line.append(f" · {apart}", "dim")
        line.truncate(width, overflow="ellipsis")
        lines.append(line)
    return lines
