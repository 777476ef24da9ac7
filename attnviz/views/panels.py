"""What a topic of the lesson shows, before a medium draws it: lines, numbers, bars, tokens,
records, photographs.

Each medium (terminal, picture, page) draws these, and nothing of the lesson twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attnviz.frozen import dataclass
from attnviz.record.record import AttentionRecord
from attnviz.views.look import Look

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from attnviz.inputs.where import Boxes

PLAIN, FAINT, STRONG, TOKEN = "", "dim", "bold", "token"  # how a piece of text stands out


@dataclass(frozen=True)
class Line:
    """One line of text in pieces, each with how it stands out; a token of the reader's text is
    TOKEN, and is cut where there is no room."""

    pieces: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Row:
    """One row of numbers. `name` says how the label stands out, `style` how the numbers do; weight:
    a share of 1, of which a bar is drawn."""

    label: str
    cells: tuple[str, ...]
    name: str = TOKEN
    style: str = PLAIN
    weight: float | None = None


@dataclass(frozen=True)
class Numbers:
    """A table: names of its columns, the first that of the labels; strong: the column of cells that
    stands out in rows of tokens."""

    names: tuple[str, ...]
    rows: tuple[Row, ...]
    strong: int | None = None

    @property
    def has_bars(self) -> bool:
        """Whether a bar stands behind the numbers."""
        return any(row.weight is not None for row in self.rows)


@dataclass(frozen=True)
class Bars:
    """Tokens with their shares of 1, the largest first."""

    rows: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Pieces:
    """A text cut into tokens, under what cut it and how many there are."""

    name: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """A record and how it is looked at. row: the query whose row is framed, where one is."""

    record: AttentionRecord
    look: Look
    row: int | None = None


@dataclass(frozen=True)
class Photos:
    """A picture, once for each row of weights that is laid over it, under its name. patches: where
    the keys lie in it."""

    patches: Boxes
    rows: tuple[tuple[str, NDArray[np.floating[Any]]], ...]


Panel = Line | Numbers | Bars | Pieces | Shown | Photos


def line(text: str, style: str = PLAIN) -> Line:
    """Make a line of one piece."""
    return Line(((text, style),))


def strongest(row: list[tuple[str, float]], most: int, without: int | None = None) -> Bars:
    """Take the strongest keys of a row, all but one where its place is given."""
    ranked = sorted((-weight, i) for i, (_, weight) in enumerate(row) if i != without)
    return Bars(tuple((row[place][0], -minus) for minus, place in ranked[:most]))
