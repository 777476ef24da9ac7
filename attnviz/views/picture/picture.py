"""The record as a matplotlib Figure, without pyplot, and as the bytes of a picture.

Places on the paper are worked out here from the measured size of the labels, so that one drawing
pass is enough and nothing is cut. Labels are never read as mathematics.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib import font_manager, rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from attnviz._version import __version__
from attnviz.analysis.compare import Side, differences
from attnviz.inputs.tokens import shortened
from attnviz.language.english import ENGLISH
from attnviz.language.language import PICTURE, Language
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Place, Stack, Which
from attnviz.views.look import Choice
from attnviz.views.palette import INK, MASKED_PAPER, ramp, two_way
from attnviz.views.scale import shades, small
from attnviz.views.titles import chosen, head_title, title

Places = np.ndarray[Any, Any]

DPI = 150
PACKED = 2  # of 9: a grid is up to 1.7 times as large as at 6, in two thirds of the time
LABEL_SIZE, SMALL_SIZE, TITLE_SIZE = 9.0, 7.0, 11.0  # points
MOST_LABELS = 64  # tokens that are named one by one; longer texts get numbers
LONGEST_LABEL = 24  # characters
CELL = 0.32  # inches for a cell whose token is named
MAP_SIDE = 6.0  # inches for a map of a long text
MOST_PIXELS = 1024  # cells along each side that a picture shows
SMALL_SIDE = 1.9  # inches for one head in the grid
COMPARED_SIDE = 2.6  # inches for one of several things compared
MINIMAP = 1.6  # inches for the whole of which a part is shown
FRAME = "#d6336c"
PAPER = 0xFFFFFFFF  # a white pixel
MARGIN, GAP, BAR = 0.18, 0.12, 0.16  # inches


def picture(
    record: AttentionRecord, kind: str, choice: Choice, *, grid: bool, language: Language = ENGLISH,
    scale: str = "auto",
) -> tuple[bytes, list[str]]:  # fmt: skip
    """The bytes of a "png", "svg" or "pdf", and a note on what the fonts lack.

    Several heads, or `grid`, give the grid of heads; else one map. The same record gives the same
    bytes.
    """
    several = grid or len(choice.heads) > 1 or choice.layers
    draw = grid_figure if several else map_figure
    told = f"{title(record)} · scale {scale}"
    data = printed(lambda: draw(record, choice, language, scale), kind, told)
    return data, [] if draw is grid_figure else _missing(record, language)


def printed(draw: Callable[[], Figure], kind: str, told: str) -> bytes:
    """The bytes of what `draw` draws, the same every time; `told` names it for programs."""
    settings: Any = {"svg.hashsalt": "attnviz", "svg.fonttype": "path", "font.family": _families()}
    with rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # said once, in the notes
        buffer = io.BytesIO()
        drawn: Any = {"pil_kwargs": {"compress_level": PACKED}} if kind == "png" else {}
        draw().savefig(buffer, format=kind, dpi=DPI, metadata=_metadata(kind, told), **drawn)
    return buffer.getvalue()


def map_figure(
    record: AttentionRecord, choice: Choice, language: Language = ENGLISH, scale: str = "auto"
) -> Figure:
    """One head or the mean: rows are queries, columns keys, the numbering from the top left."""
    stack = record.stack
    pooled = stack.map(choice.layer, choice.head, MOST_PIXELS)
    allowed = stack.allowed(choice.layer, MOST_PIXELS)
    rows, columns = _axis(stack.query_tokens.names), _axis(stack.key_tokens.names)
    bright = shades(pooled.mean, allowed, scale, whole=pooled.cells[1] == 1)
    told = [_subtitle(record, choice, pooled.cells, allowed, language)]
    told.append(bright.note(stack.key_tokens.names, language, PICTURE))
    paper = _Paper([title(record, language, PICTURE), " · ".join(part for part in told if part)])
    left = paper.widest(rows.labels or (f"{stack.shape[0]:,}",), LABEL_SIZE) + 0.3
    slanted = columns.named and paper.widest(columns.labels, LABEL_SIZE) > columns.cell - 0.05
    above = _height_above(paper, columns, slanted) + 0.25
    width, height = _sides(rows, columns)
    looked_at, looks = (
        language.say(f"{'unit' if record.units else 'ui'}.{axis}", PICTURE)
        for axis in ("key", "query")
    )
    width = max(width, paper.widest([looked_at], SMALL_SIZE))
    height = max(height, paper.widest([looks], SMALL_SIZE))
    overhang = _overhang(paper, columns) if slanted else 0.0
    right = max(GAP + BAR + 0.75, overhang)
    beside = left + width + right  # where the whole stands, of which a part is shown
    place = stack.place_in_long
    right += 0.0 if place is None else MINIMAP + MARGIN
    axes = paper.add_axes(left, above, width, height, right=right)
    _paint(axes, bright.shares, allowed)
    places = stack.positions
    _label_axis(axes, "y", rows, pooled.cells[0], places[0], slanted=False)
    _label_axis(axes, "x", columns, pooled.cells[1], places[1], slanted=slanted)
    axes.set_xlabel(looked_at, fontsize=SMALL_SIZE, color=_rgb(INK))
    axes.set_ylabel(looks, fontsize=SMALL_SIZE, color=_rgb(INK))
    axes.xaxis.set_label_position("bottom")
    if bright.scale in ("linear", "no-sink"):
        _colour_bar(paper, left + width + GAP, above, height, bright.largest)
    if place is not None:
        _minimap(paper, place, choice, (beside, above))
    return paper.figure


def _minimap(paper: _Paper, place: Place, choice: Choice, at: tuple[float, float]) -> None:
    """The whole stack as a small map, with a frame around the part that is shown."""
    axes = paper.place(MARGIN + at[0], paper.top + at[1], MINIMAP, MINIMAP)
    pooled = place.whole.map(choice.layer, choice.head, 256)
    allowed = place.whole.allowed(choice.layer, 256)
    bright = shades(pooled.mean, allowed, "auto", whole=pooled.cells[1] == 1)
    n_queries, n_keys = place.whole.shape
    axes.imshow(
        _coloured(bright.shares, allowed), extent=(0, n_keys, n_queries, 0), aspect="auto",
        interpolation="nearest",
    )  # fmt: skip
    (top, tall), (left, wide) = (
        _framed(part, n) for part, n in ((place.rows, n_queries), (place.columns, n_keys))
    )
    axes.add_patch(Rectangle((left, top), wide, tall, fill=False, edgecolor=FRAME, lw=1.2))
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(f"{n_queries:,} × {n_keys:,}", fontsize=SMALL_SIZE, color=_rgb(INK))


def _framed(places: Places, n: int) -> tuple[float, float]:
    """Where a frame around these of n tokens begins and how long it is: long enough to be seen."""
    first, last = int(places[0]), int(places[-1]) + 1
    length = max(last - first, n / 30)
    return min(max((first + last - length) / 2, 0), n - length), length


def grid_figure(
    record: AttentionRecord, choice: Choice, language: Language = ENGLISH, scale: str = "auto"
) -> Figure:
    """Every chosen head as a small map under its name, all on one axes and one scale each.

    Of several layers each has a row of its own, numbered layer.head.
    """
    stack = record.stack
    heads = choice.heads or tuple(range(stack.n_heads))
    layers = choice.layers or (choice.layer,)
    across = len(heads) if choice.layers else min(len(heads), 4 if len(heads) <= 16 else 8)
    down = -(-len(heads) * len(layers) // across)
    side = SMALL_SIDE if across <= 4 else SMALL_SIDE * 0.7
    paper = _Paper([title(record, language, PICTURE), language.say("ui.own_scale", PICTURE)])
    name, name_size = 0.24, LABEL_SIZE - (across > 4) * 2  # inches above each map, points
    tall = side * min(stack.shape[0] / stack.shape[1], 2.0)
    width, height = across * (side + GAP) - GAP, down * (tall + name + GAP) - GAP
    axes = paper.add_axes(MARGIN, 0.05, width, height, right=MARGIN, bottom=MARGIN)
    axes.axis("off")
    mosaic = np.full((round(height * DPI), round(width * DPI)), PAPER, dtype=np.uint32)
    for i, (layer, head) in enumerate((layer, head) for layer in layers for head in heads):
        x, y = (i % across) * (side + GAP), (i // across) * (tall + name + GAP) + name
        pooled, allowed = stack.map(layer, head, 128), stack.allowed(layer, 128)
        bright = shades(pooled.mean, allowed, small(scale), whole=pooled.cells[1] == 1)
        _inlay(mosaic, _coloured(bright.shares, allowed), (x, y), (x + side, y + tall))
        numbered = (
            f"{layer}.{head_title(stack, head)}" if choice.layers else head_title(stack, head)
        )
        axes.text(
            x, y - 0.06, paper.fitted(numbered, side, name_size), fontsize=name_size,
            color=_rgb(INK), parse_math=False,
        )  # fmt: skip
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.add_artist(Mosaic(mosaic.view(np.uint8).reshape(*mosaic.shape, 4)))
    return paper.figure


class Mosaic(Artist):
    """Pixels (rows, columns, 4) that fill their axes as they are, at `DPI`. An image of
    matplotlib's own is resampled, which takes longer than all else."""

    def __init__(self, pixels: np.ndarray[Any, Any]):
        super().__init__()
        self.pixels = pixels

    def draw(self, renderer: RendererBase) -> None:
        """Put the pixels where the axes stand; renderers count rows from the bottom."""
        assert self.axes is not None
        pen = renderer.new_gc()
        renderer.draw_image(pen, *self.axes.bbox.min, self.pixels[::-1])
        pen.restore()


