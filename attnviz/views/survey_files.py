"""A survey as the bytes of a file: tables and sums, pictures, a page."""

from __future__ import annotations

from pathlib import Path

from attnviz.analysis.head_measures import MEASURES
from attnviz.analysis.survey import Survey
from attnviz.analysis.survey_file import SUFFIXES as TABLES
from attnviz.analysis.survey_file import survey_bytes
from attnviz.errors import bad_choice
from attnviz.files.write import written_whole
from attnviz.views.figure import USUAL, FigureStyle

PICTURES, PAGES = (".png", ".svg", ".pdf"), (".html", ".htm")
SUFFIXES = (*TABLES, *PICTURES, *PAGES)


def written(
    found: Survey, suffix: str, sort: str | None = None, style: FigureStyle = USUAL
) -> bytes:
    """Return the bytes of one file; sort: the measure that colours a picture or a page; style: how
    a picture is drawn."""
    by = sort or found.usual
    if suffix in PAGES:
        from attnviz.views.page.survey import survey_page  # few surveys want one

        return survey_page(found, by)
    if suffix in PICTURES:
        from attnviz.views.picture.survey import survey_picture  # matplotlib, only to draw

        return survey_picture(found, by, suffix[1:], style)
    return survey_bytes(found, suffix)


def save(found: Survey, path: str | Path, sort: str | None = None) -> None:
    """Write what the suffix says, whole or not at all. Raises AttnvizError for another suffix, a
    place that cannot be written, or a measure that there is not."""
    place = Path(path)
    suffix = place.suffix.lower()
    if suffix not in SUFFIXES:
        raise bad_choice(place.suffix or place.name, "the suffix of `path`", SUFFIXES)
    if sort is not None and sort not in MEASURES:
        raise bad_choice(sort, "`sort`", MEASURES)
    data = written(found, suffix, sort)
    with written_whole(place) as file:
        file.write(data)
