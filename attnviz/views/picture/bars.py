"""Strongest keys as a picture: of each query, of some in full, and links far apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attnviz.digits import grouped
from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.language.language import LEFT_TO_RIGHT_MARK, PICTURE, has_right_to_left
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.palette import INK, LINES
from attnviz.views.picture.paper import LABEL_SIZE, Paper, cut, rgb
from attnviz.views.titles import chosen, head_name, title

ROW, BAR, LEAST_BAR = 0.22, 2.2, 0.3  # inches: a row, the longest bar, and at least
LONGEST = 16  # characters of a label
KEYS = 3  # of each query
LITTLE = 0.005  # less is written as 0%
FAR = 20  # links far apart
MOST_KEYS = 48  # of one query
MOST_ROWS = 400  # of one picture


@dataclass(frozen=True)
class Row:
    """One line: a name, a bar, and what stands behind it; without a weight it is a heading."""

    name: str
    weight: float | None = None
    words: str = ""


def top_figure(record: AttentionRecord, look: Look) -> Figure:
    """Draw each query with its strongest keys, and a bar for the first."""
    stack, rows = record.stack, list[Row]()
    check_rows(len(stack.query_tokens))
    for one in look.each():
        keys, weights = stack.strongest(one.layer, one.head, min(KEYS, stack.shape[1]))
        rows += _heading(stack, one, look)
        for query, name in enumerate(stack.query_tokens.names):
            found = zip(keys[query].tolist(), weights[query].tolist(), strict=True)
            words = [
                f"{cut(stack.key_tokens.names[key], LONGEST)} {percent(weight)}%"
                for key, weight in found
                if weight >= LITTLE
            ]
            rows.append(Row(cut(name, LONGEST), float(weights[query, 0]), "   ".join(words)))
    return _figure(record, look, rows)


def query_figure(record: AttentionRecord, look: Look) -> Figure:
    """Draw whole rows: every key that each chosen query may see, the strongest first.

    Raises AttnvizError where the rows of a long text were not kept.
    """
    stack, rows = record.stack, list[Row]()
    for one in look.each():
        pooled = stack.map(one.layer, one.head, max(stack.shape))
        if pooled.cells != (1, 1):
            raise AttnvizError(
                "The rows of so long a text were not kept.",
                "Give a shorter text.",
                key="err.rows_so",
            )
        allowed = stack.allowed(one.layer, max(stack.shape))
        for query in look.queries:
            weights = pooled.mean[query]
            seen = sorted(np.flatnonzero(allowed[query]).tolist(), key=lambda key: -weights[key])
            rows.append(Row(_row_name(record, one, query, several=look.several_heads)))
            rows += [
                Row(cut(stack.key_tokens.names[key], LONGEST), float(weights[key]),
                    f"{100 * weights[key]:.2f}%")
                for key in seen[:MOST_KEYS]
            ]  # fmt: skip
    check_rows(len(rows))
    return _figure(record, look, rows)


def far_figure(record: AttentionRecord, look: Look) -> Figure:
    """Draw the strongest links between tokens far apart."""
    stack, rows = record.stack, list[Row]()
    for one in look.each():
        rows += _heading(stack, one, look)
        for link in stack.far_links(one.layer, one.head, FAR):
            query, key = (
                f"{PICTURE.token(cut(tokens.names[at], LONGEST))} ({grouped(at)})"
                for tokens, at in ((stack.query_tokens, link.query), (stack.key_tokens, link.key))
            )
            apart = look.language.say("ui.apart", PICTURE, far=abs(link.query - link.key))
            # An arrow does not turn round with the direction of writing: the line keeps its own.
            mark = LEFT_TO_RIGHT_MARK if has_right_to_left(query) else ""
            pair = f"{mark}{query} → {key}"
            rows.append(Row(pair, link.weight, f"{percent(link.weight)}% · {apart}"))
    said = "ui.far" if any(row.weight is not None for row in rows) else "ui.none_far"
    return _figure(record, look, rows, look.language.say(said))


def check_rows(n_rows: int) -> None:
    """Raise AttnvizError for more rows than a picture can have."""
    if n_rows > MOST_ROWS:
        raise AttnvizError(
            f"A picture has room for {MOST_ROWS} rows, and these are {grouped(n_rows)}.",
            "Show a part, with `rows`, or a heatmap.",
            key="err.picture_room",
            most_rows=MOST_ROWS,
            n_rows=n_rows,
        )


def what_is_shown(stack: Stack, look: Look, sentence: str = "") -> str:
    """Name the layer and head, and what is drawn where that does not speak for itself."""
    if look.several_heads:
        return sentence
    parts = [chosen(stack, look), "" if look.head == "mean" else head_name(stack, look), sentence]
    return " · ".join(part for part in parts if part)


def _heading(stack: Stack, one: Look, look: Look) -> list[Row]:
    return [Row(what_is_shown(stack, one))] if look.several_heads else []


def _row_name(record: AttentionRecord, one: Look, query: int, *, several: bool) -> str:
    stack = record.stack
    name = cut(stack.query_tokens.names[query], LONGEST)
    name += "" if record.units else f" ({stack.positions[0][query]})"
    return f"{name} · {chosen(stack, one)}" if several else name


def _figure(record: AttentionRecord, look: Look, rows: Sequence[Row], sentence: str = "") -> Figure:
    told = what_is_shown(record.stack, look, sentence)
    paper = Paper([title(record, look.language, PICTURE), told], look.figure)
    bars = [row for row in rows if row.weight is not None]
    left = paper.widest([row.name for row in bars], LABEL_SIZE) + 0.08
    right = paper.widest([row.words for row in bars], LABEL_SIZE) + 0.1
    line, wide = paper.row(ROW, LABEL_SIZE), paper.across(BAR)
    paper.need(wide, paper.beside(LEAST_BAR) if paper.style.is_sized else 0.0)
    size = paper.label_size(LABEL_SIZE, line, 0.95) / paper.style.ratio
    tall = max(line * len(rows), 0.2)
    axes = paper.add_axes(left, 0.1, wide, tall, right=right + paper.margin, bottom=paper.margin)
    axes.axis("off")
    axes.set(xlim=(0, wide), ylim=(tall, 0))
    largest = max((row.weight or 0.0 for row in bars), default=0.0) or 1.0
    for i, row in enumerate(rows):
        _draw(paper, axes, row, (i * line, line, left), size, wide / largest)
    return paper.figure


def _draw(
    paper: Paper, axes: Axes, row: Row, at: tuple[float, float, float], size: float, scale: float
) -> None:
    """Draw one row; at: its top, its height, and the room of names, in inches."""
    top, high, left = at
    middle = top + high / 2
    how: dict[str, Any] = {
        "va": "center",
        "color": rgb(INK),
        "parse_math": False,
        "fontsize": paper.points(size),
    }
    if row.weight is None:
        axes.text(-left, middle, row.name, fontweight="bold", **how)
        return
    long = row.weight * scale
    axes.text(-0.06, middle, row.name, ha="right", **how)
    axes.add_patch(Rectangle((0, top + 0.15 * high), long, 0.7 * high, color=rgb(LINES[0]), lw=0))
    axes.text(long + 0.06, middle, row.words, **how)
