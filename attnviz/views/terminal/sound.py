"""Weights over the time of a sound in a terminal: its spectrogram, a line for each head or word."""

from __future__ import annotations

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from attnviz.inputs.where import Times
from attnviz.language.language import TERMINAL
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack
from attnviz.views.cells import full_rows, levels
from attnviz.views.labels import dim_lines, label_text, padded, widest
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.over_time import (
    Strip,
    beyond_end,
    columns_of,
    frames_of,
    listening_frame,
    n_heard,
    strips,
)
from attnviz.views.screen import Screen
from attnviz.views.sound_lines import axis_line, spectrogram_lines

NAME = 30  # characters that a line's name may take
PEAK = 14  # "  0.44s 100%" beside a line
PICTURE_LINES = (3, 6)  # of the spectrogram: at least, at most


def sound_view(record: AttentionRecord, look: Look, screen: Screen) -> list[RenderableType]:
    """Draw one line over time for each head, or for each word that listens; keys that are no
    frames are drawn as a heatmap."""
    if frames_of(record.stack) is None:
        from attnviz.views.terminal.heatmap import heatmap_view

        return heatmap_view(record, look, screen)
    return sound_overview(record.stack, look, screen, max(screen.height - 6, 8))


def sound_overview(stack: Stack, look: Look, screen: Screen, lines: int) -> list[RenderableType]:
    """Draw the spectrogram, the time below it, and as many lines as there is room for."""
    where = frames_of(stack)
    assert where is not None  # the caller made sure
    found = strips(stack, look)
    left = min(widest([one.name for one in found], NAME), screen.width // 3)
    wide = max(screen.width - left - 1 - PEAK, 10)
    tall = int(np.clip(lines - 3 - len(found), *PICTURE_LINES)) if where.picture is not None else 0
    shown = found[: max(lines - 2 - tall, 1)]
    body: list[RenderableType] = list(
        dim_lines(_what(stack, look, len(found) - len(shown)), screen.width)
    )
    body += spectrogram_lines(where, left + 1, wide, tall, screen)
    body.append(axis_line(where, left + 1, wide))
    body += [strip_line(one, where, left, wide, screen) for one in shown]
    return body + _notes(stack, where, found, look, screen)


def _what(stack: Stack, look: Look, left_out: int) -> str:
    if stack.query_tokens.where is None:
        said = look.language.say("ui.sound_words", TERMINAL)
    else:
        name = stack.query_tokens.labels[listening_frame(stack, look)]
        said = look.language.say("ui.sound_heads", TERMINAL, query=name)
    return f"{said} · +{left_out}" if left_out > 0 else said


def strip_line(
    one: Strip, where: Times, left: int, wide: int, screen: Screen, said: str = ""
) -> Text:
    """Draw a name, its weights over time, and at the right what is `said`, else where the
    largest is."""
    line = padded(label_text(one.name, left), left).append(" ")
    row = one.row[: n_heard(where)]
    largest = float(row.max(initial=0))
    shares = np.sqrt(columns_of(row, wide) / largest) if largest > 0 else np.zeros(wide)
    steps = levels(shares[None, :], np.ones((1, wide), dtype=np.bool_))
    line.append_text(full_rows(steps, 1, screen.colour)[0])
    if said:
        return line.append(f" {said}", "dim")
    if largest > 0:
        begin = f"{where.times[int(row.argmax()), 0]:.2f}s"
        line.append(f"{begin:>8} {percent(largest):>3}%", "dim")
    return line


def _notes(
    stack: Stack, where: Times, found: list[Strip], look: Look, screen: Screen
) -> list[RenderableType]:
    said = []
    share = float(np.mean([beyond_end(where, one.row) for one in found]))
    if share > 0:
        said.append(look.language.say("ui.sound_beyond", TERMINAL, pct=share))
    if stack.query_tokens.where is None and stack.head_names:
        said.append(look.language.say("ui.sound_lined", TERMINAL))
    return [piece for line in said for piece in dim_lines(line, screen.width)]
