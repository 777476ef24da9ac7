"""Labels and lines of a terminal: as wide as they are shown, in the direction they are read."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from rich.cells import cell_len
from rich.text import Text

from attnviz.language.language import TERMINAL


def label_text(label: str, width: int, style: str = "") -> Text:
    """Cut a label to `width` cells. Right-to-left letters get a mark on both sides, without which
    some terminals move the number beside them to the wrong token."""
    text = Text(label, style, no_wrap=True)
    text.truncate(width, overflow="ellipsis")
    return Text(TERMINAL.token(text.plain), style, no_wrap=True)


def widest(labels: Sequence[str], at_most: int) -> int:
    """Count the cells that the widest label needs, up to a limit."""
    return min(max(map(cell_len, labels), default=0), at_most)


def padded(text: Text, width: int) -> Text:
    """Fill a text to `width`, without a style of its own that what follows would take on."""
    line = Text(no_wrap=True).append_text(text)
    return line.append(" " * max(width - text.cell_len, 0))


def dim_lines(line: str, width: int) -> list[Text]:
    """Make faint lines of one: broken between its parts, which `·` parts, or else between words."""
    return [dim_line(piece, width) for piece in broken(line, width)]


def broken(line: str, width: int) -> list[str]:
    """Break a line between its parts, which `·` parts, or else between words: nothing is cut."""
    lines: list[str] = []
    for part in line.split(" · "):
        longer = f"{lines[-1]} · {part}" if lines else part
        if lines and cell_len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(part)
    return [piece for one in lines for piece in wrap(one, max(width, 1))]


def dim_line(line: str, width: int) -> Text:
    """Make one faint line, cut to `width`."""
    text = Text(line, "dim", no_wrap=True)
    text.truncate(width, overflow="ellipsis")
    return text
