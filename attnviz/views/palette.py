"""Colours that all views share, safe for colour-blind eyes.

One ramp for weights: its lightness rises evenly, so it reads in grey and under every kind of
colour blindness; its hue goes from indigo through teal to yellow. Brighter means a bigger weight.
"""

from __future__ import annotations

from functools import lru_cache
from math import cos, radians, sin

RGB = tuple[int, int, int]

LEVELS = 64
DARK, BRIGHT = 0.20, 0.95  # lightness at the ends (OKLab)
HUES = (285, 250, 205, 155, 105)  # degrees, at even steps
CHROMAS = (0.09, 0.13, 0.11, 0.14, 0.13)
LESS, MORE = 245, 60  # hues of differences: blue and orange, told apart by every kind of eye

MASKED_PAPER: RGB = (236, 238, 242)  # behind a picture's masked cells
INK: RGB = (32, 33, 48)

# Lines that cross: of OKLab's colours that are seen on paper and on black, those whose nearest two
# are the farthest apart for every kind of eye.
LINES: tuple[RGB, ...] = ((105, 56, 167), (186, 138, 0), (68, 161, 177), (161, 23, 56), INK)


def level(weight: float, largest: float) -> int:
    """Return the step of the ramp for a weight, when `largest` gets the last."""
    return 0 if largest <= 0 else round(min(max(weight / largest, 0.0), 1.0) * (LEVELS - 1))


@lru_cache(maxsize=1)
def ramp() -> tuple[RGB, ...]:
    """Return the colours from no weight to the largest."""
    return tuple(_colour(step / (LEVELS - 1)) for step in range(LEVELS))


@lru_cache(maxsize=1)
def two_way() -> tuple[RGB, ...]:
    """Return the colours of differences: blue for less, through the ramp's darkest, to orange for
    more."""
    less, more = radians(LESS), radians(MORE)
    sides = []
    for hue in (less, more):
        shares = [step / (LEVELS - 1) for step in range(LEVELS)]
        sides.append(
            [
                _oklab_to_rgb(
                    DARK + (0.80 - DARK) * share, 0.14 * share * cos(hue), 0.14 * share * sin(hue)
                )
                for share in shares
            ]
        )
    return (*reversed(sides[0]), *sides[1][1:])


@lru_cache(maxsize=1)
def less_and_more() -> tuple[RGB, RGB]:
    """Return blue for less and orange for more, each read on black and on white."""
    less, more = radians(LESS), radians(MORE)
    return (
        _oklab_to_rgb(0.62, 0.14 * cos(less), 0.14 * sin(less)),
        _oklab_to_rgb(0.62, 0.14 * cos(more), 0.14 * sin(more)),
    )


def tinted(share: float) -> RGB:
    """Return the colour on white paper of a difference from -1 to 1: none at 0, blue for less,
    orange for more."""
    colour = less_and_more()[share > 0]
    red, green, blue = (round(255 + (part - 255) * min(abs(share), 1.0)) for part in colour)
    return red, green, blue


def ink_on(colour: RGB) -> RGB:
    """Return black or white, whichever has more contrast on `colour` (WCAG 2 relative
    luminance)."""
    return (0, 0, 0) if luminance(colour) > 0.179 else (255, 255, 255)


def luminance(colour: RGB) -> float:
    """Return relative luminance, 0 to 1 (WCAG 2)."""
    red, green, blue = (_to_linear(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _colour(share: float) -> RGB:
    hue, chroma = radians(_between(HUES, share)), _between(CHROMAS, share)
    return _oklab_to_rgb(DARK + (BRIGHT - DARK) * share, chroma * cos(hue), chroma * sin(hue))


def _between(stops: tuple[float, ...], share: float) -> float:
    place = share * (len(stops) - 1)
    i = min(int(place), len(stops) - 2)
    return stops[i] + (stops[i + 1] - stops[i]) * (place - i)


def _oklab_to_rgb(lightness: float, a: float, b: float) -> RGB:
    """OKLab to sRGB, with the constants of its definition (Ottosson 2020)."""
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return _to_byte(red), _to_byte(green), _to_byte(blue)


def _to_byte(linear: float) -> int:
    linear = min(max(linear, 0.0), 1.0)
    encoded = 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    return round(255 * encoded)


def _to_linear(encoded: float) -> float:
    return encoded / 12.92 if encoded <= 0.04045 else ((encoded + 0.055) / 1.055) ** 2.4
