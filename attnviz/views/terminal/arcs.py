"""Who looks at whom, as lines beside the text."""

from __future__ import annotations

from typing import NamedTuple

from rich.color import Color
from rich.console import RenderableType
from rich.style import Style
from rich.text import Text

from attnviz.analysis.links import left_out, strongest_others
from attnviz.language.language import TERMINAL
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Link, Stack
from attnviz.views.cells import background
from attnviz.views.labels import dim_lines, label_text, widest
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.palette import INK, LINES, level
from attnviz.views.screen import Screen

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
BOXES = {
    0: " ", LEFT | RIGHT: "─", UP | DOWN: "│", LEFT | DOWN: "╮", LEFT | UP: "╯",
    LEFT | RIGHT | DOWN: "┬", LEFT | RIGHT | UP: "┴", LEFT | UP | DOWN: "┤",
    LEFT | RIGHT | UP | DOWN: "┼",
}  # fmt: skip
HEAVY = {"─": "━", "│": "┃", "╮": "┓", "╯": "┛", "┬": "┳", "┴": "┻", "┤": "┫", "┼": "╋"}
MUCH = 0.5  # more than all other keys together: a heavy line
COLOURS = [Style(color=Color.from_rgb(*colour)) for colour in LINES if colour != INK]


class Stroke(NamedTuple):
    """Where lines lead from one place of the canvas, whether one is heavy, and whose it is."""

    ways: int = 0
    heavy: bool = False
    key: int = -1


def arcs_view(record: AttentionRecord, look: Look, screen: Screen) -> list[RenderableType]:
    """Draw one line per token: a line leads from each query to its strongest other key (◂).

    What a trained model rests on is left out, and said. A heavy line has more than half of the
    weight; lines to one key have one colour. Lines are dealt into lanes, the short ones nearest;
    what finds no lane on the screen is left to the words on the right, which name every link.
    """
    stack = record.stack
    links = {link.query: link for link in strongest_others(record, look.layer, look.head)}
    width = screen.width
    left = widest(stack.query_tokens.names, min(16, width // 3))
    right = widest(stack.key_tokens.names, 16) + 6
    # Two texts have no lines between them: row i is not the i-th key.
    lanes = 0 if stack.two_texts else max((width - left - right - 6) // 2, 0)
    canvas = _canvas(len(stack.query_tokens), links, lanes)
    lines: list[RenderableType] = [*_left_out(record, look, width)]
    for row, label in enumerate(stack.query_tokens.names):
        line: Text = label_text(label, left)
        line.pad_right(left + 1 - line.cell_len)
        line.append_text(canvas[row])
        if row in links:
            line.append_text(_told(stack, links[row]))
        line.rstrip()
        line.truncate(width, overflow="ellipsis")
        lines.append(line)
    return lines


def _left_out(record: AttentionRecord, look: Look, width: int) -> list[Text]:
    aside = left_out(record, look.layer, look.head)
    if aside is None:
        return []
    return dim_lines(look.language.say(aside.sentence, TERMINAL, **aside.values()), width)


def _told(stack: Stack, link: Link) -> Text:
    """The weight of a link and the name of its key."""
    line = Text("  ").append(f" {percent(link.weight):>3}% ", background(level(link.weight, 1.0)))
    return line.append(" ").append_text(label_text(stack.key_tokens.names[link.key], 16))


def _canvas(n_rows: int, links: dict[int, Link], n_lanes: int) -> list[Text]:
    """The lines beside each row, as wide as the lanes that they take."""
    taken: list[list[tuple[int, int]]] = [[] for _ in range(n_lanes)]
    places: dict[tuple[int, int], Stroke] = {}
    marks = [Text(" ") for _ in range(n_rows)]
    drawn = 0
    within = sorted(links.values(), key=lambda link: abs(link.query - link.key))
    for link in within if n_lanes else []:
        low, high = sorted((link.query, link.key))
        lane = next((i for i, spans in enumerate(taken) if _free(spans, low, high)), None)
        if lane is None:
            continue
        taken[lane].append((low, high))
        drawn = max(drawn, lane + 1)
        marks[link.key] = Text("◂", _colour(link.key))
        _draw(places, link, 2 * lane + 1)
    for row in range(n_rows):
        for column in range(2 * drawn):
            stroke = places.get((row, column), Stroke())
            box = BOXES[stroke.ways]
            style = _colour(stroke.key) if stroke.ways else ""
            marks[row].append(HEAVY.get(box, box) if stroke.heavy else box, style)
    return marks


def _draw(places: dict[tuple[int, int], Stroke], link: Link, column: int) -> None:
    """Draw one line: out along the row of its one end, down a lane, back along the other."""
    low, high = sorted((link.query, link.key))
    strokes = {(row, column): UP | DOWN for row in range(low + 1, high)}
    for end, turn in ((low, DOWN), (high, UP)):
        strokes |= {(end, across): LEFT | RIGHT for across in range(column)}
        strokes[end, column] = LEFT | turn
    for place, ways in strokes.items():
        before = places.get(place, Stroke())
        heavy = before.heavy or link.weight > MUCH
        places[place] = Stroke(before.ways | ways, heavy, link.key)


def _colour(key: int) -> Style:
    return COLOURS[key % len(COLOURS)]


def _free(spans: list[tuple[int, int]], low: int, high: int) -> bool:
    return all(high < start or stop < low for start, stop in spans)
