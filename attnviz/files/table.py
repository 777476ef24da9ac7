"""Tables for spreadsheets (RFC 4180, lines that end in a line feed): no cell of theirs runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

RUN = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of a formula
ENDS = ',"#\r\n'  # what a cell holds only between quotes


def harmless(cell: object) -> object:
    """Put an apostrophe before text that a spreadsheet would run; numbers stay as they are."""
    if not isinstance(cell, str) or not cell.startswith(RUN) or _is_number(cell):
        return cell
    return f"'{cell}"


def quoted(cell: str) -> str:
    """Return a cell of text as a table holds it, harmless; a # is quoted too, since programs that
    skip comments would end the line there."""
    text = str(harmless(cell))
    return '"{}"'.format(text.replace('"', '""')) if any(sign in text for sign in ENDS) else text


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return cell.isascii() and "_" not in cell and cell == cell.strip()


def comment(words: str, n_columns: int = 1) -> str:
    """Return a line that stands above a table, for people: one cell, whatever it holds, and empty
    ones up to the columns of the table, so that all lines have as many."""
    return f"# {protected(' '.join(words.split()))}{',' * (n_columns - 1)}\n"


def is_comment(line: str) -> bool:
    """Tell whether a line above a table is a comment, also after a spreadsheet saved it."""
    return line.startswith(("#", '"#'))


def protected(text: str) -> str:
    """Return text without the signs that end a cell, which become %2C and %22 (RFC 3986)."""
    for sign in '%,"':
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


def table_text(rows: Iterable[Sequence[object]]) -> str:
    """Return rows of cells as one text, each cell harmless; None is an empty cell."""
    return "".join(f"{','.join(map(_cell, row))}\n" for row in rows)


def _cell(cell: object) -> str:
    if cell is None:
        return ""
    return quoted(cell) if isinstance(cell, str) else str(cell)
