"""Every head of a stack on one screen: a grid of marks, and a table of those worth a look."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from math import isnan
from textwrap import wrap

import numpy as np
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from attnviz.analysis.head_examples import Example, head_examples
from attnviz.analysis.head_labels import HeadLook, as_rows
from attnviz.analysis.head_measures import MEASURES, SMALLEST, missing
from attnviz.analysis.head_patterns import MARKS, Label
from attnviz.files.table import table_text
from attnviz.frozen import dataclass
from attnviz.language.language import TERMINAL, Language
from attnviz.record.record import AttentionRecord
from attnviz.views.cells import SHADES, background, full_rows
from attnviz.views.labels import label_text
from attnviz.views.number_format import percent
from attnviz.views.palette import LEVELS, level
from attnviz.views.screen import Screen
from attnviz.views.titles import title

LEAST_ROWS = 4  # of the table, that the grid leaves room for
ROOMY = 8  # rows of the table from which blank lines are worth their room
WIDE, NARROW = 3, 2  # characters of a cell of the grid: shade, mark, and a gap where there is room
LABEL = 20  # characters that a label may take
NAME = 18  # and the name of a constructed head
STEPS = 12  # of the scale that is drawn
LEGEND, GAP = 24, 3  # characters that a legend beside the grid needs, and between them

USUAL = "normalized_entropy"  # what shades are of unless heads are sorted
EXAMPLE = 18  # characters of each token of an example
ROOM_FOR_HINTS = 60  # characters of a screen on which the rows of the table do not need that line
SURE = 5  # of a share, with the gap before it

SAID = ("sink", "short", "unknown", "spread", "other")  # kinds that are words of each language


def heads(
    record: AttentionRecord,
    looks: Sequence[HeadLook],
    ranking: Sequence[HeadLook],
    language: Language,
    screen: Screen,
    *,
    sort: str | None = None,
    top: int | None = None,
    wide: bool = False,
) -> RenderableType:
    """Return the grid of `looks`, in order, above the table of `ranking`, the best first.

    It fits the screen and says what it left out, unless `top` asks for more rows than fit.
    wide: every measure in the table, in place of an example of what each head looks at.
    """
    by = sort or USUAL
    above = _flowed(title(record, language, TERMINAL).split(" · "), screen.width, "bold")
    heading = _flowed(_heading(sort, language), screen.width, "bold")
    # What has its place whatever the grid: the header of the table, what is below it, the prompt.
    below = len(_notes(record, len(ranking), len(ranking), language, screen, wide=wide))
    room = screen.height - len(above) - len(heading) - 1 - below - 1
    grid = _beside(
        _grid(looks, by, language, screen, max(room - LEAST_ROWS, 1)), looks, by, language, screen
    )
    if not grid:
        legend = _legend(looks, by, language, screen, screen.width)
        least = max(room - LEAST_ROWS - len(legend), 1)
        grid = [*_grid(looks, by, language, screen, least), *legend]
    room -= len(grid)
    blank = [Text()] if room - 2 >= min(ROOMY, len(ranking)) else []
    n_rows = max(room - 2 * len(blank), 1) if top is None else top
    notes = _notes(record, max(len(ranking) - n_rows, 0), len(ranking), language, screen, wide=wide)
    if top is None and len(notes) > below:  # some numbers have longer words than others
        n_rows -= 1
        notes = _notes(record, len(ranking) - n_rows, len(ranking), language, screen, wide=wide)
    if wide:
        table = _table(ranking[:n_rows], missing(record.stack), sort, language, screen)
    else:
        table = _words(record, ranking[:n_rows], sort, language, screen)
    return Group(*above, *blank, *grid, *blank, *heading, *table, *notes)


# The grid --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Layout:
    """How a grid fits: characters of a cell, heads of a band, and the layers that are shown."""

    cell: int
    bands: tuple[range, ...]
    layers: tuple[int, ...]

    @property
    def lines(self) -> int:
        """How many it takes."""
        return len(self.bands) * (1 + len(self.layers))


def _grid(
    looks: Sequence[HeadLook], by: str, language: Language, screen: Screen, lines: int
) -> list[Text]:
    """Layers down, heads across, each a shade and a mark; a line says what found no room.

    Heads that do not fit stand in bands below one another where there is room for all of them.
    """
    at = {(one.layer, one.head): one for one in looks}
    layers = tuple(dict.fromkeys(one.layer for one in looks))
    n_heads = len(looks) // len(layers)
    margin = max(len("layer"), len(str(layers[-1]))) + 1
    layout = _layout(screen.width - margin, n_heads, layers, lines)
    left_out = _left_out(layout, layers, n_heads, language, screen)
    while len(layout.layers) > 1 and layout.lines + len(left_out) > lines:
        layout = replace(layout, layers=layout.layers[:-1])
        left_out = _left_out(layout, layers, n_heads, language, screen)
    largest = _largest(looks, by)
    drawn: list[Text] = []
    for band in layout.bands:
        drawn.append(_numbers(band, layout.cell, margin, screen))
        for layer in layout.layers:
            line = Text(f"{layer} ".rjust(margin), "dim", no_wrap=True)
            cells = Text(no_wrap=True)
            for head in band:
                one = at[layer, head]
                cells.append_text(
                    _cell(one.measures[by], largest, one.label.mark, layout.cell, screen)
                )
            cells.rstrip()
            drawn.append(_joined(line, cells))
    return [*drawn, *left_out]


def _layout(width: int, n_heads: int, layers: tuple[int, ...], lines: int) -> _Layout:
    """All of the heads, in bands, where they find room; else as many as stand side by side."""
    cell = WIDE if WIDE * n_heads <= width + 1 else NARROW
    across = max(min(width // cell, n_heads), 1)
    bands = tuple(range(i, min(i + across, n_heads)) for i in range(0, n_heads, across))
    whole = _Layout(cell, bands, layers)
    return whole if whole.lines <= lines else _Layout(cell, bands[:1], layers)


def _left_out(
    layout: _Layout, layers: tuple[int, ...], n_heads: int, language: Language, screen: Screen
) -> list[Text]:
    """What found no room, and how to see it."""
    parts, hidden = list[str](), layers[len(layout.layers) :]
    if hidden:
        together = hidden[-1] - hidden[0] == len(hidden) - 1
        rest = f"{hidden[0]}-{hidden[-1]}" if together else ",".join(map(str, hidden))
        option = f"--layer {rest}"
        parts.append(language.say("ui.more_layers", n_layers=len(hidden), option=option))
    if beside := n_heads - sum(map(len, layout.bands)):
        parts.append(language.say("ui.wider", n_heads=beside))
    return _flowed(parts, screen.width, "dim")


def _numbers(band: range, cell: int, margin: int, screen: Screen) -> Text:
    """The numbers of the heads above their cells, as many as find room."""
    line, place = "layer".rjust(margin - 1) + " ", 0
    for nth, head in enumerate(band):
        start = margin + nth * cell + NARROW - len(str(head))
        if start > place and start + len(str(head)) <= screen.width:
            line = line[:start].ljust(start) + str(head)
            place = start + len(str(head))
    return Text(line, "dim", no_wrap=True)


def _cell(value: float, largest: float, mark: str, width: int, screen: Screen) -> Text:
    """One head: its shade, its mark, and a gap where there is room for one."""
    gap = " " * (width - NARROW)
    if isnan(value):
        return Text(f" {mark}{gap}", "dim")
    step = level(value, largest)
    if screen.colour:
        return Text().append(f" {mark}", background(step)).append(gap)
    return Text(f"{_shade(step)}{mark}{gap}")


def _shade(step: int) -> str:
    return SHADES[-(-step * (len(SHADES) - 1) // LEVELS)]


def _largest(looks: Sequence[HeadLook], by: str) -> float:
    if MEASURES[by].of_one:
        return 1.0
    return max((v for one in looks if not isnan(v := one.measures[by])), default=0.0)


def _beside(
    grid: list[Text], looks: Sequence[HeadLook], by: str, language: Language, screen: Screen
) -> list[Text]:
    """The grid with the legend on its right, or nothing where there is no room for that."""
    wide = max(line.cell_len for line in grid) + GAP
    legend = _legend(looks, by, language, screen, screen.width - wide)
    if screen.width - wide < LEGEND or len(legend) > len(grid):
        return []
    beside = [
        _joined(line, Text(" " * (wide - line.cell_len)), note)
        for line, note in zip(grid, legend, strict=False)
    ]
    return beside + grid[len(legend) :]


def _legend(
    looks: Sequence[HeadLook], by: str, language: Language, screen: Screen, width: int
) -> list[Text]:
    """What the shades mean, and the marks that the grid has, in lines of that width."""
    entropy, largest = MEASURES[by].order == SMALLEST, _number(by, _largest(looks, by))
    low, high = (language.say("ui.sharp"), language.say("ui.even")) if entropy else ("", "")
    steps = np.linspace(0, LEVELS - 1, STEPS).round().astype(np.int64)[None, :]
    scale = _joined(
        Text(f"{low} 0 ".lstrip(), "dim"),
        full_rows(steps, 1, screen.colour)[0],
        Text(f" {largest} {high}".rstrip(), "dim"),
    )
    named = Text(language.say("heads.spread_out") if by == USUAL else by, "dim")
    if named.cell_len + 1 + scale.cell_len <= width:
        lines = [_joined(named, Text(" "), scale)]
    else:
        lines = [named, scale]
    kinds = {one.label.kind for one in looks}
    parts = [f"{mark} {meaning(kind, language)}" for kind, mark in MARKS.items() if kind in kinds]
    lines += _flowed(parts, width, "dim")
    for line in lines:
        line.truncate(max(width, 1), overflow="ellipsis")
    return lines


def meaning(kind: str, language: Language) -> str:
    """Say what a mark stands for."""
    if kind == "sink":
        return language.say("heads.rests")
    return language.say(f"heads.{kind}") if kind in SAID else kind


# The table -------------------------------------------------------------------------------------


def _heading(sort: str | None, language: Language) -> list[str]:
    if sort is None:
        first = language.say("ui.worth")
    else:
        way = "ui.by_smallest" if MEASURES[sort].order == SMALLEST else "ui.by_largest"
        first = language.say(way, what=sort)
    return [first, language.say("ui.sure")]


def _words(
    record: AttentionRecord, looks: Sequence[HeadLook], sort: str | None, language: Language,
    screen: Screen,
) -> list[Text]:  # fmt: skip
    """One line per head: what it looks at, how sure that is, and an example of two tokens."""
    place, looks_at, sure, built = _headers_in(language)
    shown = [_said(one.label, language) for one in looks]
    first = max([cell_len(place), *(len(one.place) for one in looks)])
    label = max([cell_len(looks_at), *map(cell_len, shown)])
    label = max(min(label, LABEL, screen.width - first - 7), 1)
    name = min(max((cell_len(one.name) for one in looks), default=0), NAME)
    name = 0 if first + label + name + 2 * EXAMPLE > screen.width else name
    measure = MEASURES[sort].long if sort else ""
    by = max(cell_len(measure) + 2, 7) if sort else 0
    head = _joined(
        _right(place, first), Text(" "), _filled(looks_at, label), _right(sure, SURE),
        *([Text("  "), _filled(built, name)] if name else []),
        *([_right(measure, by)] if sort else []), Text("  "),
        Text(language.say("heads.example")),
    )  # fmt: skip
    head.stylize("dim")
    lines = [head]
    for one, said, example in zip(looks, shown, head_examples(record, looks), strict=True):
        line = Text(one.place.rjust(first) + " ", "bold", no_wrap=True)
        line = _joined(line, _filled(said, label))
        line.append(_share(one.label.share).rjust(SURE), "not bold")
        if name:
            line = _joined(line.append("  "), _filled(one.name, name, "dim"))
        if sort:
            line.append(_number(sort, one.measures[sort]).rjust(by), "bold")
        lines.append(_joined(line, Text("  "), _pair(example)))
    for line in lines:
        line.no_wrap = True
        line.truncate(screen.width, overflow="ellipsis")
    return lines


def _pair(example: Example | None) -> Text:
    if example is None:
        return Text("–", "dim")
    pair = Text.assemble(
        label_text(example.query, EXAMPLE), (" → ", "dim"), label_text(example.key, EXAMPLE)
    )
    return pair.append(f" {percent(example.weight)}%", "dim")


def _headers_in(language: Language) -> tuple[str, str, str, str]:
    """What the columns of words are called: head, looks at, sure, built for."""
    head, looks_at, sure, built = (
        language.say(f"heads.{name}") for name in ("head", "looks_at", "sure", "built_for")
    )
    return head, looks_at, sure, built


def _said(label: Label, language: Language) -> str:
    """A label in the reader's language; the names of patterns are those of the field."""
    if label.kind in SAID:
        return language.say(f"heads.{label.kind}", token=label.token)
    return str(label)


