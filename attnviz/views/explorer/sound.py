"""The explorer's picture of a sound, in place of a text: moments on the colour of what the query
gives them."""

from __future__ import annotations

import numpy as np
from rich.text import Text

from attnviz.inputs.where import Times
from attnviz.views.cells import full_rows, levels
from attnviz.views.explorer.state import State
from attnviz.views.over_time import columns_of, frames_of, n_heard
from attnviz.views.screen import Screen
from attnviz.views.sound_lines import axis_line, loudness_line, spectrogram_lines

LINES = 8  # of loudness, spectrogram, weights and time
QUERY = "▲"


def draw_sound(state: State, where: Times, screen: Screen) -> list[Text]:
    """Draw as much as fits of: how loud it is, the spectrogram, the weights of the query over time,
    the time. Each column carries meta: the "query" that a click chooses, or the "key"."""
    listens = state.stack.query_tokens.where is not None
    lines = [_weights(state, where, screen, listens)]
    if screen.height > 1:
        lines.append(axis_line(where, 0, screen.width))
    loud = loudness_line(where, 0, screen.width) if screen.height > 2 else None
    tall = max(screen.height - len(lines) - (loud is not None), 0)
    above = spectrogram_lines(where, 0, screen.width, tall, screen) if tall > 1 else []
    lines = [*([] if loud is None else [loud]), *above, *lines]
    n = n_heard(where)
    for line in lines:
        for column in range(min(line.cell_len, screen.width)):
            frame = min(column * n // screen.width, n - 1)
            line.apply_meta({"query" if listens else "key": frame}, column, column + 1)
    return lines


def _weights(state: State, where: Times, screen: Screen, listens: bool) -> Text:
    """The row of the query over time; the query itself is marked where it is a moment too."""
    shares, allowed = state.sheet.row(state.query, state.look.scale)
    n, width = n_heard(where), screen.width
    row = np.where(allowed, shares, 0.0)[:n]
    steps = levels(columns_of(row, width)[None], np.ones((1, width), dtype=np.bool_))
    line = full_rows(steps, 1, screen.colour)[0]
    if not listens or state.query >= n:
        return line
    at = state.query * width // n
    return line[:at].append(QUERY, "bold reverse").append_text(line[at + 1 :])


def heard(state: State) -> Times | None:
    """Return where the keys of a state lie in a sound; None where they are no frames."""
    return frames_of(state.stack)
