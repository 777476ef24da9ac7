"""What attention costs as a picture: counted, timed and in memory, each against length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, log10
from textwrap import wrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

from attnviz.analysis.cost import Curve, Growth, Report
from attnviz.frozen import dataclass
from attnviz.language.english import ENGLISH
from attnviz.language.language import PICTURE, Language
from attnviz.views.cost_words import counted_title, growth_words, heading, notes
from attnviz.views.number_format import amount, duration, size
from attnviz.views.palette import INK, LINES, RGB
from attnviz.views.picture.output import printed
from attnviz.views.picture.paper import DPI

PANEL, NAMES, LEFT = (2.7, 2.9), 1.5, 0.7  # inches: a panel's sides, and what stands beside it
ABOVE, BELOW, LINE = 0.75, 0.55, 0.2
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


def picture(report: Report, kind: str, language: Language = ENGLISH) -> bytes:
    """The bytes of a "png", "svg" or "pdf"; the same report gives the same bytes."""
    return printed(lambda: figure(report, language), kind, heading(report, ENGLISH))


def panels(report: Report, language: Language = ENGLISH) -> tuple[Panel, ...]:
    """What the picture shows: counts, times where something was run, memory."""
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


def figure(report: Report, language: Language = ENGLISH) -> Figure:
    """The panels side by side, all over the same lengths, under a heading."""
    shown = panels(report, language)
    width = len(shown) * (LEFT + PANEL[0] + NAMES)
    letters = int(width * 11)  # that fit a line of the heading
    told = wrap(heading(report, language, PICTURE), letters)
    said = [*notes(report, language, PICTURE), language.say("ui.cost_beside", PICTURE)]
    said += [language.say("ui.cost_dashed", PICTURE)] if report.ran else []
    below = [line for note in said for line in wrap(note, int(letters * 1.3))]
    above = ABOVE + LINE * (len(told) - 1)
    height = above + PANEL[1] + BELOW + LINE * len(below)
    drawn = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    for i, line in enumerate(told):
        _write(drawn, 0.15, 0.15 + i * LINE, line, HEADING_SIZE, weight="bold")
    for i, line in enumerate(below):
        _write(drawn, 0.15, above + PANEL[1] + BELOW + (i - 0.4) * LINE, line, SIZE)
    lengths = [float(n) for n in report.series[0].lengths]
    for i, panel in enumerate(shown):
        left, bottom = i * (LEFT + PANEL[0] + NAMES) + LEFT, height - above - PANEL[1]
        place = (left / width, bottom / height, PANEL[0] / width, PANEL[1] / height)
        _draw(drawn.add_axes(place), panel, lengths, language)
    return drawn


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


def _draw(axes: Axes, panel: Panel, lengths: Sequence[float], language: Language) -> None:
    axes.set(xscale="log", yscale="log")
    for line in panel.lines:
        style: dict[str, Any] = (
            {"linestyle": (0, (2, 2)), "linewidth": 0.9, "alpha": 0.7}
            if line.dashed
            else {"marker": line.marker, "markersize": 4, "linewidth": 1.5}
        )
        axes.plot(line.xs, line.ys, color=_hex(line.colour), clip_on=line.dashed, **style)
    _axes(axes, panel, lengths)
    _names(axes, [line for line in panel.lines if line.name])
    axes.set_title(
        panel.title, fontsize=TITLE_SIZE, color=_hex(INK), loc="left", parse_math=False
    )  # fmt: skip
    tokens = language.say("ui.cost_tokens", PICTURE)
    axes.set_xlabel(tokens, fontsize=SIZE, color=_hex(INK), parse_math=False)


def _axes(axes: Axes, panel: Panel, lengths: Sequence[float]) -> None:
    """Whole decades upward, every decade ruled; the lengths themselves below."""
    ys = [y for line in panel.lines for y in line.ys]
    decades = range(floor(log10(min(ys))), max(ceil(log10(max(ys))), floor(log10(min(ys))) + 1) + 1)
    axes.set_ylim(10.0 ** decades[0], 10.0 ** decades[-1])
    each = -(-len(decades) // 10)
    axes.yaxis.set_major_locator(FixedLocator([10.0**decade for decade in decades[::each]]))
    axes.yaxis.set_major_formatter(lambda value, _: panel.unit(value))
    room = 1.15
    axes.set_xlim(lengths[0] / room, lengths[-1] * room)
    step = -(-len(lengths) // MOST_TICKS)
    axes.xaxis.set_major_locator(FixedLocator(lengths[::-step]))
    axes.xaxis.set_major_formatter(
        lambda value, _: amount(value) if value >= 1e6 else f"{value:,.0f}"
    )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
        axis.set_minor_formatter(NullFormatter())
    axes.tick_params(labelsize=SIZE, colors=_hex(INK), length=2)
    axes.grid(axis="y", color="#d8dae0", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _names(axes: Axes, lines: Sequence[Line]) -> None:
    """Each line's name beside its end, moved apart where ends are close."""
    low, high = (log10(end) for end in axes.get_ylim())
    left, right = (log10(end) for end in axes.get_xlim())
    least, above = APART / PANEL[1], float("inf")
    ends = sorted(((log10(line.ys[-1]) - low) / (high - low), i) for i, line in enumerate(lines))
    places: dict[int, float] = {}
    for share, i in reversed(ends):
        above = places[i] = min(share, above - least)
    sunk = min(0.0, *places.values())  # none below the axis
    for i, line in enumerate(lines):
        x = (log10(line.xs[-1]) - left) / (right - left) + 0.03
        axes.text(
            x, places[i] - sunk, line.name, transform=axes.transAxes, fontsize=SIZE, va="center",
            color=_hex(line.colour), parse_math=False, clip_on=False,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5},
        )  # fmt: skip


def _write(drawn: Figure, x: float, y: float, line: str, points: float, **style: Any) -> None:
    """A line of text, inches from the top left."""
    width, height = drawn.get_size_inches()
    drawn.text(
        x / width, 1 - y / height, line, fontsize=points, va="top", color=_hex(INK),
        parse_math=False, **style,
    )  # fmt: skip


def _hex(colour: RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
