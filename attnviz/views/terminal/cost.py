"""What attention costs, on a screen and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from attnviz.analysis.cost import Curve, Growth, Predicted, Report, Series, Timed
from attnviz.digits import grouped
from attnviz.files.table import table_text
from attnviz.language.language import TERMINAL, Language
from attnviz.views.cost_words import counted_title, growth_words, heading, notes
from attnviz.views.number_format import amount, duration, size
from attnviz.views.palette import LINES
from attnviz.views.screen import Screen
from attnviz.views.terminal.loglog import Drawn, loglog

WIDE_GAP = 3  # characters between columns
SIDE_BY_SIDE = 100  # characters from which on two plots stand beside one another
PLOT_HEIGHT, PLOT_GAP, WIDEST_PLOT = 14, 3, 90
# The sentence of each header, and what stands there on narrow screens; None: the same.
COLUMNS = {
    "name": ("cost.type", None),
    "length": ("cost.length", None),
    "scores": ("cost.scores", None),
    "multiply_adds": ("cost.multiply_adds", "m-adds"),
    "rest_multiply_adds": ("cost.rest_multiply_adds", None),
    "weight_bytes": ("cost.weight_bytes", "weights"),
    "streamed_bytes": ("cost.streamed_bytes", "stream"),
    "cache_bytes": ("cost.cache_bytes", "cache"),
    "seconds": ("cost.seconds", None),
    "rest_seconds": ("cost.rest_seconds", "t rest"),
}
FIRST_TO_GO = ("scores", "streamed_bytes", "cache_bytes", "weight_bytes")  # on narrow screens


def cost(report: Report, language: Language, screen: Screen) -> RenderableType:
    """Draw the table, a plot of what was counted and one of the time, growth, and what to know."""
    lines: list[RenderableType] = [Text(heading(report, language, TERMINAL), "bold"), Text()]
    lines += [_table(report, language, screen), Text(), *_plots(report, language, screen), Text()]
    lines += [_growths(report, language), Text()]
    return Group(*lines, *(Text(note, "dim") for note in notes(report, language, TERMINAL)))


# The table -----------------------------------------------------------------------------------


def _table(report: Report, language: Language, screen: Screen) -> Table:
    """One line per length, series below one another, each named once; as exact as there is room."""
    rows = [_row(*each) for each in _each(report)]
    columns, gap = _columns(report, rows, language, exact=True), WIDE_GAP
    if _width(columns, gap) > screen.width:
        columns, gap = _columns(report, rows, language, exact=False), 1
    for name in FIRST_TO_GO:
        if _width(columns, gap) > screen.width:
            columns.pop(name, None)
    table = Table.grid(padding=(0, gap, 0, 0))
    for name in columns:
        justify: Any = "left" if name == "name" else "right"
        table.add_column(justify=justify, no_wrap=True, overflow="ellipsis")
    for i, cells in enumerate(zip(*columns.values(), strict=True)):
        again = i > 1 and not report.model and rows[i - 1]["name"] == rows[i - 2]["name"]
        table.add_row("" if again else cells[0], *cells[1:], style="" if i else "dim")
    return table


def _columns(
    report: Report, rows: Sequence[dict[str, Any]], language: Language, *, exact: bool
) -> dict[str, list[str]]:
    """Header and cells of every column that has something to say."""
    return {
        name: [
            _header(name, language, exact),
            *(_cell(name, row, language, exact) for row in rows),
        ]
        for name in COLUMNS
        if _is_shown(report, name, rows)
    }


def _header(name: str, language: Language, exact: bool) -> str:
    key, short = COLUMNS[name]
    return language.say(key, TERMINAL) if exact or short is None else short


def _width(columns: dict[str, list[str]], gap: int) -> int:
    return sum(gap + max(map(len, cells)) for cells in columns.values()) - gap


def _is_shown(report: Report, name: str, rows: Sequence[dict[str, Any]]) -> bool:
    if name == "name":
        return not report.model
    if name in ("seconds", "rest_seconds") and not report.way:
        return False
    return name == "seconds" or any(row[name] is not None for row in rows)


def _cell(name: str, row: dict[str, Any], language: Language, exact: bool) -> str:
    value = row[name]
    if value is None:
        left_out = name == "seconds" and row["left_out"]
        return language.say("cost.not_run", TERMINAL) if left_out else "–"
    if name == "name":
        return str(value)
    if name.endswith("bytes"):
        return size(value)
    if name.endswith("seconds"):
        return duration(value)
    return grouped(value) if name == "length" or (exact and name == "scores") else amount(value)


def _each(report: Report) -> Iterable[tuple[Series, Predicted, Timed]]:
    for one in report.series:
        for point, timed in zip(one.points, one.times, strict=True):
            yield one, point, timed


def _row(one: Series, point: Predicted, timed: Timed) -> dict[str, Any]:
    """One length of one series, flat, as programs get it."""
    return {
        "name": one.name,
        "length": point.length,
        "scores": point.scores,
        "multiply_adds": point.multiply_adds,
        "rest_multiply_adds": point.rest,
        "weight_bytes": point.weight_bytes,
        "streamed_bytes": point.streamed_bytes,
        "cache_bytes": point.cache_bytes,
        "seconds": timed.seconds,
        "rest_seconds": timed.rest_seconds,
        "runs": timed.runs,
        "left_out": timed.left_out or None,
        "expected_seconds": timed.expected,
    }


# Plots and growth ----------------------------------------------------------------------------


def _plots(report: Report, language: Language, screen: Screen) -> list[Text]:
    curves = report.curves
    beside = screen.width >= SIDE_BY_SIDE
    width = min((screen.width - PLOT_GAP) // 2 if beside else screen.width, WIDEST_PLOT)

    def plot(title: str, ends: Sequence[Drawn], unit: Callable[[float], str]) -> list[Text]:
        if not ends:
            return []
        several = language.say("ui.cost_meet", TERMINAL)
        return loglog(
            title, ends, width, PLOT_HEIGHT, colour=screen.colour, unit=unit, several=several
        )

    counted = [_drawn(i, one, one.lengths, one.counted) for i, one in enumerate(curves)]
    run = [_drawn(i, one, *one.run) for i, one in enumerate(curves) if one.run[0]]
    left = plot(counted_title(report, language, TERMINAL), counted, amount)
    right = plot(language.say("ui.cost_time", TERMINAL), run, duration)
    if not (beside and right):
        return [*left, *([Text(), *right] if right else [])]
    return [
        Text(no_wrap=True)
        .append_text(a)
        .append(" " * (width + PLOT_GAP - a.cell_len))
        .append_text(b)
        for a, b in zip(left, right, strict=True)
    ]


def _drawn(i: int, curve: Curve, xs: Sequence[float], ys: Sequence[float]) -> Drawn:
    mark = "x" if curve.name == "cross" else curve.name[0]
    return Drawn(curve.name, xs, ys, mark, LINES[i % len(LINES)])


def _growths(report: Report, language: Language) -> Table:
    """The exponents, and the lengths that they are of."""
    table = Table.grid(padding=(0, 2))
    for justify in ("left", "right", "right", "left"):
        table.add_column(justify=justify, no_wrap=justify != "left")
    headers = [language.say(f"ui.cost_{name}", TERMINAL) for name in ("growth", "count", "here")]
    table.add_row(*(Text(header, "dim") for header in (*headers, language.say("ui.cost_over"))))
    for one in report.curves:
        predicted, measured = one.predicted, one.measured
        over = (
            "–" if predicted is None else f"{grouped(predicted.first)} – {grouped(predicted.last)}"
        )
        here = growth_words(measured) if report.way else "–"
        table.add_row(one.name, growth_words(predicted), here, over)
    return table


# For programs --------------------------------------------------------------------------------


def data(report: Report) -> dict[str, Any]:
    """Return the whole report as JSON can hold it; null for what was not run or does not apply."""
    return {
        "settings": dict(report.settings),
        "model": dict(report.model) or None,
        "run_with_weights": report.ran or None,
        "series": [
            {
                "name": one.name,
                "layers": [
                    asdict(layers) | {"rule": layers.rule.to_dict()}  # its own names
                    for layers in one.layers
                ],
                "points": [
                    {k: v for k, v in _row(*each).items() if k != "name"}
                    for each in _each(report)
                    if each[0] is one
                ],
            }
            for one in report.series
        ],
        "growth": [
            {"name": one.name, "predicted": _plain(one.predicted), "measured": _plain(one.measured)}
            for one in report.curves
        ],
    }


def to_json(report: Report) -> str:
    """Return `data` as text."""
    return json.dumps(data(report), ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(report: Report) -> str:
    """Return one line per length under a header; nothing where a number is not there."""
    rows = [_row(*each) for each in _each(report)]
    return table_text([[*rows[0]], *([*row.values()] for row in rows)])


def _plain(growth: Growth | None) -> dict[str, Any] | None:
    return None if growth is None else asdict(growth)