def _inlay(
    mosaic: np.ndarray[Any, Any], colours: np.ndarray[Any, Any], *corners: tuple[float, float]
) -> None:
    """Put a small map in its place, from one corner to the other in inches. A pixel of the mosaic
    is one number, the four bytes of its colour."""
    opaque = np.full((*colours.shape[:2], 4), 255, dtype=np.uint8)
    opaque[..., :3] = colours
    pixels = opaque.view(np.uint32)[..., 0]
    (left, top), (right, bottom) = ((round(x * DPI), round(y * DPI)) for x, y in corners)
    rows = np.arange(bottom - top) * colours.shape[0] // (bottom - top)
    columns = np.arange(right - left) * colours.shape[1] // (right - left)
    mosaic[top:bottom, left:right] = pixels[rows][:, columns]


def compare_picture(sides: Sequence[Side], kind: str, language: Language = ENGLISH) -> bytes:
    """The bytes of a picture of things compared: every side on one scale, then what changed."""
    return printed(lambda: compare_figure(sides, language), kind, "comparison")


def compare_figure(sides: Sequence[Side], language: Language = ENGLISH) -> Figure:
    """Each side's map under its name, all on one scale; each other side minus the first below."""
    maps = [side.rows() for side in sides]
    largest = max(float(rows.max(initial=0)) for rows in maps)
    changes = differences(sides)
    most = max((float(np.abs(c.weights).max(initial=0)) for c in changes), default=0.0)
    told = f"one scale: 0 – {100 * largest:.0f}%"
    told += f" · differences: ±{100 * most:.0f}%, orange more, blue less" if changes else ""
    titles = list(dict.fromkeys(title(side.record, language, PICTURE) for side in sides))
    paper = _Paper([*titles, told])
    labels = _axis(sides[0].stack.query_tokens.names)
    left = paper.widest(labels.labels, SMALL_SIZE) + 0.15
    step, down = COMPARED_SIDE + GAP + (left if labels.named else 0.1), 2 if changes else 1
    width, height = step * len(sides) - GAP, down * (COMPARED_SIDE + 0.45)
    frame = paper.add_axes(0.0, 0.05, width, height, right=MARGIN, bottom=MARGIN)
    frame.axis("off")
    for i, (side, rows) in enumerate(zip(sides, maps, strict=True)):
        shares = rows / (largest or 1)
        colours = _coloured(shares, side.allowed())
        _compared(paper, (i * step + left, 0.3), side.name, colours, side)
    table = np.array(two_way(), dtype=np.uint8)
    for i, change in enumerate(changes, start=1):
        steps = ((change.weights / (most or 1) + 1) / 2 * (len(table) - 1)).round().astype(np.intp)
        place = (i * step + left, COMPARED_SIDE + 0.75)
        _compared(paper, place, f"{change.second} - {change.first}", table[steps], sides[i])
    return paper.figure


