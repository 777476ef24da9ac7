"""How a picture is drawn on paper: its size, letters, resolution and colours.

Sizes are inches, letters points (1/72 inch), as matplotlib counts them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from math import isfinite

from attnviz.errors import AttnvizError, bad_choice
from attnviz.frozen import dataclass

LETTERS = 9.0  # points of a label, unless another size is asked for
DPI = 150
SMALLEST_LETTERS, LARGEST_LETTERS = 4.0, 72.0  # points
READABLE = 5.0  # points below which letters are not made smaller to fit
LEAST_DPI, MOST_DPI = 30, 1200
NARROWEST, WIDEST = 0.5, 60.0  # inches
UNITS = {"in": 1.0, "inch": 1.0, "inches": 1.0, '"': 1.0, "": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4,
         "pt": 1 / 72}  # fmt: skip
PRINTED = 300  # dots per inch of what is printed


@dataclass(frozen=True)
class FigureStyle:
    """How a picture is drawn on paper.

    width, height: of the whole, in inches; None for what the content needs. letters: points of a
    label; other texts keep their ratio to it. may_shrink: whether letters may be smaller, down to
    `READABLE`, where they would not fit. dpi: dots per inch of a .png and of images in others.
    title: whether the lines above are drawn. heading: a line above all of them. annotate: whether
    each weight is written in its cell.
    transparent: no white behind. cmap: a colour map of matplotlib's in place of attnviz's own.

    vector, across, down, trial are for whoever draws: cells as shapes, what lengths are multiplied
    by to fill the size, and whether only the sides are asked for.
    """

    width: float | None = None
    height: float | None = None
    letters: float = LETTERS
    may_shrink: bool = False
    dpi: int = DPI
    title: bool = True
    heading: str | None = None
    annotate: bool = False
    transparent: bool = False
    cmap: str | None = None
    vector: bool = False
    across: float = 1.0
    down: float = 1.0
    trial: bool = False

    @property
    def is_sized(self) -> bool:
        """Whether a size or letters were asked for, so that letters stay as they are."""
        return self.width is not None or self.letters != LETTERS

    @property
    def ratio(self) -> float:
        """How much larger letters are than usual."""
        return self.letters / LETTERS


USUAL = FigureStyle()
# name → width in inches and letters in points: one column of two, a page's width, a slide
FIGURES: dict[str, tuple[float, float]] = {
    "column": (3.3, 8.0), "page": (6.8, 8.0), "slide": (10.0, 16.0),
}  # fmt: skip


def figure_style(
    figure: str | None = None,
    size: str | None = None,
    font_size: float | None = None,
    dpi: float | None = None,
    *,
    title: bool = True,
    annotate: bool = False,
    transparent: bool = False,
    cmap: str | None = None,
) -> FigureStyle:
    """Check what was asked for, and return the style.

    figure: one of `FIGURES`. size: a width, or width x height: "3.3in", "84mm", "8.4cm x 6cm",
    "240pt". Raises AttnvizError for what is out of range or unknown.
    """
    style = USUAL
    if figure is not None:
        if figure not in FIGURES:
            raise bad_choice(figure, "`figure`", FIGURES)
        if size is not None:
            raise AttnvizError(
                "`figure` and `size` both say how wide.", "Give one of them.", key="err.figure_size"
            )
        width, letters = FIGURES[figure]
        style = replace(style, width=width, letters=letters, may_shrink=True, dpi=PRINTED)
    if size is not None:
        width, height = read_size(size)
        style = replace(
            style, width=width, height=height, letters=8.0, may_shrink=True, dpi=PRINTED
        )
    if font_size is not None:
        letters = _within("`font_size`", font_size, SMALLEST_LETTERS, LARGEST_LETTERS, "points")
        style = replace(style, letters=letters, may_shrink=False)
        if style.width is None:  # the same picture, all of it larger or smaller
            style = replace(style, across=style.ratio, down=style.ratio)
    if dpi is not None:
        dots = _within("`dpi`", dpi, LEAST_DPI, MOST_DPI, "dots per inch")
        style = replace(style, dpi=round(dots))
    return replace(style, title=title, annotate=annotate, transparent=transparent,
                   cmap=None if cmap is None else _colour_map(cmap))  # fmt: skip


def read_size(size: str) -> tuple[float, float | None]:
    """Read "3.3in" or "84mm x 60mm" as inches: a width, and a height or None.

    Raises AttnvizError for what is no size, or out of range.
    """
    parts = re.split(r"[x×*]", size.strip().lower())
    found = [re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([a-z\"]*)\s*", part) for part in parts]
    units = [match[2] for match in found if match]
    if len(found) > 2 or not all(found) or any(unit not in UNITS for unit in units):
        raise AttnvizError(
            f'"{size}" is not a size.',
            "Write a width such as 3.3in, 84mm or 240pt, or both sides: 84mm x 60mm.",
            key="err.not_size_write",
            size=size,
        )
    if len(units) == 2 and not units[0]:
        units[0] = units[1]  # 84 x 60mm
    inches = [
        _within("`size`", float(match[1]) * UNITS[unit], NARROWEST, WIDEST, "inches")
        for match, unit in zip(found, units, strict=True)
        if match
    ]
    return inches[0], inches[1] if len(inches) == 2 else None


def _within(name: str, value: float, least: float, most: float, unit: str) -> float:
    if not isfinite(value) or not least <= value <= most:
        raise AttnvizError(
            f"{name} is {value:g} {unit}.",
            f"It must be from {least:g} to {most:g}.",
            key="err.must_from_must",
            name=name,
            value=f"{value:g}",
            unit=unit,
            least=f"{least:g}",
            most=f"{most:g}",
        )
    return float(value)


def _colour_map(name: str) -> str:
    if name == "attnviz":
        return name
    from attnviz.views.picture.colour_maps import check_colour_map  # matplotlib, only to draw

    check_colour_map(name)
    return name