def _share(share: float) -> str:
    return "–" if isnan(share) else f"{percent(share)}%"


def _right(text: str, width: int) -> Text:
    return Text(" " * max(width - cell_len(text), 0) + text)


def _table(
    looks: Sequence[HeadLook], without: Sequence[str], sort: str | None, language: Language,
    screen: Screen,
) -> list[Text]:  # fmt: skip
    """One line per head; narrow screens lose the columns on the right."""
    place, looks_at, sure, built = _headers_in(language)
    shown = [_said(one.label, language) for one in looks]
    names = [name for name, one in MEASURES.items() if one.in_table and name not in without]
    if sort is not None:
        names = [sort, *(m for m in names if m != sort)]
    first = max([cell_len(place), *(len(one.place) for one in looks)])
    label = max([cell_len(looks_at), *map(cell_len, shown)])
    label = max(min(label, LABEL, screen.width - first - 7), 1)
    name = min(max((cell_len(one.name) for one in looks), default=0), NAME)
    start = first + 1 + label + SURE + (name and name + 2)
    if name and start > screen.width // 2:  # what a head is built for is known from `run`
        start, name = start - name - 2, 0
    headers, width = _headers(names, screen.width - start)
    head = _joined(
        _right(place, first), Text(" "), _filled(looks_at, label), _right(sure, SURE),
        *([Text("  "), _filled(built, name)] if name else []),
    )  # fmt: skip
    head.append("".join(h.rjust(w) for h, w in zip(headers, width, strict=True)))
    head.stylize("dim")
    lines = [head]
    for one, said in zip(looks, shown, strict=True):
        line = Text(one.place.rjust(first) + " ", "bold", no_wrap=True)
        line = _joined(line, _filled(said, label))
        line.append(_share(one.label.share).rjust(SURE))
        if name:
            line = _joined(line.append("  "), _filled(one.name, name, "dim"))
        for measure, wide in zip(names[: len(headers)], width, strict=True):
            style = "bold" if measure == sort else ""
            line.append(_number(measure, one.measures[measure]).rjust(wide), style)
        lines.append(line)
    for line in lines:
        line.no_wrap = True
        line.truncate(screen.width, overflow="ellipsis")
    return lines


