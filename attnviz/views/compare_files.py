"""Things that are compared as files: numbers for programs, tables, pictures and pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from json import dumps
from typing import Any

from attnviz.analysis.compare import CELLS, Side, differences
from attnviz.errors import AttnvizError
from attnviz.files.table import comment, table_text
from attnviz.language.language import PLAIN, Language
from attnviz.views.compare_words import letter, minus, titles_of_each
from attnviz.views.figure import USUAL, FigureStyle

SUFFIXES = (".png", ".svg", ".pdf", ".html", ".htm", ".json", ".csv")
COLUMNS = ("side", "row", "column", "query", "key", "weight", "minus_a")


def written(
    sides: Sequence[Side], suffix: str, language: Language, scale: str = "auto",
    style: FigureStyle = USUAL,
) -> bytes:  # fmt: skip
    """Give the bytes of one file; AttnvizError for a table of texts that are too long for one."""
    if suffix == ".json":
        return (dumps(data(sides), indent=1) + "\n").encode()
    if suffix == ".csv":
        return table(sides, language).encode()
    if suffix in (".html", ".htm"):
        from attnviz.views.page.compare import page  # few runs write one

        return page(sides, language, scale)
    from attnviz.views.picture.compare import compare_picture  # matplotlib, only to draw

    return compare_picture(sides, suffix[1:], language, scale, style)


def data(sides: Sequence[Side]) -> dict[str, Any]:
    """Return the comparison for programs: JSON-ready."""
    return {
        "sides": [
            {
                "name": side.name,
                "model": side.record.model.name,
                "type": side.record.kind,
                "layer": side.stack.layer_numbers[side.layer],
                "head": side.head,
                "settings": dict(side.record.settings),
                "scores": dict(zip(("computed", "full"), side.cost(), strict=True)),
            }
            for side in sides
        ],
        "differences": [
            {
                "first": change.first,
                "second": change.second,
                "largest": change.largest,
                "row": change.where[0],
                "column": change.where[1],
                "divergence": float(change.per_row.mean()),
                "divergence_per_row": change.per_row.tolist(),
                "divergence_per_head": None
                if change.per_head is None
                else change.per_head.tolist(),
            }
            for change in differences(sides)
        ],
    }


def table(sides: Sequence[Side], language: Language) -> str:
    """Return one line for each weight of each side, and what it is more than in the first; above
    them, in lines that begin with #, what the sides are."""
    if max(max(side.stack.shape) for side in sides) > CELLS:
        raise AttnvizError(
            f"A table of weights holds texts of up to {CELLS} tokens.",
            "Write .json or a picture.",
            key="err.table_weights",
            cells=CELLS,
        )
    told = titles_of_each(sides, language, PLAIN)
    changes = [f"{minus(change, sides)}: {change.per_row.mean():.6f} nats apart (Jensen-Shannon)"
               for change in differences(sides)]  # fmt: skip
    above = "".join(comment(line, len(COLUMNS)) for line in [*told, *changes])
    return above + table_text([COLUMNS, *_lines(sides)])


def _lines(sides: Sequence[Side]) -> Iterator[tuple[object, ...]]:
    first = sides[0].rows()
    for i, side in enumerate(sides):
        rows, allowed, stack = side.rows(), side.allowed(), side.stack
        columns = stack.positions[1].tolist()
        for row, place in enumerate(stack.positions[0].tolist()):
            query = stack.query_tokens.labels[row]
            for column, key in enumerate(stack.key_tokens.labels):
                if not allowed[row, column]:
                    continue
                weight = float(rows[row, column])
                more = weight - float(first[row, column]) if rows.shape == first.shape else ""
                yield letter(i), place, columns[column], query, key, weight, more
