"""Things that are compared, side by side on one scale, and what changed between them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from attnviz.analysis.compare import CELLS, Difference, Side, differences
from attnviz.language.language import TERMINAL, Language
from attnviz.views.cells import scale_line
from attnviz.views.compare_words import (
    VISIBLE,
    change_in_words,
    column_names,
    legend,
    letter,
    row_names,
    title_of_all,
    titles_of_each,
)
from attnviz.views.labels import broken, dim_lines, label_text, padded, widest
from attnviz.views.scale import Shades, alike
from attnviz.views.screen import Screen
from attnviz.views.terminal.compare_maps import maps

ROWS = 5  # of the table of what changed most
LABEL = 16  # characters of a row's name
KEY = 14  # characters of a key and its change


def comparison(
    sides: Sequence[Side], language: Language, screen: Screen, scale: str = "auto"
) -> list[RenderableType]:
    """Draw each side's map under what it is and what it cost, then what changed from the first."""
    changes = differences(sides)
    bright = shades_of(sides, scale)
    lines: list[RenderableType] = [*_titles(sides, language, screen), Text()]
    lines += maps(sides, changes, bright, screen)
    lines += _legend(sides, changes, bright, language, screen)
    room = max(screen.height - len(lines) - 1, 0)
    for change in changes:
        lines += _changed(sides, change, language, screen, room // len(changes) - 1)
    return lines


def shades_of(sides: Sequence[Side], scale: str) -> list[Shades]:
    """Return how bright each side's weights are, all on one scale."""
    whole = all(max(side.stack.shape) <= CELLS for side in sides)
    return alike([(side.rows(), side.allowed()) for side in sides], scale, whole=whole)


def _titles(sides: Sequence[Side], language: Language, screen: Screen) -> list[Text]:
    """What all have in common, then each side: broken where a line ends, never cut."""
    shared = title_of_all(sides, language, TERMINAL)
    lines = [label_text(line, screen.width, "bold") for line in broken(shared, screen.width)]
    for of_side in titles_of_each(sides, language, TERMINAL):
        lines += [label_text(line, screen.width) for line in broken(of_side, screen.width)]
    return lines


def _legend(
    sides: Sequence[Side], changes: Sequence[Difference], bright: Sequence[Shades],
    language: Language, screen: Screen,
) -> list[Text]:  # fmt: skip
    what = ", ".join(letter(i) for i in range(len(sides)))
    scaled = next((one for one in bright if one.sink is not None), bright[0])
    line = scale_line(f"{what}: ", scaled, (1, 1), language, screen)
    said = " · ".join(legend(sides, changes, bright, language, TERMINAL, colour=screen.colour))
    return [line, *dim_lines(said, screen.width)]


def _changed(
    sides: Sequence[Side], change: Difference, language: Language, screen: Screen, room: int
) -> list[RenderableType]:
    """How far one side is from the first, and the rows that changed most."""
    lines: list[RenderableType] = [Text()]
    for said in change_in_words(change, sides, language, TERMINAL):
        lines += dim_lines(said, screen.width)
    left = room - len(lines)
    if left < 1 or abs(change.largest) < VISIBLE or max(sides[0].stack.shape) > CELLS:
        return lines
    both = [sides[0], change.side]
    names, keys = row_names(both), column_names(both)
    rows = change.changed_most(min(left, ROWS))
    width = widest([names[i] for i in rows], LABEL)
    lines += dim_lines(f"{language.say('compare.rows')}:", screen.width)
    return [*lines, *(_row(names[i], keys, change, i, width) for i in rows if change.per_row[i])]


def _row(name: str, keys: Sequence[str], change: Difference, i: int, width: int) -> Text:
    line = padded(label_text(name, width), width + 1)
    line.append(f"{change.per_row[i]:.3f}", "dim")
    for key in (int(change.weights[i].argmax()), int(change.weights[i].argmin())):
        points = float(change.weights[i, key])
        if abs(points) >= VISIBLE:
            line.append("  ").append_text(label_text(keys[key], KEY))
            line.append(f" {100 * points:+.0f}", "bold" if points > 0 else "")
    return line
