"""The record as the bytes of a file: pictures, and numbers for other programs."""

from __future__ import annotations

from attnviz.language.english import ENGLISH
from attnviz.language.language import Language
from attnviz.record.record import AttentionRecord
from attnviz.views.look import Choice

PICTURES = (".png", ".svg", ".pdf")
PAGES = (".html", ".htm")
SUFFIXES = (*PICTURES, *PAGES, ".json", ".csv", ".npz")


def write(
    record: AttentionRecord,
    suffix: str,
    choice: Choice,
    *,
    show: str = "auto",
    language: Language = ENGLISH,
    scale: str = "auto",
) -> tuple[bytes, list[str]]:
    """The bytes of one file, and what the reader should know about them.

    .json and .npz hold the whole record, .csv one line per weight that the mask lets through.
    Of a streamed record .csv holds the strongest keys of each query. Pictures show `choice`, as a
    grid of heads where `show` says so; a page opens on them.
    """
    if suffix == ".json":
        return record.to_json().encode(), []
    if suffix == ".npz":
        return record.to_npz(), []
    if suffix == ".csv":
        streamed = any(stack.weights is None for stack in record.stacks.values())
        return record.to_csv().encode(), [language.say("ui.csv_streamed")] if streamed else []
    if suffix in PAGES:
        from attnviz.views.page.page import page  # few runs write one

        return page(record, choice, show=show, language=language, scale=scale), []
    from attnviz.views.picture.picture import (
        picture,  # matplotlib, only when there is something to draw
    )

    grid = show == "grid"
    return picture(record, suffix[1:], choice, grid=grid, language=language, scale=scale)
