"""What attention costs as a picture: counted, timed and in memory, each against length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import ceil, floor, log10
from textwrap import wrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

from attnviz.analysis.cost import Curve, Growth, Report
from attnviz.digits import grouped
from attnviz.frozen import dataclass
from attnviz.language.english import ENGLISH
from attnviz.language.language import PICTURE, Language
from attnviz.views.cost_words import counted_title, growth_words, heading, notes
from attnviz.views.figure import USUAL, FigureStyle
from attnviz.views.number_format import amount, duration, size
from attnviz.views.palette import INK, LINES, RGB
from attnviz.views.picture.output import printed
from attnviz.views.picture.paper import Paper

PANEL, NAMES, LEFT = (2.7, 2.9), 1.5, 0.7  # inches: a panel's sides, and what stands beside it
BELOW, LINE = 0.55, 0.2
NARROW, LEAST_PANEL = 9.0, 0.7  # inches: of paper, and of a panel
HEADING_SIZE, TITLE_SIZE, SIZE = 11.0, 9.0, 8.0  # points
MARKERS = "osD^v"
MOST_TICKS = 6  # lengths that are written below a panel
APART = 0.15  # inches between the names of lines


@dataclass(frozen=True)
class Line:
    """One line of a panel: a name, its points, and how it is drawn."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    colour: RGB
    marker: str = ""
    dashed: bool = False


@dataclass(frozen=True)
class Panel:
    """One plot: its title, its lines, and what its numbers are called."""

    title: str
    lines: tuple[Line, ...]
    unit: Callable[[float], str]


def picture(
    report: Report, kind: str, language: Language = ENGLISH, style: FigureStyle = USUAL
) -> bytes:
    """Return the bytes of a "png", "svg" or "pdf"; the same report gives the same bytes."""
    return printed(partial(figure, report, language), kind, heading(report, ENGLISH), style)


def panels(report: Report, language: Language = ENGLISH) -> tuple[Panel, ...]:
    """Return what the picture shows: counts, times where something was run, memory."""
    counted = tuple(
        Line(_named(curve.name, curve.predicted), curve.lengths, curve.counted, *_look(i))
        for i, curve in enumerate(report.curves)
    )
    run = tuple(
        line
        for i, curve in enumerate(report.curves)
        if curve.run[0]
        for line in (_expected(i, curve), _run(i, curve))
    )
    found = [Panel(counted_title(report, language, PICTURE), counted, amount)]
    if run:
        found.append(Panel(language.say("ui.cost_time", PICTURE), run, duration))
    memory = language.say("ui.cost_memory", PICTURE)
    return (*found, Panel(memory, _memory(report, language), size))


