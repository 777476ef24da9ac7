"""Who looks at whom, as a picture: a line from each query to its strongest other key."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, PathPatch
from matplotlib.path import Path

from attnviz.analysis.links import left_out, strongest_others
from attnviz.language.language import PICTURE
from attnviz.record.record import AttentionRecord
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.palette import INK, LINES
from attnviz.views.picture.bars import check_rows, what_is_shown
from attnviz.views.picture.paper import LABEL_SIZE, Paper, cut, rgb
from attnviz.views.titles import title

ROW, ROOM, LEAST_ROOM = 0.24, 2.6, 0.4  # inches: a token, the lines, and at least
LONGEST = 16  # characters of a label
MOST_SAID = "100%  "  # a weight beside a label
THIN, THICK = 0.4, 2.6  # points of lines
FAINT = 0.25  # how much of the colour the lightest line has


def arcs_figure(record: AttentionRecord, look: Look) -> Figure:
    """Draw the tokens one below the other, and a line from each to the other token of the text that
    it looks at most; two texts stand side by side. Thick and dark is much weight. What a trained
    model rests on is left out, and said."""
    stack = record.stack
    check_rows(max(stack.shape))
    told = what_is_shown(stack, look, look.language.say("ui.arcs"))
    said = _left_out(record, look) if not look.several_heads else []
    paper = Paper([title(record, look.language, PICTURE), told, *said], look.figure)
    queries, keys = (
        [cut(name, LONGEST) for name in tokens.names]
        for tokens in (stack.query_tokens, stack.key_tokens)
    )
    row, wide = paper.row(ROW, LABEL_SIZE), paper.across(ROOM)
    weights_beside = stack.two_texts and look.figure.annotate
    beside = paper.widest([MOST_SAID], LABEL_SIZE) if weights_beside else 0.0
    left = paper.widest(queries, LABEL_SIZE) + beside + 0.1
    right = paper.widest([*keys], LABEL_SIZE) + paper.widest([MOST_SAID], LABEL_SIZE) + 0.1
    paper.need(wide, paper.beside(LEAST_ROOM) if look.figure.is_sized else 0.0)
    size = paper.points(paper.label_size(LABEL_SIZE, row, 0.95) / paper.style.ratio)
    blocks = look.each()
    named = len(blocks) > 1
    block = row * (max(stack.shape) + 1.5 * named)
    tall = block * len(blocks)
    axes = paper.add_axes(left, 0.1, wide, tall, right=right + paper.margin, bottom=paper.margin)
    axes.axis("off")
    axes.set(xlim=(0, wide), ylim=(tall, 0))
    for i, one in enumerate(blocks):
        top = i * block
        if named:
            name = " · ".join([what_is_shown(stack, one), *_left_out(record, one)])
            _write(axes, -left, top + row / 2, name, size, fontweight="bold")
            top += row
        _draw(axes, record, one, (top, row, wide), size, (queries, keys))
    return paper.figure


def _left_out(record: AttentionRecord, look: Look) -> list[str]:
    aside = left_out(record, look.layer, look.head)
    return [look.language.say(aside.sentence, PICTURE, **aside.values())] if aside else []


def _draw(
    axes: Axes, record: AttentionRecord, look: Look, at: tuple[float, float, float], size: float,
    names: tuple[list[str], list[str]],
) -> None:  # fmt: skip
    """Draw the lines of one head; at: top, height of a row and width, in inches."""
    stack, (top, row, wide) = record.stack, at
    links = strongest_others(record, look.layer, look.head)
    said = {}
    if stack.two_texts and look.figure.annotate:  # of one text they stand beside their arcs
        said = {link.query: f"  {percent(link.weight)}%" for link in links}
    for i, name in enumerate(names[0]):
        _write(axes, -0.06, top + (i + 0.5) * row, name + said.get(i, ""), size, ha="right")
    if stack.two_texts:
        for i, name in enumerate(names[1]):
            _write(axes, wide + 0.06, top + (i + 0.5) * row, name, size)
    longest = max((abs(link.query - link.key) for link in links), default=1) or 1
    for link in links:
        begin, end = (top + (at + 0.5) * row for at in (link.query, link.key))
        if stack.two_texts:
            _line(axes, [(0, begin), (wide / 2, begin), (wide / 2, end), (wide, end)], link.weight)
            continue
        reach = wide * (0.1 + 0.9 * abs(link.query - link.key) / longest) * 4 / 3
        reach = min(reach, wide * 4 / 3)
        _line(axes, [(0, begin), (reach, begin), (reach, end), (0, end)], link.weight)
        axes.add_patch(Circle((0, end), row * 0.09, color=rgb(LINES[0]), lw=0, zorder=3))
        words = f"{percent(link.weight)}%  {names[1][link.key]}"
        _write(axes, wide + 0.06, begin, words, size)


def _line(axes: Axes, points: list[tuple[float, float]], weight: float) -> None:
    share = min(max(weight, 0.0), 1.0)
    path = Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    axes.add_patch(
        PathPatch(
            path, fill=False, edgecolor=rgb(LINES[0]), alpha=FAINT + (1 - FAINT) * share,
            lw=THIN + (THICK - THIN) * share, capstyle="round",
        )
    )  # fmt: skip


def _write(axes: Axes, x: float, y: float, text: str, size: float, **how: Any) -> None:
    axes.text(
        x, y, text, fontsize=size, color=rgb(INK), va="center", parse_math=False, **how
    )  # fmt: skip
