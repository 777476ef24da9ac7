"""The strongest keys of each query, and the whole row of one."""

from __future__ import annotations

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from attnviz.errors import AttnvizError
from attnviz.language.language import TERMINAL
from attnviz.record import selection
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Floats
from attnviz.views.cells import background
from attnviz.views.labels import dim_lines, label_text, padded, widest
from attnviz.views.look import Look
from attnviz.views.number_format import LEAST_SHARE, percent
from attnviz.views.palette import level
from attnviz.views.screen import Screen
from attnviz.views.titles import chosen, to_sinks

LABEL = 12  # characters that a token's label may take
KEYS = 3  # of each query


def top_view(record: AttentionRecord, look: Look, screen: Screen) -> list[RenderableType]:
    """Draw each query with its strongest keys and a bar for the first."""
    stack = record.stack
    keys, weights = stack.strongest(look.layer, look.head, min(KEYS, stack.shape[1]))
    label = widest(stack.query_tokens.names, LABEL)
    bar = max(min(screen.width - label - 3 - KEYS * (LABEL + 6), 20), 6)
    lines: list[RenderableType] = []
    for row, name in enumerate(stack.query_tokens.names):
        line = label_text(name, label)
        line.pad_right(label + 1 - line.cell_len)
        full = round(bar * float(weights[row, 0]))
        line.append("█" * full, _bar_style(float(weights[row, 0]))).append(" " * (bar - full + 1))
        named = line.cell_len
        for key, weight in zip(keys[row].tolist(), weights[row].tolist(), strict=True):
            told = label_text(stack.key_tokens.names[key], LABEL).append(
                f" {percent(weight)}%", "dim"
            )
            fits = line.cell_len + told.cell_len <= screen.width or line.cell_len == named
            if weight >= LEAST_SHARE and fits:
                line.append_text(told).append("  ")
        line.rstrip()
        line.truncate(screen.width, overflow="ellipsis")
        lines.append(line)
    return lines


def query_rows(
    record: AttentionRecord, query: str, look: Look, screen: Screen
) -> list[RenderableType]:
    """Draw one query's weights in full: every key it may see, the strongest first, with a bar.

    A word that is there several times has a block for each. Raises AttnvizError where the rows
    were not kept or no query has that name.
    """
    stack = record.stack
    weights = stack.map(look.layer, look.head, max(stack.shape))
    if weights.cells != (1, 1):
        raise AttnvizError(
            "The rows of so long a text were not kept.", "Give a shorter text.", key="err.rows_so"
        )
    queries, _ = stack.positions
    lines: list[RenderableType] = []
    for place in selection.rows_named(stack, query):
        name = TERMINAL.token(stack.query_tokens.names[place])
        name += "" if record.units else f" ({queries[place]})"
        lines += dim_lines(f"{name} · {chosen(stack, look)}", screen.width)
        lines += _row(record, look, weights.mean[place], place, screen)
    return lines


def _row(
    record: AttentionRecord, look: Look, row: Floats,
    query: int, screen: Screen,
) -> list[RenderableType]:  # fmt: skip
    """A line for each key that the query may see. row: (keys,)."""
    stack = record.stack
    _, keys = stack.positions
    allowed = stack.allowed(look.layer, max(stack.shape))[query]
    label = widest(stack.key_tokens.names, 2 * LABEL)
    lines: list[RenderableType] = []
    for key in sorted(np.flatnonzero(allowed).tolist(), key=lambda key: -row[key]):
        line = Text("" if record.units else f"{keys[key]:5} ", "dim", no_wrap=True)
        line.append_text(padded(label_text(stack.key_tokens.names[key], label), label + 1))
        line.append(f"{100 * row[key]:6.2f}% ")
        bar = round(max(screen.width - line.cell_len, 0) * float(row[key]))
        line.append("█" * bar, _bar_style(float(row[key])))
        lines.append(line)
    if to_sinks(record) is not None:
        sunk, name = max(1 - float(row.sum()), 0.0), look.language.say("ui.learned_sink")
        line = Text(" " * (0 if record.units else 6), no_wrap=True).append(name, "dim")
        line.pad_right(max(label + (1 if record.units else 7) - line.cell_len, 1))
        lines.append(line.append(f"{100 * sunk:6.2f}%"))
    return lines


def _bar_style(weight: float) -> str:
    style = background(level(weight, 1.0))
    return f"{style.bgcolor.name}" if style and style.bgcolor else ""
