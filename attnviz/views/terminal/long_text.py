"""What a long text shows besides its map: where a part lies in the whole, and links far apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.console import RenderableType
from rich.text import Text

from attnviz.analysis.links import is_word
from attnviz.digits import grouped
from attnviz.language.language import TERMINAL, Language
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Link, Place, Stack
from attnviz.views.cells import full_rows, levels
from attnviz.views.labels import dim_lines, label_text
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.scale import shades
from attnviz.views.screen import Screen

LABEL = 16  # characters of a token's label
FAR_LINES = 20
OUT_OF = 4  # times as many links, of which those between words come first
MARKED = "[]"  # a cell that holds some of the part


def span(places: NDArray[np.int64]) -> str:
    """Write positions as "2,000-2,399", or the first and last of some."""
    first, last = int(places[0]), int(places[-1])
    if first == last:
        return grouped(first)
    return f"{grouped(first)}{'-' if last - first + 1 == places.size else ' … '}{grouped(last)}"


def part_title(place: Place, language: Language) -> str:
    """Say which part of which whole is shown."""
    n_queries, n_keys = place.whole.shape
    return language.say(
        "ui.part", TERMINAL, rows=span(place.rows), columns=span(place.columns),
        down=n_queries, across=n_keys,
    )  # fmt: skip


def part_cells(place: Place, cells: tuple[int, int]) -> tuple[NDArray[np.int64], ...]:
    """Find the rows and columns of a map of the whole that hold some of the part."""
    return np.unique(place.rows // cells[0]), np.unique(place.columns // cells[1])


def minimap(place: Place, look: Look, screen: Screen, lines: int) -> list[RenderableType]:
    """Draw the whole in at most `lines` lines below its title, the part marked in it."""
    size = max(min(lines - 1, screen.width // 2), 1)
    pooled = place.whole.map(look.layer, look.head, size)
    allowed = place.whole.allowed(look.layer, size)
    steps = levels(shades(pooled.mean, allowed, "auto", whole=False).shares, allowed)
    rows, columns = part_cells(place, pooled.cells)
    drawn = full_rows(steps, 2, screen.colour)
    for row in rows.tolist():
        line = drawn[row]
        for column in columns.tolist():
            before, after = line[: 2 * column], line[2 * column + 2 :]
            cell = Text(MARKED, "bold reverse" if screen.colour else "bold")
            line = before.append_text(cell).append_text(after)
        drawn[row] = line
    return [*dim_lines(part_title(place, look.language), screen.width), *drawn]


def far_view(record: AttentionRecord, look: Look, screen: Screen) -> list[RenderableType]:
    """Draw the strongest links between tokens far apart, or say that there are none."""
    found = far_links(record.stack, look, screen, FAR_LINES)
    return found or list(dim_lines(look.language.say("ui.none_far"), screen.width))


def far_links(stack: Stack, look: Look, screen: Screen, k: int) -> list[RenderableType]:
    """Draw the k strongest links between tokens far apart, a line each; [] if there are none."""
    links = _words_first(stack, stack.far_links(look.layer, look.head, OUT_OF * k))[:k]
    if not links:
        return []
    rows, columns = stack.positions
    lines: list[RenderableType] = list(dim_lines(look.language.say("ui.far"), screen.width))
    places = len(str(max(int(rows[-1]), int(columns[-1]))))
    names = stack.query_tokens.names, stack.key_tokens.names
    for link in links:
        line = Text(no_wrap=True)
        query, key = int(rows[link.query]), int(columns[link.key])
        pair = ((query, " → ", names[0][link.query]), (key, "  ", names[1][link.key]))
        for place, arrow, label in pair:
            line.append(f"{place:{places}} ", "dim")
            name = label_text(label, LABEL)
            name.pad_right(max(LABEL - name.cell_len, 0))
            line.append_text(name).append(arrow, "dim")
        line.append(f"{percent(link.weight):>3}%")
        apart = look.language.say("ui.apart", TERMINAL, far=abs(query - key))
        line.append(f" · {apart}", "dim")
        line.truncate(screen.width, overflow="ellipsis")
        lines.append(line)
    return lines


def _words_first(stack: Stack, links: Sequence[Link]) -> list[Link]:
    """Links between words before those of punctuation and special tokens; then the strongest, and
    of those that read the same the farthest apart."""

    def order(link: Link) -> tuple[bool, int, int]:
        queries, keys = stack.query_tokens, stack.key_tokens
        special = queries.special[link.query] or keys.special[link.key]
        words = is_word(queries.names[link.query]) and is_word(keys.names[link.key])
        return (bool(special) or not words, -round(100 * link.weight), -abs(link.query - link.key))

    return sorted(links, key=order)