def _compared(
    paper: _Paper, place: tuple[float, float], name: str, colours: np.ndarray[Any, Any], side: Side
) -> None:
    """One map under its name, its rows named where there is room."""
    tall = COMPARED_SIDE * min(colours.shape[0] / colours.shape[1], 1.0)
    axes = paper.place(MARGIN + place[0], paper.top + place[1], COMPARED_SIDE, tall)
    axes.imshow(colours, aspect="auto", interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    labels = _axis(side.stack.query_tokens.names)
    if labels.named:
        axes.set_yticks(range(len(labels.labels)), labels.labels, parse_math=False)
        for text in axes.get_yticklabels():
            text.set(fontsize=min(SMALL_SIZE, tall / len(labels.labels) * 72 * 0.8))
    axes.tick_params(length=0, colors=_rgb(INK))
    for spine in axes.spines.values():
        spine.set_visible(False)
    shown = paper.fitted(name, COMPARED_SIDE, LABEL_SIZE)
    axes.set_title(shown, fontsize=LABEL_SIZE, color=_rgb(INK), loc="left", parse_math=False)


@dataclass(frozen=True)
class _Labels:
    labels: tuple[str, ...]
    named: bool  # whether every token is named, or places are numbered
    cell: float  # inches per token


class _Paper:
    """A figure that grows around what is put on it; inches from the top left."""

    def __init__(self, heading: Sequence[str]):
        self.figure = Figure(dpi=DPI, facecolor="white")
        self.canvas = FigureCanvasAgg(self.figure)
        self.heading = heading
        self.top = MARGIN + 0.24 + 0.2 * (len(heading) - 1)

    def add_axes(
        self, left: float, above: float, width: float, height: float, *, right: float,
        bottom: float = 0.38,
    ) -> Axes:  # fmt: skip
        """The main axes, and the paper's size and heading with it."""
        widest = max(
            self.widest(self.heading[:1], TITLE_SIZE, "bold"),
            self.widest(self.heading[1:], SMALL_SIZE + 1),
        )
        self.width = max(MARGIN + left + width + right, 2 * MARGIN + widest)
        self.height = self.top + above + height + bottom
        self.figure.set_size_inches(self.width, self.height)
        y = MARGIN
        for i, line in enumerate(self.heading):
            size, weight = (TITLE_SIZE, "bold") if i == 0 else (SMALL_SIZE + 1, "normal")
            self.figure.text(
                MARGIN / self.width, 1 - y / self.height, line, fontsize=size, fontweight=weight,
                va="top", color=_rgb(INK), parse_math=False,
            )  # fmt: skip
            y += 0.26
        return self.place(MARGIN + left, self.top + above, width, height)

    def place(self, x: float, y: float, width: float, height: float) -> Axes:
        """Axes whose top left corner is x, y inches from the paper's."""
        bottom = self.height - y - height
        return self.figure.add_axes(
            (x / self.width, bottom / self.height, width / self.width, height / self.height)
        )

    def fitted(self, label: str, width: float, size: float) -> str:
        """The label, cut until it is no wider than `width` inches."""
        most = len(label)
        while most > 2 and self.widest([_cut(label, most)], size) > width:
            most -= 1
        return _cut(label, most)

    def widest(self, labels: Sequence[str], size: float, weight: str = "normal") -> float:
        """The width in inches of the widest label."""
        renderer: RendererAgg = self.canvas.get_renderer()  # type: ignore[no-untyped-call]
        font = FontProperties(size=size, weight=weight)
        return max((_width(renderer, label, font) for label in labels), default=0.0)


def _width(renderer: RendererAgg, label: str, font: FontProperties) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        measured: Any = renderer.get_text_width_height_descent  # untyped
        return float(measured(label, font, ismath=False)[0]) / DPI


def _axis(labels: Sequence[str]) -> _Labels:
    named = len(labels) <= MOST_LABELS
    cell = min(CELL, max(MAP_SIDE / len(labels), 0.16)) if named else 0.0
    return _Labels(
        tuple(_cut(label, LONGEST_LABEL) for label in labels) if named else (), named, cell
    )


def _cut(label: str, most: int) -> str:
    return shortened(label.replace("␠", "␣"), most)  # the font has only this sign for a space


def _sides(rows: _Labels, columns: _Labels) -> tuple[float, float]:
    """Width and height of the map in inches."""
    width = columns.cell * len(columns.labels) if columns.named else MAP_SIDE
    height = rows.cell * len(rows.labels) if rows.named else MAP_SIDE
    return max(width, 1.0), max(height, 0.6)


def _height_above(paper: _Paper, columns: _Labels, slanted: bool) -> float:
    if not slanted:
        return 0.2
    return (paper.widest(columns.labels, LABEL_SIZE) + 0.15) * 0.71  # sin 45°


def _overhang(paper: _Paper, columns: _Labels) -> float:
    """How far slanted labels reach past the right edge, beside the colour bar's room."""
    n = len(columns.labels)
    reach = [
        paper.widest([label], LABEL_SIZE) * 0.71 - (n - i - 0.5) * columns.cell
        for i, label in enumerate(columns.labels)
    ]
    return max(reach) + 0.2


def _paint(axes: Axes, shares: np.ndarray[Any, Any], allowed: np.ndarray[Any, Any]) -> None:
    axes.imshow(_coloured(shares, allowed), aspect="auto", interpolation="nearest")
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, colors=_rgb(INK), labelsize=LABEL_SIZE)


