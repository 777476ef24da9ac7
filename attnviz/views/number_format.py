"""Numbers of every size with their units, short enough for an axis or a column."""

from __future__ import annotations

from attnviz.digits import grouped

THOUSANDS = ("", " k", " M", " G", " T", " P", " E", " Z", " Y")
BYTES = (" B", " kB", " MB", " GB", " TB", " PB", " EB", " ZB", " YB")
SECONDS = ((1e-6, " µs"), (1e-3, " ms"), (1.0, " s"))


def amount(number: float) -> str:
    """Write 950, 16.4 k, 8.39 M: three digits."""
    return _scaled(number, THOUSANDS)


def size(n_bytes: float) -> str:
    """Write 950 B, 65.5 kB, 268 MB: powers of a thousand."""
    return _scaled(n_bytes, BYTES)


def duration(seconds: float) -> str:
    """Write 210 µs, 4.2 ms, 1 s, 3,320 s: two digits, or as many as there are before the point."""
    unit, name = next(
        (each for each in reversed(SECONDS) if seconds >= 0.9995 * each[0]), SECONDS[0]
    )
    shown = seconds / unit
    text = f"{shown:.1f}" if shown < 9.95 else grouped(shown, ".0f")
    return f"{text.removesuffix('.0')}{name}"


LEAST_SHARE = 0.005  # less is written as 0%


def percent(share: float) -> str:
    """Write 62: a share as a whole number of percent, rounded half to even."""
    return f"{round(100 * float(share))}"


def _scaled(number: float, units: tuple[str, ...]) -> str:
    step, shown = 0, float(number)
    while shown >= 999.5 and step < len(units) - 1:
        step, shown = step + 1, shown / 1000
    if shown == int(shown) and step == 0:
        return f"{int(shown)}{units[0]}"
    digits = 2 if shown < 9.995 else 1 if shown < 99.95 else 0
    text = f"{shown:.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if digits else text}{units[step]}"
