"""The record as the bytes of a file: pictures, pages, and numbers for other programs."""

from __future__ import annotations

from collections.abc import Iterable

from attnviz.record.record import AttentionRecord
from attnviz.views.look import Look

PICTURES = (".png", ".svg", ".pdf")
PAGES = (".html", ".htm")
SUFFIXES = (*PICTURES, *PAGES, ".json", ".csv", ".npz")


def write(record: AttentionRecord, suffix: str, look: Look) -> tuple[Iterable[bytes], list[str]]:
    """Give the bytes of one file, piece by piece, and what the reader should know about them.

    .json and .npz hold the whole record, .csv one line per weight that the mask lets through.
    Of a streamed record .csv holds the strongest keys of each query. Pictures show `look`, as a
    grid of heads where it says so; a page opens on it.
    """
    if suffix == ".json":
        return map(str.encode, record.json_pieces()), []
    if suffix == ".npz":
        return [record.to_npz()], []
    if suffix == ".csv":
        streamed = any(stack.weights is None for stack in record.stacks.values())
        notes = [look.language.say("ui.csv_streamed")] if streamed else []
        return map(str.encode, record.csv_pieces()), notes
    if suffix in PAGES:
        from attnviz.views.page.page import page  # few runs write one

        return [page(record, look)], []
    from attnviz.views.picture.picture import picture  # matplotlib, only to draw

    data, notes = picture(record, suffix[1:], look)
    return [data], notes