def _coloured(shares: np.ndarray[Any, Any], allowed: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Shares of the ramp as colours: (rows, columns, 3) bytes; masked cells as paper."""
    table = np.array(ramp(), dtype=np.uint8)
    steps = np.clip((shares * (len(table) - 1)).round(), 0, len(table) - 1).astype(np.intp)
    colours: np.ndarray[Any, Any] = table[steps]
    colours[~allowed] = MASKED_PAPER
    return colours


def _label_axis(
    axes: Axes, which: str, labels: _Labels, tokens_each: int, places: Places, *, slanted: bool
) -> None:
    axis: Axis = axes.xaxis if which == "x" else axes.yaxis
    if which == "x":
        axes.xaxis.tick_top()
    if not labels.named:
        _number_axis(axis, tokens_each, places)
        return
    axis.set_ticks(range(len(labels.labels)), labels.labels, parse_math=False)
    size = min(LABEL_SIZE, labels.cell * 72 * (0.6 if slanted else 0.8))
    slant = {"rotation": 45, "ha": "left", "rotation_mode": "anchor"} if slanted else {}
    for text in axis.get_ticklabels():
        text.set(fontsize=size, parse_math=False, **slant)


def _number_axis(axis: Axis, tokens_each: int, places: Places) -> None:
    """Round token positions along an axis whose cells hold `tokens_each` of those at `places`."""
    first, last = int(places[0]), int(places[-1])
    round_ones = MaxNLocator(6, integer=True).tick_values(first, last + 1)
    at = [int(p) for p in round_ones if first <= p <= last]
    cells = [int(np.searchsorted(places, p)) / tokens_each for p in at]
    axis.set_ticks(cells, [f"{p:,}" for p in at])


def _colour_bar(paper: _Paper, left: float, above: float, height: float, largest: float) -> None:
    tall = min(height, 2.4)
    axes = paper.place(MARGIN + left, paper.top + above, BAR, tall)
    axes.imshow(
        np.linspace(1, 0, 64)[:, None], aspect="auto", extent=(0, 1, 0, 100 * max(largest, 1e-9)),
        cmap=ListedColormap(np.array(ramp()) / 255),
    )  # fmt: skip
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}%")
    axes.tick_params(length=2, labelsize=SMALL_SIZE, colors=_rgb(INK))
    axes.set_ylabel("weight", fontsize=SMALL_SIZE, color=_rgb(INK))
    axes.yaxis.set_label_position("right")
    for spine in axes.spines.values():
        spine.set_visible(False)


def _subtitle(
    record: AttentionRecord, choice: Choice, cells: tuple[int, int],
    allowed: np.ndarray[Any, Any], language: Language,
) -> str:  # fmt: skip
    stack = record.stack
    total = stack.shape[0] * stack.shape[1]
    parts = [_what(stack, choice.layer, choice.head, language)]
    if stack.masks and not record.units:  # what was computed were scores of tokens
        parts.append(language.say("ui.scores", PICTURE, done=stack.computed(), total_scores=total))
    if cells != (1, 1):
        parts.append(language.say("ui.cells", PICTURE, rows=cells[0], columns=cells[1]))
    if not allowed.all():
        parts.append(language.say("ui.grey"))
    return " · ".join(parts)


def _what(stack: Stack, layer: int, head: Which, language: Language) -> str:
    shown = chosen(stack, layer, head, language)
    name = (
        ""
        if head == "mean" and stack.n_heads > 1
        else stack.head_name(0 if head == "mean" else head)
    )
    return f"{shown}: {name}" if name else shown


def _rgb(colour: tuple[int, int, int]) -> tuple[float, float, float]:
    red, green, blue = colour
    return red / 255, green / 255, blue / 255


def _metadata(kind: str, drawn: str) -> dict[str, Any]:
    maker = f"attnviz {__version__}"
    if kind == "png":
        return {"Software": maker, "Title": drawn.encode("latin-1", "replace").decode("latin-1")}
    if kind == "svg":
        return {"Creator": maker, "Title": drawn, "Date": None}
    return {"Creator": maker, "Title": drawn, "CreationDate": None}


# Fonts that have the scripts which matplotlib's own font lacks, where they are installed.
_MORE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "WenQuanYi Zen Hei",
    "Droid Sans Fallback", "Hiragino Sans", "PingFang SC", "Microsoft YaHei",
    "Malgun Gothic", "Arial Unicode MS",
)  # fmt: skip


@lru_cache(maxsize=1)
def _families() -> list[str]:
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in _MORE_FONTS if name in installed)]


def _missing(record: AttentionRecord, language: Language) -> list[str]:
    """A note that names the characters no font has, once for the whole picture."""
    shown = (record.stack.query_tokens.names, record.stack.key_tokens.names)
    drawn = [
        title(record, language),
        *(label for labels in shown for label in _axis(labels).labels),
    ]
    strange = {char for label in drawn for char in label if ord(char) > 0x24F}
    for family in _families() if strange else ():
        font = FT2Font(font_manager.findfont(family))
        strange = {c for c in strange if not font.get_char_index(ord(c))}
    if not strange:
        return []
    return [language.say("warn.glyph", chars=" ".join(sorted(strange)[:12]))]
