"""Things that are compared as one offline page without any script: maps, then what changed."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape
from typing import Any

import numpy as np

from attnviz.analysis.compare import CELLS, Difference, Side, differences
from attnviz.inputs.labels import visible
from attnviz.language.english import ENGLISH
from attnviz.language.language import PAGE, Language
from attnviz.record.summary import pool
from attnviz.views.compare_words import (
    change_in_words,
    legend,
    letter,
    minus,
    title_of_all,
    titles_of_each,
    widest_span,
)
from attnviz.views.palette import ink_on, less_and_more, ramp
from attnviz.views.scale import Shades, alike

Array = np.ndarray[Any, Any]

MOST = 96  # cells along each side of a map: longer texts are pooled
STEPS = 10  # shades of a difference, on whatever ground the page has
STYLE = """
:root { color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif; }
body { margin: 1rem; }
h1 { font-size: 1.2rem; } h2 { font-size: 1rem; margin: .8rem 0 .2rem; } p { margin: .3rem 0; }
main { display: flex; flex-wrap: wrap; gap: 0 2rem; direction: ltr; }
section { overflow-x: auto; max-width: 100%; }
table { border-spacing: 1px; font-variant-numeric: tabular-nums; }
th { font-weight: 400; font-size: .8rem; padding: 0 .3rem; text-align: end; white-space: nowrap; }
thead th { vertical-align: bottom; writing-mode: vertical-rl; text-align: start; padding: .3rem 0; }
td { font-size: .75rem; text-align: center; min-width: 1.9rem; height: 1.5rem; padding: 0; }
td.m { opacity: .5; }
"""


def page(sides: Sequence[Side], language: Language = ENGLISH, scale: str = "auto") -> bytes:
    """Return the page, in UTF-8. The same comparison gives the same bytes."""
    style = STYLE + "\n".join(_classes())
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    changes = differences(sides)
    whole = all(max(side.stack.shape) <= CELLS for side in sides)
    bright = alike([(side.rows(), side.allowed()) for side in sides], scale, whole=whole)
    direction = "rtl" if language.right_to_left else "ltr"
    first, *more = [*titles_of_each(sides, language, PAGE), title_of_all(sides, language, PAGE)]
    more.append(" · ".join(legend(sides, changes, bright, language, PAGE)))
    for change in changes:
        more += change_in_words(change, sides, language, PAGE)
    parts = [
        f'<!doctype html>\n<html lang="{language.tag}" dir="{direction}">\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(_names(sides))}</title>\n<style>{style}</style>",
        f"<h1>{escape(first)}</h1>",
        *(f"<p>{escape(line)}</p>" for line in more if line),
        "<main>",
        *(piece for i, side in enumerate(sides) for piece in _side(side, letter(i), bright[i])),
        *(piece for one in changes for piece in _change(one, sides, widest_span(changes))),
        "</main>\n</html>\n",
    ]
    return "\n".join(parts).encode()


def _names(sides: Sequence[Side]) -> str:
    return " · ".join(f"{letter(i)} {visible(side.name)}" for i, side in enumerate(sides))


def _classes() -> Iterator[str]:
    """One class a step of a scale: a policy lets no style stand beside a cell."""
    for step, colour in enumerate(ramp()):
        red, green, blue = ink_on(colour)
        yield (
            f".c{step} {{ background: rgb({colour[0]}, {colour[1]}, {colour[2]}); "
            f"color: rgb({red}, {green}, {blue}); }}"
        )
    for name, (red, green, blue) in zip("lp", less_and_more(), strict=True):
        for step in range(1, STEPS + 1):
            alpha = step / STEPS
            yield f".{name}{step} {{ background: rgb({red} {green} {blue} / {alpha:g}); }}"


def _side(side: Side, name: str, bright: Shades) -> Iterator[str]:
    """A map of weights in percent."""
    steps = np.rint(bright.shares * (len(ramp()) - 1)).astype(int)
    numbers = _pooled(side.rows(), np.maximum)
    classes = np.char.add("c", _pooled(steps, np.maximum).astype(str))
    shown = np.char.mod("%d", np.rint(100 * numbers))
    yield from _table(name, side, classes, shown, _pooled(side.allowed(), np.maximum))


def _change(change: Difference, sides: Sequence[Side], span: float) -> Iterator[str]:
    """A map of differences in points: none is the page's own ground."""
    most, least = (_pooled(change.weights, of) for of in (np.maximum, np.minimum))
    weights = np.where(most >= -least, most, least)
    steps = np.rint(np.abs(weights) / span * STEPS).clip(0, STEPS).astype(int)
    classes = np.char.add(np.where(weights > 0, "p", "l"), steps.astype(str))
    points = np.rint(100 * weights).astype(int)
    shown = np.where(points == 0, "", np.char.mod("%+d", points))
    allowed = _pooled(sides[0].allowed() | change.side.allowed(), np.maximum)
    yield from _table(minus(change, sides), change.side, classes, shown, allowed)


def _pooled(cells: Array, of: np.ufunc) -> Array:
    cell = max(-(-max(cells.shape) // MOST), 1)
    return pool(pool(cells, cell, 0, of), cell, 1, of)


def _table(name: str, side: Side, classes: Array, shown: Array, allowed: Array) -> Iterator[str]:
    """One map as a table, its rows and columns named, or numbered where they are pooled."""
    stack = side.stack
    rows = _labels(stack.query_tokens.names, stack.positions[0], len(classes))
    columns = _labels(stack.key_tokens.names, stack.positions[1], classes.shape[1])
    yield f"<section><h2>{escape(name)}</h2><table><thead><tr><td></td>"
    yield "".join(f"<th><bdi>{escape(label)}</bdi></th>" for label in columns)
    yield "</tr></thead><tbody>"
    for i, label in enumerate(rows):
        cells = "".join(
            f'<td class="{classes[i, j]}">{shown[i, j]}</td>' if allowed[i, j] else
            '<td class="m">·</td>' for j in range(classes.shape[1])
        )  # fmt: skip
        yield f"<tr><th><bdi>{escape(label)}</bdi></th>{cells}</tr>"
    yield "</tbody></table></section>"


def _labels(names: Sequence[str], places: Array, n: int) -> list[str]:
    if n == len(names):
        return [visible(name) for name in names]
    return [str(place) for place in places[:: -(-len(names) // n)].tolist()]