def figure(report: Report, language: Language = ENGLISH, style: FigureStyle = USUAL) -> Figure:
    """Return the panels side by side, or one below the other on a narrow paper, all over the same
    lengths, under a heading."""
    shown = panels(report, language)
    paper = Paper([], style)
    left, names, below = (paper.beside(part) for part in (LEFT, NAMES, BELOW))
    wide, tall, above = paper.across(PANEL[0]), paper.down(PANEL[1]), paper.beside(0.35)
    paper.need(wide, paper.beside(LEAST_PANEL) if style.is_sized else 0.0)
    stacked = style.width is not None and style.width < NARROW * style.ratio
    across, down = (1, len(shown)) if stacked else (len(shown), 1)
    width = across * (left + wide + names)
    told, said = _words(paper, report, language, style.width or width)
    step = (left + wide + names, tall + below + above)
    under = paper.beside(LINE * len(said)) + paper.margin
    lines = paper.beside(LINE * len(told)) + 0.1
    first = paper.add_axes(
        left, lines + above, wide, tall, right=names + (across - 1) * step[0],
        bottom=below + (down - 1) * step[1] + under,
    )  # fmt: skip
    lengths = [float(n) for n in report.series[0].lengths]
    for i, panel in enumerate(shown):
        x = paper.margin + (i % across) * step[0] + left
        y = paper.top + lines + (i // across) * step[1] + above
        axes = paper.place(x, y, wide, tall) if i else first
        _draw(paper, axes, panel, lengths, language)
    for i, line in enumerate(told):
        _write(paper, paper.margin + paper.beside(i * LINE), line, HEADING_SIZE, weight="bold")
    for i, line in enumerate(said):
        above_end = paper.margin + paper.beside((len(said) - i) * LINE)
        _write(paper, paper.height - above_end, line, SIZE)
    return paper.figure


def _words(
    paper: Paper, report: Report, language: Language, width: float
) -> tuple[list[str], list[str]]:
    """The lines above and below the panels."""
    if not paper.style.title:
        return [], []
    letters = max(int(width / paper.style.ratio * 11), 12)  # that fit a line of the heading
    said = [*notes(report, language, PICTURE), language.say("ui.cost_beside", PICTURE)]
    said += [language.say("ui.cost_dashed", PICTURE)] if report.ran else []
    told = wrap(heading(report, language, PICTURE), letters)
    return told, [line for note in said for line in wrap(note, int(letters * 1.3))]


# What is drawn -------------------------------------------------------------------------------


def _look(i: int) -> tuple[RGB, str]:
    return LINES[i % len(LINES)], MARKERS[i % len(MARKERS)]


def _run(i: int, curve: Curve) -> Line:
    return Line(_named(curve.name, curve.measured), *curve.run, *_look(i))


def _named(name: str, growth: Growth | None) -> str:
    return f"{name} {growth_words(growth)}" if growth else name


def _expected(i: int, curve: Curve) -> Line:
    """The time, were it to grow as the count does: through the longest run, over all lengths."""
    lengths, seconds = curve.run
    rate = seconds[-1] / curve.counted[curve.lengths.index(lengths[-1])]
    return Line("", curve.lengths, [rate * c for c in curve.counted], _look(i)[0], dashed=True)


def _memory(report: Report, language: Language) -> tuple[Line, ...]:
    """All weights once, as they are the same for each type, and what streaming holds."""
    first = report.series[0]
    whole = [float(point.weight_bytes) for point in first.points]
    lines = [Line(language.say("ui.cost_whole", PICTURE), first.lengths, whole, INK)]
    alike: dict[tuple[int, ...], list[int]] = {}  # what streams the same is one line
    for i, one in enumerate(report.series):
        alike.setdefault(tuple(p.streamed_bytes for p in one.points), []).append(i)
    for held, places in alike.items():
        names = language.comma.join(report.series[i].name for i in places)
        name = "streamed" if report.model else names
        lines.append(Line(name, first.lengths, held, *_look(places[0])))
    caches = [point.cache_bytes for point in first.points if point.cache_bytes is not None]
    if caches:
        lines.append(Line("key/value cache", first.lengths, caches, *_look(len(lines))))
    return tuple(lines)


# How it is drawn -----------------------------------------------------------------------------


def _draw(
    paper: Paper, axes: Axes, panel: Panel, lengths: Sequence[float], language: Language
) -> None:
    axes.set(xscale="log", yscale="log")
    for line in panel.lines:
        style: dict[str, Any] = (
            {"linestyle": (0, (2, 2)), "linewidth": 0.9, "alpha": 0.7}
            if line.dashed
            else {"marker": line.marker, "markersize": 4, "linewidth": 1.5}
        )
        axes.plot(line.xs, line.ys, color=_hex(line.colour), clip_on=line.dashed, **style)
    _axes(paper, axes, panel, lengths)
    _names(paper, axes, [line for line in panel.lines if line.name])
    axes.set_title(
        panel.title, fontsize=paper.points(TITLE_SIZE), color=_hex(INK), loc="left",
        parse_math=False,
    )  # fmt: skip
    tokens = language.say("ui.cost_tokens", PICTURE)
    axes.set_xlabel(tokens, fontsize=paper.points(SIZE), color=_hex(INK), parse_math=False)


def _axes(paper: Paper, axes: Axes, panel: Panel, lengths: Sequence[float]) -> None:
    """Whole decades upward, every decade ruled; the lengths themselves below."""
    ys = [y for line in panel.lines for y in line.ys]
    decades = range(floor(log10(min(ys))), max(ceil(log10(max(ys))), floor(log10(min(ys))) + 1) + 1)
    axes.set_ylim(10.0 ** decades[0], 10.0 ** decades[-1])
    each = -(-len(decades) // 10)
    axes.yaxis.set_major_locator(FixedLocator([10.0**decade for decade in decades[::each]]))
    axes.yaxis.set_major_formatter(lambda value, _: panel.unit(value))
    room = 1.15
    axes.set_xlim(lengths[0] / room, lengths[-1] * room)
    most = max(round(MOST_TICKS * paper.style.across / paper.style.ratio), 2)
    step = -(-len(lengths) // min(most, MOST_TICKS))
    axes.xaxis.set_major_locator(FixedLocator(lengths[::-step]))
    axes.xaxis.set_major_formatter(
        lambda value, _: amount(value) if value >= 1e6 else grouped(value, ".0f")
    )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
        axis.set_minor_formatter(NullFormatter())
    axes.tick_params(labelsize=paper.points(SIZE), colors=_hex(INK), length=2)
    axes.grid(axis="y", color="#d8dae0", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _names(paper: Paper, axes: Axes, lines: Sequence[Line]) -> None:
    """Each line's name beside its end, moved apart where ends are close."""
    low, high = (log10(end) for end in axes.get_ylim())
    left, right = (log10(end) for end in axes.get_xlim())
    least = paper.beside(APART) / paper.down(PANEL[1])
    above = float("inf")
    ends = sorted(((log10(line.ys[-1]) - low) / (high - low), i) for i, line in enumerate(lines))
    places: dict[int, float] = {}
    for share, i in reversed(ends):
        above = places[i] = min(share, above - least)
    sunk = min(0.0, *places.values())  # none below the axis
    for i, line in enumerate(lines):
        x = (log10(line.xs[-1]) - left) / (right - left) + 0.03
        axes.text(
            x, places[i] - sunk, line.name, transform=axes.transAxes, va="center",
            fontsize=paper.points(SIZE), color=_hex(line.colour), parse_math=False, clip_on=False,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5},
        )  # fmt: skip


def _write(paper: Paper, y: float, line: str, points: float, **style: Any) -> None:
    """A line of text, so many inches from the top."""
    paper.figure.text(
        paper.margin / paper.width, 1 - y / paper.height, line, fontsize=paper.points(points),
        va="top", color=_hex(INK), parse_math=False, **style,
    )  # fmt: skip


def _hex(colour: RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
