"""A drawing that fills the size which was asked for, with letters that can be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import ceil

from matplotlib.figure import Figure

from attnviz.errors import AttnvizError
from attnviz.views.figure import READABLE, SMALLEST_LETTERS, FigureStyle
from attnviz.views.picture.paper import LaidOut

Draw = Callable[[FigureStyle], Figure]
NEAR = 0.004  # inches between a size and what is as good
TRIES = 14
LEAST = 0.02  # of a length of the content
STEP = 0.5  # points


def fitted(draw: Draw, style: FigureStyle) -> Figure:
    """Draw so that the whole has the width, and the height, that was asked for.

    Letters keep their size, or shrink to `READABLE` where they may. Raises AttnvizError where they
    do not fit, with what would.
    """
    if style.width is None and not style.is_sized:
        return draw(style)
    drawn = _sized(draw, style)
    while _too_crowded(drawn) and style.may_shrink and style.letters - STEP >= READABLE:
        style = replace(style, letters=style.letters - STEP)
        drawn = _sized(draw, style)
    if drawn is None or _too_crowded(drawn):
        raise _says_what_fits(draw, style)
    return drawn


def _too_crowded(drawn: Figure | None) -> bool:
    return drawn is None or getattr(drawn, "crowded", 0.0) > 1.001


def _sized(draw: Draw, style: FigureStyle) -> Figure | None:
    """The drawing at its size; None where what does not shrink is larger."""
    if style.width is None:
        return draw(style)
    width, height = style.width, style.height

    def tried(across: float, down: float) -> Figure:
        return draw(replace(style, across=across, down=down, trial=True))

    both = _factor(lambda factor: tried(factor, factor), width, 0)
    if both is None:
        return None
    wide = replace(style, across=both, down=both)
    if height is not None:
        down = _factor(partial(tried, both), height, 1)
        if down is None:
            return None
        wide = replace(wide, down=down)
    drawn = draw(wide)
    drawn.set_size_inches(width, height or float(drawn.get_size_inches()[1]))
    return drawn


def _factor(draw: Callable[[float], Figure], wanted: float, side: int) -> float | None:
    """The factor of content lengths with which a side is as long as wanted, by bisection and
    secants; None where it is too long at any."""

    def length(factor: float) -> float:
        try:
            return float(draw(factor).get_size_inches()[side])
        except LaidOut as laid:
            return laid.sides[side]

    low, high = LEAST, 1.0
    short, long = length(low), length(high)
    if short > wanted + NEAR:
        return None
    while long < wanted - NEAR and high < 64:
        low, short, high = high, long, 2 * high
        long = length(high)
    for i in range(TRIES):
        if long - short < NEAR:
            break
        share = (wanted - short) / (long - short) if i % 3 < 2 else 0.5
        middle = low + min(max(share, 0.0), 1.0) * (high - low)
        found = length(middle)
        if abs(found - wanted) <= NEAR:
            return middle
        low, short, high, long = (
            (middle, found, high, long) if found < wanted else (low, short, middle, found)
        )
    return low


def _says_what_fits(draw: Draw, style: FigureStyle) -> AttnvizError:
    """What was too small, and a width and letters that would do."""
    ways = [f"`size` {_width_that_fits(draw, style):g}in"]
    letters = _letters_that_fit(draw, style)
    ways += [f"`font_size` {letters:g}"] if letters else []
    size = f"{style.width:.3g}" if style.width else "?"
    size += f" × {style.height:.3g}" if style.height else ""
    return AttnvizError(
        f"A picture of {size} inches is too small for its text at {style.letters:g} points.",
        f"What fits: {' or '.join(ways)}.",
        key="err.picture_inches",
        size=size,
        letters=f"{style.letters:g}",
        names=" or ".join(ways),
    )


def _width_that_fits(draw: Draw, style: FigureStyle) -> float:
    """A width in inches, to a tenth, that is large enough."""
    width = style.width or 1.0
    for _ in range(40):
        drawn = _sized(draw, replace(style, width=width, height=None))
        if drawn is not None and not _too_crowded(drawn):
            break
        crowded = 1.4 if drawn is None else getattr(drawn, "crowded", 1.0)
        width *= min(max(1 + (crowded - 1) / 2, 1.03), 1.4)
    return ceil(width * 10) / 10


def _letters_that_fit(draw: Draw, style: FigureStyle) -> float | None:
    """The largest letters in half points that fit, by bisection; None where none do."""
    low, high = int(SMALLEST_LETTERS / STEP) - 1, ceil(style.letters / STEP)
    while high - low > 1:
        middle = (low + high) // 2
        if _too_crowded(_sized(draw, replace(style, letters=middle * STEP))):
            high = middle
        else:
            low = middle
    return low * STEP if low * STEP >= SMALLEST_LETTERS else None
