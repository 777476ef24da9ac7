"""What a topic of the lesson shows, in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from attnviz.language.language import TERMINAL
from attnviz.views.cells import background
from attnviz.views.labels import label_text, padded
from attnviz.views.palette import level
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
)
from attnviz.views.screen import Screen
from attnviz.views.terminal.image import Small, small_pictures
from attnviz.views.terminal.show import show

LABEL = 12
BAR, LONG_BAR = 16, 24  # of tables and of bars alone
LEFT_FOR_WORDS = 8  # lines of a screen that the sentences of a topic take


def drawn(panels: Sequence[Panel], screen: Screen) -> list[RenderableType]:
    """Draw them one under the other."""
    return [one for panel in panels for one in _drawn(panel, screen)]


def _drawn(panel: Panel, screen: Screen) -> Iterable[RenderableType]:
    if isinstance(panel, Line):
        return [written(panel)]
    if isinstance(panel, Numbers):
        return [table(panel)]
    if isinstance(panel, Bars):
        return map(_bar, panel.rows)
    if isinstance(panel, Pieces):
        cut = "·".join(TERMINAL.token(label) for label in panel.labels)
        return [Text(panel.name, STRONG), Text(cut)]
    if isinstance(panel, Photos):
        smalls = [Small(name, row, None) for name, row in panel.rows]
        return small_pictures(panel.patches, smalls, screen, max(screen.height - LEFT_FOR_WORDS, 1))
    return [show(panel.record, panel.look, screen)]


def written(panel: Line) -> Text:
    """Write a line."""
    if len(panel.pieces) == 1:
        return Text(*panel.pieces[0])
    text = Text(no_wrap=True)
    for piece, style in panel.pieces:
        text.append_text(label_text(piece, 2 * LABEL) if style == TOKEN else Text(piece, style))
    return text


def table(panel: Numbers) -> Table:
    """Draw rows of numbers under their names; bars are the one column that may be narrower."""
    first, *others = panel.names
    drawing = Table(box=None, padding=(0, 1), pad_edge=False, header_style=FAINT, show_edge=False)
    drawing.add_column(first, no_wrap=True)
    for name in others:
        drawing.add_column(name, justify="right", no_wrap=True)
    if panel.has_bars:
        drawing.add_column()
    for row in panel.rows:
        cells = (Text(cell, _style(panel, row, i)) for i, cell in enumerate(row.cells))
        bar = [""] if row.weight is None else [_Bar(row.weight)]
        drawing.add_row(_label(row), *cells, *(bar if panel.has_bars else []))
    return drawing


def _style(panel: Numbers, row: Row, column: int) -> str:
    return STRONG if row.name == TOKEN and column == panel.strong else row.style


def _label(row: Row) -> Text:
    return label_text(row.label, LABEL) if row.name == TOKEN else Text(row.label, row.name)


def _bar(row: tuple[str, float]) -> Text:
    label, share = row
    line = padded(label_text(label, LABEL), LABEL + 1)
    line.append(f"{100 * share:6.1f}% ").append("█" * round(LONG_BAR * share), "cyan")
    line.no_wrap = True
    return line


class _Bar:
    """A bar that is as long as the column lets it be: numbers are never cut for it."""

    def __init__(self, weight: float):
        self.weight = weight

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(0, min(BAR, options.max_width))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        wide = min(BAR, options.max_width)
        style = background(level(self.weight, 1.0))
        colour = style.bgcolor.name if style and style.bgcolor else ""
        length = round(wide * self.weight)
        yield Text("█" * length + " " * (wide - length), colour, no_wrap=True)
