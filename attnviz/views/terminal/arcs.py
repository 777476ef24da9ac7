"""Who looks at whom, as lines beside the text."""

from __future__ import annotations

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack, Which
from attnviz.views.cells import background
from attnviz.views.labels import label_text, widest
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.palette import level
from attnviz.views.screen import Screen

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
BOXES = {
    0: " ", LEFT | RIGHT: "─", UP | DOWN: "│", LEFT | DOWN: "╮", LEFT | UP: "╯",
    LEFT | RIGHT | DOWN: "┬", LEFT | RIGHT | UP: "┴", LEFT | UP | DOWN: "┤",
    LEFT | RIGHT | UP | DOWN: "┼",
}  # fmt: skip


def arcs_view(record: AttentionRecord, look: Look, screen: Screen) -> list[RenderableType]:
    """Draw one line per token: a line leads from each query to its strongest other key (◂).

    Lines are dealt into lanes, the short ones nearest; what finds no lane on the screen is left to
    the words on the right, which name every link.
    """
    stack = record.stack
    links, width = _links(stack, look.layer, look.head), screen.width
    left = widest(stack.query_tokens.names, min(16, width // 3))
    right = widest(stack.key_tokens.names, 16) + 6
    # Two texts have no lines between them: row i is not the i-th key.
    lanes = 0 if stack.two_texts else max((width - left - right - 6) // 2, 0)
    canvas = _canvas(len(stack.query_tokens), links, lanes)
    lines: list[RenderableType] = []
    for row, label in enumerate(stack.query_tokens.names):
        line: Text = label_text(label, left)
        line.pad_right(left + 1 - line.cell_len)
        line.append("".join(canvas[row]))
        if row in links:
            key, weight = links[row]
            line.append("  ")
            line.append(f" {percent(weight)}% ", background(level(weight, 1.0)))
            line.append(" ").append_text(label_text(stack.key_tokens.names[key], 16))
        line.rstrip()
        line.truncate(width, overflow="ellipsis")
        lines.append(line)
    return lines


def _links(stack: Stack, layer: int, head: Which) -> dict[int, tuple[int, float]]:
    """Query → its strongest key and the weight; within one text, its strongest other key."""
    keys, weights = stack.strongest(layer, head, min(2, stack.shape[1]))
    links = {}
    for row in range(len(keys)):
        for key, weight in zip(keys[row].tolist(), weights[row].tolist(), strict=True):
            if weight > 0 and (stack.two_texts or key != row):
                links[row] = (key, weight)
                break
    return links


def _canvas(n_rows: int, links: dict[int, tuple[int, float]], n_lanes: int) -> list[list[str]]:
    bits = np.zeros((n_rows, 2 * n_lanes), dtype=np.int64)
    heads = [" "] * n_rows
    taken: list[list[tuple[int, int]]] = [[] for _ in range(n_lanes)]
    within = [(row, key) for row, (key, _) in links.items()] if n_lanes else []
    for row, key in sorted(within, key=lambda link: abs(link[0] - link[1])):
        low, high = sorted((row, key))
        lane = next((i for i, spans in enumerate(taken) if _free(spans, low, high)), None)
        if lane is None:
            continue
        taken[lane].append((low, high))
        heads[key] = "◂"
        column = 2 * lane + 1
        for end, turn in ((low, DOWN), (high, UP)):
            bits[end, :column] |= LEFT | RIGHT
            bits[end, column] |= LEFT | turn
        bits[low + 1 : high, column] |= UP | DOWN
    return [
        [mark, *(BOXES[b] for b in row)] for mark, row in zip(heads, bits.tolist(), strict=True)
    ]


def _free(spans: list[tuple[int, int]], low: int, high: int) -> bool:
    return all(high < start or stop < low for start, stop in spans)