def _headers(names: Sequence[str], room: int) -> tuple[list[str], list[int]]:
    """The headers that fit and their widths: long ones where all of them do."""
    long = [MEASURES[name].long for name in names]
    if sum(len(header) + 2 for header in long) <= room:
        return long, [len(header) + 2 for header in long]
    short = [MEASURES[name].short for name in names]
    width = [max(len(header), 4) + 1 for header in short]
    fitting = 0
    while fitting < len(width) and sum(width[: fitting + 1]) <= room:
        fitting += 1
    return short[:fitting], width[:fitting]


def _number(measure: str, value: float) -> str:
    if isnan(value):
        return "–"
    decimals = MEASURES[measure].decimals
    if decimals is None:
        return f"{percent(value)}%"
    text = f"{value:.{decimals}f}"
    return text if len(text) <= max(4, decimals + 2) else f"{value:.0f}"


def _notes(
    record: AttentionRecord, left_out: int, n_heads: int, language: Language, screen: Screen, *,
    wide: bool,
) -> list[Text]:  # fmt: skip
    """How to see the rest, what is not there, and what the numbers do not say."""
    parts = list[str]()
    if left_out:
        parts.append(language.say("ui.more_heads", n_heads=left_out, option=f"--top {n_heads}"))
    if not wide and screen.width >= ROOM_FOR_HINTS:
        parts.append(language.say("heads.wide", option="--wide"))
    elif wide and record.stack.weights is None:
        names = ", ".join(m for m in missing(record.stack) if MEASURES[m].in_table)
        parts.append(language.say("ui.not_kept", what=names))
    parts.append(language.say("ui.where_not_why"))
    return _flowed(parts, screen.width, "dim")


