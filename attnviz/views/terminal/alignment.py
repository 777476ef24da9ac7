"""Written words or sentences, and what each looked at in what was read."""

from __future__ import annotations

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from attnviz.analysis.alignment import Alignment
from attnviz.language.language import TERMINAL, Language
from attnviz.views.cells import full_rows, levels
from attnviz.views.labels import dim_lines, label_text, padded, widest
from attnviz.views.number_format import percent
from attnviz.views.screen import Screen
from attnviz.views.words import aligned_heads

ARROW = " → "


def alignment_view(
    found: Alignment, screen: Screen, language: Language, longest: int = 20
) -> list[RenderableType]:
    """Draw one line per written part: what it looked at most, itself, the share, and a strip of all
    that was read, in its order. longest: characters of a label."""
    most = min(longest, max((screen.width - 16) // 3, 8))
    left, right = widest(found.columns, most), widest(found.rows, most)
    room = screen.width - left - right - len(ARROW) - 6
    heads = aligned_heads(found, language, TERMINAL)
    lines: list[RenderableType] = list(dim_lines(heads, screen.width))
    largest = float(found.weights.max(initial=0)) or 1.0
    each = max(min(room // max(len(found.columns), 1), 3), 1)
    for (row, column, weight), shares in zip(found.links, found.weights, strict=True):
        line = padded(label_text(found.columns[column], left), left)
        line.append(ARROW, "dim").append_text(padded(label_text(found.rows[row], right), right))
        line.append(f" {percent(weight):>3}% ")
        steps = levels(shares[None, :] / largest, np.ones((1, len(shares)), dtype=np.bool_))
        line.append_text(full_rows(steps, each, screen.colour)[0])
        line.truncate(screen.width, overflow="ellipsis")
        lines.append(line)
    note = language.say("ui.aligned", TERMINAL, pct=found.outside)
    return [*lines, Text(), *dim_lines(note, screen.width)]
