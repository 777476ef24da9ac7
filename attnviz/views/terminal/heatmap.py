"""One head as coloured cells, pooled when there are more than the screen has room for."""

from __future__ import annotations

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from attnviz.language.language import TERMINAL
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack
from attnviz.views.cells import full_rows, half_rows, levels, positions, scale_line
from attnviz.views.labels import label_text, widest
from attnviz.views.look import Look
from attnviz.views.pooled_cells import cell_shades, cells_note, place_names
from attnviz.views.screen import Screen
from attnviz.views.titles import chosen

LABEL = 12  # characters that a token's label may take
WIDEST = 3  # characters of a cell
WIDEST_OF_TWO = 2  # where two rows share a line
MOST_LINES = 66  # up to which a map is taller than the screen


def heatmap_view(record: AttentionRecord, look: Look, screen: Screen) -> list[RenderableType]:
    """Draw the heatmap on the whole screen, or a line per row where there are not too many."""
    stack = record.stack
    return heatmap(stack, look, screen, max(screen.height - 5, min(stack.shape[0] + 2, MOST_LINES)))


def heatmap(stack: Stack, look: Look, screen: Screen, lines: int) -> list[RenderableType]:
    """Draw the weights as coloured cells in at most `lines` lines.

    One line per row where that fits, else two rows per line; the width is used whatever the
    height. Numbers above are key positions.
    """
    n_queries = stack.shape[0]
    rows, columns = stack.positions
    digits = len(str(rows[-1])) + 1
    label = widest(stack.query_tokens.names, min(LABEL, screen.width // 3)) + digits
    across = max(screen.width - label - 2, 1)
    tall = lines - 2  # a line of positions above, a line about the scale below
    whole = n_queries <= tall or not screen.colour
    most = (max(tall if whole else 2 * tall, 1), across)
    pooled, allowed = stack.map(look.layer, look.head, most), stack.allowed(look.layer, most)
    bright = cell_shades(stack, look.layer, look.head, look.scale, pooled, allowed)
    steps = levels(bright.shares, allowed)
    wide = min(across // steps.shape[1], WIDEST if whole else WIDEST_OF_TWO)
    drawn = (
        full_rows(steps, wide, screen.colour)
        if whole
        else half_rows(np.repeat(steps, wide, axis=1), screen.colour)
    )
    each = pooled.cells[0] * (1 if whole else 2)
    begins = place_names(stack, columns[:: pooled.cells[1]].tolist())
    body = [positions(label + 2, begins, wide)]
    for line, cells in enumerate(drawn):
        row = line * each
        name = _row_name(stack.query_tokens.names[row], row, int(rows[row]), digits, label)
        body.append(name.append_text(cells))
    shown = f"{chosen(stack, look)}: "
    note = cells_note(stack, pooled.cells, look.language, TERMINAL)
    return [*body, scale_line(shown, bright, pooled.cells, look.language, screen, note)]


def _row_name(shown: str, row: int, position: int, digits: int, width: int) -> Text:
    """The position and the token of a row, filled to the cells."""
    name = Text(no_wrap=True)
    if not shown.startswith(f"{row} "):  # sentences and lines are numbered already
        name.append(f"{position} ".rjust(digits), "dim")
    name.append_text(label_text(shown, width - name.cell_len))
    name.pad_right(width + 2 - name.cell_len)
    return name