# Lines -----------------------------------------------------------------------------------------


def _flowed(parts: Sequence[str], width: int, style: str) -> list[Text]:
    """Parts with dots between, on as many lines as they need."""
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]} · {part}" if lines else part
        if lines and cell_len(longer) <= width:
            lines[-1] = longer
        else:
            lines += wrap(part, max(width, 1))
    flowed = [Text(line, style, no_wrap=True) for line in lines]
    for line in flowed:
        line.truncate(max(width, 1), overflow="ellipsis")
    return flowed


def _filled(label: str, width: int, style: str = "") -> Text:
    text = label_text(label, width, style)
    text.pad_right(max(width - text.cell_len, 0))
    return text


def _joined(*parts: Text) -> Text:
    """Texts side by side, each in its own style."""
    line = Text(no_wrap=True)
    for part in parts:
        line.append_text(part)
    return line


# For programs ----------------------------------------------------------------------------------


def to_json(looks: Sequence[HeadLook]) -> str:
    """Return a list with one object per head; null where a number is not there."""
    return json.dumps(list(as_rows(looks)), ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(looks: Sequence[HeadLook]) -> str:
    """Return one line per head under a header; nothing where a number is not there."""
    rows = list(as_rows(looks))
    return table_text([[*rows[0]], *([*row.values()] for row in rows)])
