"""A topic of the lesson as a picture: its question, and below it what the topic shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from attnviz.language.language import PICTURE, has_right_to_left
from attnviz.views.figure import USUAL, FigureStyle
from attnviz.views.overlay_drawings import Drawing
from attnviz.views.palette import INK, LINES, MASKED_PAPER, RGB
from attnviz.views.panels import (
    FAINT,
    STRONG,
    TOKEN,
    Bars,
    Line,
    Numbers,
    Panel,
    Photos,
    Pieces,
    Row,
    Shown,
)
from attnviz.views.picture.map import FRAME, write_numbers
from attnviz.views.picture.output import printed, without_glyph
from attnviz.views.picture.overlay import sheet
from attnviz.views.picture.paper import GAP, LABEL_SIZE, Paper, cut, rgb
from attnviz.views.picture.picture import figure_of
from attnviz.views.scale import shades
from attnviz.views.titles import head_title

WIDE = 6.6  # inches that a sentence takes before it goes on in a line of its own
LINE, ROW, AFTER = 0.19, 0.21, 0.12  # inches: of a sentence, of a table, below each part
COLUMN = 0.16  # inches between two columns
BAR, LONG_BAR = 1.1, 2.2  # inches of a whole: in a table, and alone
CELL, SMALL_SIDE = 0.36, 1.55  # inches of a map's cell, and of each map among several
MOST_CELLS = 1024
LONGEST = 24  # characters of a label
PALE: RGB = (95, 98, 117)
BOX: RGB = (234, 240, 248)  # behind a token


class Block(NamedTuple):
    """One part of the picture: its sides in inches, and what draws it from a top downwards."""

    width: float
    height: float
    draw: Callable[[Axes, float], None]


def picture(
    question: str, panels: Sequence[Panel], kind: str, told: str
) -> tuple[bytes, list[str]]:  # fmt: skip
    """Draw a topic as a "png", "svg" or "pdf"; return its bytes and what no font has.

    question: the line above. told: names the picture for programs, in the file. The same topic
    gives the same bytes.
    """
    data = printed(partial(figure, question, panels), kind, told)
    return data, without_glyph(_labels(panels))


def figure(question: str, panels: Sequence[Panel], style: FigureStyle = USUAL) -> Figure:
    """Draw the question and what the topic shows: a record alone as it is drawn elsewhere."""
    headed = replace(style, heading=question)
    lines = [_said(panel) for panel in panels if isinstance(panel, Line)]
    others = [panel for panel in panels if not isinstance(panel, Line)]
    if len(others) == 1 and isinstance(others[0], Photos):
        drawings = [Drawing(name, row, None) for name, row in others[0].rows]
        return sheet(others[0].patches, lines, drawings, headed)
    if len(others) == 1 and isinstance(others[0], Shown) and (not lines or _is_seen(others[0])):
        return figure_of(others[0].record, replace(others[0].look, figure=headed))
    return _stacked(Paper([], headed), panels)


def _is_seen(panel: Shown) -> bool:
    """Whether the record looks at a picture or a sound."""
    return panel.record.stack.key_tokens.where is not None


def _stacked(paper: Paper, panels: Sequence[Panel]) -> Figure:
    """All parts one below the other."""
    blocks = [block for panel in panels for block in _blocks(paper, panel)]
    width = max(block.width for block in blocks)
    tall = sum(block.height + AFTER for block in blocks)
    axes = paper.add_axes(0.0, 0.08, width, tall, right=paper.margin, bottom=paper.margin)
    axes.axis("off")
    top = 0.0
    for block in blocks:
        block.draw(axes, top)
        top += block.height + AFTER
    axes.set(xlim=(0, width), ylim=(tall, 0))
    return paper.figure


def _blocks(paper: Paper, panel: Panel) -> list[Block]:
    if isinstance(panel, Line):
        return [_sentence(paper, panel)] if _said(panel) else []
    if isinstance(panel, Numbers):
        return [_table(paper, panel)]
    if isinstance(panel, Bars):
        return [_bars(paper, panel)]
    if isinstance(panel, Pieces):
        return [_pieces(paper, panel)]
    return [_maps(paper, panel)] if isinstance(panel, Shown) else []


def _said(panel: Line) -> str:
    return "".join(piece for piece, _ in panel.pieces)


def _labels(panels: Sequence[Panel]) -> list[str]:
    """The tokens of a picture, which may be anything."""
    found: list[str] = []
    for panel in panels:
        if isinstance(panel, Pieces):
            found += panel.labels
        elif isinstance(panel, (Numbers, Bars)):
            found += [row.label if isinstance(row, Row) else row[0] for row in panel.rows]
        elif isinstance(panel, Shown):
            stack = panel.record.stack
            found += [*stack.query_tokens.names, *stack.key_tokens.names]
    return [cut(label, LONGEST) for label in found]


def _write(axes: Axes, x: float, y: float, text: str, style: str = "", **how: Any) -> None:
    look: dict[str, Any] = {
        "fontsize": LABEL_SIZE, "color": rgb(PALE if style == FAINT else INK),
        "fontweight": STRONG if style == STRONG else "normal", "va": "center",
    }  # fmt: skip
    axes.text(x, y, text, parse_math=False, **look | how)


def _sentence(paper: Paper, panel: Line) -> Block:
    text = _said(panel)
    style = panel.pieces[0][1] if len(panel.pieces) == 1 else ""
    turned = has_right_to_left(text)
    lines = paper.wrapped(text, WIDE, LABEL_SIZE, STRONG if style == STRONG else "normal")
    if turned:
        lines = [PICTURE.sentence(line) for line in lines]

    def draw(axes: Axes, top: float) -> None:
        for i, line in enumerate(lines):
            _write(axes, 0, top + (i + 0.5) * LINE, line, style)

    return Block(paper.widest(lines, LABEL_SIZE, "bold"), LINE * len(lines), draw)


def _table(paper: Paper, panel: Numbers) -> Block:
    """Rows under their names: labels from the left, numbers to the right."""
    labels = [_label(row) for row in panel.rows]
    first = paper.widest([panel.names[0], *labels], LABEL_SIZE, "bold")
    columns = list(zip(*(row.cells for row in panel.rows), strict=True))
    wide = [
        paper.widest([name, *cells], LABEL_SIZE, "bold") + COLUMN
        for name, cells in zip(panel.names[1:], columns, strict=True)
    ]
    ends = [first + sum(wide[: i + 1]) for i in range(len(wide))]

    def draw(axes: Axes, top: float) -> None:
        _write(axes, 0, top + ROW / 2, panel.names[0], FAINT)
        for end, name in zip(ends, panel.names[1:], strict=True):
            _write(axes, end, top + ROW / 2, name, FAINT, ha="right")
        for i, row in enumerate(panel.rows, 1):
            _row(axes, panel, row, (top + i * ROW, ends))

    bars = COLUMN + BAR if panel.has_bars else 0.0
    return Block(ends[-1] + bars, ROW * (len(panel.rows) + 1), draw)


def _label(row: Row) -> str:
    return cut(row.label, LONGEST) if row.name == TOKEN else row.label


def _row(axes: Axes, panel: Numbers, row: Row, at: tuple[float, list[float]]) -> None:
    """One row; at: its top, and where its columns end."""
    top, ends = at
    _write(axes, 0, top + ROW / 2, _label(row), row.name)
    for i, (end, cell) in enumerate(zip(ends, row.cells, strict=True)):
        strong = row.name == TOKEN and i == panel.strong
        _write(axes, end, top + ROW / 2, cell, STRONG if strong else row.style, ha="right")
    if row.weight is not None:
        _bar(axes, (ends[-1] + COLUMN, top), BAR * row.weight)


def _bar(axes: Axes, corner: tuple[float, float], length: float) -> None:
    x, top = corner
    axes.add_patch(
        Rectangle((x, top + 0.2 * ROW), length, 0.6 * ROW, color=rgb(LINES[0]), lw=0)
    )  # fmt: skip


def _bars(paper: Paper, panel: Bars) -> Block:
    names = [cut(label, LONGEST) for label, _ in panel.rows]
    first = paper.widest(names, LABEL_SIZE) + COLUMN
    share = paper.widest(["100.0%"], LABEL_SIZE)

    def draw(axes: Axes, top: float) -> None:
        for i, (name, (_, weight)) in enumerate(zip(names, panel.rows, strict=True)):
            middle = top + (i + 0.5) * ROW
            _write(axes, 0, middle, name)
            _write(axes, first + share, middle, f"{100 * weight:.1f}%", ha="right")
            _bar(axes, (first + share + COLUMN, top + i * ROW), LONG_BAR * weight)

    return Block(first + share + COLUMN + LONG_BAR, ROW * len(names), draw)


def _pieces(paper: Paper, panel: Pieces) -> Block:
    """Tokens in boxes, on as many lines as they need, in the direction in which they are read."""
    places: list[tuple[str, float, float, float]] = []  # label, left, width, line
    x = line = 0.0
    for label in panel.labels:
        name = cut(label, LONGEST)
        wide = paper.widest([name], LABEL_SIZE) + 0.1
        if x + wide > WIDE:
            x, line = 0.0, line + 1
        places.append((name, x, wide, line))
        x += wide + 0.05

    reach = max(left + wide for _, left, wide, _ in places)
    turned = any(map(has_right_to_left, panel.labels))

    def draw(axes: Axes, top: float) -> None:
        _write(axes, 0, top + LINE / 2, panel.name, STRONG)
        for name, start, wide, line in places:
            left = reach - start - wide if turned else start
            y = top + LINE + 0.03 + line * 0.25
            axes.add_patch(
                FancyBboxPatch((left, y), wide, 0.2, boxstyle="round,pad=0,rounding_size=0.04",
                               facecolor=rgb(BOX), edgecolor=rgb(MASKED_PAPER), lw=0.6)
            )  # fmt: skip
            _write(axes, left + wide / 2, y + 0.1, name, ha="center")

    return Block(reach, LINE + 0.03 + (line + 1) * 0.25, draw)


def _maps(paper: Paper, panel: Shown) -> Block:
    """Every head as a small map under its name; or one map with its tokens and its numbers."""
    return _grid(paper, panel) if panel.look.show == "grid" else _map(paper, panel)


def _grid(paper: Paper, panel: Shown) -> Block:
    stack = panel.record.stack
    heads = panel.look.heads or tuple(range(stack.n_heads))
    tall = SMALL_SIDE * min(stack.shape[0] / stack.shape[1], 2.0)

    def draw(axes: Axes, top: float) -> None:
        for i, head in enumerate(heads):
            left = i * (SMALL_SIDE + GAP)
            name = paper.fitted(head_title(stack, head), SMALL_SIDE, LABEL_SIZE)
            _write(axes, left, top + LINE / 2, name)
            _paint(paper, axes, panel, head, (left, top + LINE + 0.02, SMALL_SIDE, tall))

    width = len(heads) * (SMALL_SIDE + GAP) - GAP
    return Block(width, LINE + 0.02 + tall, draw)


def _map(paper: Paper, panel: Shown) -> Block:
    stack = panel.record.stack
    rows, columns = (
        [cut(name, LONGEST) for name in tokens.names]
        for tokens in (stack.query_tokens, stack.key_tokens)
    )
    left = paper.widest(rows, LABEL_SIZE) + 0.08
    widest = paper.widest(columns, LABEL_SIZE)
    slanted = widest > CELL - 0.04
    above = 0.71 * widest + 0.14 if slanted else ROW
    width, height = CELL * len(columns), CELL * len(rows)

    def draw(axes: Axes, top: float) -> None:
        y = top + above
        for i, name in enumerate(rows):
            _write(axes, left - 0.06, y + (i + 0.5) * CELL, name, ha="right")
        for i, name in enumerate(columns):
            turned: dict[str, Any] = {"ha": "center"}
            if slanted:
                turned = {"rotation": 45, "rotation_mode": "anchor", "ha": "left", "va": "baseline"}
            _write(axes, left + (i + 0.5) * CELL, y - (0.05 if slanted else 0.1), name, **turned)
        cells = _paint(paper, axes, panel, panel.look.head, (left, y, width, height))
        write_numbers(paper, axes, *cells, (left, y, width, height))
        if panel.row is not None:
            axes.add_patch(
                Rectangle((left, y + panel.row * CELL), width, CELL, fill=False, edgecolor=FRAME,
                          lw=1.6, zorder=4)
            )  # fmt: skip

    over = 0.71 * widest if slanted else 0.0
    return Block(left + width + over, above + height, draw)


def _paint(
    paper: Paper, axes: Axes, panel: Shown, head: Any, at: tuple[float, float, float, float]
) -> tuple[Any, Any, Any]:
    """Paint one head; at: left, top, width and height. Return its weights, which of them are no
    masked ones, and their colours."""
    stack, (left, top, wide, tall) = panel.record.stack, at
    weights = stack.map(panel.look.layer, head, MOST_CELLS).mean
    allowed = stack.allowed(panel.look.layer, MOST_CELLS)
    bright = shades(weights, allowed, panel.look.scale, whole=True)
    colours: np.ndarray[Any, Any] = paper.coloured(bright.shares, allowed)
    paper.paint(axes, colours, (left, left + wide, top + tall, top))
    return weights, allowed, colours
